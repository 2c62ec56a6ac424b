"""Conferences inside Element: a page in its window that shows what goes on in a room, with buttons.

`room_desk` is what somebody may see and do there; `web` is the page.
"""
