import json
import re

from school.domain.conference_widget import LAYOUT, WIDGET_ID, build_answer, layout, widget_of

URL = "https://bote.school.test"


def test_what_element_puts_in_stands_behind_the_sign_that_no_server_sees() -> None:
    page, _, behind = str(widget_of(URL, "Videokonferenz")["url"]).partition("#")
    assert page == "https://bote.school.test/widget/conference"
    assert re.findall(r"\$[\w.]+", behind) == [
        "$matrix_room_id", "$org.matrix.msc2873.client_language", "$org.matrix.msc2873.client_theme",
    ]  # fmt: skip


def test_the_button_is_answered_with_the_widget_that_the_bot_places() -> None:
    answer = build_answer(URL, "Videokonferenz")
    assert set(answer) == {"widget_id", "widget", "layout"}
    assert answer["widget"] == widget_of(URL, "Videokonferenz")
    assert answer["widget_id"] == answer["widget"]["id"] == WIDGET_ID
    assert layout() == {"widgets": {WIDGET_ID: answer["layout"]}}
    assert answer["layout"]["container"] == "top"
    assert LAYOUT == "io.element.widgets.layout"
    assert json.dumps(answer)
