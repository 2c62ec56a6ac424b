"""What every answer tells the browser to keep from it: no scripts or styles but our own files, no frames around it, no
address left behind, no copy kept."""

from typing import Final

from aiohttp import web

from appservice.web.site import Site

_ALWAYS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Server": "Schulbote",
}
_NOT_KEPT: Final = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
_NOBODY: Final = "'none'"
_DESKTOP: Final = "vector://vector"
"""How Element Desktop names itself, whichever server it is for."""
_ONLY_OURS: Final = (
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
)


def secure(
    response: web.StreamResponse, site: Site, *, framed: bool = False, scripted: bool = False, leads_to: str = ""
) -> None:
    """Sets the headers. `framed`: the school's Element may show this page in its window, and the page may have a
    script of ours that talks to it. `scripted`: so may this page in a window of its own. `leads_to`: a source of the
    policy to which its forms may lead, too."""
    response.headers.update(_ALWAYS)
    if "Cache-Control" not in response.headers:
        response.headers.update(_NOT_KEPT)
    around = f"{site.element_origin} {_DESKTOP}" if framed and site.element_origin else None
    policy = [*_ONLY_OURS, f"form-action 'self' {leads_to}".rstrip(), f"frame-ancestors {around or _NOBODY}"]
    if around or scripted:
        policy += ["script-src 'self'", "connect-src 'self'"]
    if not around:
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Content-Security-Policy"] = "; ".join(policy)


_OF_FILES: Final = (*_ONLY_OURS[:1], "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
_LOCKED_IN: Final = "sandbox"


def secure_file(response: web.StreamResponse, site: Site, *, locked_in: bool = True) -> None:
    """Sets the headers of what somebody has shared: whatever it is, it does nothing in our name. `locked_in`: nor
    anything else; browsers' own viewers of PDFs want to do something."""
    secure(response, site)
    policy = [*_OF_FILES, _LOCKED_IN] if locked_in else [*_OF_FILES, "object-src 'self'", "style-src 'unsafe-inline'"]
    response.headers["Content-Security-Policy"] = "; ".join(policy)
