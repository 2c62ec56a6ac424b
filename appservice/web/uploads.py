"""Forms with files: read piece by piece onto the disk, never as a whole into memory (RFC 7578).

1. The first field is the form's token. Without it nothing else is read.
2. A file that is too large is read to its end and thrown away, so that the browser hears of it and can say so.
3. Whoever sends nothing for a while is not waited for.
4. What was read is gone when the form is done with.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from aiohttp import BodyPartReader, web

from appservice.web.forms import TOKEN, Form
from appservice.web.problems import Problem, Trouble

_TYPE: Final = "multipart/form-data"
LARGEST_FIELD: Final = 4 * 1024
_MOST_FIELDS: Final = 50
_PIECE: Final = 256 * 1024
_SILENCE_SECONDS: Final = 60.0
_UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file as a browser sends it: its name and type are what the browser says. `file` None: it was too large."""

    name: str
    media_type: str
    size: int
    file: BinaryIO | None


@dataclass(slots=True)
class FilesForm:
    """The fields of a form, and its files in their order."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[SentFile] = field(default_factory=list)

    def text(self, name: str) -> str:
        """What stands in a field; nothing if it is not there."""
        return Form(self.fields).text(name)


@asynccontextmanager
async def read_files(
    request: web.Request,
    ensure_ours: Callable[[str], None],
    *,
    most_bytes: int,
    most: int,
    longest_field: int = LARGEST_FIELD,
) -> AsyncIterator[FilesForm]:
    """The form that a browser sends; `ensure_ours` is asked about its token. No file has more than `most_bytes`, and
    there are at most so many; no other field is longer than `longest_field`.

    Raises:
        Problem: it is no such form.
    """
    if request.content_type != _TYPE:
        raise Problem(Trouble.MALFORMED)
    with ExitStack() as stack:
        try:
            form = await _read(request, ensure_ours, stack, most_bytes, most, longest_field)
        except TimeoutError as error:
            raise Problem(Trouble.TOO_SLOW) from error
        except (ValueError, LookupError, AssertionError) as error:  # whatever a broken form makes aiohttp say
            raise Problem(Trouble.MALFORMED) from error
        yield form


async def _read(
    request: web.Request,
    ensure_ours: Callable[[str], None],
    stack: ExitStack,
    most_bytes: int,
    most: int,
    longest_field: int,
) -> FilesForm:
    form = FilesForm()
    parts = await request.multipart()
    for _ in range(_MOST_FIELDS + most):
        part = await asyncio.wait_for(parts.next(), _SILENCE_SECONDS)
        if part is None:
            ensure_ours(form.text(TOKEN))
            return form
        if not isinstance(part, BodyPartReader) or not part.name:
            raise Problem(Trouble.MALFORMED)
        if part.filename is None and "filename" not in (part.headers.get("Content-Disposition") or ""):
            if part.name in form.fields:
                raise Problem(Trouble.MALFORMED)
            form.fields[part.name] = await _field(part, longest_field)
            if len(form.fields) == 1:
                ensure_ours(form.text(TOKEN))
            continue
        ensure_ours(form.text(TOKEN))
        sent = await _file(part, stack, most_bytes=most_bytes)
        if sent is not None:
            form.files.append(sent)
        if len(form.files) > most:
            raise Problem(Trouble.TOO_LARGE)
    raise Problem(Trouble.MALFORMED)


async def _field(part: BodyPartReader, longest: int) -> str:
    content = b""
    while piece := await asyncio.wait_for(part.read_chunk(), _SILENCE_SECONDS):
        content += piece
        if len(content) > longest:
            raise Problem(Trouble.MALFORMED)
    return content.decode()


async def _file(part: BodyPartReader, stack: ExitStack, *, most_bytes: int) -> SentFile | None:
    """None: a field for files into which nobody has put one."""
    file: BinaryIO = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
    size, is_too_large = 0, False
    while piece := await asyncio.wait_for(part.read_chunk(_PIECE), _SILENCE_SECONDS):
        size += len(piece)
        is_too_large = is_too_large or size > most_bytes
        if not is_too_large:
            await asyncio.to_thread(file.write, piece)
    if not part.filename and not size:
        return None
    file.seek(0)
    said = (part.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    return SentFile(
        name=part.filename or "", media_type=said or _UNKNOWN, size=size, file=None if is_too_large else file
    )
