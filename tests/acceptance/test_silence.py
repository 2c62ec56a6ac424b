"""Silence: in a rest nothing rings and nothing is counted, in any room; afterwards everything is as it was."""

import json
import time
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from acceptance.client import Client, Json, wait_until
from acceptance.gateway import Gateway, listening
from acceptance.people import PROMISED_JOIN, SLACK, People, Person
from acceptance.running import Demo, schulbote, small_register

CLASS, OTHER_CLASS = "Klasse 5a", "Klasse 5b"
OURS = ["org.schulbote.urgent", "org.schulbote.rest"]
BACK = 20
"""Seconds that a killed process and what it then has to do may take on a busy machine."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Demo]:
    """A small school, whose programs are killed now and then."""
    folder = tmp_path_factory.mktemp("silence")
    demo = Demo(folder / "home", small_register(folder / "register"))
    with demo.running():
        yield demo


@pytest.fixture(scope="module")
def people(demo) -> People:
    return People(demo)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with listening() as gateway:
        yield gateway


@pytest.fixture
def teacher(people, gateway) -> Iterator[Person]:
    """A teacher with a telephone, who does not rest before and afterwards."""
    teacher = people.teacher(CLASS)
    assert teacher.greeting, "an invitation rings"
    gateway.give_telephone(teacher)
    yield teacher
    if ours(teacher):
        teacher.end_rest()
        hears_again(teacher)


@pytest.fixture
def class_room(demo) -> str:
    return demo.info["rooms"][CLASS]


def rules(person: Person) -> Json:
    return person.get("pushrules/").ok()


def own_rules(person: Person) -> list[str]:
    """The override rules that do not come with the account, the strongest first."""
    return [rule["rule_id"] for rule in rules(person)["global"]["override"] if not rule["default"]]


def ours(person: Person) -> list[str]:
    return [rule for rule in own_rules(person) if rule.startswith("org.schulbote.")]


def put_rule(person: Person, path: str, rule: Json) -> None:
    person.put(f"pushrules/global/{path}", rule).ok()


def counts(person: Person) -> Json:
    """What a client shows as unread, in every room, in both kinds of sync."""
    joined = person.sync()["rooms"]["join"]
    lists = {"all": {"ranges": [[0, 99]], "required_state": [], "timeline_limit": 1}}
    path = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
    rooms = person.post(path, {"lists": lists}).ok()["rooms"]
    return {
        room: (
            joined[room]["unread_notifications"],
            rooms[room].get("notification_count", 0),
            rooms[room].get("highlight_count", 0),
        )
        for room in joined
    }


def silent_rest(person: Person, how_long: str = "1h") -> None:
    person.rest(how_long)
    wait_until(lambda: own_rules(person)[:2] == OURS, SLACK)


def hears_again(person: Person) -> None:
    wait_until(lambda: not ours(person), SLACK)


def summaries(person: Person) -> list[str]:
    return [text for text in person.texts(person.control_room) if text.startswith("🌙 Während deiner Ruhezeit")]


def rings_for(gateway: Gateway, person: Person, event: str) -> Json:
    return wait_until(lambda: next((told for told in gateway.rung(person) if told["event_id"] == event), None), 15)


def test_in_a_rest_nothing_rings_and_afterwards_everything_does_as_before(demo, people, gateway, teacher, class_room):
    pupil, colleague, guardian = people.pupil(CLASS), people.teacher(), people.guardian()
    direct = guardian.talk_to(teacher)
    for kind in ("spaces", "rooms"):
        teacher.join(demo.info[kind][OTHER_CLASS]).ok()
        colleague.join(demo.info[kind][OTHER_CLASS]).ok()
    other_room, other_pupil = demo.info["rooms"][OTHER_CLASS], people.pupil(OTHER_CLASS)
    loud = ["notify", {"set_tweak": "sound", "value": "default"}, {"set_tweak": "highlight"}]
    put_rule(teacher, "override/everything", {"conditions": [], "actions": loud})
    put_rule(teacher, "content/keyword", {"pattern": "Feuer", "actions": loud})
    put_rule(teacher, f"room/{class_room}", {"actions": loud})
    put_rule(teacher, f"sender/{pupil.user_id}", {"actions": loud})
    put_rule(teacher, "override/quiet", {"conditions": [], "actions": []})
    teacher.put("pushrules/global/override/quiet/enabled", {"enabled": False}).ok()
    rules_before = teacher.request("GET", "pushrules/", raw=True).ok()
    before = pupil.send(class_room, "Guten Tag")
    rings_for(gateway, teacher, before)

    silent_rest(teacher)
    invitations = teacher.invitations()
    counted = counts(teacher)
    pupil.send(class_room, "Eine Frage")
    pupil.send(class_room, "An dich", **{"m.mentions": {"user_ids": [teacher.user_id]}})
    pupil.send(class_room, f"{teacher.name}, Feuer!")
    colleague.send(class_room, "An alle", **{"m.mentions": {"room": True}})
    other_pupil.send(other_room, "Wann fahren wir?")
    call = {"call_id": "c", "version": "1", "party_id": "p", "lifetime": 60000, "invitee": teacher.user_id}
    colleague.try_send(other_room, call | {"offer": {"type": "offer", "sdp": ""}}, "m.call.invite")
    held = guardian.send(direct, "Anna ist krank")
    invited_to = colleague.create_room(name="Neues", invite=[teacher.user_id])
    wait_until(lambda: invited_to in teacher.invitations(), SLACK)
    wait_until(lambda: guardian.receipt_of(direct, held), 15)
    assert counts(teacher) == counted
    assert teacher.invitations() - invitations == {invited_to}

    teacher.end_rest()
    delivered = wait_until(
        lambda: next((e for e in guardian.events(direct) if e["content"].get("body") == "Anna ist krank"), None), 15
    )
    rings_for(gateway, teacher, delivered["event_id"])
    assert teacher.request("GET", "pushrules/", raw=True).ok() == rules_before
    unread = counts(teacher)[class_room][0]["notification_count"]
    after = pupil.send(class_room, "Danke")
    rings_for(gateway, teacher, after)
    assert counts(teacher)[class_room][0]["notification_count"] == unread + 1
    # A telephone is told in the order of events: whatever the rest had let through would stand between these.
    rung = gateway.events_rung(teacher)
    words = [event for event in rung[rung.index(before) + 1 :] if event not in _of_the_bot(teacher)]
    assert words == [delivered["event_id"], after]
    [summary] = wait_until(lambda: summaries(teacher), SLACK)
    assert summary == f"🌙 Während deiner Ruhezeit: 4 neue Nachrichten in {CLASS}, 1 in {OTHER_CLASS}."


def _of_the_bot(person: Person) -> list[str]:
    return [event["event_id"] for event in person.events(person.control_room) if event["sender"] != person.user_id]


def test_a_rest_in_which_nothing_came_needs_no_word(people, teacher):
    people.guardian().talk_to(teacher)
    said = summaries(teacher)
    silent_rest(teacher)
    teacher.end_rest()
    hears_again(teacher)
    silent_rest(teacher)  # a whole round of everything that the bot does by itself
    teacher.end_rest()
    hears_again(teacher)
    assert summaries(teacher) == said


def test_an_urgent_message_rings_all_the_same(demo, gateway, teacher):
    bot = Client(demo.homeserver, token=(demo.home / "secrets" / "appservice_token").read_text().strip())
    room = teacher.control_room
    silent_rest(teacher)
    quiet = [bot.send(room, "Tag"), bot.send(room, "Abend", **{"org.schulbote.urgent": "true"})]
    urgently = bot.send(room, "Die Schule bleibt morgen zu", **{"org.schulbote.urgent": True})
    assert rings_for(gateway, teacher, urgently)["devices"][0]["tweaks"] == {"sound": "default"}
    assert not set(quiet) & set(gateway.events_rung(teacher))


def test_what_a_client_puts_above_the_silence_is_put_below_it_again(demo, people, gateway, teacher, class_room):
    pupil = people.pupil(CLASS)
    silent_rest(teacher)
    put_rule(teacher, "override/later", {"conditions": [], "actions": ["notify"]})
    teacher.put("pushrules/global/override/org.schulbote.rest/enabled", {"enabled": False}).ok()
    demo.kill_appservice()  # it looks at everybody when it starts, and every few minutes
    wait_until(lambda: own_rules(teacher)[:2] == OURS, BACK)
    counted = counts(teacher)
    pupil.send(class_room, "Noch eine Frage")
    assert counts(teacher) == counted
    said = len(summaries(teacher))
    teacher.end_rest()
    hears_again(teacher)
    assert "later" in own_rules(teacher)
    wait_until(lambda: len(summaries(teacher)) > said, BACK)
    teacher.request("DELETE", "pushrules/global/override/later").ok()


def test_who_is_killed_leaves_nobody_silent_after_the_rest(demo, people, gateway, teacher, class_room):
    pupil = people.pupil(CLASS)
    said = len(summaries(teacher))
    asked_at = time.time()
    silent_rest(teacher, "8s")
    pupil.send(class_room, "Im Dunkeln")
    demo.kill_synapse()
    demo.kill_appservice()
    wait_until(lambda: time.time() > asked_at + 8 and demo.is_up(), BACK)
    wait_until(lambda: not ours(teacher), BACK)
    rings_for(gateway, teacher, pupil.send(class_room, "Bist du da?"))
    wait_until(lambda: len(summaries(teacher)) > said, BACK)
    assert summaries(teacher)[said:] == [f"🌙 Während deiner Ruhezeit: 1 neue Nachricht in {CLASS}."]


def test_rules_that_were_forgotten_by_a_restored_database_go_with_the_next_start(demo, teacher):
    put_rule(teacher, "override/org.schulbote.rest", {"conditions": [], "actions": []})
    demo.kill_appservice()
    wait_until(lambda: not ours(teacher), BACK)


def test_the_bots_answers_do_not_wait(teacher):
    with teacher.resting():
        assert "bis" in teacher.ask("!ruhe")


def test_a_new_device_in_a_rest_is_silent_too(people, gateway, class_room):
    pupil, teacher = people.pupil(CLASS), people.teacher(CLASS)
    silent_rest(teacher)
    device = teacher.another_client()
    gateway.give_telephone(device)
    before = counts(device)
    pupil.send(class_room, "Hört das jemand?")
    assert counts(device) == before
    teacher.end_rest()
    hears_again(teacher)


def test_a_room_that_begins_in_a_rest_is_silent(people, gateway, teacher):
    guardian = people.guardian()
    silent_rest(teacher)
    rung = gateway.events_rung(teacher)
    room = guardian.open_direct_room(teacher.user_id)
    wait_until(lambda: room in teacher.joined_rooms(), PROMISED_JOIN + SLACK)
    held = guardian.send(room, "Zum ersten Mal")
    wait_until(lambda: guardian.receipt_of(room, held), 15)
    teacher.end_rest()
    delivered = wait_until(
        lambda: next((e for e in guardian.events(room) if e["content"].get("body") == "Zum ersten Mal"), None), 15
    )
    rings_for(gateway, teacher, delivered["event_id"])
    new = [event for event in gateway.events_rung(teacher) if event not in rung + _of_the_bot(teacher)]
    assert new == [delivered["event_id"]]


def test_the_status_and_the_metrics_tell_what_waits(demo, people, teacher):
    guardian = people.guardian()
    room = guardian.talk_to(teacher)

    def status() -> tuple[int, Json]:
        done = schulbote("-c", demo.info["config"], "status", "--json")
        return done.returncode, json.loads(done.stdout)

    def metrics() -> dict[str, float]:
        with urlopen(f"http://127.0.0.1:{demo.port + 1}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {
            line.split()[0]: float(line.split()[1])
            for line in lines
            if line.startswith("schulbote_") and "{" not in line
        }

    silent_rest(teacher)
    held = guardian.send(room, "Bis morgen")
    wait_until(lambda: guardian.receipt_of(room, held), 15)
    code, told = status()
    assert (code, told["problems"]) == (0, [])
    assert (told["held"]["messages"], told["held"]["rooms"], told["held"]["overdue"]) == (1, 1, 0)
    assert told["held"]["next_release"] > told["held"]["oldest"]
    assert told["silenced"] == 1
    assert told["homeserver"] == {"answers": True, "reaches_appservice": True}
    figures = metrics()
    assert (figures["schulbote_held_messages"], figures["schulbote_silenced"]) == (1, 1)
    assert 0 <= figures["schulbote_held_oldest_seconds"] < 60
    assert 3000 < figures["schulbote_next_release_seconds"] <= 3600
    teacher.end_rest()
    wait_until(lambda: "Bis morgen" in teacher.texts(room), 15)
    wait_until(lambda: metrics()["schulbote_held_messages"] == metrics()["schulbote_silenced"] == 0, SLACK)
    assert "schulbote_next_release_seconds" not in metrics()
