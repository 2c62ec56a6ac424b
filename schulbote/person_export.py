"""`schulbote export-person`: everything that is stored about one person, in one archive (GDPR art. 15 and 20).

In it: `index.html` to read, `data.json` with all of it, a page and a JSON file for each room with what the person wrote
there, and their files if they are wanted. Nothing of anybody else: of messages that wait for them only how many there
are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.own_data import OwnData, OwnMessage
from school.config import Settings, read_keys
from school.database.everybody import KnownPerson, read_everybody
from school.database.personal_data import Row, Subject, Topic, everything_about
from school.domain.people import UserId
from school.sealing import Keyring
from school.texts import Language
from school.texts.privacy import Periods
from schulbote.archive import new_archive
from schulbote.export_pages import Everything, Pages, RoomTold
from schulbote.export_task_files import write_task_files
from schulbote.json_text import as_text
from schulbote.named import find_known

_NOT_IN_A_FILE_NAME: Final = re.compile(r"[^\w.-]+")
_LONGEST_NAME: Final = 80


@dataclass(slots=True, kw_only=True)
class Exported:
    """What is in an archive."""

    person: KnownPerson
    rooms: int = 0
    messages: int = 0
    held: int = 0
    files: int = 0
    files_missing: int = 0


async def export_person(
    settings: Settings, engine: AsyncEngine, homeserver: Homeserver, words: str, out: Path, *, with_files: bool
) -> Exported:
    """Writes the archive of the person that `words` mean.

    Raises:
        NotMeantError: nobody is meant, or more than one.
        NoPlaceError: there can be no file of this name.
        HomeserverError: the homeserver does not answer; there is no file.
    """
    keyring = Keyring(read_keys(settings.secrets.message_keys))
    async with engine.connect() as connection:
        everybody = await connection.run_sync(read_everybody)
    known = find_known(everybody, words)
    names = {one.person.user_id: one.person.display_name for one in everybody}
    work = _Export(
        engine=engine,
        homeserver=homeserver,
        own=OwnData(engine=engine, homeserver=homeserver, keyring=keyring),
        pages=Pages(
            language=Language(settings.school.language),
            zone=settings.zone,
            school=settings.school.name,
            periods=Periods.of(settings),
            name_of=lambda user_id: names.get(user_id) or user_id,
        ),
        with_files=with_files,
    )
    with new_archive(out) as archive:
        done = await work.write(known, archive)
        if with_files:
            written, missing = await write_task_files(settings, engine, known.person.id, archive)
            done.files, done.files_missing = done.files + written, done.files_missing + missing
        return done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Export:
    engine: AsyncEngine
    homeserver: Homeserver
    own: OwnData
    pages: Pages
    with_files: bool

    async def write(self, known: KnownPerson, archive: ZipFile) -> Exported:
        person, done = known.person, Exported(person=known)
        made_at = datetime.now(UTC)
        async with self.engine.connect() as connection:
            kept = await everything_about(connection, Subject(person_id=person.id, user_id=person.user_id))
        stored = await self._stored(person.user_id)
        rooms = [] if stored["account"] is None else await self._rooms(person.user_id, archive, done)
        held = await self._held(person.user_id, kept[Topic.HELD]["held_messages"])
        waiting = await self.own.waiting_for(person.user_id, [one.room for one in rooms])
        told = Everything(
            person_id=person.id,
            user_id=person.user_id,
            name=person.display_name,
            made_at=made_at,
            kept=kept,
            account=stored["account"],
            devices=stored["devices"],
            files=stored["files"],
            rooms=rooms,
            held=held,
            waiting_for_you=waiting,
        )
        archive.writestr("index.html", self.pages.index(told))
        everything = {
            "made_at": made_at.isoformat(),
            **{topic.value: dict(by_name) for topic, by_name in kept.items()},
            Topic.HELD.value: {**kept[Topic.HELD], "held_messages": held, "waiting_for_you": waiting},
            Topic.MESSAGES.value: {**kept.get(Topic.MESSAGES, {}), "by_room": [*map(_told, rooms)]},
            "homeserver": stored,
        }
        archive.writestr("data.json", as_text(everything))
        done.rooms, done.held = len(rooms), len(held)
        return done

    async def _stored(self, user_id: UserId) -> dict[str, Any]:
        """What the homeserver has about the account. Without one there is nothing else either."""
        try:
            account = await self.homeserver.account(user_id)
        except NotThereError:
            return {"account": None, "devices": [], "pushers": [], "files": [], "account_data": {}}
        return {
            "account": account,
            "devices": await self.homeserver.devices(user_id),
            "pushers": await self.homeserver.pushers(user_id),
            "files": await self.homeserver.files(user_id),
            "account_data": await self.homeserver.all_account_data(user_id),
        }

    async def _rooms(self, user_id: UserId, archive: ZipFile, done: Exported) -> list[RoomTold]:
        told = []
        for number, room in enumerate(await self.own.rooms(user_id), start=1):
            messages = [message async for message in self.own.messages(user_id, room.id)][::-1]
            files = await self._files(user_id, messages, archive, done) if self.with_files else {}
            one = RoomTold(room=room, number=number, messages=len(messages))
            archive.writestr(one.page, self.pages.room(room, messages, files))
            archive.writestr(one.data, as_text([_as_json(message, files) for message in messages]))
            done.messages += len(messages)
            told.append(one)
        return told

    async def _files(
        self, user_id: UserId, messages: Sequence[OwnMessage], archive: ZipFile, done: Exported
    ) -> dict[str, str | None]:
        files: dict[str, str | None] = {}
        for message in messages:
            if message.file is None:
                continue
            place = f"files/{done.files + 1:04}-{_file_name(message)}"
            try:
                async with self.homeserver.file(message.file, as_user=user_id) as pieces:
                    with archive.open(place, "w", force_zip64=True) as file:
                        async for piece in pieces:
                            file.write(piece)
            except (NotThereError, RefusedError):
                files[message.event_id] = None
                done.files_missing += 1
            else:
                files[message.event_id] = place
                done.files += 1
        return files

    async def _held(self, user_id: UserId, rows: Sequence[Row]) -> list[Row]:
        """The rows with what is sealed."""
        sealed = await self.own.undelivered(user_id)
        return [
            {
                **{key: value for key, value in row.items() if key != "origin_server_ts_ms"},
                "written_at": datetime.fromtimestamp(row["origin_server_ts_ms"] / 1000, UTC).isoformat(),
                **({"content": sealed[row["event_id"]]} if row["event_id"] in sealed else {}),
            }
            for row in rows
        ]


def _told(one: RoomTold) -> dict[str, Any]:
    return {
        "room_id": one.room.id,
        "name": one.room.name,
        "kind": one.room.kind,
        "is_in": one.room.is_in,
        "with": [*one.room.others],
        "messages": one.messages,
        "file": one.data,
    }


def _as_json(message: OwnMessage, files: Mapping[str, str | None]) -> dict[str, Any]:
    said = {
        "event_id": message.event_id,
        "type": message.type,
        "sent_at": message.sent_at.isoformat(),
        "content": dict(message.content),
    }
    return said | ({"file": files[message.event_id]} if message.event_id in files else {})


def _file_name(message: OwnMessage) -> str:
    """What its sender called it, as far as every system takes it."""
    called = message.content.get("filename") or message.content.get("body") or "file"
    return _NOT_IN_A_FILE_NAME.sub("_", str(called))[-_LONGEST_NAME:].strip("._") or "file"
