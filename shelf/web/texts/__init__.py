"""The sentences of the file shelves."""
