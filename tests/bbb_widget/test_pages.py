"""The pages of conferences, as a browser sees them: who reads what, when, and what each button does."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from builders import BEN, CARL, GABI, IDA, NOON
from conference_pages import Pages, with_pages
from conference_school import CHAT
from pages_world import heading, words_of
from sqlalchemy.ext.asyncio import AsyncEngine

from bbb_widget.api import Role
from bbb_widget.conferences import Gate, Place, Wish
from bbb_widget.guest_desk import MOST_GUESTS, MOST_USES
from school.database.rests import set_rest

FRIDAY = NOON + timedelta(days=3)
AT_NOON = "14:00 Uhr"


@pytest.fixture
async def pages(database: Path, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Pages]:
    async with with_pages(database, engine, tmp_path) as pages:
        yield pages


async def read(answer: ClientResponse) -> str:
    return words_of(await answer.text())


async def test_the_door_asks_who_one_is_and_leads_back_to_itself(pages: Pages) -> None:
    _, page = await pages.conference()
    stranger = pages.world.browser()
    answer = await stranger.get(page)
    assert (answer.status, answer.headers["Location"]) == (303, f"/login?next={page}")
    assert (await stranger.get("/conferences")).headers["Location"] == "/login?next=/conferences"
    for odd in ("/conference/%0d%0aX:%20y", "/conference/%2f%2fevil.test", "/conference/ä"):
        answer = await stranger.get(odd)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/login?next=/conference/")
        assert (await (await pages.as_person(BEN)).get(odd)).status == 404
    answer = await stranger.post(f"{page}/enter", {})
    assert answer.status == 403


async def test_others_wait_on_a_page_that_moves_on_by_itself(pages: Pages) -> None:
    conference, page = await pages.conference()
    ben = await pages.as_person(BEN)
    answer = await ben.get(page)
    assert (answer.status, answer.headers["Refresh"]) == (200, "5")
    text = await answer.text()
    assert 'role="status">Gleich geht es los' in text
    assert "<title>Gleich geht es los" in text, "what a screen reader says first, and the tab shows"
    assert "In die Konferenz" not in words_of(text)
    still = await ben.get(f"{page}?still=yes")
    assert "Refresh" not in still.headers
    assert "Jetzt nachsehen" in await read(still)
    await pages.it.open_for(conference)
    answer = await ben.get(page)
    assert "Refresh" not in answer.headers
    assert "In die Konferenz" in await read(answer)
    assert "<title>Die Konferenz läuft. Mathe" in await answer.text()


async def test_looking_begins_nothing_and_only_the_button_does(pages: Pages) -> None:
    conference, page = await pages.conference(planned_at=FRIDAY)
    ida = await pages.as_person(IDA)
    words = words_of(await ida.text(page))
    assert "Geplant: Fr, 14:00 Uhr" in words
    assert "Konferenz absagen" in words
    await ida.client.head(page)
    assert pages.it.bbb.made == []
    answer = await ida.submit(page, f"{page}/enter", chosen="yes", cameras="yes")
    assert answer.status == 303
    assert answer.headers["Location"].startswith("https://bbb/join")
    [meeting] = pages.it.bbb.made
    assert meeting.settings["lockSettingsDisableCam"] == "false"
    assert meeting.settings["lockSettingsDisableMic"] == "true"
    assert (await pages.it.desk.newest(conference)).choices == {"cameras": True, "microphones": False, "lobby": False}
    words = words_of(await ida.text(page))
    assert "Für die anderen" not in words, "somebody is there now"
    assert "Konferenz beenden" in words


async def test_who_chooses_what_was_so_before_has_the_meeting_that_the_bot_made(pages: Pages) -> None:
    conference, page = await pages.conference()
    ida = await pages.as_person(IDA)
    await ida.submit(page, f"{page}/enter", chosen="yes", cameras="yes", microphones="yes")
    assert list(pages.it.bbb.open) == [conference.meeting_id]


async def test_what_is_chosen_counts_only_while_nobody_is_there(pages: Pages) -> None:
    conference, page = await pages.conference()
    ida = await pages.as_person(IDA)
    first = conference.meeting_id or ""
    await ida.submit(page, f"{page}/enter", chosen="yes", lobby="yes")
    newest = await pages.it.desk.newest(conference)
    assert newest.choices == {"cameras": False, "microphones": False, "lobby": True}
    assert newest.meeting_id != first
    assert list(pages.it.bbb.open) == [newest.meeting_id], "the first one is over"
    assert await pages.it.desk.occasions.on_ended(first, pages.it.keys.ended(first)) is True
    assert pages.it.over == [], "nobody was told that it ended"
    # Somebody with an old page.
    await ida.submit(page, f"{page}/enter", chosen="yes", cameras="yes")
    assert (await pages.it.desk.newest(conference)).choices == newest.choices
    assert len(pages.it.bbb.made) == 2
    ben = await pages.as_person(BEN)
    assert "Danach wartest du in der Lobby" in words_of(await ben.text(page))


async def test_whoever_begins_in_somebodys_rest_reads_it_before(pages: Pages) -> None:
    conference, page = await pages.conference()
    ida, ben = await pages.as_person(IDA), await pages.as_person(BEN)
    assert "Ruhezeit" not in await ida.text(page)
    async with pages.it.school.engine.begin() as connection:
        await set_rest(connection, IDA.id, "rest", NOON, NOON + timedelta(hours=1))
    await pages.it.school.view.refresh()
    assert "Gerade haben Lehrkräfte Ruhezeit: 1." in await ida.text(page)
    assert "Ruhezeit" not in await ben.text(page)
    await pages.it.open_for(conference)
    assert "Ruhezeit" not in await ida.text(page), "it has begun"


async def test_nobody_who_is_there_already_loses_the_meeting(
    database: Path, engine: AsyncEngine, tmp_path: Path
) -> None:
    async with with_pages(database, engine, tmp_path, wait_for_moderator=False) as pages:
        conference, page = await pages.conference()
        ben, ida = await pages.as_person(BEN), await pages.as_person(IDA)
        assert (await ben.submit(page, f"{page}/enter")).status == 303
        assert (await ida.submit(page, f"{page}/enter", chosen="yes", lobby="yes")).status == 303
        assert list(pages.it.bbb.open) == [conference.meeting_id]


async def test_who_only_takes_part_chooses_and_leads_nothing(pages: Pages) -> None:
    conference, page = await pages.conference()
    petra = await pages.it.guests.invite(IDA, conference, "Petra")
    await pages.it.open_for(conference)
    ben = await pages.as_person(BEN)
    words = words_of(await ben.text(page))
    assert "Gast" not in words
    assert "beenden" not in words
    assert petra.guest is not None
    for what, fields in (
        ("end", {}),
        ("guests", {"name": "Otto"}),
        ("revoke", {"guest": petra.guest.id}),
    ):
        answer = await ben.submit(page, f"{page}/{what}", **fields)
        assert answer.status == 403, what
        assert "beginnt hier eine Lehrkraft" in await read(answer)
    assert (await ben.get(f"{page}/attendance")).status == 403
    answer = await ben.submit(page, f"{page}/enter", chosen="yes", lobby="yes")
    assert answer.status == 303, "what he chose is not even looked at"
    assert (await pages.it.desk.newest(conference)).choices["lobby"] is False
    assert conference.meeting_id in pages.it.bbb.open
    assert [guest.name for guest in await pages.it.guests.guests(conference)] == ["Petra"]


async def test_who_is_not_in_the_group_reads_why_and_no_title(pages: Pages) -> None:
    conference, page = await pages.conference()
    await pages.it.open_for(conference)
    carl = await pages.as_person(CARL)
    answer = await carl.get(page)
    words = await read(answer)
    assert answer.status == 403
    assert "Diese Konferenz ist für andere." in words
    assert "Mathe" not in words
    for what in ("enter", "end", "guests", "revoke"):
        answer = await carl.submit("/account", f"{page}/{what}", chosen="yes", name="Otto", guest="x")
        assert answer.status == 403, what
        assert "Location" not in answer.headers
    assert (await carl.get(f"{page}/attendance")).status == 403
    assert "Mathe" not in words_of(await carl.text("/conferences"))


async def test_who_is_taken_out_of_the_room_while_waiting_is_told_so(pages: Pages) -> None:
    conference = await pages.it.started(Wish(place=Place(room_id=CHAT), title="Mathe"))
    page = f"/conference/{conference.id}"
    gabi = await pages.as_person(GABI)
    assert (await gabi.get(page)).headers["Refresh"] == "5"
    pages.it.school.homeserver.joined[CHAT].remove(GABI.user_id)
    answer = await gabi.get(page)
    assert answer.status == 403
    assert "Refresh" not in answer.headers
    await pages.it.open_for(conference)
    answer = await gabi.submit("/account", f"{page}/enter")
    assert (answer.status, "Location" in answer.headers) == (403, False)


async def test_every_button_needs_a_page_of_ours(pages: Pages) -> None:
    conference, page = await pages.conference()
    guest = await pages.guest(conference)
    await pages.it.open_for(conference)
    ida = await pages.as_person(IDA)
    for path in (f"{page}/enter", f"{page}/end", f"{page}/guests", f"{page}/revoke", guest):
        token = await ida.token(page)
        assert (await ida.post(path, {})).status == 403
        assert (await ida.post(path, {"form_token": token}, **{"Sec-Fetch-Site": "cross-site"})).status == 403
        assert (await ida.post(path, {"form_token": token[:-1]})).status == 403
    assert conference.meeting_id in pages.it.bbb.open
    # Whoever looks at such an address by itself comes back to the page.
    for what in ("enter", "end", "guests", "revoke"):
        assert (await ida.get(f"{page}/{what}")).headers["Location"] == page


async def test_a_form_may_lead_to_bigbluebutton_from_these_pages_only(pages: Pages) -> None:
    conference, page = await pages.conference()
    ida = await pages.as_person(IDA)
    for path in (page, await pages.guest(conference)):
        assert "form-action 'self' https:;" in (await ida.get(path)).headers["Content-Security-Policy"]
    for path in ("/", "/account", "/conferences", f"{page}/attendance"):
        assert "form-action 'self';" in (await ida.get(path)).headers["Content-Security-Policy"]


async def test_the_one_who_leads_ends_it(pages: Pages) -> None:
    conference, page = await pages.conference()
    await pages.it.open_for(conference)
    ida, ben = await pages.as_person(IDA), await pages.as_person(BEN)
    answer = await ida.submit(page, f"{page}/end")
    assert answer.headers["Location"] == page
    assert pages.it.bbb.open == {}
    for browser in (ida, ben):
        answer = await browser.get(page)
        assert answer.status == 410
        assert "Diese Konferenz ist beendet." in await read(answer)
    assert "Wer da war" in await read(await ida.get(page))
    assert "Wer da war" not in await read(await ben.get(page))
    assert (await ben.submit("/account", f"{page}/enter")).status == 410


async def test_what_is_planned_is_called_off(pages: Pages) -> None:
    _, page = await pages.conference(planned_at=FRIDAY)
    ida, ben = await pages.as_person(IDA), await pages.as_person(BEN)
    answer = await ben.get(page)
    assert "Die Konferenz beginnt Fr, 14:00 Uhr" in await read(answer)
    assert answer.headers["Refresh"] == "60"
    pages.it.now = FRIDAY - timedelta(minutes=10)
    assert (await ben.get(page)).headers["Refresh"] == "5"
    assert "Mathe – 14:00 Uhr" in words_of(await ben.text("/conferences"))
    await ida.submit(page, f"{page}/end")
    assert (await ben.get(page)).status == 410
    assert "keine Konferenz für dich" in words_of(await ben.text("/conferences"))


async def test_whoever_calls_off_what_is_weekly_knows_that_it_is_for_all_weeks(pages: Pages) -> None:
    _, page = await pages.conference(planned_at=FRIDAY, weekly=True)
    ida = await pages.as_person(IDA)
    assert "auch nicht in den nächsten Wochen" in words_of(await ida.text(page))
    await ida.submit(page, f"{page}/end")
    assert (await ida.get(page)).status == 410


async def test_a_guest_is_invited_by_name_and_the_link_is_shown_once(pages: Pages) -> None:
    _, page = await pages.conference()
    ida = await pages.as_person(IDA)
    answer = await ida.submit(page, f"{page}/guests", name="  Petra   <Lehmann> ")
    text = await answer.text()
    [link] = re.findall(r'class="once">([^<]+)<', text)
    assert "/conference/guest/" in unescape(link)
    assert "Der Link für Petra &lt;Lehmann&gt;." in text
    assert link not in await ida.text(page)
    assert "Petra" in await ida.text(page)
    for wrong in ("", "   ", "123", "x" * 61, "a\u202eb"):
        answer = await ida.submit(page, f"{page}/guests", name=wrong)
        assert answer.status == 400
        assert 'aria-invalid="true"' in await answer.text()
    [guest] = re.findall(r'name="guest" value="([^"]+)"', await ida.text(page))
    answer = await ida.submit(page, f"{page}/revoke", guest=guest)
    assert "Der Link gilt nicht mehr." in words_of(await ida.text(answer.headers["Location"]))
    stranger = pages.world.browser()
    answer = await stranger.get("/conference/guest/" + unescape(link).rpartition("/")[2])
    assert answer.status == 410


async def test_so_many_guests_are_enough(pages: Pages) -> None:
    conference, page = await pages.conference()
    for number in range(MOST_GUESTS):
        await pages.it.guests.invite(IDA, conference, f"Gast {number}")
    ida = await pages.as_person(IDA)
    answer = await ida.submit(page, f"{page}/guests", name="Petra")
    assert answer.status == 400
    assert "Mehr Gäste" in await read(answer)


async def test_a_guest_reads_who_invites_and_what_is_kept_and_waits_for_the_lobby(pages: Pages) -> None:
    conference, _ = await pages.conference()
    guest = await pages.guest(conference)
    stranger = pages.world.browser()
    answer = await stranger.get(guest)
    words = await read(answer)
    assert (answer.status, answer.headers["Refresh"]) == (200, "5")
    for said in (
        "Petra Lehmann",
        f"{IDA.display_name} lädt dich",
        "14 Tage lang",
        "Alles über dich wird gelöscht, wenn der Link nicht mehr gilt.",
        "Aufgezeichnet wird nichts.",
    ):
        assert said in words
    await pages.it.open_for(conference)
    for _ in range(3):
        words = words_of(await stranger.text(guest))
    assert "Danach wartest du in der Lobby" in words
    found = await pages.it.guests.look(guest.rpartition("/")[2])
    assert found is not None
    assert found[0].uses == 0, "looking uses nothing up"
    answer = await stranger.submit(guest)
    assert answer.headers["Location"].startswith("https://bbb/join")
    joining = pages.it.bbb.last
    assert (joining.full_name, joining.guest, joining.role) == ("Petra Lehmann (Gast)", True, Role.VIEWER)


async def test_a_guests_link_that_is_over_says_nothing_of_the_conference(pages: Pages) -> None:
    conference, _ = await pages.conference()
    guest = await pages.guest(conference)
    await pages.it.open_for(conference)
    stranger = pages.world.browser()
    for _ in range(MOST_USES):
        assert (await stranger.submit(guest)).status == 303
    answer = await stranger.submit(guest)
    assert (answer.status, "Location" in answer.headers) == (410, False)
    await pages.it.desk.end(IDA, conference.id)
    for path, said in ((guest, "gilt nicht mehr"), ("/conference/guest/made-up", "gilt nicht mehr")):
        answer = await stranger.get(path)
        assert answer.status == 410
        assert said in await read(answer)
    pages.it.later(days=30)
    words = await read(await stranger.get(guest))
    assert "Mathe" not in words
    assert "Petra" not in words


async def test_a_guest_reads_that_the_conference_has_ended(pages: Pages) -> None:
    conference, _ = await pages.conference()
    guest = await pages.guest(conference)
    await pages.it.open_for(conference)
    await pages.it.desk.end(IDA, conference.id)
    stranger = pages.world.browser()
    answer = await stranger.get(guest)
    assert answer.status == 410
    assert "Diese Konferenz ist beendet." in await read(answer)


async def test_guessing_guests_links_is_limited(pages: Pages) -> None:
    stranger = pages.world.browser()
    statuses = {(await stranger.get(f"/conference/guest/guess-{number}")).status for number in range(80)}
    assert statuses == {410, 429}


async def test_who_was_there_is_for_those_who_lead(pages: Pages) -> None:
    conference, page = await pages.conference()
    ida = await pages.as_person(IDA)
    assert "Bisher ist niemand verzeichnet." in words_of(await ida.text(f"{page}/attendance"))
    await pages.it.open_for(conference)
    entrance = await pages.it.desk.join(BEN, conference.id)
    assert entrance.gate is Gate.OPEN
    assert await pages.it.desk.redeem(entrance.ticket or "")
    await pages.it.watch.look()
    text = await ida.text(f"{page}/attendance")
    assert heading(text) == "Wer in der Konferenz „Mathe“ war"
    for each in (IDA, BEN):
        times = f"<td>{AT_NOON}</td><td>{AT_NOON}</td>"
        assert f'<th scope="row">{each.display_name}</th>{times}' in text
    pages.it.later(days=15)
    await pages.it.desk.end(IDA, conference.id)
    await pages.it.watch.forget()
    assert BEN.display_name not in await ida.text(f"{page}/attendance")


async def test_bigbluebutton_is_down_and_nothing_hangs(pages: Pages) -> None:
    conference, page = await pages.conference()
    guest = await pages.guest(conference)
    ida, ben = await pages.as_person(IDA), await pages.as_person(BEN)
    pages.it.bbb.down = True
    for browser, path in ((ida, page), (ben, page), (ben, guest)):
        answer = await browser.get(path)
        assert (answer.status, answer.headers["Refresh"]) == (503, "20")
        assert "antwortet gerade nicht" in await read(answer)
        assert "Location" not in answer.headers
    answer = await ida.submit(page, f"{page}/guests", name="Otto")
    assert "once" in await answer.text(), "a guest can be invited all the same"
    pages.it.bbb.down = False
    assert (await ben.get(page)).status == 200
    token = await ida.token(page)
    pages.it.bbb.down = True
    for fields in ({}, {"chosen": "yes", "lobby": "yes"}):
        answer = await ida.post(f"{page}/enter", {"form_token": token, **fields})
        assert answer.status == 503


async def test_a_school_whose_bigbluebutton_is_gone_says_so_and_nobody_waits(
    database: Path, engine: AsyncEngine, tmp_path: Path
) -> None:
    async with with_pages(database, engine, tmp_path, has_bbb=False) as pages:
        planned = await pages.it.had_planned(at=FRIDAY)
        page, guest = f"/conference/{planned.id}", await pages.guest(planned)
        ida, ben = await pages.as_person(IDA), await pages.as_person(BEN)
        for browser, path in ((ida, page), (ben, page), (ben, guest)):
            answer = await browser.get(path)
            assert answer.status == 503
            assert "Refresh" not in answer.headers
            assert "gibt es an dieser Schule noch nicht" in await read(answer)
        assert (await ida.submit(page, f"{page}/enter", chosen="yes")).status == 503
        assert "gibt es an dieser Schule noch nicht" in words_of(await ida.text("/conferences"))
        await ida.submit(page, f"{page}/end")
        assert (await ben.get(page)).status == 410, "it can be called off all the same"


async def test_a_school_that_wants_no_cameras_offers_none(database: Path, engine: AsyncEngine, tmp_path: Path) -> None:
    wants = {"cameras": False, "lobby_for_everybody": True, "recording": True, "attendance_days": 0}
    async with with_pages(database, engine, tmp_path, **wants) as pages:
        conference, page = await pages.conference()
        words = words_of(await (await pages.as_person(IDA)).text(page))
        assert "Kamera" not in words
        assert "Mikrofon" in words
        assert "Alle warten in der Lobby" not in words
        assert "Wer da war" not in words
        words = words_of(await pages.world.browser().text(await pages.guest(conference)))
        assert "aufgezeichnet werden" in words
        assert "Tage lang" not in words


async def test_it_is_said_in_english_too(pages: Pages) -> None:
    conference, _ = await pages.conference()
    guest = await pages.guest(conference)
    words = words_of(await pages.world.browser(**{"Accept-Language": "en"}).text(guest))
    assert "invites you to the conference “Mathe”" in words
    assert "Nothing is recorded." in words
