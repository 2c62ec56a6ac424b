"""A task's text: Markdown (CommonMark) as HTML. No HTML of the writer's goes through, no pictures from elsewhere, and
links lead to the web or to a mail address only."""

from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup

_LINKS: Final = ("https://", "http://", "mailto:")


def _is_harmless(url: str) -> bool:
    return url.lower().startswith(_LINKS)


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])
    reader.validateLink = _is_harmless  # type: ignore[method-assign] # this is how it is told
    return reader


_READER: Final = _reader()


def as_html(text: str) -> Markup:
    """What a page shows. Headings begin below the page's own."""
    tokens = _READER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + 2)}"
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrSet("rel", "noopener noreferrer")
    return Markup(_READER.renderer.render(tokens, _READER.options, {}))  # noqa: S704 - made here, of escaped words
