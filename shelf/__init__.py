"""The file shelves of groups: what was shared in their rooms, as pages."""
