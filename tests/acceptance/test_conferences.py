"""Video conferences as the bot starts, plans and ends them, with a stand-in for BigBlueButton."""

import re
import secrets
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import pytest

from acceptance.client import wait_until
from acceptance.conferences import PAGE, forgeries, press, say_in_room, title_for_one_story, way_in
from acceptance.running import schulbote
from school.texts.de import SENTENCES
from school.texts.de_conferences import SENTENCES as SAID


def status_of(url: str) -> int:
    try:
        with urlopen(url, timeout=20) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_a_teacher_starts_a_conference_in_the_room_of_the_class_and_ends_it(demo, people, bbb):
    teacher, pupil = people.teacher(of="Klasse 8.1"), people.pupil(of="Klasse 8.1")
    room, title = demo.info["rooms"]["Klasse 8.1"], title_for_one_story()

    asked = teacher.send(room, f"!konferenz {title}")
    said = wait_until(lambda: pupil.receipt_of(room, asked), 15)
    assert PAGE.search(said)
    assert title in said
    [created] = bbb.created(title)
    careful = {"record": "false", "guestPolicy": "ASK_MODERATOR", "endWhenNoModerator": "true"}
    assert careful.items() <= created.items()
    assert not any(key.startswith("meta_") for key in created)
    named = " ".join((pupil.name, teacher.name, teacher.user_id, "Klasse 8.1"))
    assert not any(name in text for text in created.values() for name in named.split(" ") if len(name) > 3)

    assert say_in_room(teacher, room, "!konferenz ende") == SAID["conference.over"].format(title=title)
    over = SAID["conference.over"].format(title=title)
    assert wait_until(lambda: pupil.receipt_of(room, asked) == over, 15)
    assert created["meetingID"] not in bbb.seen["meetings"]


@pytest.mark.parametrize("role", ["pupil", "guardian"])
def test_others_start_and_end_none(role, demo, people, bbb):
    teacher = people.teacher(of="Klasse 8.1")
    other = people.pupil(of="Klasse 8.1") if role == "pupil" else people.guardian(of="Sorgeberechtigte 8.1")
    group = "Klasse 8.1" if role == "pupil" else "Sorgeberechtigte 8.1"
    room, title = demo.info["rooms"][group], title_for_one_story()
    refused = SENTENCES["refused.no_conferences"]
    assert say_in_room(other, room, f"!konferenz {title}") == refused
    assert bbb.created(title) == []
    assert PAGE.search(teacher.ask(f"!konferenz {title} mit {group}"))
    [created] = bbb.created(title)
    for words in ("!konferenz ende", "!konferenz gast Petra", "!konferenz liste"):
        assert say_in_room(other, room, words) == refused
    assert created["meetingID"] in bbb.seen["meetings"]
    teacher.ask("!konferenz ende")


def test_bigbluebutton_says_three_times_that_it_is_over_and_nobody_else_can(demo, people, bbb):
    teacher, pupil = people.teacher(of="Klasse 8.2"), people.pupil(of="Klasse 8.2")
    room, title = demo.info["rooms"]["Klasse 8.2"], title_for_one_story()
    said = teacher.ask(f"!konferenz {title} mit Klasse 8.2")
    told = wait_until(lambda: [event for event in pupil.events(room) if event["content"].get("body") == said], 15)
    assert told[0]["sender"] == demo.info["bot"]
    [created] = bbb.created(title)
    address = created["meetingEndedURL"]
    base, _, proof = address.rpartition("/")
    forged = [
        f"{base}/{proof[:-1]}{'0' if proof[-1] != '0' else '1'}",
        f"{base}/{proof.upper()}x",
        f"{base}/{secrets.token_hex(16)}",
        f"{base}/%00",
        address.replace(created["meetingID"], secrets.token_urlsafe(24)),
        *(f"{base}/{secrets.token_hex(length)}" for length in range(1, 20)),
    ]
    assert {status_of(url) for url in forged} == {404}
    assert created["meetingID"] in bbb.seen["meetings"]
    assert pupil.receipt_of(room, told[0]["event_id"]) is None

    bbb.ends(created["meetingID"])
    over = SAID["conference.over"].format(title=title)
    assert wait_until(lambda: pupil.receipt_of(room, told[0]["event_id"]), 15) == over
    assert [status_of(address) for _ in range(2)] == [200, 200]
    edits = [event for event in pupil.events(room) if event["content"].get("body") == f"* {over}"]
    assert len(edits) == 1, "it is told once"


def test_a_guests_link_is_told_to_the_teacher_alone(demo, people):
    teacher, pupil = people.teacher(of="Klasse 8.3"), people.pupil(of="Klasse 8.3")
    room, title = demo.info["rooms"]["Klasse 8.3"], title_for_one_story()
    assert teacher.ask("!hilfe konferenz").startswith("!konferenz")
    say_in_room(teacher, room, f"!konferenz {title}")
    assert say_in_room(teacher, room, "!konferenz gast Petra Lehmann") == SAID["conference.told_alone"]
    link = r"http://\S+/conference/guest/[\w-]+"
    told = wait_until(lambda: [text for text in teacher.texts(teacher.control_room) if re.search(link, text)], 15)
    assert "Petra Lehmann" in told[-1]
    assert not any("Petra" in text and "conference/guest" in text for text in pupil.texts(room))
    say_in_room(teacher, room, "!konferenz ende")


def test_a_weekly_conference_is_planned_and_called_off(people, bbb):
    teacher, title = people.teacher(of="Klasse 9.1"), title_for_one_story()
    said = teacher.ask(f"!konferenz {title} mit Klasse 9.1 jeden Freitag um 14:00")
    assert "jede Woche" in said
    assert bbb.created(title) == [], "there is no meeting before somebody begins it"
    assert teacher.ask("!konferenz ende") == SAID["conference.over"].format(title=title)


def test_while_bigbluebutton_is_down_it_is_said_and_nothing_else_suffers(demo, people, bbb):
    teacher, title = people.teacher(of="Klasse 9.2"), title_for_one_story()
    with bbb.broken():
        assert teacher.ask(f"!konferenz {title} mit Klasse 9.2") == SAID["conference.down"]
        assert teacher.ask("!ruhe") == "Du hast gerade keine Ruhezeit."
        checked = schulbote("-c", demo.info["config"], "check")
        assert checked.returncode == 1
        assert "BigBlueButton" in checked.stderr
    assert PAGE.search(teacher.ask(f"!konferenz {title} mit Klasse 9.2"))
    assert urlsplit(bbb.url).netloc in schulbote("-c", demo.info["config"], "check").stdout
    teacher.ask("!konferenz ende")


def test_who_comes_in_when_and_as_what(demo, people, bbb):
    teacher, pupil = people.teacher(of="Klasse 8.1"), people.pupil(of="Klasse 8.1")
    stranger, guardian = people.pupil(not_of="Klasse 8.1"), people.guardian(of="Sorgeberechtigte 8.1")
    title = title_for_one_story()
    teacher.ask(f"!konferenz {title} mit Klasse 8.1")
    assert [way_in(who, title) for who in (pupil, stranger, guardian)] == [None, None, None], "nobody leads it yet"

    address = press(way_in(teacher, title))[1]
    with urlopen(address, timeout=20) as answer:
        assert f"{teacher.name}: MODERATOR" in answer.read().decode()
    link = wait_until(lambda: way_in(pupil, title), 15)
    assert [way_in(who, title) for who in (stranger, guardian)] == [None, None]

    assert {press(forged) for forged in forgeries(link)} <= {(404, ""), (410, "")}
    status, address = press(link)
    assert status == 303
    assert press(link) == (410, ""), "a second time it leads nowhere"
    asked = dict(parse_qsl(urlsplit(address).query))
    assert (asked["role"], asked["fullName"]) == ("VIEWER", pupil.name)
    assert asked["createTime"].isdecimal()
    own = (pupil.user_id, pupil.user_id.partition(":")[0][1:], pupil.account["person"])
    assert not any(name in asked["userID"] for name in own)
    with urlopen(address, timeout=20) as answer:
        assert f"{pupil.name}: VIEWER" in answer.read().decode()
    with urlopen(address.replace("role=VIEWER", "role=MODERATOR"), timeout=20) as answer:
        assert "checksumError" in answer.read().decode()

    late = wait_until(lambda: way_in(pupil, title), 15)
    teacher.ask("!konferenz ende")
    assert press(late) == (410, "")
    assert way_in(teacher, title) is None
