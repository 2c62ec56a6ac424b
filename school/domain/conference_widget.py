"""The school's own widget for video conferences: what stands in a room's state so that Element shows it.

The bot places it in the rooms of groups, and Element's video button does so in the name of who presses it; both write
the same. Whoever it is, under its id there is never anything else.
"""

from collections.abc import Mapping
from typing import Any, Final

WIDGET: Final = "im.vector.modular.widgets"
"""The state that Element reads widgets from; the state key is a widget's id."""
LAYOUT: Final = "io.element.widgets.layout"
"""The state in which Element reads which widgets stand above the messages."""
WIDGET_ID: Final = "schulbote_conference"
PAGE: Final = "/widget/conference"
BUILD: Final = f"{PAGE}/build"
"""What Element's video button asks (`widget_build_url`)."""
_VARIABLES: Final = (
    "room=$matrix_room_id&language=$org.matrix.msc2873.client_language&theme=$org.matrix.msc2873.client_theme"
)
"""What Element puts in when it opens the page. Behind `#`, so that it is in no log; and none of it is believed."""
_HEIGHT_PERCENT: Final = 25
POSITION: Final[Mapping[str, Any]] = {"container": "top", "index": 0, "width": 100, "height": _HEIGHT_PERCENT}


def widget_of(public_url: str, name: str) -> dict[str, Any]:
    """The widget's content. `public_url` is where the pages are."""
    return {
        "id": WIDGET_ID,
        "type": "m.custom",
        "url": f"{public_url}{PAGE}#?{_VARIABLES}",
        "name": name,
        "data": {},
        "io.element.managed_hybrid": True,
    }


def layout() -> dict[str, Any]:
    """Where it stands: above the messages, so that it is seen."""
    return {"widgets": {WIDGET_ID: dict(POSITION)}}


def build_answer(public_url: str, name: str) -> dict[str, Any]:
    """What Element's video button is answered (`widget_build_url`): the same for every room, as it is asked without
    saying who asks."""
    return {"widget_id": WIDGET_ID, "widget": widget_of(public_url, name), "layout": dict(POSITION)}
