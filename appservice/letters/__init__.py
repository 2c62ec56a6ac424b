"""Letters with which people sign in for the first time: whom they go to, what they say, and the PDF."""

from appservice.letters.printing import CannotPrintError, Letter, render
from appservice.letters.recipients import Recipient, letter_for, letter_to, recipients
from appservice.letters.sheet import NoWayInError, Sheet, sheet_of

__all__ = [
    "CannotPrintError",
    "Letter",
    "NoWayInError",
    "Recipient",
    "Sheet",
    "letter_for",
    "letter_to",
    "recipients",
    "render",
    "sheet_of",
]
