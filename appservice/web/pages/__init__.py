"""The pages, a module for each. What a page needs is given to it; how it looks is in `templates`."""
