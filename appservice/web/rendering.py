"""From a template and its values to a page. Every value is escaped, a missing one is an error."""

from collections.abc import Sequence
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from appservice.web.page_sets import PageSet
from appservice.web.site import Site
from appservice.web.static_files import StaticFiles
from appservice.web.texts import PageTexts, page_texts


class Renderer:
    """The templates, read once, and the sentences: ours, and those of `more`. Ours cannot be replaced."""

    def __init__(self, site: Site, static: StaticFiles, more: Sequence[PageSet] = ()) -> None:
        self.texts = page_texts(*(each.sentences for each in more))
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader("appservice.web"), *(PackageLoader(each.package) for each in more)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {
            "site": site,
            "path": site.path,
            "static": lambda name: site.path(static.path(name)),
            "ways": [way for each in more for way in each.ways],
        }

    def render(self, template: str, texts: PageTexts, **values: Any) -> str:
        """One page."""
        return self._environment.get_template(template).render(
            say=texts.say, number=texts.number, language=texts.language.value, **values
        )
