"""Letters: what is read back from the PDF is what went in, on one page each."""

import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unicodedata import bidirectional, category

import pytest
import yaml
from typst import Fonts

from appservice.letters import CannotPrintError, Letter, NoWayInError, Sheet, render, sheet_of
from appservice.letters.texts import CATALOGUES
from school.config import load_settings
from school.config.letters import LetterLanguage

NOW = datetime(2026, 8, 23, 22, 30, tzinfo=UTC)
"""Half past twelve in the night to the 24th, in Berlin."""
CODE = "k7wq-m3fxn-9dtrb"
CASES = ["codes", "ldap", "oidc"]
OIDC = {"name": "IServ", "issuer": "https://i.see.de", "client_id": "schulbote", "client_secret_file": "secrets/oidc"}
SECOND = [language for language in LetterLanguage if language != LetterLanguage.GERMAN]
BUNDLED = Fonts(include_system_fonts=False)
"""What comes with typst, and nothing of this machine."""

NAMES = {
    "Arabic": "أميرة الحسن",
    "Arabic with ligatures": "عبد الله علاء الأحمد",
    "Hebrew": "דוד בן־גוריון",
    "Vietnamese": "Nguyễn Thị Ánh Tuyết",
    "Polish": "Daryna Łuczak-Żądło",
    "an apostrophe": "Ana O’Brien",
    "a typed apostrophe": "D'Angelo",
    "Cyrillic": "Олександр Їжакевич-Ґалаґан",
    "Turkish": "Ayşe Şahin İğdır",
    "Greek": "Ελένη Παπαδοπούλου",
    "markup": "#x $y$ *b* _i_ [c] `d` = - + / ~ -- \\",
    "code": '#{ panic("x") } #sys.inputs // /* */',
    "references": "@a <b> #<c> https://x.example \"q\" 'q'",
    "JSON": '"}],{"name": "x"',
    "one word that is too long": "W" * 120,
    "very many words": "Maximiliane-Alexandra von Müller-Lüdenscheidt zu " * 4 + "Hohenlohe-Schillingsfürst",
    "one sign": "X",
}


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} is missing, and in CI nothing is left out")
    if found is None:
        pytest.skip(f"{name} is missing")
    return found


def pages_of(pdf: bytes) -> list[str]:
    """What is read on each page, without blanks: words may be on several lines."""
    command = [program("pdftotext"), "-layout", "-", "-"]
    text = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    return [without_blanks(page) for page in text.split("\f")[:-1]]


def without_blanks(text: str) -> str:
    """Without blanks and what only says in which direction one reads."""
    return "".join(sign for sign in text if not sign.isspace() and category(sign) != "Cf")


def qr_codes(pdf: bytes, folder: Path, page: int = 1) -> set[str]:
    """What a camera sees on a page that was printed with 150 dots an inch."""
    (folder / "letters.pdf").write_bytes(pdf)
    at = ["-f", str(page), "-l", str(page)]
    picture = [program("pdftoppm"), "-r", "150", "-gray", *at, folder / "letters.pdf", folder / "page"]
    subprocess.run(picture, check=True)
    [image] = folder.glob("page*.pgm")
    seen = subprocess.run([program("zbarimg"), "--quiet", "--raw", image], capture_output=True, text=True, check=True)
    return set(seen.stdout.splitlines())


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Sheet]:
    """The sheet of a school."""

    def make(sign_in: str = "codes", second: LetterLanguage | None = None, **sections: Any) -> Sheet:
        web = {"public_url": "https://bote.schule-am-see.de", "element_url": "https://element.schule-am-see.de"}
        content = {
            "school": {"name": "Schule am See"},
            "matrix": {"server_name": "schule-am-see.de", "homeserver_url": "http://127.0.0.1:8008"},
            "web": web,
            "accounts": {"sign_in": sign_in, "oidc": OIDC} if sign_in == "oidc" else {"sign_in": sign_in},
            "register": {"ldap": {"url": "ldap://127.0.0.1", "base": "dc=see,dc=de"}},
        }
        file = tmp_path / "school.yaml"
        file.write_text(yaml.safe_dump(content | sections))
        expires_at = NOW + timedelta(days=30) if sign_in == "codes" else None
        return sheet_of(load_settings(file), now=NOW, expires_at=expires_at, second=second)

    return make


def letter(name: str = "Ben Braun", **values: Any) -> Letter:
    return Letter(**{"name": name, "user_name": "ben.braun", "way": "Klasse 8.1", "code": CODE} | values)


def printed(letters: Iterable[Letter], sheet: Sheet, fonts: Fonts | None = None) -> Sequence[str]:
    return pages_of(render([*letters], sheet, fonts=fonts))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_is_read_back_as_it_went_in(sheet: Callable[..., Sheet], name: str) -> None:
    way = f"Klasse 8.1 · Kind: {name}"
    [page] = printed([letter(name, way=way)], sheet())
    if bidirectional(name[0]) in ("R", "AL"):
        way = way.partition(":")[0]  # where directions change, programs do not agree on the order
    assert without_blanks(name) in page
    assert without_blanks(way) in page


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_names_need_no_font_but_those_that_come_along(sheet: Callable[..., Sheet], name: str) -> None:
    assert len(printed([letter(name)], sheet(), BUNDLED)) == 1


def test_user_name_and_code_are_read_back_and_belong_together(sheet: Callable[..., Sheet]) -> None:
    letters = [letter(f"Kind {n}", user_name=f"kind{n}.braun", code=f"k7wq-m3fxn-{n:05}") for n in range(30)]
    pages = printed(letters, sheet())
    assert len(pages) == 30
    for number, page in enumerate(pages):
        assert f"Kind{number}K" in page
        assert f"kind{number}.braunk7wq-m3fxn-{number:05}" in page


def test_a_user_name_of_64_signs_does_not_reach_the_code(sheet: Callable[..., Sheet]) -> None:
    user_name = "maximiliane-alexandra.von-mueller-luedenscheidt-zu-hohenlohe-" + "123"
    assert len(user_name) == 64
    [page] = printed([letter(user_name=user_name)], sheet())
    assert f"{user_name}{CODE}" in page


@pytest.mark.parametrize("sign_in", CASES)
@pytest.mark.parametrize("second", [None, *SECOND])
@pytest.mark.parametrize("fonts", [None, BUNDLED], ids=["fonts of this machine", "bundled fonts"])
def test_a_letter_is_one_page_in_every_language(
    sheet: Callable[..., Sheet], sign_in: str, second: LetterLanguage | None, fonts: Fonts | None
) -> None:
    code = CODE if sign_in == "codes" else None
    pages = printed([letter(code=code), letter(code=code)], sheet(sign_in, second), fonts)
    assert len(pages) == 2


@pytest.mark.parametrize("second", SECOND)
def test_a_letter_says_everything_in_both_languages(sheet: Callable[..., Sheet], second: LetterLanguage) -> None:
    both = sheet(second=second)
    [page] = printed([letter()], both)
    for language in both.languages:
        words = CATALOGUES[language]
        outside = [words[name] for name in ("title", "user_name", "code", "valid_until", "secret", "ask")]
        for sentence in [*outside, words["ask_at_school"], *(step.said(language) for step in both.steps)]:
            for word in re.findall(r"[^\W_]+", sentence):
                assert word in page, sentence


@pytest.mark.parametrize("second", [None, *SECOND])
def test_the_qr_codes_lead_to_the_app_the_web_and_the_password(
    sheet: Callable[..., Sheet], tmp_path: Path, second: LetterLanguage | None
) -> None:
    pdf = render([letter("Anna"), letter("أميرة الحسن")], sheet(second=second))
    assert qr_codes(pdf, tmp_path, page=2) == {
        "https://mobile.element.io/element?account_provider=schule-am-see.de",
        "https://element.schule-am-see.de/#/login",
        "https://bote.schule-am-see.de/password",
    }


def test_without_a_web_client_of_the_school_nobody_is_sent_there(sheet: Callable[..., Sheet], tmp_path: Path) -> None:
    web = {"public_url": "https://bote.schule-am-see.de"}
    assert qr_codes(render([letter()], sheet(web=web)), tmp_path) == {
        "https://mobile.element.io/element?account_provider=schule-am-see.de",
        "https://bote.schule-am-see.de/password",
    }


def test_no_qr_code_holds_a_name_or_a_code(sheet: Callable[..., Sheet], tmp_path: Path) -> None:
    for seen in qr_codes(render([letter()], sheet()), tmp_path):
        assert "braun" not in seen
        assert CODE not in seen


@pytest.mark.parametrize("sign_in", ["ldap", "oidc"])
def test_where_passwords_are_not_ours_a_letter_speaks_of_no_code(sheet: Callable[..., Sheet], sign_in: str) -> None:
    [page] = printed([letter(code=None)], sheet(sign_in, LetterLanguage.ENGLISH))
    assert "ben.braun" in page
    assert "gültigbis" not in page
    assert CATALOGUES[LetterLanguage.GERMAN]["secret"].split()[0] + "Code" not in page
    assert "Passwortwählen" not in page


def test_a_new_password_of_the_directory_server_is_called_one(sheet: Callable[..., Sheet]) -> None:
    [page] = printed([letter()], sheet("ldap", LetterLanguage.UKRAINIAN))
    assert f"ben.braun{CODE}" in page
    assert "Passwort·Пароль" in page
    assert "gültigbis" not in page


def test_with_single_sign_on_a_letter_names_the_button(sheet: Callable[..., Sheet]) -> None:
    [page] = printed([letter(code=None)], sheet("oidc", LetterLanguage.ARABIC))
    assert page.count("IServ") == 2


def test_with_single_sign_on_a_letter_has_to_name_a_web_client(sheet: Callable[..., Sheet]) -> None:
    with pytest.raises(NoWayInError, match=r"web\.element_url"):
        sheet("oidc", web={})


def test_a_letter_says_the_day_in_the_zone_of_the_school_and_the_last_whole_day(sheet: Callable[..., Sheet]) -> None:
    """30 days later the code ends at half past twelve in the night to the 23rd."""
    [page] = printed([letter()], sheet(second=LetterLanguage.TURKISH))
    assert "24.August2026" in page
    assert "22.September2026·22Eylül2026" in page


def test_whom_to_ask_is_said_as_school_yaml_has_it(sheet: Callable[..., Sheet]) -> None:
    ask = "Frau Lange, Zimmer 103, Tel. 030 1234567 #1"
    [page] = printed([letter()], sheet(second=LetterLanguage.TURKISH, letters={"ask": ask}))
    assert page.count(without_blanks(ask)) == 1


def test_the_second_language_of_school_yaml_unless_another_is_asked_for(sheet: Callable[..., Sheet]) -> None:
    letters = {"second_language": "pl"}
    assert sheet(letters=letters).languages == (LetterLanguage.GERMAN, LetterLanguage.POLISH)
    asked = sheet(second=LetterLanguage.ARABIC, letters=letters)
    assert asked.languages == (LetterLanguage.GERMAN, LetterLanguage.ARABIC)
    assert sheet(second=LetterLanguage.GERMAN, letters=letters).languages == (LetterLanguage.GERMAN,)


@pytest.mark.parametrize("second", [None, *SECOND])
def test_however_long_everything_is_it_is_one_page(sheet: Callable[..., Sheet], second: LetterLanguage | None) -> None:
    longest = replace(
        sheet(second=second),
        school="Städtische Gemeinschaftsschule mit gymnasialer Oberstufe " * 3,
        server_name="messenger." * 12 + "de",
        ask="Sekretariat, Frau Lange, Zimmer 103, montags bis freitags von 7 bis 15 Uhr. " * 4,
    )
    names = [letter(f"{name} {name}", way=f"Klasse 8.1 · Kind: {name} {name}") for name in NAMES.values()]
    assert len(printed(names, longest)) == len(names)


def test_words_without_end_are_refused(sheet: Callable[..., Sheet]) -> None:
    with pytest.raises(CannotPrintError, match="too long for a letter"):
        render([letter("Ben " * 5000)], sheet())
    with pytest.raises(CannotPrintError, match=r'too long for a letter: "letters\.ask"'):
        render([letter()], replace(sheet(), ask="Frau Lange " * 1000))


def test_a_sign_without_a_font_is_refused_and_not_printed_as_a_box(sheet: Callable[..., Sheet]) -> None:
    others = [letter() for _ in range(50)]
    with pytest.raises(CannotPrintError, match='No font on this machine has the sign "김" in "김민수"'):
        render([*others, letter("김민수")], sheet(), fonts=BUNDLED)
    with pytest.raises(CannotPrintError, match='the sign "김" in "Kind: 김민수"'):
        render([*others, letter(way="Kind: 김민수")], sheet(), fonts=BUNDLED)
    with pytest.raises(CannotPrintError, match='the sign "김"'):
        render(others, replace(sheet(), school="김 학교"), fonts=BUNDLED)


def test_the_same_letters_are_the_same_file(sheet: Callable[..., Sheet]) -> None:
    assert render([letter()], sheet()) == render([letter()], sheet())


def test_a_code_is_not_in_what_a_letter_says_of_itself() -> None:
    assert CODE not in repr(letter())


WRITES_NOTHING = """
import resource, signal, sys
from pickle import load
from appservice.letters import render
letters, sheet = load(sys.stdin.buffer)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with open("probe", "w") as probe:
        probe.write("x")
except OSError:
    sys.stdout.buffer.write(render(letters, sheet))
"""


def test_nothing_is_written_to_a_disk_while_letters_are_made(sheet: Callable[..., Sheet], tmp_path: Path) -> None:
    """The system lets this process write no byte into any file."""
    told = pickle.dumps(([letter()], sheet()))
    environment = os.environ | {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", WRITES_NOTHING]
    made = subprocess.run(command, input=told, capture_output=True, cwd=tmp_path, env=environment)
    assert made.returncode == 0, made.stderr
    assert CODE in pages_of(made.stdout)[0]
    assert {path.name for path in tmp_path.iterdir()} == {"school.yaml", "probe"}
