"""Everybody's calendar, for calendar programs: `entries` writes it, `feeds` hands it out at secret addresses. What
stands in it is brought by others (`Feeds.add`)."""
