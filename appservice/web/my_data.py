"""What is stored about somebody, in words (GDPR art. 15): put together from the directory, the database and the
homeserver, for that person alone. `schulbote export-person` gives them all of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver
from appservice.web.ports import FirstCodes
from appservice.web.site import Site
from appservice.web.texts import PageTexts
from school.database.about_person import Counts, Deed, counts_of, deeds_about
from school.database.personal_data import Topic
from school.domain.directory import Directory
from school.domain.people import Person, names_of
from school.texts import Texts
from school.texts.privacy import KEPT_WORDS, KeptWords

_DEEDS: Final = 50
_LONGEST_NAME: Final = 100

Fact = tuple[str, str]
"""What something is called, and what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A messenger in which somebody is signed in."""

    id: str
    name: str
    last_seen: str
    """When it was used last; empty if that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One heading of what is stored."""

    words: KeptWords
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutMe:
    """All of it, as it is shown."""

    devices: Sequence[Device]
    browsers: int
    code_until: str
    parts: Sequence[Part]


class MyData:
    """Asks everywhere."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        codes: FirstCodes,
        directory: Callable[[], Directory],
        site: Site,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._codes = codes
        self._directory = directory
        self._site = site

    async def of(self, person: Person, texts: PageTexts) -> AboutMe:
        """Everything about somebody.

        Raises:
            CannotDecideError, HomeserverError: not everything can be known just now.
        """
        async with self._engine.connect() as connection:
            counts = await counts_of(connection, person.id, person.user_id)
            deeds = await deeds_about(connection, person.id, limit=_DEEDS)
        until = await self._codes.valid_until(person.id)
        devices = await self._homeserver.devices(person.user_id)
        rooms = len(await self._homeserver.joined_rooms(person.user_id))
        facts: dict[Topic, list[Fact]] = {
            Topic.REGISTER: [*self._from_register(person, texts)],
            Topic.ACCOUNT: [*self._of_account(counts, texts)],
            Topic.ROOMS: [(texts.say("account.rooms"), texts.number(rooms))],
            Topic.HELD: [(texts.say("account.waiting"), texts.number(counts.waiting))],
            Topic.REST: [(texts.say("account.rests"), texts.number(counts.rests))],
            Topic.AUDIT: [self._deed(deed, texts) for deed in deeds],
        }
        return AboutMe(
            devices=[self._device(device, texts) for device in sorted(devices, key=_last_seen, reverse=True)],
            browsers=counts.browsers,
            code_until="" if until is None else texts.moment(until, self._site.zone),
            parts=[Part(words=self._words(topic, texts), facts=facts.get(topic, [])) for topic in Topic],
        )

    def _words(self, topic: Topic, texts: PageTexts) -> KeptWords:
        return KEPT_WORDS[texts.language][topic].with_periods(self._site.periods)

    def _from_register(self, person: Person, texts: PageTexts) -> Iterator[Fact]:
        directory = self._directory()
        yield texts.say("account.name"), person.display_name
        role = Texts(texts.language).one_of(person.role)
        marks = [texts.say("account.leadership")] if person.leadership else []
        yield texts.say("account.role"), ", ".join((role, *marks))
        yield texts.say("account.user_id"), person.user_id
        yield texts.say("account.register_id"), person.id
        if person.wards:
            wards = [ward for one in person.wards if (ward := directory.person_by_id(one)) is not None]
            yield texts.say("account.children"), ", ".join(sorted(names_of(wards)))
        groups = sorted(group.name for one in person.groups if (group := directory.group(one)) is not None)
        yield texts.say("account.groups"), ", ".join(groups) or "–"

    def _of_account(self, counts: Counts, texts: PageTexts) -> Iterator[Fact]:
        if counts.in_use_since is not None:
            yield texts.say("account.first_login"), self._at(counts.in_use_since, texts)

    def _deed(self, deed: Deed, texts: PageTexts) -> Fact:
        return self._at(deed.at, texts), texts.deed(deed.action)

    def _device(self, device: dict[str, Any], texts: PageTexts) -> Device:
        seen_ms = _last_seen(device)
        name = str(device.get("display_name") or texts.say("account.nameless", id=device["device_id"]))
        return Device(
            id=str(device["device_id"]),
            name=name[:_LONGEST_NAME],
            last_seen=self._at(seen_ms / 1000, texts) if seen_ms else "",
        )

    def _at(self, seconds: float, texts: PageTexts) -> str:
        return texts.moment(datetime.fromtimestamp(seconds, UTC), self._site.zone)


def _last_seen(device: dict[str, Any]) -> int:
    return int(device.get("last_seen_ts") or 0)
