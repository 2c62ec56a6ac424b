"""A teacher helps a pupil to get in again, in a school with first codes and the limits that a school has.

Teachers of this school reset passwords in their own groups only (`accounts.resets`)."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from acceptance.client import Answer, Client, Json, wait_until
from acceptance.clients.library import Library
from acceptance.clients.with_js_sdk import JsSdk, open_js_sdk
from acceptance.clients.with_nio import Nio
from acceptance.codes import new_codes, proof
from acceptance.installed import SERVER_NAME, School
from acceptance.people import says_why
from acceptance.running import REGISTERS, schulbote
from appservice.bot.taking_back import TakingBack
from school.clock import utc_now
from school.config import load_settings
from school.database.snapshot import read_snapshot
from schulbote.connections import open_database, open_homeserver

BOT = f"@schulbote:{SERVER_NAME}"
CODE = re.compile(r"\b[2-9b-z]{4}-[2-9b-z]{5}-[2-9b-z]{5}\b")
OWN = "Butterbrot fliegt nach Potsdam"
CLASS, PARENTS = "Klasse 8a", "Sorgeberechtigte 8a"
OTHER_CLASS, OTHER_PARENTS = "Klasse 5a", "Sorgeberechtigte 5a"
MOST = 10


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> Iterator[School]:
    """Four classes, and teachers who teach in some of them."""
    folder = tmp_path_factory.mktemp("resets")
    size = ["--classes", "5a,6a,7a,8a", "--pupils-per-class", "4", "--teachers", "10"]
    maker = [sys.executable, REGISTERS / "make_register.py", folder / "register", *size]
    subprocess.run(maker, check=True, capture_output=True)
    school = School(folder / "school", folder / "register" / "iserv")
    with school.yaml.open("a") as file:
        file.write("accounts: {resets: own_groups}\n")
    with school.running():
        yield school


@pytest.fixture(scope="module")
def cast(school: School) -> "Cast":
    return Cast(school)


@pytest.fixture(scope="module", params=[Nio.name, JsSdk.name])
def library(request, tmp_path_factory) -> Iterator[Library]:
    """Clients that are not ours."""
    library = Nio() if request.param == Nio.name else open_js_sdk(tmp_path_factory.mktemp("js-sdk") / "log")
    yield library
    library.close()


class Somebody(Client):
    """Somebody with a code, a client, and a room with the bot."""

    def __init__(self, school: School, account: Json) -> None:
        super().__init__(school.homeserver, account["user_id"])
        self.account = account
        self.name = account["name"]
        self.code = new_codes(school.yaml, [account])[account["user_id"]]
        self.login(account["user_id"], self.code)
        self.room = wait_until(self._room_of_the_greeting, 20)

    def _room_of_the_greeting(self) -> str | None:
        """Once the bot has greeted: what it says then is an answer."""
        rooms = self.direct_rooms().get(BOT, [])
        return next((room for room in rooms if any("Willkommen" in text for text in self.texts(room))), None)

    def chooses(self, password: str) -> None:
        """Has a password of their own from now on, which ends the code."""
        wish = {"new_password": password, "logout_devices": False}
        self.post("account/password", proof(self.account, self.code) | wish).ok()
        self.try_login(self.user_id, password).ok()

    def ask(self, words: str) -> str:
        """Writes to the bot and returns what it says next."""
        asked = self.send(self.room, words)

        def answer() -> str | None:
            events = self.events(self.room)
            after = events[[event["event_id"] for event in events].index(asked) :]
            said = [event["content"].get("body") for event in after if event["sender"] == BOT]
            return next(filter(None, said), None)

        return wait_until(answer, 20)

    @property
    def is_in(self) -> bool:
        return self.get("account/whoami").status == 200


class Cast:
    """Who plays. Nobody is signed in before they are asked for."""

    def __init__(self, school: School) -> None:
        self._school = school
        self._accounts = school.books.everybody()
        self._here: dict[str, Somebody] = {}

    def account(self, role: str, number: int = 0, *, of: str, not_of: str = "", but: str = "") -> Json:
        fitting = [a for a in self._accounts if a["role"] == role and of in a["groups"] and not_of not in a["groups"]]
        return [a for a in fitting if a["user_id"] != but][number]

    def enter(self, account: Json) -> Somebody:
        """Signs somebody in, once."""
        user_id = account["user_id"]
        if user_id not in self._here:
            self._here[user_id] = Somebody(self._school, account)
        return self._here[user_id]

    @property
    def teacher(self) -> Somebody:
        """Of the class, and of no group in which a pupil of the other class or somebody of theirs is."""
        theirs = {OTHER_CLASS, OTHER_PARENTS, "Schulkonferenz"}
        of_class = [a for a in self._accounts if a["role"] == "teacher" and CLASS in a["groups"]]
        return self.enter(next(a for a in of_class if theirs.isdisjoint(a["groups"])))


def stays_online(client: Client) -> Answer:
    """One `/sync` after the other, as every client does it, until the server wants no more of it."""
    since = client.sync()["next_batch"]
    while True:
        answer = client.get("sync", timeout=20_000, since=since)
        if answer.status != 200:
            return answer
        since = answer.body["next_batch"]


@pytest.mark.timeout(300)
def test_a_reset_while_the_pupil_is_online(school: School, cast: Cast, library: Library) -> None:
    teacher = cast.teacher
    number = 0 if library.name == Nio.name else 1
    pupil = cast.enter(cast.account("student", number, of=CLASS))
    pupil.chooses(OWN)
    phone = library.log_in(school.homeserver, pupil.user_id, OWN)
    assert phone.is_signed_in()
    before = set(school.books.audited(pupil.account))
    with ThreadPoolExecutor(1) as beside:
        online: Future[Answer] = beside.submit(stays_online, pupil)
        answer = teacher.ask(f"!passwort {pupil.name}")
        [new] = CODE.findall(answer)
        ended = online.result(30)
    assert pupil.name in answer
    assert (ended.status, ended.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")
    wait_until(lambda: not phone.is_signed_in(), 30)

    anew = Client(school.homeserver)
    for old in (pupil.code, OWN):
        assert anew.try_login(pupil.user_id, old).status == 403
    again = library.log_in(school.homeserver, pupil.user_id, new)
    assert pupil.room in again.rooms()
    anew.login(pupil.user_id, new)
    assert any(f"{teacher.name} hat dein Passwort zurückgesetzt" in text for text in anew.texts(pupil.room))

    assert "password_reset" not in before
    wait_until(lambda: school.books.audited(pupil.account)[-3:] == ["password_reset", "code_made", "code_used"], 15)
    said = (school.folder / "run.out").read_text() + (school.folder / "synapse" / "log").read_text()
    assert not any(code in said for code in (new, new.replace("-", "")))


def take_back_later(school: School, passed: timedelta) -> None:
    """What `schulbote run` does every half minute, as if so much time had passed."""

    async def look() -> None:
        settings = load_settings(school.yaml)
        async with open_database(settings) as engine, open_homeserver(settings) as homeserver:
            async with engine.connect() as connection:
                directory = (await connection.run_sync(read_snapshot)).directory
            later = TakingBack(
                engine=engine,
                homeserver=homeserver,
                person_of=directory.person_by_id,
                clock=lambda: utc_now() + passed,
            )
            await later.look()

    asyncio.run(look())


def test_the_answer_with_the_code_is_gone_after_ten_minutes(school: School, cast: Cast) -> None:
    teacher, account = cast.teacher, cast.account("student", 3, of=CLASS)
    before = teacher.ask("!hilfe")
    answer = teacher.ask(f"!passwort {account['user_id'].partition(':')[0]}")
    [code] = CODE.findall(answer)
    assert "lösche ich nach 10 Minuten" in answer
    take_back_later(school, timedelta(minutes=9))
    assert any(code in text for text in teacher.texts(teacher.room))
    take_back_later(school, timedelta(minutes=11))
    said = teacher.texts(teacher.room)
    assert not any(code in text for text in said)
    assert before in said, "all else stays"
    assert not any(CODE.search(str(event["content"])) for event in teacher.events(teacher.room))


def test_a_guardian_of_a_pupil_of_the_class_is_helped_too(school: School, cast: Cast) -> None:
    guardian = cast.enter(cast.account("guardian", of=PARENTS))
    [new] = CODE.findall(cast.teacher.ask(f"!passwort {guardian.user_id.partition(':')[0]}"))
    assert not guardian.is_in
    assert Client(school.homeserver).try_login(guardian.user_id, new).status == 200


@pytest.mark.parametrize(
    ("who", "whom", "reason"),
    [
        ("teacher", ("teacher", OTHER_CLASS), "not_of_staff"),
        ("teacher", ("student", OTHER_CLASS), "not_own_pupil"),
        ("teacher", ("guardian", OTHER_PARENTS), "not_own_pupil"),
        ("pupil", ("student", CLASS), "no_resets"),
        ("guardian", ("student", CLASS), "no_resets"),
    ],
)
def test_what_is_refused_changes_nothing(
    school: School, cast: Cast, who: str, whom: tuple[str, str], reason: str
) -> None:
    asking = {
        "teacher": lambda: cast.teacher,
        "pupil": lambda: cast.enter(cast.account("student", 2, of=CLASS)),
        "guardian": lambda: cast.enter(cast.account("guardian", 1, of=PARENTS)),
    }[who]()
    role, group = whom
    other = cast.enter(
        cast.account(role, 3 if group == CLASS else 0, of=group, not_of=CLASS if role == "teacher" else "")
    )
    before = school.books.audited(other.account)
    answer = asking.ask(f"!passwort {other.user_id.partition(':')[0]}")
    assert says_why(answer, reason), answer
    assert other.is_in
    assert Client(school.homeserver).try_login(other.user_id, other.code).status == 200
    assert [done for done in school.books.audited(other.account) if done not in before] in ([], ["code_used"])


@pytest.mark.timeout(300)
def test_ten_in_an_hour_and_no_more_and_the_log_fits(school: School, cast: Cast) -> None:
    account = cast.account("teacher", of=OTHER_CLASS, not_of=CLASS)
    teacher, pupil = cast.enter(account), cast.account("student", 1, of=OTHER_CLASS)
    words = f"!passwort {pupil['user_id'].partition(':')[0]}"
    codes = [CODE.findall(teacher.ask(words)) for _ in range(MOST)]
    assert all(len(found) == 1 for found in codes)
    refused = teacher.ask(words)
    assert not CODE.findall(refused)
    assert "geht es wieder" in refused
    [newest] = codes[-1]
    assert Client(school.homeserver).try_login(pupil["user_id"], newest).status == 200, "the refusal changed nothing"
    assert school.books.audited(pupil).count("password_reset") == MOST
    colleague = cast.enter(cast.account("teacher", of=OTHER_CLASS, but=account["user_id"]))
    assert CODE.findall(colleague.ask(words)), "each has ten of their own"
    verified = schulbote("-c", school.yaml, "audit", "verify")
    assert verified.returncode == 0, verified.stderr
