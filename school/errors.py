"""Errors that somebody who runs a command can cause. Their text is a sentence that says what to do."""


class WrongUseError(Exception):
    """Wrong use or wrong configuration: the command was not begun."""


class FailedError(Exception):
    """Refused or failed, though it was asked rightly."""
