"""An absence that a teacher enters with the bot: what comes meanwhile waits, and comes when they are back."""

import secrets

from acceptance.client import wait_until

HOLD = "org.schulbote.held"


def test_an_absence_holds_messages_until_the_teacher_is_back(people):
    guardian, teacher, deputy = people.guardian(), people.teacher(), people.teacher()
    room, words = guardian.talk_to(teacher), f"geheim{secrets.token_hex(6)}"

    assert f"Vertretung: {deputy.name}" in teacher.ask(f"!abwesend heute bis morgen Vertretung {deputy.name}")
    held = guardian.send(room, words)
    notice = guardian.event(room, held)["content"]
    assert HOLD in notice
    assert notice["body"].startswith(f"🌙 {teacher.name} hat bis ")
    assert words not in teacher.texts(room)
    assert "Vertretung" in teacher.ask("!abwesend")

    assert "beendet" in teacher.ask("!abwesend aus")
    wait_until(lambda: words in teacher.texts(room), 15)
    wait_until(lambda: HOLD not in guardian.event(room, guardian.send(room, "Hallo?"))["content"], 15)
    assert teacher.ask("!ruhe") == "Du hast gerade keine Ruhezeit."
