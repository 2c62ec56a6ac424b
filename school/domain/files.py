"""Files: how large they may be and of which types, by role.

The server sees of a file what its message says: a media type (RFC 2046) and a name. Both must fit, so that a name that
says something else than the type does not pass.
"""

import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from school.domain.decisions import Decision, Reason, allow, refuse
from school.domain.people import Role

WITH_A_FILE: Final = frozenset({"m.audio", "m.file", "m.image", "m.video"})
"""Values of `msgtype` (Matrix spec, client-server API, "m.room.message msgtypes")."""
_TYPES: Final = mimetypes.MimeTypes()  # what Python knows by itself: the same on every machine


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """What one role may send. None: whatever Synapse takes. `types` are patterns of media types (`image/*`)."""

    max_bytes: int | None = None
    types: tuple[str, ...] | None = None
    rule: str = "files"
    """The key of school.yaml that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file as its message describes it."""

    media_type: str | None
    name: str | None

    @property
    def types(self) -> frozenset[str]:
        """The type that is said, and the one that the name stands for."""
        guessed = _TYPES.guess_type(self.name)[0] if self.name else None
        return frozenset(filter(None, (self.media_type, guessed)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """The limits of a school."""

    everybody: FileLimits = FileLimits()
    roles: Mapping[Role, FileLimits] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, role: Role) -> FileLimits:
        """The limits of a role."""
        return self.roles.get(role, self.everybody)

    def may_upload(self, role: Role, size: int) -> Decision:
        """Whether a file of `size` bytes may be put on the server."""
        limits = self.of(role)
        if limits.max_bytes is not None and size > limits.max_bytes:
            return refuse(Reason.FILE_TOO_LARGE, limits.rule)
        return allow(limits.rule)

    def may_attach(self, role: Role, event_type: str, content: Mapping[str, Any]) -> Decision:
        """Whether the files of a message are of types that may be sent. A file that says no type is of none."""
        limits = self.of(role)
        if limits.types is None:
            return allow(limits.rule)
        for attachment in _attachments(event_type, content):
            types = attachment.types
            if not types or not all(_fits(media_type, limits.types) for media_type in types):
                return refuse(Reason.FILE_TYPE, limits.rule)
        return allow(limits.rule)


def _fits(media_type: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(media_type, pattern) for pattern in patterns)


def _attachments(event_type: str, content: Mapping[str, Any]) -> Iterator[Attachment]:
    for described in (content, content.get("m.new_content")):
        if isinstance(described, Mapping) and (event_type == "m.sticker" or described.get("msgtype") in WITH_A_FILE):
            yield _attachment(described)


def _attachment(content: Mapping[str, Any]) -> Attachment:
    info = content.get("info")
    said = info.get("mimetype") if isinstance(info, Mapping) else None
    name = content.get("filename") or content.get("body")
    return Attachment(
        media_type=said.partition(";")[0].strip().lower() if isinstance(said, str) else None,
        name=name.lower() if isinstance(name, str) else None,
    )
