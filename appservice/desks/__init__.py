"""What people ask of the school beyond writing: decided here and done here, whoever asks, the bot's chat or a page.

Each desk says no with the reason as a value, and knows nothing of words.
"""
