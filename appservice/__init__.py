"""The Matrix side of the school: the bot, the rest queue, accounts, rooms, the web host."""
