"""What can go wrong with BigBlueButton, by what to do about it. Texts are sentences for whoever runs the server; they
never hold an address with a checksum."""

from typing import Final

from school.errors import FailedError


class BbbError(FailedError):
    """BigBlueButton did not do what was asked. `message_key` is its own word for why, if it said one."""

    def __init__(self, text: str, *, message_key: str = "") -> None:
        super().__init__(text)
        self.message_key = message_key


class BbbUnreachableError(BbbError):
    """It does not answer, or not like BigBlueButton. Try later."""


class BbbMisconfiguredError(BbbError):
    """It will not listen before somebody corrects school.yaml, or the server."""


class BbbRefusedError(BbbError):
    """It said no to this one thing."""


_MISCONFIGURED: Final = {
    "checksumError": (
        "BigBlueButton does not accept our checksums. Compare the file that bbb.secret_file names with "
        "`bbb-conf --secret` on the server, and bbb.checksum with what the server allows."
    ),
    "unsupportedRequest": "The server at bbb.url does not know this request. It needs BigBlueButton 2.6 or newer.",
}
"""`messageKey`s that are nobody's fault who wants to meet."""


def refusal(message_key: str, message: str) -> BbbError:
    """The error for an answer with `returncode` FAILED. The key decides; the message is for people only."""
    if message_key in _MISCONFIGURED:
        return BbbMisconfiguredError(_MISCONFIGURED[message_key], message_key=message_key)
    why = (message or message_key or "it gave no reason").rstrip(".")
    return BbbRefusedError(f"BigBlueButton said no: {why}.", message_key=message_key)
