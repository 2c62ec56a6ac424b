"""The last step into a conference, `/conference/in/{ticket}`: a page with one button. Only the button uses the ticket
up, so that a program that looks at links (a preview, a scanner) does not, and does not sit in the conference."""

from html import escape
from typing import Final

from aiohttp import web

from bbb_widget.desk import ConferenceDesk
from school.texts import Language, Texts

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
_PAGE: Final = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
body {{ font: 1.25rem/1.5 system-ui, sans-serif; margin: 3rem 1rem; text-align: center; color: #111; background: #fff }}
button {{ font: inherit; padding: .75em 1.5em; border: 0; border-radius: .5em; background: #0b5394; color: #fff }}
</style>
</head>
<body><main><h1>{title}</h1>{content}</main></body>
</html>
"""


def entry_routes(desk: ConferenceDesk, language: Language) -> list[web.RouteDef]:
    """For an aiohttp application that browsers reach."""
    texts = Texts(language)

    def page(content: str, status: int) -> web.Response:
        title = escape(texts.say("conference.enter"))
        text = _PAGE.format(language=language.value, title=title, content=content)
        return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)

    async def look(_request: web.Request) -> web.Response:
        return page(f'<form method="post"><button>{escape(texts.say("conference.enter"))}</button></form>', 200)

    async def enter(request: web.Request) -> web.Response:
        address = await desk.redeem(request.match_info["ticket"])
        if address is None:
            return page(f"<p>{escape(texts.say('conference.way_is_over'))}</p>", 410)
        return web.Response(status=303, headers=_HEADERS | {"Location": address})

    return [web.get("/conference/in/{ticket}", look), web.post("/conference/in/{ticket}", enter)]
