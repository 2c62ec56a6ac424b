"""The tables. Times are UTC instants in seconds since the epoch unless a name ends in `_ms`; ids are texts."""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    false,
)

import school.database.appointment_tables
import school.database.shelf_tables
import school.database.task_tables  # noqa: F401 - they are tables of ours, too
from school.database.metadata import metadata as metadata  # who looks for it finds all tables here


class Part(StrEnum):
    """The parts of the directory that have a version number of their own: people change once a day, rests often."""

    PEOPLE = "people"
    REST = "rest"


class RegisterState(StrEnum):
    """Whether a person or a group is in the register now. Rows stay, so that a Matrix id is never given twice."""

    ACTIVE = "active"
    LEFT = "left"
    ERASED = "erased"
    """Somebody of whom nothing is known any more but the Matrix id, which is never given again."""


class HeldState(StrEnum):
    """What became of a held message."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


versions = Table(
    "versions",
    metadata,
    Column("part", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

persons = Table(
    "persons",
    metadata,
    Column("id", String, primary_key=True),
    Column("user_id", String, nullable=False, unique=True),
    Column("given_name", String, nullable=False),
    Column("family_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("leadership", Boolean, nullable=False, default=False),
    Column("standing", String, nullable=False, default=RegisterState.ACTIVE.value),
    Column("left_at", Double),
)

wards = Table(
    "wards",
    metadata,
    Column("guardian_id", ForeignKey("persons.id"), primary_key=True),
    Column("ward_id", ForeignKey("persons.id"), primary_key=True),
)

# Ids that stand for a person besides their own: a register without ids for guardians gives them new ones at times.
person_aliases = Table(
    "person_aliases",
    metadata,
    Column("alias", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), nullable=False, index=True),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("standing", String, nullable=False, default=RegisterState.ACTIVE.value),
)

memberships = Table(
    "memberships",
    metadata,
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Index("ix_memberships_group_id", "group_id"),
)

# What there is to know of a group that a teacher made, besides what every group has.
school_groups = Table(
    "school_groups",
    metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("ends_on", Date, nullable=False),
    Column("told_on", Date),
    Column("unowned_told", Boolean, nullable=False, default=False),
    Column("rooms_begun", Boolean, nullable=False, default=False),
)

group_owners = Table(
    "group_owners",
    metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Index("ix_group_owners_person_id", "person_id"),
)

# Chats that somebody fills with the people of a group, and whom they brought in that way.
guest_lists = Table(
    "guest_lists",
    metadata,
    Column("room_id", String, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("host_id", ForeignKey("persons.id"), nullable=False, index=True),
)

guests = Table(
    "guests",
    metadata,
    Column("room_id", String, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Index("ix_guests_person_id", "person_id"),
)

# What the mirror has done on the homeserver: compared with the tables above, it says what is still to do.
accounts = Table(
    "accounts",
    metadata,
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Column("display_name", String, nullable=False),
    Column("in_use_since", Double),
    Column("locked", Boolean, nullable=False, default=False),
    Column("role", String),
)

# Of everybody's newest first code a digest, and what became of the code (`school.domain.first_code`).
first_codes = Table(
    "first_codes",
    metadata,
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Column("digest", String, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("used_at", Double),
    Column("ended_at", Double),
)

# Accounts that the leadership has locked; those of people who left are locked besides.
locks = Table(
    "locks",
    metadata,
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Column("locked_at", Double, nullable=False),
)

# Rooms of no group that somebody was in when they left the school, to come back to if they do.
left_rooms = Table(
    "left_rooms",
    metadata,
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Column("room_id", String, primary_key=True),
)

group_rooms = Table(
    "group_rooms",
    metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("room_id", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("moderators", JSON, nullable=False),
    Column("linked", Boolean, nullable=False),
    Column("lets_in", JSON(none_as_null=True)),
    Column("teachers_only", Boolean, nullable=False, default=False, server_default=false()),
    Column("widget", JSON(none_as_null=True)),
)

# Groups in whose room only teachers write, because one of them said so.
teachers_only_groups = Table(
    "teachers_only_groups",
    metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
)

joins = Table(
    "joins",
    metadata,
    Column("room_id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Index("ix_joins_person_id", "person_id"),
)

# Rest time.
rest_overrides = Table(
    "rest_overrides",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("person_id", ForeignKey("persons.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("starts_at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
    Column("deputy", String),
)

free_days = Table(
    "free_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", String, nullable=False),
)

# Rooms whose messages wait, or do not, whatever is the rule for their kind.
room_rests = Table(
    "room_rests",
    metadata,
    Column("room_id", String, primary_key=True),
    Column("mode", String, nullable=False),
)

# Who hears nothing now, because they rest, and the place in the stream of events where that began. When it has ended
# the row stays until they were told what they missed.
silences = Table(
    "silences",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("since", Double, nullable=False),
    Column("sync_token", String),
    Column("ended_at", Double),
)

# One text that somebody sends to several groups; the text is sealed, and gone when its sender knows what became of it.
circulars = Table(
    "circulars",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), nullable=False, index=True),
    Column("sent_at_ms", BigInteger, nullable=False),
    Column("language", String, nullable=False),
    Column("sealed", JSON(none_as_null=True)),
    Column("in_groups", JSON, nullable=False),
)

# What the bot has to say to somebody who rests.
bot_words = Table(
    "bot_words",
    metadata,
    Column("txn_id", String, primary_key=True),
    Column("user_id", String, nullable=False, index=True),
    Column("body", String, nullable=False),
    Column("at", Double, nullable=False),
)

# Where the stream of events ended at some moments (`appservice.catching_up`).
places = Table(
    "places",
    metadata,
    Column("at", Double, primary_key=True),
    Column("token", String, nullable=False),
)

held_rooms = Table("held_rooms", metadata, Column("room_id", String, primary_key=True))

held_messages = Table(
    "held_messages",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("room_id", String, nullable=False, index=True),
    Column("sender", String, nullable=False),
    Column("event_type", String, nullable=False),
    Column("origin_server_ts_ms", BigInteger, nullable=False),
    Column("due_at", Double),
    Column("state", String, nullable=False, default=HeldState.WAITING.value, index=True),
    Column("receipt_event_id", String),
    Column("delivered_event_id", String),
)

# The bot, and what must be explained later.
control_rooms = Table(
    "control_rooms",
    metadata,
    Column("room_id", String, primary_key=True),
    Column("user_id", String, nullable=False, index=True),
    Column("opened_at", Double, nullable=False),
)

# Whom the bot has greeted at the first login, and how far it got with the others (`said_at` empty).
greetings = Table(
    "greetings",
    metadata,
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Column("begun_at", Double, nullable=False),
    Column("room_id", String),
    Column("said_at", Double),
)

# Who is signed in to the web pages, by the hash of what is in the browser's cookie.
web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("user_id", String, nullable=False, index=True),
    Column("way", String, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)

# Personal links that nobody has used yet, by the hash of what stands in them.
web_links = Table(
    "web_links",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("user_id", String, nullable=False, index=True),
    Column("path", String, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
)

# Hashes of proofs that were taken once and are not taken again.
spent_proofs = Table(
    "spent_proofs",
    metadata,
    Column("proof_hash", String, primary_key=True),
    Column("until", Double, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("target", String, nullable=False),
    Column("by_right", String, nullable=False),
    Column("details", JSON, nullable=False),
    Column("hash", String, nullable=False, server_default=""),
)

# One row: where the chain of the audit log begins and ends (`school.domain.audit_chain`).
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String, nullable=False),
    Column("cut_number", BigInteger, nullable=False),
    Column("cut_hash", String, nullable=False),
    Column("seal", String, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", Double, nullable=False),
)

# Video conferences: planned, going on, and over for as long as it is known who was there.
conferences = Table(
    "conferences",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), nullable=False, index=True),
    Column("room_id", String, index=True),
    Column("for_groups", JSON, nullable=False),
    Column("title", String, nullable=False),
    Column("language", String, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("planned_at", Double),
    Column("weekly", Boolean, nullable=False, default=False),
    Column("reminded_for", Double),
    Column("meeting_id", String, unique=True),
    Column("create_time_ms", BigInteger),
    Column("begun_at", Double),
    Column("ended_at", Double),
    Column("messages", JSON, nullable=False),
    Column("slides", JSON(none_as_null=True)),
)

# People from outside whom a teacher let into one conference. They are in no register.
conference_guests = Table(
    "conference_guests",
    metadata,
    Column("id", String, primary_key=True),
    Column("conference_id", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("made_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("revoked_at", Double),
    Column("used_at", Double),
    Column("uses", Integer, nullable=False, default=0),
)

# The secret address of somebody's calendar of conferences: of it a hash.
conference_feeds = Table(
    "conference_feeds",
    metadata,
    Column("person_id", ForeignKey("persons.id"), primary_key=True),
    Column("token_hash", String, nullable=False, unique=True),
    Column("made_at", Double, nullable=False),
)

# Who was in a conference, from when until when. A guest has a name here, and no person.
conference_attendance = Table(
    "conference_attendance",
    metadata,
    Column("meeting_id", String, primary_key=True),
    Column("bbb_id", String, primary_key=True),
    Column("conference_id", String, nullable=False, index=True),
    Column("person_id", ForeignKey("persons.id"), index=True),
    Column("name", String, nullable=False),
    Column("came_at", Double, nullable=False),
    Column("left_at", Double, nullable=False),
)
