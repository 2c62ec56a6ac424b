"""The commands, a module each: what one needs is imported when it is called. Each module has a `command`."""
