"""Who holds a lease: the name of a run, and whether the process behind such a name is gone."""

import os
import re
import socket
from typing import Final

_NAME: Final = re.compile(r".* on (?P<host>.+), process (?P<process>\d+)", re.DOTALL)


def holder(work: str) -> str:
    """The name of this process for a piece of work: "the schedule on school.example, process 4711"."""
    return f"{work} on {socket.gethostname()}, process {os.getpid()}"


def is_gone(name: str) -> bool:
    """Whether a holder was a process of this machine that is not there any more. Of other machines nobody knows."""
    found = _NAME.fullmatch(name)
    if found is None or found["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(found["process"]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False  # it is there, and somebody else's
    return False
