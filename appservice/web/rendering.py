"""From a template and its values to a page. Every value is escaped, a missing one is an error."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from appservice.web.site import Site
from appservice.web.static_files import StaticFiles
from appservice.web.texts import PageTexts


class Renderer:
    """The templates, read once."""

    def __init__(self, site: Site, static: StaticFiles) -> None:
        self._environment = Environment(
            loader=PackageLoader("appservice.web"),
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
        }

    def render(self, template: str, texts: PageTexts, **values: Any) -> str:
        """One page."""
        return self._environment.get_template(template).render(
            say=texts.say, number=texts.number, language=texts.language.value, **values
        )
