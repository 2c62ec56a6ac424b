import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from a_school import ENGLISH, GERMAN, HEAD, School, a_school
from builders import BEN, CARL, GABI, IDA, NOON, OTTO, person
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Request
from appservice.bot.reset_command import ResetCommand
from appservice.desks.resets import ResetDesk
from appservice.first_codes import FirstCodes
from appservice.homeserver import TryLaterError
from appservice.new_way_in import NewWaysIn
from school.config.accounts import AccountSettings, Resets, SignIn
from school.database.tables import first_codes
from school.database.web_links import LinkRow, keep_link, read_link
from school.database.web_sessions import SessionRow, begin_session, session_of
from school.domain.decisions import Reason
from school.domain.first_code import digest_of
from school.domain.people import STUDENT, Person, PersonId, UserId
from school.errors import FailedError

KEY = b"k" * 32
TWIN = replace(person("ben2", STUDENT, "6b"), given_name="Ben")
CODE = re.compile(r"\b[a-z0-9]{4}-[a-z0-9]{5}-[a-z0-9]{5}$", re.MULTILINE)


class Accounts:
    """What the homeserver knows of passwords and sessions."""

    def __init__(self) -> None:
        self.passwords: dict[UserId, str] = {}
        self.signed_out: list[UserId] = []
        self.admins: set[UserId] = set()
        self.is_down = False

    async def is_admin(self, user_id: UserId) -> bool:
        return user_id in self.admins

    async def put_account(self, user_id: UserId, **values: Any) -> None:
        if self.is_down:
            raise TryLaterError("HTTP 502")
        assert values["logout_devices"] is True
        self.passwords[user_id] = values["password"]
        self.signed_out.append(user_id)

    async def end_sessions(self, user_id: UserId) -> None:
        self.signed_out.append(user_id)


class Directory:
    """A directory server."""

    def __init__(self) -> None:
        self.passwords: dict[PersonId, str] = {}
        self.refusal: str | None = None

    async def set(self, person_id: PersonId, password: str) -> None:
        if self.refusal:
            raise FailedError(self.refusal)
        self.passwords[person_id] = password


class Stage:
    """A school with one command."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.accounts = Accounts()
        self.directory = Directory()
        self.told: list[tuple[UserId, str]] = []
        self.now = NOON
        self.linked: list[tuple[UserId, str]] = []
        self.link_trouble: Exception | None = None
        self.tell_troubles: list[Exception] = []
        self.was_told = asyncio.Event()

    def clock(self) -> datetime:
        return self.now

    async def tell(self, user_id: UserId, resetter: Person, at: datetime) -> None:
        assert at == self.now
        if self.tell_troubles:
            raise self.tell_troubles.pop(0)
        self.told.append((user_id, resetter.display_name))
        self.was_told.set()

    def command(self, settings: AccountSettings = AccountSettings(), where: str | None = None) -> ResetCommand:  # noqa: B008 - frozen
        desk = ResetDesk(
            engine=self.school.engine,
            homeserver=self.accounts,  # type: ignore[arg-type]
            view=self.school.view,
            ways_in=NewWaysIn(
                engine=self.school.engine,
                homeserver=self.accounts,  # type: ignore[arg-type]
                accounts=settings,
                codes=FirstCodes(
                    engine=self.school.engine, read_key=lambda: KEY, lifetime=settings.code_lifetime, clock=self.clock
                ),
                passwords=self.directory if settings.sign_in is SignIn.LDAP else None,
                clock=self.clock,
            ),
            own_groups_only=settings.resets is Resets.OWN_GROUPS,
            tell=self.tell,
            clock=self.clock,
        )
        zone = ZoneInfo("Europe/Berlin")
        self.desk = desk
        return ResetCommand(desk=desk, view=self.school.view, zone=zone, link=self.link, where=where, clock=self.clock)

    async def link(self, user_id: UserId, handed_out: str) -> str:
        if self.link_trouble is not None:
            raise self.link_trouble
        self.linked.append((user_id, handed_out))
        return f"https://bote.test/link/{handed_out}"

    async def ask(self, words: str, who: Person = IDA, settings: AccountSettings | None = None) -> str:
        command = self.command(settings or AccountSettings())
        answer = await command.run(Request(person=who, words=words, texts=GERMAN))
        if isinstance(answer, str):
            assert not CODE.search(answer), "what is no secret tells none"
            return answer
        assert answer.is_secret
        return answer.body

    async def kept(self, whose: Person) -> str | None:
        async with self.school.engine.connect() as connection:
            return await connection.scalar(select(first_codes.c.digest).where(first_codes.c.person_id == whose.id))


@pytest.fixture
async def stage(database: Path, engine: AsyncEngine) -> AsyncIterator[Stage]:
    async with a_school(database, engine, more=[TWIN]) as school:
        yield Stage(school)


async def test_a_pupil_gets_a_new_code_and_loses_the_old_password_and_all_sessions(stage: Stage) -> None:
    answer = await stage.ask("Carl Groß")
    [code] = CODE.findall(answer)
    assert await stage.kept(CARL) == digest_of(code, CARL.id, KEY)
    assert stage.accounts.signed_out == [CARL.user_id]
    assert code not in stage.accounts.passwords[CARL.user_id], (
        "nobody knows the password that takes the old one's place"
    )
    assert stage.told == [(CARL.user_id, IDA.display_name)]
    assert "Carl Groß" in answer
    assert "Benutzername carl" in answer
    log = await stage.school.logged()
    assert [(action, actor, target) for action, actor, target, _ in log] == [
        ("password_reset", IDA.id, CARL.id),
        ("code_made", IDA.id, CARL.id),
    ]


@pytest.mark.parametrize("sign_in", [SignIn.CODES, SignIn.LDAP])
async def test_the_answer_leads_its_reader_to_the_letter(stage: Stage, sign_in: SignIn) -> None:
    answer = await stage.ask("Carl Groß", settings=AccountSettings(sign_in=sign_in))
    [(reader, name)] = stage.linked
    assert reader == IDA.user_id
    assert "Diese Nachricht lösche ich nach 10 Minuten. So lange gibt es dazu einen Brief" in answer
    assert f": https://bote.test/link/{name}" in answer
    made = stage.desk.handing_out.look_at(name, IDA.user_id)
    assert made is not None
    assert [made.person, made.way_in.code] == [CARL, *CODE.findall(answer.partition("https:")[0])]


async def test_the_code_is_told_even_if_there_is_no_link_to_the_letter(stage: Stage) -> None:
    stage.link_trouble = OperationalError("INSERT", {}, Exception("locked"))
    answer = await stage.ask("Carl Groß")
    assert len(CODE.findall(answer)) == 1
    assert "http" not in answer
    assert answer.endswith("Diese Nachricht lösche ich nach 10 Minuten.")


async def test_the_code_is_told_even_if_its_person_cannot_be_told_now_and_is_told_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appservice.patience.PAUSES", [0.0] * 5)
    stage.tell_troubles = [TryLaterError("HTTP 503")] * 3
    assert len(CODE.findall(await stage.ask("Carl Groß"))) == 1
    assert stage.told == []
    await asyncio.wait_for(stage.was_told.wait(), 5)
    assert stage.told == [(CARL.user_id, IDA.display_name)]


async def test_the_code_is_told_even_if_its_person_cannot_be_told_at_all(stage: Stage) -> None:
    stage.tell_troubles = [RuntimeError("a bug")]
    assert len(CODE.findall(await stage.ask("Carl Groß"))) == 1
    assert stage.told == []


@pytest.mark.parametrize("sign_in", [SignIn.CODES, SignIn.LDAP])
async def test_whoever_was_signed_in_to_the_pages_or_had_a_link_to_them_is_out(stage: Stage, sign_in: SignIn) -> None:
    async with stage.school.engine.begin() as connection:
        for token, user_id in (("carls", CARL.user_id), ("bens", BEN.user_id)):
            session = SessionRow(token_hash=token, user_id=user_id, way="password", made_at=1.0, seen_at=1.0)
            await begin_session(connection, session)
            link = LinkRow(token_hash=token, user_id=user_id, path="/account", made_at=1.0, ends_at=9.0)
            await keep_link(connection, link)
    await stage.ask("Carl Groß", settings=AccountSettings(sign_in=sign_in))
    async with stage.school.engine.connect() as connection:
        assert await session_of(connection, "carls") is None
        assert await read_link(connection, "carls", at=2.0) is None
        assert await session_of(connection, "bens") is not None
        assert await read_link(connection, "bens", at=2.0) is not None


async def test_of_two_with_one_name_none_is_taken(stage: Stage) -> None:
    answer = await stage.ask("ben gross")
    assert f"!passwort {BEN.user_id.partition(':')[0]} – Ben Groß, Klasse 5a" in answer
    assert f"!passwort {TWIN.user_id.partition(':')[0]} – Ben Groß, Klasse 6b" in answer
    assert stage.accounts.passwords == {}
    assert CODE.search(await stage.ask(TWIN.user_id.partition(":")[0]))
    assert list(stage.accounts.passwords) == [TWIN.user_id]


async def test_where_only_own_groups_count_the_other_one_is_not_meant(stage: Stage) -> None:
    assert CODE.search(await stage.ask("Ben", settings=AccountSettings(resets=Resets.OWN_GROUPS)))
    assert list(stage.accounts.passwords) == [BEN.user_id]


@pytest.mark.parametrize(
    ("words", "who", "reason"),
    [
        ("Otto Groß", IDA, Reason.NOT_OF_STAFF),
        ("Otto Groß", HEAD, Reason.NOT_OF_STAFF),
        ("Carl Groß", BEN, Reason.NO_RESETS),
        ("Ben", GABI, Reason.NO_RESETS),
        ("Niemand Dieses Namens", GABI, Reason.NO_RESETS),
    ],
)
async def test_what_is_refused_changes_nothing(words: str, who: Person, reason: Reason, stage: Stage) -> None:
    assert await stage.ask(words, who) == GERMAN.refusal(reason)
    assert (stage.accounts.passwords, stage.told, await stage.school.logged()) == ({}, [], [])


async def test_an_admin_of_the_server_is_staff_whatever_the_register_says(stage: Stage) -> None:
    stage.accounts.admins.add(CARL.user_id)
    assert await stage.ask("Carl") == GERMAN.refusal(Reason.NOT_OF_STAFF)
    assert stage.accounts.passwords == {}


async def test_names_that_fit_nobody(stage: Stage) -> None:
    assert await stage.ask("") == GERMAN.say("reset.which")
    assert "Carl Groß" in await stage.ask("Carrl Gros")
    assert await stage.ask("Xaver Ypsilon") == GERMAN.say("reset.nobody", name="Xaver Ypsilon")
    assert stage.accounts.passwords == {}


async def test_ten_in_an_hour_and_no_more(stage: Stage) -> None:
    for number in range(10):
        stage.now = NOON + timedelta(minutes=number)
        assert CODE.search(await stage.ask("Carl"))
    stage.now = NOON + timedelta(minutes=30)
    refused = await stage.ask("Carl")
    assert refused.startswith(GERMAN.refusal(Reason.TOO_MANY))
    assert "15:00" in refused, "the first one was at 14:00 in Berlin"
    assert CODE.search(await stage.ask("Carl", OTTO)), "each has ten of their own"
    stage.now = NOON + timedelta(minutes=60)
    assert CODE.search(await stage.ask("Carl"))
    assert GERMAN.refusal(Reason.TOO_MANY) in await stage.ask("Carl")


async def test_two_at_once_are_not_both_the_last_one(stage: Stage) -> None:
    for _ in range(9):
        await stage.ask("Carl")
    answers = await asyncio.gather(*(stage.ask(words) for words in ("Carl", BEN.user_id.partition(":")[0], "Carl")))
    assert len([answer for answer in answers if CODE.search(answer)]) == 1


async def test_when_the_homeserver_does_not_answer_there_is_no_new_code(stage: Stage) -> None:
    stage.accounts.is_down = True
    with pytest.raises(TryLaterError):
        await stage.ask("Carl")
    assert await stage.kept(CARL) is None
    assert stage.told == []


async def test_in_a_school_with_a_directory_server_its_password_is_set(stage: Stage) -> None:
    ldap = AccountSettings(sign_in=SignIn.LDAP)
    answer = await stage.ask("Carl", settings=ldap)
    assert CODE.findall(answer) == [stage.directory.passwords[CARL.id]]
    assert stage.accounts.signed_out == [CARL.user_id]
    assert await stage.kept(CARL) is None
    stage.directory.refusal = "The directory server wants longer passwords."
    with pytest.raises(FailedError, match="longer passwords"):
        await stage.ask("Carl", settings=ldap)
    assert len(stage.accounts.signed_out) == 1


async def test_in_a_school_with_single_sign_on_it_says_where(stage: Stage) -> None:
    command = stage.command(
        AccountSettings.model_construct(sign_in=SignIn.OIDC, resets=Resets.ALL), where="https://schule.test/passwort"
    )
    answer = await command.run(Request(person=IDA, words="Carl", texts=ENGLISH))
    assert answer == "The password of Carl Groß belongs to the school's single sign-on and is reset there: " + (
        "https://schule.test/passwort."
    )
    assert (stage.accounts.signed_out, await stage.school.logged()) == ([], [])
