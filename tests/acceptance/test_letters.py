"""Letters for a class: what is on the paper signs in, what was on the paper before does not, and it is nowhere else."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unicodedata import category

import pytest

from acceptance.browsing import DESKTOP, PHONE, assert_good, choose, opened, sign_in_here
from acceptance.client import Client, Json, wait_until
from acceptance.running import Demo, schulbote, small_register

OWN = "ein Passwort, das ich mir merke"
CODE = re.compile(r"[2-9b-z]{4}-[2-9b-z]{5}-[2-9b-z]{5}")
NAMES = {
    "S00001": ("أميرة", "الحسن"),
    "S00002": ("Ana", "O’Brien"),
    "S00003": ("Daryna", "Łuczak"),
    "S00004": ("Thị Ánh Tuyết", "Nguyễn"),
    "S00005": ("#let x", "$y$ *b* _i_ @a <c>"),
}


def needed(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is missing, and in CI nothing is left out")
        pytest.skip(f"{program} is missing")


def register_with_names(folder: Path) -> Path:
    """A small school in which some pupils have names of other scripts, and one of typesetters' signs."""
    register = small_register(folder)
    file = register / "schueler.csv"
    header, *rows = file.read_text(encoding="utf-8-sig").splitlines()
    rows = [
        ";".join([row.split(";")[0], *NAMES.get(row[:6], row.split(";")[1:3]), *row.split(";")[3:]]) for row in rows
    ]
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return register


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Iterator[Demo]:
    """A demo of about forty people."""
    folder = tmp_path_factory.mktemp("letters")
    demo = Demo(folder / "home", register_with_names(folder / "register"))
    with demo.running():
        yield demo


@pytest.fixture(scope="module")
def letters(small) -> "Letters":
    """The letters of one class, made once."""
    needed("pdftotext")
    return Letters(small, "5a")


class Letters:
    """One print of the letters of a class."""

    def __init__(self, demo: Demo, of: str, *more: str) -> None:
        self.file = demo.home.parent / f"{of}-{len(list(demo.home.parent.glob('*.pdf')))}.pdf"
        self.made = schulbote("-c", demo.info["config"], "letters", "--class", of, "--out", self.file, *more)
        assert self.made.returncode == 0, self.made.stderr
        text = subprocess.run(["pdftotext", "-layout", self.file, "-"], capture_output=True, text=True, check=True)
        self.pages = text.stdout.split("\f")[:-1]
        self.codes = {self._user_name(page): self._code(page) for page in self.pages}

    def _code(self, page: str) -> str:
        [code] = CODE.findall(page)
        return code

    def _user_name(self, page: str) -> str:
        return page.partition(self._code(page))[0].split()[-1]


def belonging_to(demo: Demo, group: str) -> dict[str, Json]:
    """The pupils of a class and their guardians, by user name. In a small school nobody has children in both."""
    guardians = group.replace("Klasse", "Sorgeberechtigte")
    wanted = {("student", group), ("guardian", guardians)}
    accounts = [a for a in demo.info["accounts"] if any((a["role"], name) in wanted for name in a["groups"])]
    return {account["user_id"][1:].partition(":")[0]: account for account in accounts}


def try_login(demo: Demo, account: Json, password: str) -> int:
    return Client(demo.homeserver).try_login(account["user_id"], password).status


def plain(text: str) -> str:
    return "".join(sign for sign in text if not sign.isspace() and category(sign) != "Cf")


def test_every_pupil_and_every_guardian_has_one_page_with_their_name(small, letters):
    everybody = belonging_to(small, "Klasse 5a")
    assert set(letters.codes) == set(everybody)
    assert len(letters.pages) == len(everybody)
    for page in letters.pages:
        account = everybody[letters._user_name(page)]
        assert plain(account["name"]) in plain(page)
    names = {account["name"] for account in everybody.values()}
    assert {f"{given} {family}" for given, family in NAMES.values()} <= names


def test_the_code_on_the_paper_signs_in_and_the_one_before_does_not(small, letters):
    everybody = belonging_to(small, "Klasse 5a")
    for name, account in everybody.items():
        assert try_login(small, account, account["password"]) == 403
        assert try_login(small, account, letters.codes[name]) == 200


def test_the_other_class_signs_in_as_before(small, letters):
    others = set(belonging_to(small, "Klasse 5b")) - set(letters.codes)
    assert others
    for account in (belonging_to(small, "Klasse 5b")[name] for name in others):
        assert try_login(small, account, account["password"]) == 200


def test_the_codes_are_in_no_other_file_and_no_log(small, letters):
    written = [form.encode() for code in letters.codes.values() for form in (code, code.replace("-", ""))]
    files = [path for path in small.home.rglob("*") if path.is_file()]
    assert {"schulbote.db", "homeserver.db", "homeserver.log", "demo.json"} <= {path.name for path in files}
    for path in [*files, small.output]:
        content = path.read_bytes()
        assert not any(form in content for form in written), path
    assert not any(code in letters.made.stdout + letters.made.stderr for code in letters.codes.values())


def qr_codes(letters: "Letters", page: int, folder: Path) -> set[str]:
    """What a camera sees on a page of a print."""
    needed("pdftoppm")
    needed("zbarimg")
    only = ["-f", str(page), "-l", str(page)]
    subprocess.run(["pdftoppm", "-r", "150", "-gray", *only, letters.file, folder / "page"], check=True)
    [image] = folder.iterdir()
    seen = subprocess.run(["zbarimg", "--quiet", "--raw", image], capture_output=True, text=True, check=True)
    return set(seen.stdout.split())


def test_the_qr_code_leads_to_the_server_and_to_the_page_for_the_password(small, letters, tmp_path):
    assert qr_codes(letters, 1, tmp_path) == {
        f"https://mobile.element.io/element?account_provider={small.info['server_name']}",
        f"{small.info['web']}/password",
    }


def test_who_has_a_password_gets_no_other_letter(small, letters):
    everybody = belonging_to(small, "Klasse 5a")
    name, account = next(iter(everybody.items()))
    here = Client(small.homeserver)
    here.login(account["user_id"], letters.codes[name])
    identifier = {"type": "m.id.user", "user": account["user_id"]}
    proof = {"type": "m.login.password", "identifier": identifier, "password": letters.codes[name]}
    here.post("account/password", {"auth": proof, "new_password": OWN}).ok()
    assert try_login(small, account, OWN) == 200
    wait_until(lambda: logins(small)[account["person"]]["own_password"], 15)

    again = Letters(small, "Klasse 5a")
    assert set(again.codes) == set(everybody) - {name}
    assert account["name"] in again.made.stderr
    assert set(again.codes.values()).isdisjoint(letters.codes.values())
    assert try_login(small, account, OWN) == 200


def logins(demo: Demo) -> dict[str, Json]:
    """What `schulbote logins` says of a class, by the register's ids."""
    answer = schulbote("-c", demo.info["config"], "logins", "--class", "5a", "--json")
    return {one["person"]: one for one in json.loads(answer.stdout)}


def test_the_list_of_a_class_says_who_has_signed_in(small, letters):
    told = logins(small)
    assert set(told) == {account["person"] for account in belonging_to(small, "Klasse 5a").values()}
    here, *others = [account for account in small.info["accounts"] if account["role"] == "teacher"]
    assert try_login(small, here, here["password"]) == 200

    def list_of_staff() -> list[str]:
        return schulbote("-c", small.info["config"], "logins", "--class", "Lehrer").stdout.splitlines()

    first, *lines = wait_until(lambda: (said := list_of_staff())[0].startswith("3 of 4") and said, 15)
    assert first == "3 of 4 have never signed in:"
    assert set(lines) == {f"Lehrer: {account['name']} (teacher)" for account in others}


@pytest.mark.parametrize("number", [0, 1], ids=["phone without JavaScript", "desktop"])
def test_from_the_paper_to_the_first_message(small, browser, tmp_path, number):
    paper = Letters(small, "5b", "--all-new", "--force")
    account = [a for a in belonging_to(small, "Klasse 5b").values() if a["role"] == "student"][number]
    user_name = account["user_id"][1:].partition(":")[0]
    page_of_it = 1 + next(n for n, page in enumerate(paper.pages) if paper._user_name(page) == user_name)
    [link] = [link for link in qr_codes(paper, page_of_it, tmp_path) if link.endswith("/password")]
    with_javascript = bool(number)
    viewport = DESKTOP if with_javascript else PHONE
    with opened(browser, small, viewport=viewport, java_script_enabled=with_javascript) as page:
        page.goto(link)
        assert "/login" in page.url, "first it asks who one is"
        for step in (lambda: sign_in_here(page, user_name, paper.codes[user_name]), lambda: choose(page, OWN)):
            if with_javascript:
                assert_good(page)
            step()
        assert "Dein Passwort ist gewählt" in page.get_by_role("status").inner_text()
        if with_javascript:
            assert_good(page)
    here = Client(small.homeserver)
    here.login(account["user_id"], OWN)
    room = small.info["rooms"]["Klasse 5b"]
    wait_until(lambda: room in here.joined_rooms(), 20)
    here.send(room, "Guten Morgen")
    assert "Guten Morgen" in here.texts(room)
    assert try_login(small, account, paper.codes[user_name]) == 403
