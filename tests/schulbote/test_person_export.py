"""`schulbote export-person`: what is in the archive, in which words, and when there is none."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import NotThereError, TryLaterError
from appservice.stored import StoredRoom
from school.config import Settings, load_settings, read_keys
from school.database import held
from school.database.audit import Action, record
from school.database.hand_ins import begin_hand_in
from school.database.held import HeldMessage
from school.database.personal_data import KEPT, Topic
from school.database.rests import set_rest
from school.database.silences import begin_silence
from school.database.tables import HeldState, accounts, group_rooms, groups, memberships, persons, wards
from school.database.task_files import Purpose, Spot
from school.database.tasks import add_task
from school.domain.hand_ins import HandIn, HandInId
from school.domain.people import PersonId, UserId
from school.domain.rooms import RoomKind, RoomStamp
from school.domain.task_dates import Dates
from school.domain.tasks import Task, TaskId
from school.sealing import HELD_KEY, Binding, Keyring
from school.texts import Language
from school.texts.privacy import KEPT_WORDS, Periods
from schulbote.connections import open_database
from schulbote.export_words import WORDS
from schulbote.named import NotMeantError
from schulbote.person_export import Exported, export_person
from tasks.keys import TaskKeys
from tasks.scanning import Scanner
from tasks.store import FileStore
from tasks.uploads import Limits, Uploads

NOW = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
AT_MS = int(NOW.timestamp() * 1000)
SERVER = "schule-am-see.de"
IDA, GABI, ANNA, LEO = (UserId(f"@{name}:{SERVER}") for name in ("ida.gross", "gabi.koch", "anna.koch", "leo.koch"))
PEOPLE = {
    "T1": (IDA, "Ida", "Groß", "teacher", "active"),
    "G1": (GABI, "Gabi", "<Koch>", "guardian", "active"),
    "S1": (ANNA, "Anna", "Koch", "student", "active"),
    "S2": (LEO, "Leo", "Koch", "student", "left"),
}
DIRECT, CHAT = "!direct:x", "!chat:x"
PICTURE = {"msgtype": "m.image", "body": "../Foto von Anna.png", "url": f"mxc://{SERVER}/abc"}
LOST = {"msgtype": "m.file", "body": "weg.pdf", "url": f"mxc://{SERVER}/gone"}


@dataclass
class FakeHomeserver:
    """`sent` has the events that each person sent into a room."""

    sent: dict[tuple[str, UserId], list[dict[str, Any]]] = field(default_factory=dict)
    rooms: dict[UserId, list[StoredRoom]] = field(default_factory=dict)
    away: bool = False

    async def account(self, user_id: UserId) -> dict[str, Any]:
        if self.away:
            raise TryLaterError("the homeserver cannot be reached: refused")
        if user_id == ANNA:
            raise NotThereError("HTTP 404", status=404)
        return {"name": user_id, "creation_ts": 1, "last_seen_ts": AT_MS, "locked": False}

    async def devices(self, user_id: UserId) -> list[dict[str, Any]]:
        return [{"device_id": "D", "display_name": "Element", "last_seen_ts": AT_MS, "last_seen_ip": "198.51.100.7"}]

    async def pushers(self, user_id: UserId) -> list[dict[str, Any]]:
        return []

    async def files(self, user_id: UserId) -> list[dict[str, Any]]:
        return [{"media_id": "abc", "media_length": 3}]

    async def all_account_data(self, user_id: UserId) -> dict[str, Any]:
        return {"global": {"m.direct": {}}}

    async def rooms_ever(self, user_id: UserId) -> list[StoredRoom]:
        return self.rooms.get(user_id, [])

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        return frozenset({IDA, GABI})

    async def sent_by(self, room_id: str, user_id: UserId) -> AsyncIterator[dict[str, Any]]:
        for one in self.sent.get((room_id, user_id), []):
            yield one

    async def event(self, room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]:
        return next(one for one in self.sent[room_id, as_user] if one["event_id"] == event_id)

    @asynccontextmanager
    async def file(self, uri: str, *, as_user: UserId) -> AsyncIterator[AsyncIterator[bytes]]:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"P"
            yield b"NG"

        if uri.endswith("gone"):
            raise NotThereError("HTTP 404", status=404)
        yield pieces()


def sent(event_id: str, sender: UserId, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "type": "m.room.message",
        "sender": sender,
        "origin_server_ts": AT_MS,
        "content": content,
    }


def sealed(settings: Settings, words: str) -> dict[str, Any]:
    binding = Binding(room_id=DIRECT, sender=GABI, event_type="m.room.message", origin_server_ts=AT_MS)
    keyring = Keyring(read_keys(settings.secrets.message_keys))
    return {"body": "🌙", HELD_KEY: keyring.seal({"msgtype": "m.text", "body": words}, binding)}


@pytest.fixture
def settings(school: Path) -> Settings:
    return load_settings(school / "school.yaml")


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    async with open_database(settings) as engine:
        async with engine.begin() as connection:
            for person_id, (user_id, given, family, role, standing) in PEOPLE.items():
                names = {"given_name": given, "family_name": family, "role": role, "standing": standing}
                await connection.execute(insert(persons).values(id=person_id, user_id=user_id, **names))
                known = {"display_name": given, "in_use_since": NOW.timestamp()}
                await connection.execute(insert(accounts).values(person_id=person_id, **known))
            await connection.execute(insert(wards).values(guardian_id="G1", ward_id="S1"))
            group = {"id": "g", "key": "g", "name": "Eltern 5a", "kind": "guardians", "origin": "register"}
            await connection.execute(insert(groups).values(**group))
            await connection.execute(insert(memberships).values(person_id="G1", group_id="g"))
            room = {"kind": "group", "room_id": "!g", "name": "Eltern 5a", "linked": True}
            await connection.execute(insert(group_rooms).values(group_id="g", moderators=[IDA], **room))
            await set_rest(connection, PersonId("T1"), "rest", NOW, NOW + timedelta(hours=8))
            for number, state in enumerate((HeldState.WAITING, HeldState.DELIVERED)):
                message = HeldMessage(
                    event_id=f"${number}",
                    room_id=DIRECT,
                    sender=GABI,
                    event_type="m.room.message",
                    origin_server_ts_ms=AT_MS,
                )
                await held.add(connection, message)
                await held.set_receipt(connection, f"${number}", "$r", NOW + timedelta(hours=8))
                if state is not HeldState.WAITING:
                    await held.settle(connection, f"${number}", state, delivered_event_id="$d")
            await record(
                connection,
                at=NOW,
                actor="T1",
                action=Action.REST_STARTED,
                target="G1",
                by_right="x",
                details={},
            )
        yield engine


@pytest.fixture
def homeserver(settings: Settings) -> FakeHomeserver:
    direct = StoredRoom(id=DIRECT, is_in=True, name="", stamp=RoomStamp(kind=RoomKind.DIRECT))
    chat = StoredRoom(id=CHAT, is_in=False, name="Elternrat", stamp=RoomStamp(kind=RoomKind.CHAT))
    return FakeHomeserver(
        rooms={GABI: [direct, chat], IDA: [direct]},
        sent={
            (DIRECT, GABI): [
                sent("$0", GABI, sealed(settings, "Anna ist krank")),
                sent("$d", GABI, {"body": "Bis <morgen>"}),
            ],
            (CHAT, GABI): [sent("$3", GABI, LOST), sent("$2", GABI, PICTURE)],
            (DIRECT, IDA): [sent("$4", IDA, {"body": "Gute Besserung"})],
        },
    )


Export = Callable[..., Any]


@pytest.fixture
def export(settings: Settings, engine: AsyncEngine, homeserver: FakeHomeserver, tmp_path: Path) -> Export:
    async def run(words: str, *, with_files: bool = False) -> tuple[Exported, ZipFile]:
        out = tmp_path / "export.zip"
        done = await export_person(settings, engine, homeserver, words, out, with_files=with_files)  # type: ignore[arg-type]
        return done, ZipFile(out)

    return run


def data_of(archive: ZipFile) -> dict[str, Any]:
    return dict(json.loads(archive.read("data.json")))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def all_of(archive: ZipFile) -> str:
    return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


async def test_a_guardian_gets_what_is_stored_about_them(export: Export) -> None:
    done, archive = await export("gabi.koch")
    data = data_of(archive)
    assert {topic.value for topic in Topic} | {"made_at", "homeserver"} == set(data)
    assert data["register"]["person"][0]["given_name"] == "Gabi"
    assert data["register"]["children"] == [{"id": "S1", "given_name": "Anna", "family_name": "Koch"}]
    assert [row["name"] for row in data["register"]["groups"]] == ["Eltern 5a"]
    assert data["account"]["account"][0]["in_use_since"] == NOW.isoformat()
    assert data["homeserver"]["devices"][0]["last_seen_ip"] == "198.51.100.7"
    assert [(room["name"], room["kind"], room["is_in"], room["messages"]) for room in data["messages"]["by_room"]] == [
        ("", "direct", True, 1),
        ("Elternrat", "chat", False, 2),
    ]
    assert [message["content"] for message in json.loads(archive.read("rooms/002.json"))] == [PICTURE, LOST]
    assert (done.rooms, done.messages, done.held, done.files) == (2, 3, 2, 0)


async def test_every_table_that_keeps_something_about_people_is_in_the_data(export: Export) -> None:
    _, archive = await export("G1")
    data = data_of(archive)
    named = {(kept.topic.value, kept.name or kept.table.name) for kept in KEPT}
    assert {(topic, name) for topic, name in named if name not in data[topic]} == set()


async def test_what_has_no_place_of_its_own_on_the_page_stands_there_as_it_is_stored(
    export: Export, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        await begin_silence(connection, IDA, since=NOW, sync_token="s1")
    _, archive = await export("T1")
    page = Tags(archive.read("index.html").decode()).text
    assert "silences" in page
    assert NOW.isoformat() in page
    assert "moderates" in page


async def test_a_held_message_has_its_words_and_its_time(export: Export) -> None:
    _, archive = await export("G1")
    waiting, delivered = data_of(archive)["held"]["held_messages"]
    assert (waiting["state"], waiting["content"]["body"]) == ("waiting", "Anna ist krank")
    assert (waiting["written_at"], waiting["due_at"]) == (NOW.isoformat(), (NOW + timedelta(hours=8)).isoformat())
    assert delivered["state"] == "delivered"
    assert "content" not in delivered, "it stands in its room"


async def test_a_teacher_gets_the_number_of_those_that_wait_and_no_word_of_them(export: Export) -> None:
    _, archive = await export("Ida Groß")
    assert data_of(archive)["held"] == {"held_messages": [], "waiting_for_you": 1}
    everything = all_of(archive)
    assert "krank" not in everything
    assert "morgen" not in everything
    assert "Gute Besserung" in everything
    assert data_of(archive)["rest"]["rests"][0]["kind"] == "rest"
    assert "Nachrichten anderer, die auf dich warten: 1." in archive.read("index.html").decode()


async def test_the_log_says_what_and_not_who(export: Export) -> None:
    _, archive = await export("G1")
    [entry] = data_of(archive)["audit"]["audit_log"]
    assert (entry["actor"], entry["target"], entry["action"]) == ("teacher", "G1", "rest_started")


async def test_files_are_in_it_if_they_are_wanted(export: Export) -> None:
    done, archive = await export("G1", with_files=True)
    assert (done.files, done.files_missing) == (1, 1)
    [name] = [name for name in archive.namelist() if name.startswith("files/")]
    assert name == "files/0001-Foto_von_Anna.png"
    assert archive.read(name) == b"PNG"
    assert [message["file"] for message in json.loads(archive.read("rooms/002.json"))] == [name, None]


async def test_somebody_who_left_or_never_signed_in_has_one_too(export: Export, tmp_path: Path) -> None:
    _, archive = await export("Leo Koch")
    assert data_of(archive)["register"]["person"][0]["standing"] == "left"
    (tmp_path / "export.zip").unlink()
    _, archive = await export("Anna Koch")
    assert data_of(archive)["homeserver"]["account"] is None


class Tags(HTMLParser):
    """Looks whether what was opened is closed, and remembers texts and links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_pages_are_whole_and_nobodys_words_are_markup(export: Export) -> None:
    _, archive = await export("G1", with_files=True)
    pages = {name: Tags(archive.read(name).decode()) for name in archive.namelist() if name.endswith(".html")}
    assert set(pages) == {"index.html", "rooms/001.html", "rooms/002.html"}
    assert [page.open for page in pages.values()] == [[], [], []]
    assert "Was über Gabi <Koch> gespeichert ist" in pages["index.html"].text
    assert "Anna ist krank" in pages["index.html"].text
    assert "Bis <morgen>" in pages["rooms/001.html"].text
    assert pages["index.html"].links == ["rooms/001.html", "rooms/002.html"]
    assert pages["rooms/002.html"].links == ["../index.html", "../files/0001-Foto_von_Anna.png"]
    assert "Datei (nicht mehr da)" in pages["rooms/002.html"].text
    assert "mit Ida Groß" in pages["rooms/001.html"].text
    assert "http" not in all_of(archive).replace('"https://', ""), "it loads nothing from anywhere"


async def test_who_is_not_meant_gets_no_archive(export: Export, tmp_path: Path) -> None:
    with pytest.raises(NotMeantError, match='did you mean "Ida Groß"'):
        await export("Ida Grosz")
    with pytest.raises(NotMeantError, match=r'"nobody here"\.$'):
        await export("nobody here")
    assert names_in(tmp_path) == {"school"}


async def test_a_homeserver_that_is_away_leaves_nothing(
    export: Export, homeserver: FakeHomeserver, tmp_path: Path
) -> None:
    homeserver.away = True
    with pytest.raises(TryLaterError):
        await export("G1")
    assert names_in(tmp_path) == {"school"}


def test_the_command_says_in_a_sentence_that_synapse_is_away(
    schulbote: Callable[..., Any], school: Path, engine: AsyncEngine, tmp_path: Path
) -> None:
    answer = schulbote("-c", school / "school.yaml", "export-person", "Ida", "Groß", "--out", tmp_path / "x.zip")
    assert (answer.status, answer.out) == (1, "")
    assert "the homeserver cannot be reached" in answer.err
    assert names_in(tmp_path) == {"school"}


def test_the_command_overwrites_nothing(schulbote: Callable[..., Any], school: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("other")
    answer = schulbote("-c", school / "school.yaml", "export-person", "T1", "--out", tmp_path / "x.zip")
    assert answer.status == 2
    assert "is there already and is not overwritten" in answer.err
    assert (tmp_path / "x.zip").read_text() == "other"


# Words.


def test_both_languages_have_the_same_words() -> None:
    german, english = WORDS[Language.GERMAN], WORDS[Language.ENGLISH]
    assert set(german) == set(english)
    for name in german:
        assert re.findall(r"{\w+}", german[name]) == re.findall(r"{\w+}", english[name]), name


def test_every_word_is_used() -> None:
    folder = Path(__file__).parents[2] / "schulbote"
    pages = [*folder.glob("templates/export_*.html"), folder / "export_pages.py", folder / "export_tasks.py"]
    code = "".join(page.read_text() for page in pages)
    fixed = {name for name in WORDS[Language.GERMAN] if not name.startswith(("kind.", "state."))}
    put_together = {"rest", "pause", "absence"}
    assert {name for name in fixed - put_together if f'"{name}"' not in code} == set()
    assert {f"kind.{kind}" for kind in (*RoomKind, "")} <= set(WORDS[Language.GERMAN])
    assert {f"state.{state}" for state in HeldState} <= set(WORDS[Language.GERMAN])


@pytest.mark.parametrize("language", Language)
def test_every_heading_says_what_and_until_when(language: Language) -> None:
    assert set(KEPT_WORDS[language]) == {topic.value for topic in Topic}
    for words in KEPT_WORDS[language].values():
        filled = words.with_periods(Periods(erase_days=90, audit_days=365, attendance_days=14))
        assert filled.what.endswith(".")
        assert filled.until.endswith(".")
        assert "{" not in filled.until


# Files of tasks


async def with_a_hand_in(settings: Settings, engine: AsyncEngine) -> None:
    """Gabi has handed in a file, and Ida a file of her own with the task."""
    keys = TaskKeys(read_keys(settings.secrets.task_keys))
    task = Task(id=TaskId("t"), setter=PersonId("T1"), title="Formular", dates=Dates(due=NOW), published_at=NOW)
    async with engine.begin() as connection:
        await add_task(connection, task, wrapped_key=keys.new(task.id), at=NOW)
        hand_in = HandIn(id=HandInId("h"), task=task.id, members=frozenset({PersonId("G1")}), begun_at=NOW)
        await begin_hand_in(connection, hand_in)
    uploads = Uploads(
        engine=engine, store=FileStore(settings.tasks.folder), keys=keys, scanner=Scanner(None), limits=Limits()
    )
    for spot, by, content in (
        (Spot(task=task.id, purpose=Purpose.WORK, hand_in=hand_in.id), "G1", b"%PDF-1.7 unterschrieben"),
        (Spot(task=task.id, purpose=Purpose.MATERIAL), "T1", b"%PDF-1.7 leer"),
    ):

        async def pieces(content: bytes = content) -> AsyncIterator[bytes]:
            yield content

        assert (await uploads.take_whole(spot, PersonId(by), "Formular ß.pdf", pieces())).file is not None


async def test_what_somebody_handed_in_is_opened_for_them(
    settings: Settings, engine: AsyncEngine, export: Export
) -> None:
    await with_a_hand_in(settings, engine)
    done, archive = await export("G1", with_files=True)
    assert archive.read("tasks/0001-Formular ß.pdf") == b"%PDF-1.7 unterschrieben"
    assert [name for name in archive.namelist() if name.startswith("tasks/")] == ["tasks/0001-Formular ß.pdf"]
    assert (done.files, done.files_missing) == (2, 1), "one of the messages' files is there, and one is gone"
    [row] = data_of(archive)["tasks"]["files_of_tasks"]
    assert row["name"] == "Formular ß.pdf"


async def test_a_file_that_cannot_be_opened_is_counted_as_missing(
    settings: Settings, engine: AsyncEngine, export: Export
) -> None:
    await with_a_hand_in(settings, engine)
    settings.secrets.task_keys.unlink()
    done, archive = await export("G1", with_files=True)
    assert (done.files, done.files_missing) == (1, 2)
    assert [name for name in archive.namelist() if name.startswith("tasks/")] == []
