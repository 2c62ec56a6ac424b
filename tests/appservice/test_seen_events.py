from typing import Any

from appservice.seen_events import SeenEvents


def event(event_id: str, *, edits: str | None = None, words: str = "") -> dict[str, Any]:
    relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": edits}} if edits else {}
    return {"event_id": event_id, "content": {"body": words, **relation}}


def references(seen: SeenEvents, event_id: str) -> list[str]:
    found = seen.event(event_id)
    assert found is not None
    return [one["event_id"] for one in found["unsigned"]["m.relations"]["m.reference"]["chunk"]]


def test_an_event_comes_with_the_edits_that_were_seen_since() -> None:
    seen = SeenEvents()
    seen.keep(event("$1", words="eins"))
    seen.keep(event("$2", edits="$1"))
    seen.keep(event("$3", edits="$1"))
    seen.keep(event("$4", edits="$unknown"))
    found = seen.event("$1")
    assert found is not None
    assert found["content"]["body"] == "eins"
    assert references(seen, "$1") == ["$2", "$3"]
    assert references(seen, "$4") == []
    assert seen.event("$unknown") is None


def test_what_has_changed_is_asked_for_again() -> None:
    seen = SeenEvents()
    seen.keep(event("$1"))
    seen.keep(event("$2"))
    seen.drop("$1")
    seen.drop("$1")
    assert (seen.event("$1"), seen.event("$2") is None) == (None, False)
    seen.clear()
    assert seen.event("$2") is None


def test_the_oldest_go_when_there_are_too_many() -> None:
    seen = SeenEvents(most_bytes=1000)
    for number in range(20):
        seen.keep(event(f"${number}", words="x" * 100))
    kept = [number for number in range(20) if seen.event(f"${number}")]
    assert kept == list(range(20 - len(kept), 20))
    assert 3 <= len(kept) <= 8
    seen.keep(event("$huge", words="x" * 2000))
    assert seen.event("$huge") is None
    seen.keep(event("$small"))
    assert seen.event("$small") is not None
