from datetime import timedelta

import pytest
from builders import BERLIN, EVENING, GABI, IDA, NOON, OTTO

from school.domain.decisions import Reason
from school.domain.hold import Hold
from school.domain.people import Person
from school.sealing import HELD_KEY, Binding, Keyring
from school.texts import Language, Texts
from synapse_modules.notices import Patience, held, not_delivered

KEYRING = Keyring([b"k" * 32])
BINDING = Binding(room_id="!room", sender=GABI.user_id, event_type="m.room.message", origin_server_ts=1)
GERMAN, ENGLISH = Texts(Language.GERMAN), Texts(Language.ENGLISH)


@pytest.mark.parametrize(
    ("hold", "body"),
    [
        pytest.param(
            Hold(until=EVENING, resting=(IDA,)),
            "🌙 Ida Groß hat bis 20:00 Uhr Ruhezeit. Diese Nachricht wird dann zugestellt.", id="one",
        ),
        pytest.param(
            Hold(until=EVENING + timedelta(days=1), resting=(IDA,)),
            "🌙 Ida Groß hat bis Mi, 20:00 Uhr Ruhezeit. Diese Nachricht wird dann zugestellt.", id="one, longer",
        ),
        pytest.param(
            Hold(until=EVENING, resting=(IDA, OTTO)),
            "🌙 Hier haben gerade alle Lehrkräfte Ruhezeit, bis 20:00 Uhr. Diese Nachricht wird dann zugestellt.",
            id="many",
        ),
        pytest.param(
            Hold(until=None, resting=(IDA,)),
            "🌙 Ida Groß hat Ruhezeit. Diese Nachricht wird danach zugestellt.", id="no end is known",
        ),
        pytest.param(
            Hold(until=EVENING, resting=(IDA,), deputy=OTTO),
            "🌙 Ida Groß hat bis 20:00 Uhr Ruhezeit. Diese Nachricht wird dann zugestellt. Vertretung: Otto Groß.",
            id="a deputy",
        ),
        pytest.param(
            Hold(until=None, resting=(IDA,), deputy=OTTO),
            "🌙 Ida Groß hat Ruhezeit. Diese Nachricht wird danach zugestellt. Vertretung: Otto Groß.",
            id="a deputy, and no end is known",
        ),
        pytest.param(
            Hold(until=None), "🌙 Diese Nachricht wird gleich zugestellt, nach denen, die schon warten.",
            id="nobody rests, earlier messages wait",
        ),
    ],
)  # fmt: skip
def test_what_a_notice_says(hold: Hold, body: str) -> None:
    notice = held(GERMAN, KEYRING, hold, {"body": "Worte"}, BINDING, now=NOON, zone=BERLIN)
    assert notice["body"] == body
    assert set(notice) == {"msgtype", "body", "m.mentions", HELD_KEY}
    assert KEYRING.open(notice[HELD_KEY], BINDING) == {"body": "Worte"}


@pytest.mark.parametrize("texts", [GERMAN, ENGLISH], ids=lambda texts: texts.language)
@pytest.mark.parametrize("reason", Reason)
def test_a_refused_message_says_why(texts: Texts, reason: Reason) -> None:
    why = texts.refusal(reason, ask_in="Klasse 5a")
    notice = not_delivered(texts, reason, why)
    assert notice["body"].startswith("⛔")
    assert notice["body"].endswith(why)
    assert notice["org.schulbote.reason"] == reason.value
    assert notice["m.mentions"] == {}
    assert set(notice) == {"msgtype", "body", "m.mentions", "org.schulbote.reason"}


def test_nobody_is_mentioned_who_is_named() -> None:
    notice = held(
        GERMAN, KEYRING, Hold(until=EVENING, resting=(IDA,)), {"m.mentions": {"user_ids": [IDA.user_id]}}, BINDING,
        now=NOON, zone=BERLIN,
    )  # fmt: skip
    assert notice["m.mentions"] == {}


def over(patience: Patience, who: Person, *moments: float) -> list[bool]:
    return [patience.is_over(who.user_id, at) for at in moments]


def test_three_refusals_in_ten_minutes_are_shown() -> None:
    assert over(Patience(), GABI, 0, 1, 2, 3, 599) == [False, False, False, True, True]


def test_after_ten_minutes_there_is_patience_again() -> None:
    patience = Patience()
    assert over(patience, GABI, 0, 1, 2, 3) == [False, False, False, True]
    assert over(patience, GABI, 600, 600.5, 601, 602, 602) == [False, True, False, False, True]


def test_what_was_over_does_not_count_again() -> None:
    """Else somebody whose client tries without end would never be shown anything any more."""
    patience = Patience(limit=1, seconds=10)
    assert over(patience, GABI, 0, *range(1, 10)) == [False] + [True] * 9
    assert over(patience, GABI, 10) == [False]


def test_each_person_has_their_own() -> None:
    patience = Patience(limit=1)
    assert over(patience, GABI, 0) + over(patience, IDA, 0) + over(patience, GABI, 0) == [False, False, True]


def test_only_so_many_people_are_remembered() -> None:
    patience = Patience(limit=1, people=2)
    assert [over(patience, who, 0) for who in (GABI, IDA, OTTO, IDA, GABI)] == [[False]] * 3 + [[True]] + [[False]]
