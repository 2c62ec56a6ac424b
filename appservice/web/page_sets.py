"""Pages of other packages. What one brings is told here, and the composition root hands it to the host: this package
knows none of them.

A package `x` has its pages in `x.web`: handlers, a folder `templates` (each named `x_….html`, built on our `base.html`
and `parts.html`), if it likes a folder `static`, and its sentences, whose names begin with `x.`. Its routes are made of
`WebHost.page`, as ours are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from school.texts import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSet:
    """What one package brings."""

    package: str
    """Where its folders are, such as "x.web"."""
    sentences: Mapping[Language, Mapping[str, str]]
    ways: Sequence[tuple[str, str]] = ()
    """For the start page of who is signed in: a path, and the name of the sentence that says what is there."""
