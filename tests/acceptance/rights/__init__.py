"""The rights that hold: the table, path by path, and the attempts to get around it."""
