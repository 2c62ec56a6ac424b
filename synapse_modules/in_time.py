"""Calling what may hang, without hanging oneself.

A database that has stopped altogether keeps no limit of its own, and no call in Python can be ended from outside. So
calls are made in threads beside, and nobody waits for one whose time is over. Only so many such threads are there; when
all of them hang, nothing more is called.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Lock, Thread
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class InTime:
    """Calls functions, `at_once` at most, and waits `seconds` for each."""

    def __init__(self, *, seconds: float, at_once: int) -> None:
        self._seconds = seconds
        self._at_once = at_once
        self._free = BoundedSemaphore(at_once)
        self._jobs: SimpleQueue[tuple[Callable[[], Any], SimpleQueue[Callable[[], Any]]]] = SimpleQueue()
        self._starting = Lock()
        self._is_started = False

    def call(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises. Blocks: call it in a thread.

        Raises:
            TimeoutError: it takes too long, or so many others hang. It may still come to its end, unheard.
        """
        if not self._free.acquire(timeout=self._seconds):
            raise TimeoutError("all that were asked before hang")
        self._start()
        answer: SimpleQueue[Callable[[], T]] = SimpleQueue()
        self._jobs.put((function, answer))
        try:
            give = answer.get(timeout=self._seconds)
        except Empty:
            raise TimeoutError("it takes too long") from None
        return give()

    def _start(self) -> None:
        """Not before something is called: a program that goes into the background takes no threads along."""
        with self._starting:
            if self._is_started:
                return
            self._is_started = True
            for _ in range(self._at_once):  # daemons: a program that ends does not wait for what hangs
                Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            function, answer = self._jobs.get()
            give = _outcome_of(function)
            self._free.release()
            answer.put(give)


def _outcome_of(function: Callable[[], T]) -> Callable[[], T]:
    try:
        result = function()
    except BaseException as error:  # whatever it is, it is raised again where it is waited for
        return _raising(error)
    return lambda: result


def _raising(error: BaseException) -> Callable[[], NoReturn]:
    def again() -> NoReturn:
        raise error

    return again
