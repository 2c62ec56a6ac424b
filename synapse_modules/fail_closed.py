"""One wrapper around every callback: what cannot be decided lets nothing through and says "try again"."""

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeAlias, TypeVar, cast

from synapse.module_api.errors import Codes, SynapseError
from twisted.internet.defer import CancelledError

from school.standing import CannotDecideError
from school.texts import Texts

logger = logging.getLogger(__name__)


class Speaker(Protocol):
    """Whatever has callbacks has the school's language."""

    texts: Texts


S = TypeVar("S", bound=Speaker)
P = ParamSpec("P")
R = TypeVar("R")
Callback: TypeAlias = "Callable[Concatenate[S, P], Coroutine[Any, Any, R]]"

_RAISE: Final = object()


def fail_closed(*, on_doubt: Any = _RAISE) -> "Callable[[Callback[S, P, R]], Callback[S, P, R]]":
    """Wraps a callback: what cannot be decided is a 503, or `on_doubt` where Synapse allows whatever raises."""

    def wrap(callback: "Callback[S, P, R]") -> "Callback[S, P, R]":
        @wraps(callback)
        async def guarded(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return await callback(self, *args, **kwargs)
            except (CancelledError, SynapseError):
                raise
            except CannotDecideError as error:
                logger.warning("%s cannot decide: %s", callback.__name__, error)
            except Exception:
                logger.exception("%s failed, nothing was let through", callback.__name__)
            if on_doubt is not _RAISE:
                return cast(R, on_doubt)
            raise SynapseError(503, self.texts.say("try_again"), Codes.UNKNOWN)

        return cast("Callback[S, P, R]", guarded)

    return wrap
