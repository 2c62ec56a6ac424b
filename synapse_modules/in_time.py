"""Calling what may hang, without hanging oneself.

A database that has stopped altogether keeps no limit of its own, and no call in Python can be ended from outside. So
each call is made in a thread of its own, which nobody waits for when its time is over. Only so many such threads are
there; when all of them hang, nothing more is called.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import NoReturn, TypeVar

T = TypeVar("T")


class InTime:
    """Calls functions, `at_once` at most, and waits `seconds` for each."""

    def __init__(self, *, seconds: float, at_once: int) -> None:
        self._seconds = seconds
        self._free = BoundedSemaphore(at_once)

    def call(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises. Blocks: call it in a thread.

        Raises:
            TimeoutError: it takes too long, or so many others hang. It may still come to its end, unheard.
        """
        if not self._free.acquire(timeout=self._seconds):
            raise TimeoutError("all that were asked before hang")
        answer: SimpleQueue[Callable[[], T]] = SimpleQueue()
        # A daemon: a program that ends does not wait for what hangs.
        Thread(target=self._work, args=(function, answer), daemon=True).start()
        try:
            give = answer.get(timeout=self._seconds)
        except Empty:
            raise TimeoutError("it takes too long") from None
        return give()

    def _work(self, function: Callable[[], T], answer: "SimpleQueue[Callable[[], T]]") -> None:
        try:
            result = function()
        except BaseException as error:  # whatever it is, it is raised again where it is waited for
            answer.put(_raising(error))
        else:
            answer.put(lambda: result)
        finally:
            self._free.release()


def _raising(error: BaseException) -> Callable[[], NoReturn]:
    def again() -> NoReturn:
        raise error

    return again
