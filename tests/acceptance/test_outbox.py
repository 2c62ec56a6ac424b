"""What waits, as both sides are told of it: the sender with the words, the teacher without; and what is taken back."""

import json

from acceptance.client import times, wait_until
from acceptance.waiting import RELEASE, delivered, hold, until_nothing_waits, words_of_their_own


def test_the_sender_sees_what_waits_and_takes_it_back_by_its_number(people):
    guardian, teacher = people.guardian(), people.teacher()
    room = guardian.talk_to(teacher)
    deleted, changed, kept, newest = (words_of_their_own() for _ in range(4))
    assert guardian.ask("!ausgang") == "Von dir wartet keine Nachricht."
    with teacher.resting():
        first = hold(guardian, room, deleted)
        second = hold(guardian, room, "um sieben")
        hold(guardian, room, kept)
        edit = {"rel_type": "m.replace", "event_id": second}
        hold(
            guardian,
            room,
            f"* {changed}",
            **{"m.new_content": {"msgtype": "m.text", "body": changed}, "m.relates_to": edit},
        )
        uri = guardian.upload(b"x", "zettel.png")
        guardian.try_send(room, {"msgtype": "m.image", "body": "zettel.png", "url": uri}).ok()

        wait_until(lambda: "4. an" in guardian.ask("!ausgang"), RELEASE)
        shown = guardian.ask("!ausgang").splitlines()
        for number, words in ((1, f"„{deleted}“"), (2, f"„{changed}“"), (3, f"„{kept}“"), (4, "📎 zettel.png")):
            assert shown[number].startswith(f"{number}. an {teacher.name}, geschrieben "), shown
            assert shown[number].endswith(f": {words}"), shown
        assert "nicht gezeigt" in people.guardian().ask("!zurück 1")

        guardian.redact(room, first)
        hold(guardian, room, newest)
        assert guardian.ask("!zurück 2 4") == "Zurückgenommen: 2, 4. Niemand wird es lesen."
        assert guardian.event(room, second)["content"] == {}
        shown = guardian.ask("!ausgang").splitlines()
        assert [line[:2] for line in shown[1:-1]] == ["3.", "5."], shown
        assert guardian.ask("!zurück 1") == "Wartet nicht mehr: 1."

        seen = json.dumps(teacher.sync())
        assert all(words not in seen for words in (deleted, changed, kept, newest, "um sieben", uri))
    wait_until(lambda: delivered(teacher, room, newest), RELEASE)
    until_nothing_waits(guardian, room)
    seen = json.dumps(teacher.events(room))
    assert [times(words, teacher.texts(room)) for words in (deleted, "um sieben", changed, kept, newest)] == [
        0,
        0,
        0,
        1,
        1,
    ]
    assert uri not in seen
    assert guardian.ask("!zurück 3") == "Schon zugestellt: 3. Im Gespräch kannst du es löschen."
    assert delivered(teacher, room, kept)


def test_a_teacher_hears_how_much_waits_and_not_a_word_of_it(people):
    one, other, teacher, pupil = people.guardian(), people.guardian(), people.teacher(), people.pupil()
    words = words_of_their_own()
    assert teacher.ask("!wartend") == "Auf dich wartet keine Nachricht."
    with teacher.resting():
        for _ in range(2):
            hold(one, one.talk_to(teacher), words)
        hold(other, other.talk_to(teacher), words)
        answer = teacher.ask("!wartend")
        head, first, second, last = answer.splitlines()
        assert head == "🌙 Auf dich warten 3 Nachrichten:"
        assert first.startswith(f"• 2 von {one.name}, seit ")
        assert second.startswith(f"• 1 von {other.name}, seit ")
        assert last.startswith("Die nächste kommt ")
        assert words not in answer
    for person in (one, pupil):
        assert person.ask("!wartend").startswith("Auf dich wartet nichts: ")
    wait_until(lambda: "keine Nachricht" in teacher.ask("!wartend"), RELEASE)
