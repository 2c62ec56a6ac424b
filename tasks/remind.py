"""What tells those who owe a task: the bot, in their room with it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from school.domain.people import Person
from school.domain.tasks import Task

Remind: TypeAlias = Callable[[Task, Sequence[Person]], Awaitable[None]]
