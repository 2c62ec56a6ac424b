import pytest

from school.domain.passwords import PasswordFault, fault_of

ABOUT = ("Björn", "Müller-Łuczak", "bjoern.mueller", "Gesamtschule am See")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        pytest.param("", PasswordFault.TOO_SHORT, id="nothing"),
        pytest.param("kurz-7!xq", PasswordFault.TOO_SHORT, id="nine signs"),
        pytest.param("fernglas-7", None, id="ten signs"),
        pytest.param("vier lange Wörter reichen aus", None, id="a sentence"),
        pytest.param("x7" * 3 + "ölfaß" * 12, PasswordFault.TOO_LONG, id="more than the homeserver looks at"),
        pytest.param("🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵", None, id="ten animals"),
        pytest.param(" fernglas-71", PasswordFault.UNTYPEABLE, id="a blank in front"),
        pytest.param("fernglas-71 ", PasswordFault.UNTYPEABLE, id="a blank behind"),
        pytest.param("fernglas\n-71", PasswordFault.UNTYPEABLE, id="a line break"),
        pytest.param("fernglas\x00-71", PasswordFault.UNTYPEABLE, id="a zero"),
        pytest.param("fernglas\u200b-71", PasswordFault.UNTYPEABLE, id="an invisible blank"),
        pytest.param("aaaaaaaaaaaa", PasswordFault.TOO_PLAIN, id="one letter"),
        pytest.param("abcabcabcabc", PasswordFault.TOO_PLAIN, id="three letters again and again"),
        pytest.param("hamsterhamster", PasswordFault.TOO_PLAIN, id="a word twice"),
        pytest.param("1234567890", PasswordFault.TOO_PLAIN, id="digits in a row"),
        pytest.param("09876543211", PasswordFault.TOO_PLAIN, id="digits backwards"),
        pytest.param("qwertzuiop", PasswordFault.TOO_PLAIN, id="a row of the keyboard"),
        pytest.param("Qwertz123456", PasswordFault.TOO_PLAIN, id="a row of the keyboard and digits"),
        pytest.param("1q2w3e4r5t6z", PasswordFault.TOO_PLAIN, id="two rows of the keyboard in turn"),
        pytest.param("abcdefghijkl", PasswordFault.TOO_PLAIN, id="the alphabet"),
        pytest.param("24.12.2011", PasswordFault.TOO_PLAIN, id="a date"),
        pytest.param("0331 5557812", PasswordFault.TOO_PLAIN, id="a telephone number"),
        pytest.param("3141592653589793", None, id="sixteen digits"),
        pytest.param("Passwort123", PasswordFault.COMMON, id="a well-known word with digits"),
        pytest.param("p@ssw0rt2027", PasswordFault.COMMON, id="with digits for letters"),
        pytest.param("P4ssw0rd!!", PasswordFault.COMMON, id="and with signs behind"),
        pytest.param("HalloHallo1", PasswordFault.COMMON, id="a greeting twice"),
        pytest.param("MeinPasswort1", PasswordFault.COMMON, id="two well-known words"),
        pytest.param("Sommer2026!!", PasswordFault.COMMON, id="a season"),
        pytest.param("Frühling2027", PasswordFault.COMMON, id="a season with an umlaut"),
        pytest.param("ichliebedich", PasswordFault.COMMON, id="a declaration"),
        pytest.param("sommerfernglas", None, id="a well-known word with another one"),
        pytest.param("Bjoern.2012", PasswordFault.NAMES_YOU, id="the own name without its umlaut"),
        pytest.param("Björn-Müller", PasswordFault.NAMES_YOU, id="both names"),
        pytest.param("Mueller2010", PasswordFault.NAMES_YOU, id="the family name and a year"),
        pytest.param("luczak99999", None, id="another spelling of a name is not known to be one"),
        pytest.param("gesamtschule1", PasswordFault.NAMES_YOU, id="the school"),
        pytest.param("k7wq-m3fxd-9dtrb", PasswordFault.A_CODE, id="a first code"),
        pytest.param("K7WQ M3FXD 9DTRB", PasswordFault.A_CODE, id="a first code as somebody types it"),
        pytest.param("BjörnIsstFisch", None, id="the own name in a sentence"),
    ],
)  # fmt: skip
def test_what_may_be_chosen(password: str, fault: PasswordFault | None) -> None:
    assert fault_of(password, about=ABOUT) is fault


def test_a_password_is_compared_as_the_homeserver_compares_it() -> None:
    """Composed or decomposed, wide or narrow: Synapse keeps one form of each (NFKC)."""
    assert fault_of("Fernglas-Mu\u0308cke", before="Fernglas-Mücke") is PasswordFault.UNCHANGED
    assert fault_of("Ｆernglas-Mücke", before="Fernglas-Mücke") is PasswordFault.UNCHANGED
    assert fault_of("Fernglas-Mücke", before="fernglas-mücke") is None
