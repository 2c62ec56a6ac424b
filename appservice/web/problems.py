"""What can go wrong with a request, each with the sentence that people read about it. Raised anywhere, answered in one
place (`host`)."""

from enum import StrEnum
from http import HTTPStatus


class Trouble(StrEnum):
    """Why a request is not answered as it was meant. `problem.TROUBLE` and `problem.TROUBLE.way_out` are its
    sentences."""

    NOT_FOUND = "not_found"
    WRONG_METHOD = "wrong_method"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    NO_COOKIES = "no_cookies"
    FORM_IS_OLD = "form_is_old"
    FROM_ELSEWHERE = "from_elsewhere"
    SIGNED_OUT = "signed_out"
    LINK_IS_OVER = "link_is_over"
    NOBODY = "nobody"
    """Somebody whom the homeserver knows and the school does not."""
    TOO_MANY = "too_many"
    TRY_AGAIN = "try_again"
    FAILED = "failed"


STATUS = {
    Trouble.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Trouble.WRONG_METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
    Trouble.MALFORMED: HTTPStatus.BAD_REQUEST,
    Trouble.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Trouble.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Trouble.NO_COOKIES: HTTPStatus.FORBIDDEN,
    Trouble.FORM_IS_OLD: HTTPStatus.FORBIDDEN,
    Trouble.FROM_ELSEWHERE: HTTPStatus.FORBIDDEN,
    Trouble.SIGNED_OUT: HTTPStatus.FORBIDDEN,
    Trouble.LINK_IS_OVER: HTTPStatus.GONE,
    Trouble.NOBODY: HTTPStatus.FORBIDDEN,
    Trouble.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Trouble.TRY_AGAIN: HTTPStatus.SERVICE_UNAVAILABLE,
    Trouble.FAILED: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Problem(Exception):  # noqa: N818 - what a person reads is no error of ours
    """Ends a request with a kind page. `wait_seconds`: when it is worth trying again."""

    def __init__(self, trouble: Trouble, *, wait_seconds: float = 0) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.wait_seconds = wait_seconds
