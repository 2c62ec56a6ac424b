"""QR codes, and what they lead to. No name and no code is in any of them: one of them passes through other hands."""

from io import BytesIO
from typing import Final
from urllib.parse import quote

from segno import make_qr

_ELEMENT_X: Final = "https://mobile.element.io/element?account_provider={server}"
"""Opens Element X with the server already set; on a phone without it, the page from which it is installed."""
_ELEMENT_WEB: Final = "{address}/#/login"
_QUIET_ZONE: Final = 4
"""So many modules stay white around a QR code (ISO/IEC 18004)."""


def element_x_link(server_name: str) -> str:
    """Sets the server in Element X."""
    return _ELEMENT_X.format(server=quote(server_name, safe=""))


def element_web_link(address: str) -> str:
    """The school's own Element Web, which knows its server."""
    return _ELEMENT_WEB.format(address=address)


def qr_code(link: str) -> str:
    """A link as a picture (SVG). A quarter of it may be dirty or torn."""
    picture = BytesIO()
    make_qr(link, error="q", boost_error=False).save(picture, kind="svg", border=_QUIET_ZONE, xmldecl=False, nl=False)
    return picture.getvalue().decode()
