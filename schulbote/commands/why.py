"""`schulbote why`."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from school.config import load_settings
from schulbote.json_text import as_text
from schulbote.question import is_about_rest, read_question, read_rest_question
from schulbote.seen_rooms import see_room
from schulbote.standing_now import read_standing
from schulbote.why import answer, place_of, place_seen
from schulbote.why_rest import answer_about_rest


@click.command()
@click.argument(
    "question", nargs=-1, required=True, metavar="PERSON may ACTION [PERSON|GROUP|ROOM]... | rest PERSON [AT]"
)
@click.option("--json", "as_json", is_flag=True, help="The answer for programs.")
@click.pass_obj
def command(config: Path, question: tuple[str, ...], as_json: bool) -> None:
    """Say whether somebody may do something, or rests, and which rule says so.

    A person is an id of the register, a Matrix id, or a name; a group is its name; a room is its id (!...). Actions:
    message PERSON, see PERSON, create_room [PERSON...], invite PERSON GROUP|ROOM, enter, write or leave GROUP|ROOM, or
    the name of a right. With rest PERSON [AT]: whether they rest now, or at a time (10:00, 2026-12-24,
    "2026-12-24 10:00"), until when, and why. Exit status: 0 yes, 1 no.
    """
    settings = load_settings(config)
    standing = read_standing(settings)
    policy = standing.policy
    if is_about_rest(question):
        about_rest = read_rest_question(question, policy.directory, now=datetime.now(UTC), zone=settings.zone)
        rested = answer_about_rest(about_rest, standing, settings)
        click.echo(as_text(rested.as_json()) if as_json else "\n".join(rested.lines()))
        sys.exit(0 if rested.rests else 1)
    asked = read_question(question, policy.directory, policy.bot)
    place = None
    if asked.room_id is not None:
        place = place_seen(asyncio.run(see_room(settings, asked.room_id)))
    elif asked.group is not None:
        place = place_of(asked.group, policy.directory, policy.bot)
    answered = answer(asked, place, policy, settings)
    click.echo(as_text(answered.as_json()) if as_json else "\n".join(answered.lines()))
    sys.exit(0 if answered.allowed else 1)
