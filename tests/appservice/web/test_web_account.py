"""One's own account: what is stored, and the ways out of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from builders import BEN, GABI, IDA, standing
from pages_world import BUSY, CODE, World, words_of
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.audit import Action, record
from school.database.tables import audit_log, held_messages
from school.texts import Language
from school.texts.privacy import KEPT_WORDS, Periods

DEVICES = [
    {"device_id": "OLD", "display_name": "Cinny", "last_seen_ts": 1_700_000_000_000},
    {"device_id": "PHONE", "display_name": "<b>Idas Handy</b>", "last_seen_ts": 1_777_000_000_000},
    {"device_id": "NAMELESS", "display_name": None, "last_seen_ts": None},
]


async def test_it_says_what_is_stored_and_until_when(world: World, engine: AsyncEngine) -> None:
    world.has_code(BEN)
    world.homeserver.devices_of[BEN.user_id] = DEVICES
    async with engine.begin() as connection:
        for number, (sender, state) in enumerate(
            [(BEN, "waiting"), (BEN, "waiting"), (BEN, "delivered"), (IDA, "waiting")]
        ):
            message = {"event_id": f"${number}", "position": number, "room_id": "!r", "event_type": "m.room.message"}
            values = {"sender": sender.user_id, "state": state, "origin_server_ts_ms": 1}
            await connection.execute(insert(held_messages).values(**message, **values))
        await record(
            connection,
            at=datetime(2026, 5, 4, 10, 0, tzinfo=UTC),
            actor=IDA.id,
            action=Action.CODE_MADE,
            target=BEN.id,
            by_right="reset_passwords",
            details={},
        )
    words = words_of(await (await world.signed_in(BEN, CODE)).text("/account"))
    for said in (
        "Name Ben Groß",
        "Rolle Schüler/in",
        "Matrix-Kennung @ben:school.test",
        "Kennung im Register p-ben",
        "Gruppen Klasse 5a",
        "Räume, in denen du bist 3",
        "Nachrichten von dir, die noch warten 2",
        "Er gilt bis 4. Juni 2026, 14:00 Uhr",
        "Wie lange: Solange du im Register stehst, danach 90 Tage",
        "Videokonferenzen",
        "4. Mai 2026, 12:00 Uhr Neuer Code für die Anmeldung",
    ):
        assert said in words
    assert "Ida" not in words.replace("Idas Handy", "")


async def test_how_long_something_is_kept_is_what_school_yaml_says(
    new_world: Callable[..., World],
) -> None:
    world = new_world(
        more_yaml="register: {erase_after_days: 33}\nkeep: {audit_days: 444}\nconferences: {attendance_days: 5}\n"
    )
    await world.server.start_server()
    page = await (await world.signed_in(BEN)).text("/account")
    told = [unescape(until) for until in re.findall(r'<p class="until">Wie lange: (.*?)</p>', page)]
    periods = Periods(erase_days=33, audit_days=444, attendance_days=5)
    assert told == [words.with_periods(periods).until for words in KEPT_WORDS[Language.GERMAN].values()]
    said = words_of(page)
    for period in ("danach 33 Tage", "444 Tage, auch wenn", "5 Tage nach dem Ende"):
        assert period in said
    assert not re.search(r"\b(90|365|14) Tage", said)


async def test_a_guardian_sees_whose_guardian(world: World) -> None:
    guardian = replace(GABI, wards=frozenset({BEN.id}))
    world.view.school = standing(people=[guardian, BEN])
    assert "Kinder Ben Groß" in words_of(await (await world.signed_in(guardian)).text("/account"))


async def test_devices_are_there_the_newest_first_and_names_are_only_text(world: World) -> None:
    world.homeserver.devices_of[IDA.user_id] = DEVICES
    page = await (await world.signed_in(IDA)).text("/account")
    assert "<b>Idas" not in page
    assert "&lt;b&gt;Idas Handy&lt;/b&gt;" in page
    words = words_of(page)
    assert words.index("Idas Handy") < words.index("Cinny") < words.index("Gerät ohne Namen (NAMELESS)")
    assert "zuletzt benutzt: 24. April 2026" in words


async def test_one_device_is_signed_out(world: World) -> None:
    world.homeserver.devices_of[IDA.user_id] = DEVICES
    browser = await world.signed_in(IDA)
    answer = await browser.submit("/account", "/account/device", device="PHONE")
    assert answer.headers["Location"] == "/account?done=device_signed_out"
    assert world.homeserver.signed_out == [(IDA.user_id, "PHONE")]
    assert "Das Gerät ist abgemeldet" in await browser.text("/account?done=device_signed_out")


async def test_nobody_reaches_a_device_of_somebody_else(world: World) -> None:
    """Whatever the form says, it is asked about one's own account."""
    browser = await world.signed_in(BEN)
    fields = {"device": "PHONE", "user_id": IDA.user_id, "person": IDA.id}
    await browser.submit("/account", "/account/device", **fields)
    assert world.homeserver.signed_out == [(BEN.user_id, "PHONE")]


@pytest.mark.parametrize("device", ["", "x" * 1000])
async def test_what_is_no_device(world: World, device: str) -> None:
    answer = await (await world.signed_in(IDA)).submit("/account", "/account/device", device=device)
    assert answer.status == 400
    assert world.homeserver.signed_out == []


async def test_signing_out_everywhere_ends_all_messengers_and_all_browsers(world: World) -> None:
    here, there, other = await world.signed_in(IDA), await world.signed_in(IDA), await world.signed_in(BEN)
    answer = await here.submit("/account", "/account/everywhere")
    assert answer.headers["Location"] == "/?done=signed_out_everywhere"
    assert world.homeserver.signed_out == [(IDA.user_id, "all")]
    assert [(await browser.get("/account")).status for browser in (here, there, other)] == [303, 303, 200]


async def test_both_are_in_the_audit_log(world: World) -> None:
    browser = await world.signed_in(IDA)
    await browser.submit("/account", "/account/device", device="PHONE")
    await browser.submit("/account", "/account/everywhere")
    async with world.engine.connect() as connection:
        rows = list(await connection.execute(select(audit_log.c.actor, audit_log.c.action, audit_log.c.target)))
    assert [tuple(row) for row in rows] == [
        (IDA.id, "device_signed_out", IDA.id),
        (IDA.id, "signed_out_everywhere", IDA.id),
    ]


async def test_without_the_homeserver_one_is_asked_to_try_again(world: World) -> None:
    browser = await world.signed_in(IDA)
    world.homeserver.trouble = BUSY
    assert (await browser.get("/account")).status == 503
