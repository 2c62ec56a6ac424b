"""Who comes into a conference, by which way, when: every role, every way in, every state. And who does not."""

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from acceptance.client import wait_until
from acceptance.conferences import PAGE, forgeries, press, say_in_room, title_for_one_story, way_in
from acceptance.doors import (
    TO_BBB,
    Browser,
    Form,
    by_bot,
    by_guest_link,
    by_page,
    by_script,
    by_ticket,
    by_widget,
    form_in,
)
from acceptance.people import Person

CLASS, PARENTS = "Klasse 8.1", "Sorgeberechtigte 8.1"
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class Cast:
    """Who stands at the doors of a conference for a class and its guardians, each with a browser of their own."""

    people: dict[str, Person]
    browsers: dict[str, Browser]
    in_widget: dict[str, Browser]
    """Where a messenger shows the widget of the room."""


@dataclass
class Story:
    """One conference. `guest` is the secret in a guest's link."""

    id: str
    title: str
    guest: str
    meeting: str | None = None


@pytest.fixture(scope="module")
def cast(demo, people) -> Iterator[Cast]:
    visitor = people.teacher(not_of=CLASS)
    visitor.ask(f"!betreten {CLASS}")
    wait_until(lambda: demo.info["rooms"][CLASS] in visitor.joined_rooms(), 15)
    everybody = {
        "a teacher of the class": people.teacher(of=CLASS),
        "a teacher who visits its room": visitor,
        "a teacher of other classes": people.teacher(not_of=CLASS),
        "a pupil of the class": people.pupil(of=CLASS),
        "a pupil of another class": people.pupil(not_of=CLASS),
        "a guardian of the class": people.guardian(of=PARENTS),
        "a guardian of another class": people.guardian(not_of=PARENTS),
        "a pupil whose account is locked": people.pupil(of=CLASS),
    }
    web = demo.info["web"]
    browsers = {who: Browser(web).signed_in(person) for who, person in everybody.items()}
    in_widget = {who: Browser(web) for who in everybody}
    locked, head = everybody["a pupil whose account is locked"], people.by_id("T00001")
    by_widget(in_widget["a pupil whose account is locked"], locked, demo.info["rooms"][CLASS], "none")
    head.ask(f"!sperren {locked.user_id}")
    assert "ist gesperrt" in head.ask(f"!sperren {locked.user_id} bestätigen")
    yield Cast(everybody, browsers, in_widget)
    assert "wieder offen" in head.ask(f"!entsperren {locked.user_id}")
    locked.enter()


@pytest.fixture
def begun(demo, cast, bbb) -> Iterator[object]:
    """`begun(words)`: a conference of the teacher of the class; it is over when the story is."""
    teacher, room, titles = cast.people["a teacher of the class"], demo.info["rooms"][CLASS], []

    def begin(words: str = "") -> Story:
        titles.append(title := title_for_one_story())
        said = say_in_room(teacher, room, f"!konferenz {title} mit {PARENTS} {words}")
        told = teacher.ask("!konferenz gast Petra Lehmann")
        guest = re.search(r"/conference/guest/([\w-]+)", told)[1]
        made = bbb.created(title)
        return Story(PAGE.search(said)[1], title, guest, made[0]["meetingID"] if made else None)

    yield begin
    say_in_room(teacher, room, "!konferenz ende")


def looked_at(demo, cast: Cast, story: Story) -> dict[str, str]:
    """What everybody finds by the bot, by the page, by the widget, in this order; who may begin it comes last."""
    found = {}
    for who in sorted(cast.people, key=lambda who: "teacher" in who):
        person = cast.people[who]
        room = demo.info["rooms"][PARENTS if "guardian" in who else CLASS]
        widget = cast.in_widget[who]
        is_locked = "locked" in who
        found[who] = ", ".join(
            (
                by_bot(person, story.title),
                by_page(cast.browsers[who], story.id),
                by_script(widget, room, story.id) if is_locked else by_widget(widget, person, room, story.id),
            )
        )
        if who == "a pupil whose account is locked":
            found["a guest"] = by_guest_link(Browser(demo.info["web"]), story.guest)
            stranger = Browser(demo.info["web"])
            found["a stranger"] = ", ".join(
                (
                    by_page(stranger, story.id),
                    by_script(stranger, room, story.id),
                    by_guest_link(stranger, secrets.token_urlsafe(24)),
                    by_ticket(stranger, f"{demo.info['web']}/conference/in/{secrets.token_urlsafe(24)}"),
                )
            )
    return found


NOT_FOR_THEM = "nothing, not_in_conference, nothing"
NEVER = {
    "a pupil of another class": NOT_FOR_THEM,
    "a guardian of another class": NOT_FOR_THEM,
    "a teacher of other classes": NOT_FOR_THEM,
    "a pupil whose account is locked": "shut out, signs in, signs in",
    "a stranger": "signs in, signs in, over, over",
}
LEAD = {"a teacher of the class": "moderator, moderator, moderator"}
LEAD["a teacher who visits its room"] = LEAD["a teacher of the class"]


def are_members(found: str) -> dict[str, str]:
    return dict.fromkeys(("a pupil of the class", "a guardian of the class"), found)


def test_planned_for_another_day(demo, cast, begun):
    """Whoever leads may begin it before its time, at its page; the bot tells of it when it comes."""
    day = datetime.now(BERLIN) + timedelta(days=3)
    leading = LEAD | {"a teacher of the class": "nothing, moderator, moderator"}
    expected = NEVER | leading | are_members("nothing, waits, waits") | {"a guest": "waits"}
    assert looked_at(demo, cast, begun(f"am {day:%d.%m.} um 14:00")) == expected


def test_planned_for_about_now(demo, cast, begun):
    soon = datetime.now(BERLIN) + timedelta(minutes=8)
    expected = NEVER | LEAD | are_members("waits, waits, waits") | {"a guest": "waits"}
    assert looked_at(demo, cast, begun(f"um {soon:%H:%M}")) == expected


def test_begun_and_nobody_leads_it_yet(demo, cast, begun):
    expected = NEVER | LEAD | are_members("waits, waits, waits") | {"a guest": "waits"}
    assert looked_at(demo, cast, begun()) == expected


def test_running_then_left_by_who_leads_then_ended(demo, cast, begun, bbb):
    teacher, pupil = (cast.people[who] for who in ("a teacher of the class", "a pupil of the class"))
    story = begun()
    assert by_bot(teacher, story.title) == "moderator"
    wait_until(lambda: way_in(pupil, story.title), 15)
    expected = NEVER | LEAD | are_members("viewer, viewer, viewer") | {"a guest": "lobby"}
    assert looked_at(demo, cast, story) == expected

    bbb.moderators_leave(story.meeting)
    wait_until(lambda: way_in(pupil, story.title) is None, 15)
    expected = NEVER | LEAD | are_members("waits, waits, waits") | {"a guest": "waits"}
    assert looked_at(demo, cast, story) == expected

    say_in_room(teacher, demo.info["rooms"][CLASS], "!konferenz ende")
    over = "nothing, over, nothing"
    expected = NEVER | dict.fromkeys(LEAD, over) | are_members(over) | {"a guest": "over"}
    assert looked_at(demo, cast, story) == expected


# Links that somebody else has, or that are old


def test_a_link_counts_once_for_a_minute_and_not_after_the_end(demo, cast, begun):
    teacher, pupil, guardian = (
        cast.people[who] for who in ("a teacher of the class", "a pupil of the class", "a guardian of the class")
    )
    story, thief = begun(), Browser(demo.info["web"])
    assert by_bot(teacher, story.title) == "moderator"
    old = wait_until(lambda: way_in(guardian, story.title), 15)
    got_at = time.monotonic()
    link = way_in(pupil, story.title)
    assert press(link)[0] == 303
    assert by_ticket(thief, link) == "over", "it was used"
    first, second = way_in(pupil, story.title), way_in(pupil, story.title)
    assert by_ticket(thief, first) == "over", "there is a newer one"
    assert by_ticket(thief, second) == "viewer"
    time.sleep(max(0.0, got_at + 61 - time.monotonic()))
    assert by_ticket(thief, old) == "over", "it is older than a minute"
    last = way_in(pupil, story.title)
    say_in_room(teacher, demo.info["rooms"][CLASS], "!konferenz ende")
    assert by_ticket(thief, last) == "over"


def test_a_guests_link_that_was_taken_back_leads_nowhere(demo, cast, begun):
    teacher, story, guest = cast.people["a teacher of the class"], begun(), Browser(demo.info["web"])
    assert by_bot(teacher, story.title) == "moderator"
    wait_until(lambda: by_guest_link(guest, story.guest) == "lobby", 15)
    teacher.ask("!konferenz gast weg Petra Lehmann")
    assert by_guest_link(guest, story.guest) == "over"


# Who is taken out meanwhile


def moved(rows: str, person: Person) -> str:
    """The register with one pupil in another class."""
    lines = rows.split("\n")
    [at] = [number for number, line in enumerate(lines) if line.startswith(f"{person.account['person']};")]
    lines[at] = lines[at].replace("Klasse 8.1;Jahrgang 8", "Klasse 9.1;Jahrgang 9").replace(";8.1;", ";9.1;")
    return "\n".join(lines)


def test_who_is_taken_out_of_the_class_while_the_page_is_open(demo, people, cast, begun):
    teacher, pupil, story = cast.people["a teacher of the class"], people.pupil(of=CLASS), begun()
    browser, widget = Browser(demo.info["web"]).signed_in(pupil), Browser(demo.info["web"])
    room = demo.info["rooms"][CLASS]
    assert by_page(browser, story.id) == "waits"
    assert by_widget(widget, pupil, room, story.id) == "waits"
    assert by_bot(teacher, story.title) == "moderator"
    link = wait_until(lambda: way_in(pupil, story.title), 15)
    opened = form_in(browser.get(f"/conference/{story.id}").text, "/enter")
    with demo.changed_register() as folder:
        file = folder / "schueler.csv"
        file.write_text(moved(file.read_text(), pupil))
        demo.sync().check_returncode()
        wait_until(lambda: by_page(browser, story.id) == "not_in_conference", 15)
        assert browser.send(opened).status == 403, "the page that was open"
        assert by_ticket(browser, link) == "over", "the link that was there"
        assert by_bot(pupil, story.title) == "nothing"
        assert by_script(widget, room, story.id) == "nothing"


def test_who_is_sent_out_of_a_chat_while_waiting(demo, people, cast):
    teacher, pupil = cast.people["a teacher of the class"], cast.people["a pupil of the class"]
    title, browser = title_for_one_story(), cast.browsers["a pupil of the class"]
    chat = teacher.create_room(name="Projekt", invite=[pupil.user_id])
    pupil.join(chat).ok()
    said = say_in_room(teacher, chat, f"!konferenz {title}")
    conference = PAGE.search(said)[1]
    assert by_page(browser, conference) == "waits"
    assert by_page(cast.browsers["a pupil of another class"], conference) == "not_in_conference"
    teacher.post(f"rooms/{chat}/kick", {"user_id": pupil.user_id}).ok()
    assert by_bot(teacher, title) == "moderator"
    wait_until(lambda: by_page(browser, conference) == "not_in_conference", 5)
    say_in_room(teacher, chat, "!konferenz ende")


# Forged requests


def changed(secret: str) -> list[str]:
    """Secrets that are like a right one."""
    places = range(0, len(secret), 3)
    edited = [secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :] for at in places]
    odd = [secret[:-1], secret + "A", secret.swapcase(), secret[::-1], "%00", "%2e%2e%2f" + secret, "x" * 900]
    return [*edited, *odd, *(secrets.token_urlsafe(24) for _ in range(5))]


def test_no_forged_request_yields_a_way_in(demo, cast, begun):
    teacher, pupil = (cast.people[who] for who in ("a teacher of the class", "a pupil of the class"))
    story, room, web = begun(), demo.info["rooms"][CLASS], demo.info["web"]
    assert by_bot(teacher, story.title) == "moderator"
    link = wait_until(lambda: way_in(pupil, story.title), 15)
    member, stranger = cast.browsers["a pupil of the class"], Browser(web)
    enter, guest = f"/conference/{story.id}/enter", f"/conference/guest/{story.guest}"
    pupils_form = form_in(member.get(f"/conference/{story.id}").text, "/enter").fields
    guests_form = form_in(Browser(web).get(guest).text, "/guest/").fields
    own_form = form_in(stranger.get("/login").text, "/login").fields
    grab = {"role": "MODERATOR", "userID": pupil.user_id, "person": pupil.account["person"], "chosen": "yes"}
    outsiders = {who: cast.browsers[who] for who in NEVER if who in cast.browsers}

    tried = [stranger.send(Form(forged, {})) for forged in forgeries(link)]
    tried += [stranger.send(Form(f"/conference/{each}/enter", own_form)) for each in changed(story.id)]
    tried += [member.send(Form(f"/conference/{each}/enter", pupils_form)) for each in changed(story.id)]
    tried += [stranger.send(Form(f"/conference/guest/{each}", guests_form)) for each in changed(story.guest)]
    for fields in ({}, own_form, own_form | grab, pupils_form, pupils_form | grab, guests_form, {"form_token": ""}):
        tried += [stranger.send(Form(path, fields)) for path in (enter, f"{enter}?role=MODERATOR&userID=1")]
        tried += [browser.send(Form(enter, fields)) for browser in outsiders.values()]
    for fields in ({}, pupils_form, guests_form, {"form_token": ""}):
        tried.append(Browser(web).send(Form(guest, fields)))
    for browser in outsiders.values():
        own = form_in(browser.get("/account").text, "/")
        tried += [browser.send(Form(enter, (own.fields if own else {}) | more)) for more in ({}, grab)]
    tried += [stranger.get(path) for path in (enter, f"{enter}?join=1", f"{guest}?enter=1", f"{link}?go=1")]
    proof = pupil.post(f"user/{pupil.user_id}/openid/request_token", {}).ok()
    for forged in (
        {},
        proof | {"access_token": secrets.token_urlsafe(24)},
        proof | {"access_token": proof["access_token"][:-1]},
        proof | {"matrix_server_name": "matrix.example"},
        proof | {"matrix_server_name": "127.0.0.1:1"},
        {"user_id": pupil.user_id, "access_token": pupil.token, "matrix_server_name": proof["matrix_server_name"]},
    ):
        thief = Browser(web)
        tried.append(thief.send_json("/widget/session", forged))
        tried.append(thief.send_json("/widget/conference/join", {"room": room, "conference": story.id}))
    assert Browser(web).send_json("/widget/session", proof).status == 200
    replayed = Browser(web)
    tried.append(replayed.send_json("/widget/session", proof))
    tried.append(replayed.send_json("/widget/conference/join", {"room": room, "conference": story.id}))
    for who in ("a pupil of another class", "a guardian of another class", "a teacher of other classes"):
        for asked in (room, demo.info["rooms"]["Klasse 9.1"], "", "!x:y"):
            content = {"room": asked, "conference": story.id, "role": "MODERATOR"}
            tried.append(cast.in_widget[who].send_json("/widget/conference/join", content))

    assert len(tried) >= 200
    assert [each for each in tried if TO_BBB in each.leads_to + each.text] == []
    assert [each for each in tried if '"open": "' in each.text or "/conference/in/" in each.leads_to] == [], "no ticket"
    assert [each for each in tried if each.status >= 500] == []
    assert by_ticket(Browser(web), link) == "viewer", "the right one was still good"
