"""The tables of the file shelves. Times and ids are as in `school.database.tables`.

What was shared is written down from the events of the rooms and can be written down anew; folders, and what lies in
them, are nowhere else.
"""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, String, Table, UniqueConstraint

from school.database.metadata import metadata

# Files in rooms of groups. `doubt` is an event by which the message may have changed; until it is known how, nobody
# sees the file.
shelf_files = Table(
    "shelf_files",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("room_id", String, nullable=False, index=True),
    Column("sender", String, nullable=False, index=True),
    Column("sent_at_ms", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", BigInteger),
    Column("uri", String, nullable=False),
    Column("edit_event_id", String, index=True),
    Column("doubt", String, index=True),
)

# `key` is the name as it is compared.
shelf_folders = Table(
    "shelf_folders",
    metadata,
    Column("id", String, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    UniqueConstraint("group_id", "key"),
)

# Which message's file lies in which folder. Of a message that waits it is known before its file is.
shelf_places = Table(
    "shelf_places",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("folder_id", String, nullable=False, index=True),
)

# Until when the messages of a room were surely looked at.
shelf_rooms = Table(
    "shelf_rooms",
    metadata,
    Column("room_id", String, primary_key=True),
    Column("looked_until", Double, nullable=False),
)
