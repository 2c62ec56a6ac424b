"""The widget as most schools have it: over https, in the window of an Element that belongs to another site. What the
browser keeps for it, it keeps for that window alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from acceptance.browsing import DESKTOP, chromium
from acceptance.element_window import LIBRARY, element_is_served, window
from acceptance.people import People
from acceptance.running import Demo, free_ports, small_register
from acceptance.tls import tls_in_front_of
from bbb_widget.web.texts.de import SENTENCES as PAGES
from bbb_widget.widget.web.texts.de import SENTENCES as GERMAN

CLASS = "Klasse 5a"
OURS, THEIRS = "bote.schule-am-see.test", "element.anderswo.test"


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Iterator[tuple[str, str, int]]:
    """Where Element is, where the pages are, and the port of the pages."""
    if not LIBRARY.exists():
        pytest.skip("matrix-widget-api is not installed (npm)")
    folder, port = tmp_path_factory.mktemp("tls"), free_ports()
    with (
        element_is_served() as element,
        tls_in_front_of(int(element.rpartition(":")[2]), port=port, host=THEIRS, folder=folder),
    ):
        ours = free_ports()
        yield f"https://{THEIRS}:{port}", f"https://{OURS}:{ours}", ours


@pytest.fixture(scope="module")
def demo(tmp_path_factory, bbb, places) -> Iterator[Demo]:
    element, pages, port = places
    folder = tmp_path_factory.mktemp("elsewhere")
    demo = Demo(folder / "home", small_register(folder / "register"))
    demo.has_rules(
        f"bbb: {{url: '{bbb.url}', secret_file: '{bbb.secret_file}'}}\n"
        f"web: {{element_url: '{element}', public_url: '{pages}'}}\nconferences: {{widget: true}}\n"
    )
    with demo.running(), tls_in_front_of(demo.port + 1, port=port, host=OURS, folder=folder):
        yield demo


@pytest.fixture(
    scope="module", params=[(), ("--test-third-party-cookie-phaseout",)], ids=["as it comes", "no third-party cookies"]
)
def browser(request) -> Iterator[Browser]:
    known = f"--host-resolver-rules=MAP {OURS} 127.0.0.1, MAP {THEIRS} 127.0.0.1"
    with chromium(known, *request.param) as browser:
        yield browser


def test_a_teacher_starts_and_joins_and_the_session_counts_in_that_window_alone(demo, places, browser):
    element, pages, _ = places
    teacher = People(demo).teacher(of=CLASS)
    room = demo.info["rooms"][CLASS]
    widget = teacher.state(room, "im.vector.modular.widgets", "schulbote_conference").ok()
    with window(browser, element, viewport=DESKTOP, ignore_https_errors=True) as opened:
        frame = opened.opens(teacher, room, widget)
        expect(frame.get_by_text(GERMAN["widget.who"].format(name=teacher.name))).to_be_visible()
        kept = [cookie for cookie in opened.context.cookies() if cookie["name"].endswith("_session_framed")]
        assert [(cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) for cookie in kept] == [(True, True, "None")]
        assert {cookie.get("partitionKey") for cookie in kept} == {"https://anderswo.test"}
        frame.get_by_role("button", name=GERMAN["widget.do.start"]).click()
        with opened.context.expect_page() as tab:
            frame.get_by_role("button", name=GERMAN["widget.do.join"]).click()
        tab.value.get_by_role("button", name=PAGES["conference.enter"], exact=True).click()
        tab.value.wait_for_url("**/bigbluebutton/**")
        assert f"{teacher.name}: MODERATOR" in tab.value.content()

        alone = opened.context.new_page()
        alone.goto(f"{pages}/account")
        assert "/login" in alone.url, "outside of that window nobody is signed in"

        frame.get_by_role("button", name=GERMAN["widget.do.end"], exact=True).click()
        frame.get_by_role("button", name=GERMAN["widget.sure.end"]).click()
        expect(frame.get_by_text(GERMAN["widget.over"])).to_be_visible()
