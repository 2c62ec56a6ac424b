"""`schulbote letters` and `schulbote logins`: codes, file and words; and that nothing half-works."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from known_rooms import filled_school, variant

from appservice.first_codes import FirstCodes
from school.config import load_settings, read_keys
from school.domain.first_code import digest_of
from schulbote.standing_now import read_standing

CODE = re.compile(r"\b[2-9b-z]{4}-[2-9b-z]{5}-[2-9b-z]{5}\b")
CLASS = ("--class", "8.1")
OIDC = """\
accounts:
  sign_in: oidc
  oidc: {name: IServ, issuer: "https://iserv.see.de", client_id: schulbote, client_secret_file: secrets/oidc}
"""


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled_school(tmp_path_factory.mktemp("letters") / "school").parent


@pytest.fixture
def filled(sample: Path, tmp_path: Path) -> Path:
    """The school.yaml of a school with the sample's people in its directory."""
    return Path(shutil.copytree(sample, tmp_path / "filled")) / "school.yaml"


@pytest.fixture
def letters(schulbote: Callable[..., Any], filled: Path, tmp_path: Path) -> Callable[..., Any]:
    """`schulbote letters … --out letters.pdf`."""

    def run(*arguments: object, config: Path = filled, out: str = "letters.pdf") -> Any:
        return schulbote("-c", config, "letters", *arguments, "--out", tmp_path / out)

    return run


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return tmp_path / "letters.pdf"


def with_ldap(filled: Path) -> Path:
    """The same school, where people sign in with the passwords of a directory server."""
    file = variant(filled, "ldap.yaml", more="accounts: {sign_in: ldap}\n")
    server = "register: {ldap: {url: 'ldap://127.0.0.1', base: 'dc=see,dc=de'}, "
    file.write_text(file.read_text().replace("register: {", server))
    return file


def pages(pdf: Path) -> list[str]:
    if shutil.which("pdftotext") is None:
        if os.environ.get("CI"):
            pytest.fail("pdftotext is missing, and in CI nothing is left out")
        pytest.skip("pdftotext is missing")
    return subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True).stdout.split("\f")[:-1]


def codes_in(pdf: Path) -> list[str]:
    return [CODE.search(page)[0] for page in pages(pdf)]  # type: ignore[index]


def in_database(filled: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(filled.with_name("schulbote.db"))) as database, database:
        return database.execute(query, values).fetchall()


def holding(filled: Path) -> dict[str, str]:
    """Of each person the digest of the code that holds."""
    return dict(in_database(filled, "SELECT person_id, digest FROM first_codes WHERE ended_at IS NULL"))


def audited(filled: Path) -> list[tuple[Any, ...]]:
    return in_database(filled, "SELECT actor, target, by_right FROM audit_log WHERE action = 'code_made'")


def signs_in(filled: Path, *people: str) -> None:
    for person in people:
        row = (person, "Somebody", 1.0, False)
        in_database(
            filled, "INSERT INTO accounts (person_id, display_name, in_use_since, locked) VALUES (?,?,?,?)", *row
        )


def ids(filled: Path, group: str) -> dict[str, str]:
    """The pupils of a class and their guardians, by name of the account."""
    directory = read_standing(load_settings(filled)).policy.directory
    [wanted] = [found for found in directory.groups.values() if found.name == group]
    pupils = {person.id for person in directory.members(wanted.id) if person.role == "student"}
    belong = [person for person in directory.people if person.id in pupils or person.wards & pupils]
    return {person.user_id.partition(":")[0][1:]: person.id for person in belong}


# What is made.


def test_everybody_in_the_class_gets_the_code_that_holds(letters: Callable[..., Any], filled: Path, pdf: Path) -> None:
    answer = letters(*CLASS)
    assert (answer.status, answer.err) == (0, "")
    expected = ids(filled, "Klasse 8.1")
    assert len(expected) > 40
    key = read_keys(filled.parent / "secrets" / "code_key")[0]
    digests = holding(filled)
    assert set(digests) == set(expected.values())
    told = {}
    for page in pages(pdf):
        code = CODE.search(page)
        assert code is not None
        told[page[: code.start()].split()[-1]] = code[0]
    assert {expected[name]: digest_of(code, expected[name], key) for name, code in told.items()} == digests
    assert {(actor, by_right) for actor, _, by_right in audited(filled)} == {("schulbote letters",) * 2}
    assert sorted(target for _, target, _ in audited(filled)) == sorted(expected.values())


def test_it_says_how_many_and_until_when(letters: Callable[..., Any], pdf: Path) -> None:
    first, second, third = letters(*CLASS).out.splitlines()
    found = re.fullmatch(rf"{re.escape(str(pdf))}: (\d+) letters \(guardian (\d+), student (\d+)\)\.", first)
    assert found is not None
    assert int(found[1]) == int(found[2]) + int(found[3]) == len(pages(pdf))
    assert re.fullmatch(r"The codes hold until \d{4}-\d\d-\d\d; older codes of these people are over\.", second)
    assert "delete it" in third


def test_the_file_is_its_owners(letters: Callable[..., Any], pdf: Path) -> None:
    letters(*CLASS)
    assert stat.S_IMODE(pdf.stat().st_mode) == 0o600
    assert {path.name for path in pdf.parent.iterdir()} == {"filled", "letters.pdf"}


def test_no_code_is_anywhere_but_in_the_file(
    letters: Callable[..., Any], filled: Path, pdf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer = letters(*CLASS)
    contents = b"".join(path.read_bytes() for path in filled.parent.rglob("*") if path.is_file())
    assert b"code_made" in contents
    for code in codes_in(pdf):
        for written in (code, code.replace("-", "")):
            assert written.encode() not in contents
            assert written not in answer.out + answer.err + caplog.text


def test_new_letters_have_other_codes_and_the_old_ones_are_over(
    letters: Callable[..., Any], filled: Path, pdf: Path
) -> None:
    letters(*CLASS)
    before, digests = codes_in(pdf), holding(filled)
    assert letters(*CLASS, "--force").status == 0
    assert set(before).isdisjoint(codes_in(pdf))
    assert set(digests) == set(holding(filled))
    assert set(digests.values()).isdisjoint(holding(filled).values())


@pytest.mark.parametrize(
    ("arguments", "groups"),
    [
        pytest.param(["--class", "Klasse 8.1"], {"Klasse 8.1"}, id="the whole name"),
        pytest.param(["--class", "klase 8.1", "--role", "student"], {"Klasse 8.1"}, id="a slip of the pen"),
        pytest.param(["--class", "8.1", "--class", "8.2"], {"Klasse 8.1", "Klasse 8.2"}, id="two classes"),
        pytest.param(["--class", "Klasse 8*"], {"Klasse 8.1", "Klasse 8.2", "Klasse 8.3"}, id="a pattern"),
        pytest.param(["--class", "Eltern 8.1"], {"Sorgeberechtigte 8.1"}, id="guardians"),
        pytest.param(["--class", "Lehrer"], {"Lehrer"}, id="the staff"),
    ],
)
def test_groups_are_named_as_people_write_them(
    letters: Callable[..., Any], pdf: Path, arguments: list[str], groups: set[str]
) -> None:
    answer = letters(*arguments)
    assert answer.status == 0, answer.err
    named = {group for page in pages(pdf) for group in re.findall(r"^(\S+(?: \d+\.\d)?)(?: ·.*)?$", page, re.MULTILINE)}
    assert groups <= named
    assert not {f"Klasse {year}.{n}" for year in (8, 9, 10) for n in (1, 2, 3)} & (named - groups)


def test_a_role(letters: Callable[..., Any], filled: Path) -> None:
    assert "(guardian " in letters(*CLASS, "--role", "guardian").out
    assert set(in_database(filled, "SELECT role FROM first_codes JOIN persons ON id = person_id")) == {("guardian",)}


def test_a_second_language(letters: Callable[..., Any], filled: Path, pdf: Path) -> None:
    letters(*CLASS, "--language", "uk")
    assert all("Ім’я користувача" in page for page in pages(pdf))
    polish = variant(filled, "polish.yaml", more="letters: {second_language: pl, ask: 'Frau Lange, Zimmer 103'}\n")
    letters(*CLASS, "--force", config=polish)
    assert all("Nazwa użytkownika" in page and "Frau Lange, Zimmer 103" in page for page in pages(pdf))


# For whom there is none.


def test_who_has_a_password_gets_no_letter_unless_all_are_asked_for(
    letters: Callable[..., Any], filled: Path, pdf: Path
) -> None:
    """The first two have signed in and chosen a password; the third has only used the code."""
    letters(*CLASS)
    everybody = list(holding(filled))
    chosen, used = everybody[:2], everybody[2]
    signs_in(filled, *chosen, used)
    in_database(filled, "UPDATE first_codes SET ended_at = made_at WHERE person_id IN (?, ?)", *chosen)
    before = holding(filled)
    answer = letters(*CLASS, "--force")
    assert answer.status == 0
    assert re.match(r"No letter for 2 who have a password of their own already \(--all-new .*\): \w", answer.err)
    assert len(pages(pdf)) == len(everybody) - 2
    assert set(holding(filled)) == set(before)
    assert letters(*CLASS, "--all-new", "--force").err == ""
    assert set(holding(filled)) == set(everybody)


def test_nobody_who_needs_one(letters: Callable[..., Any], filled: Path, pdf: Path) -> None:
    signs_in(filled, *ids(filled, "Klasse 8.1").values())
    answer = letters(*CLASS)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("Nobody in Klasse 8.1 needs a letter. No letter for ")
    assert " and " in answer.err
    assert not pdf.exists()


def test_nobody_at_all(letters: Callable[..., Any], pdf: Path) -> None:
    answer = letters(*CLASS, "--role", "guardian", "--class", "Fachkonferenz Sport")
    assert answer.status == 0
    answer = letters("--class", "Fachkonferenz Sport", "--role", "guardian", out="other.pdf")
    assert answer.status == 1
    assert answer.err == (
        'Nobody with the role "guardian" is in Fachkonferenz Sport or belongs to somebody in it: '
        "there is no letter to write.\n"
    )


# Passwords that are not ours.


def test_with_a_directory_server_letters_have_no_codes(letters: Callable[..., Any], filled: Path, pdf: Path) -> None:
    ldap = with_ldap(filled)
    newcomers = ids(filled, "Klasse 8.1").values()
    signs_in(filled, *list(newcomers)[:3])
    answer = letters(*CLASS, config=ldap)
    assert answer.status == 0
    assert answer.out.count("\n") == 1
    assert answer.err.startswith("No letter for 3 who have signed in already")
    assert len(pages(pdf)) == len(newcomers) - 3
    assert not any(CODE.search(page) for page in pages(pdf))
    assert holding(filled) == {}


def test_with_single_sign_on_the_address_of_element_web_is_needed(
    letters: Callable[..., Any], filled: Path, pdf: Path
) -> None:
    oidc = variant(filled, "oidc.yaml", more=OIDC)
    answer = letters(*CLASS, config=oidc)
    assert answer.status == 2
    assert "web.element_url" in answer.err
    assert not pdf.exists()
    with_web = f"{OIDC}web: {{element_url: 'https://element.schule-am-see.de'}}\n"
    assert letters(*CLASS, config=variant(filled, "web.yaml", more=with_web)).status == 0
    assert holding(filled) == {}


# What goes wrong, and that nothing has changed then.


@pytest.fixture
def unchanged(letters: Callable[..., Any], filled: Path, pdf: Path) -> Iterator[None]:
    """Letters are there; whatever happens, they stay, their codes hold, and nothing else lies beside them."""
    letters(*CLASS, out="old.pdf")
    old = pdf.with_name("old.pdf")
    before = old.read_bytes(), holding(filled), audited(filled)
    yield
    assert (old.read_bytes(), holding(filled), audited(filled)) == before
    assert {path.name for path in pdf.parent.iterdir() if path.suffix != ".yaml"} <= {"filled", "old.pdf", "folder"}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--class", "8.7"], 'There is no group "8.7".\n', id="no such class"),
        pytest.param(["--class", "Konferenz"], 'There is no group "Konferenz"; did you mean "', id="something like it"),
        pytest.param(["--class", "Kurs*"], 'No group has a name like "Kurs*".\n', id="an empty pattern"),
        pytest.param(["--class", "Fach"], '"Fach" may mean several groups: "', id="several groups"),
        pytest.param([*CLASS, "--role", "studnet"], 'There is no role "studnet"; did you mean "student"?', id="role"),
        pytest.param([*CLASS, "--language", "fr"], "'fr' is not one of 'de', 'en'", id="no such language"),
        pytest.param([], "Missing option '--class'", id="no class"),
    ],
)
def test_wrong_use(letters: Callable[..., Any], arguments: list[str], said: str) -> None:
    answer = letters(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.usefixtures("unchanged")
def test_a_file_that_is_there_is_not_overwritten(letters: Callable[..., Any]) -> None:
    answer = letters(*CLASS, out="old.pdf")
    assert (answer.status, answer.out) == (2, "")
    assert "old.pdf is there already and is not overwritten" in answer.err


@pytest.mark.usefixtures("unchanged")
def test_no_place_for_the_file(letters: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert (answer := letters(*CLASS, out="folder")).status == 2
    assert "folder is a folder" in answer.err
    assert (answer := letters(*CLASS, out="nowhere/letters.pdf")).status == 2
    assert "There is no folder" in answer.err


@pytest.mark.usefixtures("unchanged")
def test_a_disk_that_is_full(letters: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device", "letters.pdf")

    monkeypatch.setattr("schulbote.files.os.fsync", full)
    answer = letters(*CLASS)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "letters.pdf cannot be used: No space left on device.\n"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("out", ["letters.pdf", "old.pdf"])
def test_a_database_that_fails_at_the_last_moment(
    letters: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    """The file has its name already; what stood there before comes back."""
    put_in_force = FirstCodes.put_in_force

    async def fails(self: FirstCodes, draft: Any, *, at_last: Callable[[], None], **words: Any) -> None:
        def last_and_more() -> None:
            at_last()
            raise OSError(5, "Input/output error", "schulbote.db")

        await put_in_force(self, draft, at_last=last_and_more, **words)

    monkeypatch.setattr(FirstCodes, "put_in_force", fails)
    answer = letters(*CLASS, "--force", out=out)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "schulbote.db cannot be used: Input/output error.\n"


@pytest.mark.usefixtures("unchanged")
def test_the_key_of_the_codes_is_missing(letters: Callable[..., Any], filled: Path) -> None:
    (filled.parent / "secrets" / "code_key").unlink()
    answer = letters(*CLASS)
    assert answer.status == 2
    assert "code_key: this secret is missing" in answer.err


@pytest.mark.usefixtures("unchanged")
def test_a_name_that_cannot_be_printed(letters: Callable[..., Any], filled: Path) -> None:
    pupil = next(iter(ids(filled, "Klasse 8.1").values()))
    in_database(filled, "UPDATE persons SET given_name = ? WHERE id = ?", "Ben\U0010fffd", pupil)
    in_database(filled, "UPDATE versions SET number = number + 1")
    answer = letters(*CLASS)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("No font on this machine has the sign")


@pytest.mark.usefixtures("unchanged")
def test_somebody_is_gone_meanwhile(letters: Callable[..., Any], filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = FirstCodes.draft
    pupil = next(iter(ids(filled, "Klasse 8.2").values()))

    def meanwhile(self: FirstCodes, people: Any) -> Any:
        made = draft(self, people)
        with closing(sqlite3.connect(filled.with_name("schulbote.db"))) as database, database:
            database.execute("PRAGMA foreign_keys = OFF")
            database.execute("UPDATE persons SET id = 'gone' WHERE id = ?", (pupil,))
        return made

    monkeypatch.setattr(FirstCodes, "draft", meanwhile)
    answer = letters("--class", "8.2")
    in_database(filled, "UPDATE persons SET id = ? WHERE id = 'gone'", pupil)
    assert answer.status == 1
    assert answer.err == "The directory has changed meanwhile. Nothing was made; start again.\n"


def test_no_directory_yet(schulbote: Callable[..., Any], school: Path, tmp_path: Path) -> None:
    answer = schulbote("-c", school / "school.yaml", "letters", *CLASS, "--out", tmp_path / "letters.pdf")
    assert answer.status == 1
    assert "Start `schulbote sync` first" in answer.err


# Who has signed in.


def test_who_has_never_signed_in(schulbote: Callable[..., Any], filled: Path) -> None:
    everybody = ids(filled, "Klasse 8.1")
    here, *_ = everybody.values()
    signs_in(filled, here)
    answer = schulbote("-c", filled, "logins", *CLASS)
    first, *others = answer.out.splitlines()
    assert (answer.status, answer.err) == (0, "")
    assert first == f"{len(everybody) - 1} of {len(everybody)} have never signed in:"
    assert len(others) == len(everybody) - 1
    assert all(re.fullmatch(r"Klasse 8\.1: .+ \((student|guardian)\)", line) for line in others)


def test_everybody_for_programs(schulbote: Callable[..., Any], letters: Callable[..., Any], filled: Path) -> None:
    letters(*CLASS)
    everybody = list(holding(filled))
    chosen, used = everybody[:2]
    signs_in(filled, chosen, used)
    in_database(filled, "UPDATE first_codes SET ended_at = made_at WHERE person_id = ?", chosen)
    answer = schulbote("-c", filled, "logins", *CLASS, "--json")
    told = {one["person"]: one for one in json.loads(answer.out)}
    assert set(told) == set(everybody)
    assert {one["group"] for one in told.values()} == {"Klasse 8.1"}
    assert [(told[one]["signed_in"], told[one]["own_password"]) for one in everybody[:3]] == [
        (True, True),
        (True, False),
        (False, False),
    ]
    ldap = with_ldap(filled)
    answer = schulbote("-c", ldap, "logins", *CLASS, "--role", "student", "--json")
    assert {(one["role"], one["own_password"]) for one in json.loads(answer.out)} == {("student", None)}


def test_all_have_signed_in(schulbote: Callable[..., Any], filled: Path) -> None:
    everybody = ids(filled, "Klasse 8.1").values()
    signs_in(filled, *everybody)
    assert schulbote("-c", filled, "logins", *CLASS).out == f"All {len(everybody)} have signed in.\n"
