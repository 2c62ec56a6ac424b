"""The bot: one person writes to the school, and it answers."""
