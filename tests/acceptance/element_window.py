"""The client's side of a widget, as Element plays it: a page with a frame, a driver that hands out OpenID tokens, and
somebody who is asked whether the widget may know who they are. Built on the library that Element is built on."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from playwright.sync_api import Browser, BrowserContext, Frame, Page

from acceptance.client import Json
from acceptance.people import Person

LIBRARY = Path(__file__).parent / "clients" / "node_modules" / "matrix-widget-api" / "dist" / "api.min.js"
_PAGE = """\
<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Element</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body { margin: 0 } iframe { border: 0; width: 100%; height: 30rem }</style>
<script src="/api.min.js"></script><script src="/element.js"></script></head>
<body><main><h1>Raum</h1><div id="widget"></div></main></body></html>
"""
# As element-web does it (WidgetMessaging, AppTile).
_SCRIPT = """\
const SANDBOX = "allow-forms allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-scripts " +
  "allow-presentation allow-downloads";
const library = mxwidgets();
window.asked = [];
class Driver extends library.WidgetDriver {
  async validateCapabilities(requested) { window.capabilities = [...requested]; return new Set(); }
  async askOpenID(observer) {
    observer.update({ state: library.OpenIDRequestState.PendingUserConfirmation });
    const answer = await window.consent();
    window.asked.push(Boolean(answer));
    observer.update(answer
      ? { state: library.OpenIDRequestState.Allowed, token: answer }
      : { state: library.OpenIDRequestState.Blocked });
  }
}
window.openWidget = (definition, params) => {
  const widget = new library.Widget({ creatorUserId: "@sender:of.the.event", ...definition });
  const frame = document.createElement("iframe");
  frame.title = definition.name;
  frame.sandbox = SANDBOX;
  document.getElementById("widget").replaceChildren(frame);
  window.messaging = new library.ClientWidgetApi(widget, frame, new Driver());
  const url = new URL(widget.getCompleteUrl(params));
  url.searchParams.set("widgetId", widget.id);
  url.searchParams.set("parentUrl", window.location.href.split("#", 2)[0]);
  frame.src = url.toString().replace(/%24/g, "$");
};
"""


class _Files(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, tuple[str, str]]] = {
        "/": ("text/html", _PAGE),
        "/element.js": ("text/javascript", _SCRIPT),
    }

    def do_GET(self) -> None:
        kind, text = self.files.get(self.path) or ("text/javascript", LIBRARY.read_text(encoding="utf-8"))
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def element_is_served(port: int = 0) -> Iterator[str]:
    """Where Element Web is."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Files)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Window:
    """Somebody's Element with a room open. `allows` is what they answer when they are asked."""

    def __init__(self, context: BrowserContext, element: str) -> None:
        self.context = context
        self.element = element
        self.allows = True
        self.who: Person | None = None
        self.foreign: str | None = None
        self.tokens: list[Json] = []
        self.page = self._new_page()

    def _new_page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(20_000)
        page.expose_function("consent", self._consent)
        return page

    def _consent(self) -> Json | None:
        if not self.allows or self.who is None:
            return None
        token = self.who.post(f"user/{self.who.user_id}/openid/request_token").ok()
        if self.foreign is not None:
            token["matrix_server_name"] = self.foreign
        self.tokens.append(token)
        return token

    def opens(self, who: Person, room: str, widget: Json, *, theme: str = "light", language: str = "de") -> Frame:
        """Somebody signs in to this Element and opens a room with its widget."""
        self.who = who
        self.page.goto(self.element)
        params = {
            "widgetRoomId": room,
            "currentUserId": who.user_id,
            "userDisplayName": who.name,
            "clientTheme": theme,
            "clientLanguage": language,
        }
        self.page.evaluate("([widget, params]) => openWidget(widget, params)", [widget, params])
        frame = self.page.wait_for_selector("iframe").content_frame()
        assert frame is not None
        frame.wait_for_url(f"{widget['url'].partition('#')[0]}?**")
        return frame


@contextmanager
def window(browser: Browser, element: str, **options: Any) -> Iterator[Window]:
    """An Element in a browser of its own. What the widget says on its console, it says because something is wrong."""
    context = browser.new_context(locale="de-DE", **options)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    try:
        yield Window(context, element)
        assert complaints == []
    finally:
        context.close()
