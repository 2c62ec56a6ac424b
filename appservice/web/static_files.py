"""Files that are the same for everybody: the stylesheet, the icon. Read once; their names carry a part of their hash,
so that a browser may keep them for ever and still has the right ones after an update."""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from aiohttp import web

from appservice.web.problems import Problem, Trouble

PATH: Final = "/static"
_TYPES: Final = {"css": "text/css", "svg": "image/svg+xml", "js": "text/javascript"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content: bytes
    media_type: str


class StaticFiles:
    """Every file in the folders `static` of these packages."""

    def __init__(self, *packages: str) -> None:
        self._files: dict[str, _File] = {}
        self._names: dict[str, str] = {}
        folders = [files(package).joinpath("static") for package in (__package__, *packages)]
        for found in [file for folder in folders if folder.is_dir() for file in folder.iterdir()]:
            stem, _, ending = found.name.rpartition(".")
            if ending in _TYPES:
                content = found.read_bytes()
                name = f"{stem}.{sha256(content).hexdigest()[:12]}.{ending}"
                self._files[name] = _File(content=content, media_type=_TYPES[ending])
                self._names[found.name] = name

    def path(self, name: str) -> str:
        """Where a file is."""
        return f"{PATH}/{self._names[name]}"

    def answer(self, name: str) -> web.Response:
        """A file under the name with its hash.

        Raises:
            Problem: there is none.
        """
        file = self._files.get(name)
        if file is None:
            raise Problem(Trouble.NOT_FOUND)
        headers = {"Cache-Control": _FOR_EVER}
        return web.Response(body=file.content, content_type=file.media_type, charset="utf-8", headers=headers)
