"""The widget of a school.yaml: the same for the module, the bot and the pages."""

from typing import Any

from school.config import Settings
from school.domain.conference_widget import build_answer, widget_of
from school.texts import Language, Texts


def school_widget(settings: Settings) -> dict[str, Any] | None:
    """The widget for video conferences; None where there are no conferences, or no Element that could show it."""
    return widget_of(settings.web.public_url, _name(settings)) if _is_offered(settings) else None


def placed_widget(settings: Settings) -> dict[str, Any] | None:
    """The same, if the bot places it in the rooms of groups."""
    return school_widget(settings) if settings.conferences.widget else None


def widget_for_the_button(settings: Settings) -> dict[str, Any] | None:
    """What Element's video button is answered."""
    return build_answer(settings.web.public_url, _name(settings)) if _is_offered(settings) else None


def _is_offered(settings: Settings) -> bool:
    return settings.bbb.url is not None and settings.web.element_url is not None


def _name(settings: Settings) -> str:
    return Texts(Language(settings.school.language)).say("conference.widget")
