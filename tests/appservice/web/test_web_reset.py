"""The page on which a teacher helps somebody to get in again."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from builders import BEA, BEN, CARL, GABI, IDA, OTTO, person, standing
from pages_world import BUSY, CODE, Browser, World, heading, words_of
from sqlalchemy import select

from school.config.letters import LetterLanguage
from school.database.tables import audit_log
from school.domain.people import STUDENT, Person
from school.errors import FailedError

TWIN = replace(person("ben2", STUDENT, "6b"), given_name="Ben")
EVERYBODY = [IDA, OTTO, BEN, BEA, CARL, GABI, TWIN]


async def search(browser: Browser, name: str) -> Any:
    return await browser.submit("/reset", name=name)


async def reset(browser: Browser, whom: Person) -> Any:
    return await browser.submit("/reset", person=whom.user_id, sure="yes")


async def audited(world: World) -> list[tuple[str, str, str]]:
    async with world.engine.connect() as connection:
        rows = await connection.execute(select(audit_log.c.actor, audit_log.c.action, audit_log.c.target))
        return [(row.actor, row.action, row.target) for row in rows]


async def test_from_a_name_to_the_code_and_the_letter(world: World) -> None:
    teacher = await world.signed_in(IDA)
    assert "Jemandem wieder hineinhelfen" in await teacher.text("/")
    found = await (await search(teacher, "carl gross")).text()
    assert heading(found) == "Wen meinst du?"
    assert f'value="{CARL.user_id}"' in found
    sure = await (await teacher.submit("/reset", person=CARL.user_id)).text()
    assert heading(sure) == "Passwort von Carl Groß zurücksetzen?"
    assert world.ways_in.made_for == [], "nothing is done before one has said yes"

    done = await reset(teacher, CARL)
    assert done.status == 303, "so that loading the page again resets nothing"
    assert world.ways_in.made_for == [CARL.user_id]
    assert world.told_of_reset == [(CARL.user_id, IDA)]
    assert await audited(world) == [(IDA.id, "password_reset", CARL.id)]
    place = done.headers["Location"]
    assert "carl" not in place
    words = words_of(await teacher.text(place))
    for said in (CODE, "Carl Groß", "carl", "Gilt bis 4. Juni 2026, 14:00 Uhr", "bis 5. Mai 2026, 14:10 Uhr"):
        assert said in words
    again = words_of(await teacher.text(place))
    assert CODE not in again, "it is shown once"
    assert "stand schon einmal hier" in again
    for language, meant in (("", None), ("uk", LetterLanguage.UKRAINIAN)):
        letter = await teacher.submit(place, language=language)
        assert await letter.read() == b"%PDF-1.7 a letter"
        assert letter.content_type == "application/pdf"
        assert letter.headers["Content-Disposition"] == 'attachment; filename="brief.pdf"'
        assert letter.headers["Cache-Control"] == "no-store"
        assert [(who, way_in.code, second) for who, way_in, second in world.letters[-1:]] == [(CARL, CODE, meant)]
    assert world.ways_in.made_for == [CARL.user_id]


async def test_it_is_gone_after_ten_minutes(world: World) -> None:
    teacher = await world.signed_in(IDA)
    place = (await reset(teacher, CARL)).headers["Location"]
    token = await teacher.token(place)
    world.clock.pass_by(minutes=10)
    for answer in (await teacher.get(place), await teacher.post(place, {"form_token": token, "language": ""})):
        assert answer.status == 410
        page = await answer.text()
        assert heading(page) == "Das ist nicht mehr hier"
        assert CODE not in page
    assert world.letters == []


async def test_nobody_else_sees_it(world: World) -> None:
    place = (await reset(await world.signed_in(IDA), CARL)).headers["Location"]
    for somebody in (OTTO, CARL):
        browser = await world.signed_in(somebody)
        assert (await browser.get(place)).status == 410
        answer = await browser.submit("/account", place, language="")
        assert answer.status == 410
    assert world.letters == []
    nobody = world.browser()
    answer = await nobody.get(place)
    assert (answer.status, answer.headers["Location"]) == (303, f"/login?next={place}")


async def test_who_is_signed_out_signs_in_first_and_comes_back(world: World) -> None:
    nobody = world.browser()
    answer = await nobody.get("/reset")
    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/reset")
    teacher = await world.signed_in(IDA)
    token = await teacher.token("/reset")
    await world.pages._identities.end_all(IDA.user_id)
    answer = await teacher.post("/reset", {"form_token": token, "person": CARL.user_id, "sure": "yes"})
    assert answer.status == 403
    assert heading(await answer.text()) == "Du bist nicht mehr angemeldet"
    assert world.ways_in.made_for == []


@pytest.mark.parametrize("who", [BEN, GABI])
async def test_who_is_no_teacher_learns_of_nobody(world: World, who: Person) -> None:
    browser = await world.signed_in(who)
    assert "/reset" not in await browser.text("/")
    shown = await browser.get("/reset")
    answers = [await browser.submit("/account", "/reset", name=name) for name in ("Carl", "Niemand", BEA.user_id)]
    answers += [
        await browser.submit("/account", "/reset", person=CARL.user_id, **more) for more in ({}, {"sure": "yes"})
    ]
    answers += [await browser.submit("/account", "/reset", person="@nobody:school.test")]
    for answer in (shown, *answers):
        assert answer.status == 403
        words = words_of(await answer.text())
        assert "Passwörter setzt eine Lehrkraft zurück" in words
        assert "Carl" not in words
    assert (world.ways_in.made_for, await audited(world)) == ([], [])


@pytest.mark.parametrize("step", [{}, {"sure": "yes"}])
async def test_a_colleague_is_refused(world: World, step: dict[str, str]) -> None:
    teacher = await world.signed_in(IDA)
    by_name = await search(teacher, "Otto Groß")
    by_form = await teacher.submit("/reset", person=OTTO.user_id, **step)
    for answer in (by_name, by_form):
        assert answer.status == 403
        words = words_of(await answer.text())
        assert "nur Passwörter von Schüler/innen und Sorgeberechtigten" in words
        assert "Geändert ist nichts." in words
    assert (world.ways_in.made_for, await audited(world)) == ([], [])


async def test_an_admin_of_the_server_is_staff_whatever_the_register_says(world: World) -> None:
    world.homeserver.admins.add(CARL.user_id)
    answer = await reset(await world.signed_in(IDA), CARL)
    assert answer.status == 403
    assert world.ways_in.made_for == []


async def test_where_only_own_groups_count(new_world: Callable[..., World]) -> None:
    world = new_world(own_groups_only=True)
    await world.server.start_server()
    world.view.school = standing(people=EVERYBODY)
    teacher = await world.signed_in(IDA)
    for step in ({}, {"sure": "yes"}):
        assert (await teacher.submit("/reset", person=TWIN.user_id, **step)).status == 403
    assert "in deinen eigenen Gruppen" in words_of(await (await search(teacher, TWIN.user_id)).text())
    page = await (await search(teacher, "Ben")).text()
    assert (BEN.user_id in page, TWIN.user_id in page) == (True, False)
    assert (await reset(teacher, BEN)).status == 303
    assert world.ways_in.made_for == [BEN.user_id]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Schreib bitte einen Namen."),
        ("   ", "Schreib bitte einen Namen."),
        ("Xaver Ypsilon", "Xaver Ypsilon finde ich unter denen nicht"),
        ("<script>", "&lt;script&gt; finde ich"),
    ],
)
async def test_a_name_that_fits_nobody(world: World, name: str, said: str) -> None:
    answer = await search(await world.signed_in(IDA), name)
    page = await answer.text()
    assert answer.status == 422
    assert said in re.sub(r"\s+", " ", page)
    assert 'role="alert"' in page


async def test_a_name_with_a_slip_is_asked_back(world: World) -> None:
    page = await (await search(await world.signed_in(IDA), "Carrl Gros")).text()
    assert "Carrl Gros finde ich nicht. Hast du das gemeint?" in page
    assert f'value="{CARL.user_id}"' in page


async def test_of_two_with_one_name_one_is_chosen(world: World) -> None:
    world.view.school = standing(people=EVERYBODY)
    page = await (await search(await world.signed_in(IDA), "ben groß")).text()
    for one, group in ((BEN, "Klasse 5a"), (TWIN, "Klasse 6b")):
        assert f'value="{one.user_id}"' in page
        assert group in page
    labels = re.findall(r'aria-label="(Auswählen: [^"]+)"', page)
    assert len(set(labels)) == 2, "a screen reader tells them apart"


async def test_of_very_many_some_are_shown(world: World) -> None:
    many = [replace(person(f"ben{number}", STUDENT, "5a"), given_name="Ben") for number in range(30)]
    world.view.school = standing(people=[IDA, *many])
    page = await (await search(await world.signed_in(IDA), "Ben")).text()
    assert page.count("Auswählen:") == 20
    assert "Es gibt noch mehr" in page


async def test_somebody_who_is_not_there(world: World) -> None:
    answer = await (await world.signed_in(IDA)).submit("/reset", person="@nobody:school.test", sure="yes")
    assert answer.status == 422
    assert world.ways_in.made_for == []


async def test_after_ten_in_an_hour_it_says_when_the_next_one_may_be(world: World) -> None:
    teacher = await world.signed_in(IDA)
    for _ in range(10):
        assert (await reset(teacher, CARL)).status == 303
    answer = await reset(teacher, CARL)
    assert answer.status == 403
    assert "Ab 5. Mai 2026, 15:00 Uhr geht es wieder" in words_of(await answer.text())
    assert len(world.ways_in.made_for) == 10


async def test_a_homeserver_that_is_busy(world: World) -> None:
    teacher = await world.signed_in(IDA)
    world.ways_in.trouble = BUSY
    assert (await reset(teacher, CARL)).status == 503


async def test_a_directory_server_that_says_no(new_world: Callable[..., World]) -> None:
    world = new_world(sign_in="ldap")
    await world.server.start_server()
    teacher = await world.signed_in(IDA)
    world.ways_in.trouble = FailedError("The directory server wants longer passwords.")
    answer = await reset(teacher, CARL)
    assert answer.status == 502
    assert "Das alte Passwort gilt noch" in words_of(await answer.text())


async def test_with_a_directory_server_it_is_a_password(new_world: Callable[..., World]) -> None:
    world = new_world(sign_in="ldap")
    await world.server.start_server()
    teacher = await world.signed_in(IDA)
    words = words_of(await teacher.text((await reset(teacher, CARL)).headers["Location"]))
    assert f"Neues Passwort {CODE}" in words
    assert "Gilt bis" not in words


async def test_with_single_sign_on_it_says_where(new_world: Callable[..., World]) -> None:
    world = new_world(sign_in="oidc")
    await world.server.start_server()
    answer = await reset(await world.by_link(IDA, "/reset"), CARL)
    page = await answer.text()
    assert "gehört zum Schulkonto" in page
    assert 'href="https://sso.schule-am-see.de/password"' in page
    assert await audited(world) == []


async def test_a_letter_that_cannot_be_printed_is_said_and_the_code_is_not_lost(world: World) -> None:
    teacher = await world.signed_in(IDA)
    place = (await reset(teacher, CARL)).headers["Location"]
    world.print_trouble = FailedError("No font on this machine")
    answer = await teacher.submit(place, language="")
    assert answer.status == 500
    page = await answer.text()
    assert "lässt sich hier nicht drucken" in page
    assert "No font" not in page


@pytest.mark.parametrize("language", ["xx", "de-DE", "../de"])
async def test_a_language_that_there_is_not(world: World, language: str) -> None:
    teacher = await world.signed_in(IDA)
    place = (await reset(teacher, CARL)).headers["Location"]
    assert (await teacher.submit(place, language=language)).status == 400
    assert world.letters == []


@pytest.mark.parametrize("path", ["/reset", "CODE"])
async def test_a_form_that_is_not_ours_does_nothing(world: World, path: str) -> None:
    teacher = await world.signed_in(IDA)
    place = (await reset(teacher, CARL)).headers["Location"]
    fields = {"person": BEN.user_id, "sure": "yes", "language": ""}
    answer = await teacher.post(place if path == "CODE" else path, fields)
    assert answer.status == 403
    assert (world.ways_in.made_for, world.letters) == ([CARL.user_id], [])


async def test_in_english(world: World) -> None:
    teacher = await world.signed_in(IDA)
    teacher.headers["Accept-Language"] = "en"
    place = (await reset(teacher, CARL)).headers["Location"]
    page = await teacher.text(place)
    assert heading(page) == "The password is reset"
    assert "New code" in page


async def test_a_link_from_the_bot_leads_to_what_was_made(world: World) -> None:
    """As `!passwort NAME` writes it: whoever made the code opens it, in a browser that knows nobody."""
    place = (await reset(await world.signed_in(IDA), CARL)).headers["Location"]
    browser = await world.by_link(IDA, place)
    assert CODE in await browser.text(place)
