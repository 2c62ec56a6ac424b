"""The sentences of the pages of appointments."""
