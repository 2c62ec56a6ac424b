"""A week in the life of a school through the real programs: the module's gate with real seals, the appservice as it is
put together for a school, a real database. Only Synapse is in memory, and time is simulated.

What became of each message is compared with a clerk who looks at the clock on the wall every minute (`school_week`).
On the way people rest longer, shorter, not at all, and are absent; a room is told to hold; answers of the homeserver
are lost, it is down for a while and restarted, and so is the appservice, in the middle of a release.
"""

import json
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from living_school import LivingSchool
from memory_synapse import Sent
from school_week import MINUTE, WEEKS, School
from simulated_time import run_simulated
from story import GUARDIANS, PUPILS, SECOND, Story, Written

from school.sealing import Purpose

BURSTS = 70
CALM_SECONDS = 4
"""So long after somebody has come or gone everything is as it should be."""
WORDS = re.compile(r"Wort-\d{6}")
Arrived = Mapping[str, list[Sent]]
COUNTS = re.compile(r"(\d+) (?:neue|in|von)")


class Observer:
    """Sees what everybody's clients see, and compares it with the clerk."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.teachers = [who.person.user_id for who in story.school.teachers]
        self.looks = 0
        self.edges = sorted({at for at, _ in (*story.comings_and_goings(), *story.changes)})

    def look(self) -> None:
        """Who is silent now is who rests now."""
        now = self.story.living.loop.now()
        if self.story.was_trouble(now - 5 * SECOND, now) or not self.calm(now):
            return
        silent = self.story.living.synapse.silent()
        for number, user_id in enumerate(self.teachers):
            assert (user_id in silent) is not self.story.is_there(number, now), f"{user_id} at {now}"
        self.looks += 1

    def calm(self, now: datetime) -> bool:
        """Whether nobody has come or gone in the last seconds."""
        before = bisect_right(self.edges, now)
        return before == 0 or self.edges[before - 1] <= now - CALM_SECONDS * SECOND


@pytest.mark.parametrize("week", WEEKS)
def test_a_week_in_the_life_of_a_school(week: str, tmp_path: Path) -> None:
    start, holidays = WEEKS[week]
    school = School(start, holidays, Random(start.toordinal()))
    run_simulated(live(school, tmp_path), start=school.midnight() - MINUTE)


async def live(school: School, folder: Path) -> None:
    async with LivingSchool(folder, school, [*GUARDIANS, *PUPILS]) as living:
        story = Story(school, living)
        await story.prepare(bursts=BURSTS)
        observer = Observer(story)
        await story.live(observer.look)
        arrived = arrivals(story)
        everything_arrives_exactly_once(story, arrived)
        nothing_arrives_before_or_long_after_somebody_is_there(story, arrived)
        what_is_written_is_held_when_all_rest_and_only_then(story, arrived)
        nothing_overtakes(story, arrived)
        who_writes_has_a_receipt_within_two_seconds(story, arrived)
        nothing_rings_in_a_rest_and_everything_outside(story, observer)
        afterwards_everybody_hears_once_how_much_came(story, observer)


def arrivals(story: Story) -> Arrived:
    """The events in which anybody's words can be read."""
    found: defaultdict[str, list[Sent]] = defaultdict(list)
    for sent in story.living.synapse.stream:
        for words in WORDS.findall(json.dumps(sent.content)):
            found[words].append(sent)
    return found


def everything_arrives_exactly_once(story: Story, arrived: Arrived) -> None:
    for written in story.written:
        there = arrived.get(written.body, [])
        assert len(there) == (not written.taken_back), written
        assert all(sent.event["room_id"] == written.room.id for sent in there)
        assert all(sent.event["sender"] == written.sender.user_id for sent in there)


def nothing_arrives_before_or_long_after_somebody_is_there(story: Story, arrived: Arrived) -> None:
    for written in in_order(story):
        if not written.taken_back:
            at, due = arrived[written.body][0].at, story.due(written)
            assert at >= due or story.said_just_now(written), written
            assert at <= due + MINUTE, written


def what_is_written_is_held_when_all_rest_and_only_then(story: Story, arrived: Arrived) -> None:
    became: Counter[str] = Counter()
    drained: dict[str, datetime] = {}
    for written in in_order(story):
        must_wait = story.due(written) > written.at
        is_free = written.at > drained.get(written.room.id, written.at - MINUTE) + 3 * SECOND
        if not story.said_just_now(written) and (must_wait or is_free):
            assert written.was_held is must_wait, written
            became["held" if must_wait else "at once"] += 1
        if written.was_held:
            until = written.at if written.taken_back else arrived[written.body][0].at
            drained[written.room.id] = max(until, drained.get(written.room.id, until))
    assert min(became["held"], became["at once"]) > len(story.written) / 10


def nothing_overtakes(story: Story, arrived: Arrived) -> None:
    """What somebody writes in their own rest goes out at once; and what is not due yet holds up nothing."""
    before: defaultdict[str, list[Written]] = defaultdict(list)
    for written in in_order(story):
        if written.taken_back:
            continue
        at = arrived[written.body][0].at
        for earlier in before[written.room.id]:
            is_in_order = arrived[earlier.body][0].at <= at
            assert is_in_order or story.due(earlier) > at or goes_at_once(story, written), written
        before[written.room.id].append(written)


def goes_at_once(story: Story, written: Written) -> bool:
    return story.rests(written.sender, written.at) or story.said_just_now(written)


def who_writes_has_a_receipt_within_two_seconds(story: Story, arrived: Arrived) -> None:
    receipts: defaultdict[str, list[datetime]] = defaultdict(list)
    for sent in story.living.synapse.stream:
        if sent.purpose == Purpose.RECEIPT:
            receipts[sent.content["m.relates_to"]["event_id"]].append(sent.at)
    for written in in_order(story):
        waits_on = written.was_held and not written.taken_back
        if not waits_on or arrived[written.body][0].at < written.at + 2 * SECOND:
            continue
        [receipt] = receipts[written.event_id]
        patience = 25 if story.was_trouble(written.at, written.at + 2 * SECOND) else 2
        assert receipt - written.at <= patience * SECOND, written


def nothing_rings_in_a_rest_and_everything_outside(story: Story, observer: Observer) -> None:
    teachers = {user_id: number for number, user_id in enumerate(observer.teachers)}
    rang: Counter[bool] = Counter()
    for sent in story.living.synapse.stream:
        is_delivery, is_calm = sent.purpose == Purpose.DELIVERY, observer.calm(sent.at)
        if story.was_trouble(sent.at - 5 * SECOND, sent.at) or not (is_delivery or is_calm):
            continue
        for user_id in story.living.synapse.rooms[sent.event["room_id"]].members() & teachers.keys():
            is_there = story.is_there(teachers[user_id], sent.at)
            if is_there or is_calm:
                assert (user_id in sent.rang_with) is is_there, f"{user_id} {sent}"
                rang[is_there] += 1
    assert min(rang[True], rang[False]) > len(story.written) / 10


def afterwards_everybody_hears_once_how_much_came(story: Story, observer: Observer) -> None:
    synapse, told_to_all = story.living.synapse, 0
    for number, user_id in enumerate(observer.teachers):
        told = 0
        for event in synapse.rooms[story.living.control[user_id]].timeline:
            if "Während deiner Ruhezeit" in event["content"].get("body", ""):
                told += sum(map(int, COUNTS.findall(event["content"]["body"])))
        surely = perhaps = 0
        for sent in synapse.stream:
            is_for_them = user_id in synapse.rooms[sent.event["room_id"]].members() - {sent.event["sender"]}
            if (
                is_for_them
                and WORDS.fullmatch(sent.content.get("body", ""))
                and not story.is_away_until_the_end(number, sent.at)
            ):
                is_clear = observer.calm(sent.at) and not story.was_trouble(sent.at - 5 * SECOND, sent.at)
                surely += is_clear and not story.is_there(number, sent.at)
                perhaps += not is_clear
        assert surely <= told <= surely + perhaps, user_id
        told_to_all += told
    assert told_to_all > len(story.written) / 10


def in_order(story: Story) -> list[Written]:
    """What was written, in the order in which it came to the homeserver."""
    places = {sent.event["event_id"]: place for place, sent in enumerate(story.living.synapse.stream)}
    return sorted(story.written, key=lambda written: places[written.event_id])
