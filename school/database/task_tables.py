"""The tables of tasks and of what is handed in. Times and ids are as in `school.database.tables`.

Who a task is for, who are its teachers, and whose a hand-in is stand in tables of their own, so that a person can be
taken out of them.
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, ForeignKey, Integer, String, Table

from school.database.metadata import metadata

# `person_id` is who set it; None: they were erased, and its other teachers go on.
tasks = Table(
    "tasks",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), index=True),
    Column("title", String, nullable=False),
    Column("text", String, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("opens_at", Double),
    Column("due_at", Double, nullable=False, index=True),
    Column("last_at", Double),
    Column("published_at", Double),
    Column("closed_at", Double),
    Column("team_size", Integer, nullable=False),
    Column("feedback_together", Boolean, nullable=False),
    Column("number", Integer, nullable=False),
    # The key of its files, wrapped with a secret that is not in the database. With the row go all its files.
    Column("wrapped_key", String, nullable=False),
    # Which messages tell of it, and what they say: up to which number people were told.
    Column("messages", JSON, nullable=False),
    Column("told_number", Integer),
    # Of which date people were reminded.
    Column("reminded_for", Double),
)

task_groups = Table(
    "task_groups",
    metadata,
    Column("task_id", String, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True, index=True),
)

task_teachers = Table(
    "task_teachers",
    metadata,
    Column("task_id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), primary_key=True, index=True),
)

# Single people of a task: whom it names, who has until another date, who has seen it.
task_people = Table(
    "task_people",
    metadata,
    Column("task_id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), primary_key=True, index=True),
    Column("named", Boolean, nullable=False),
    Column("due_at", Double),
    Column("seen_at", Double),
    # Of which date of their own they were reminded.
    Column("reminded_for", Double),
)

# A draft that is None has not been begun since the last version.
hand_ins = Table(
    "hand_ins",
    metadata,
    Column("id", String, primary_key=True),
    Column("task_id", String, nullable=False, index=True),
    Column("begun_at", Double, nullable=False),
    Column("draft", String),
)

# Whose a hand-in is. Nobody has two of one task.
hand_in_members = Table(
    "hand_in_members",
    metadata,
    Column("task_id", String, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), primary_key=True, index=True),
    Column("hand_in_id", String, nullable=False, index=True),
)

hand_in_versions = Table(
    "hand_in_versions",
    metadata,
    Column("hand_in_id", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("person_id", ForeignKey("persons.id"), index=True),
    Column("at", Double, nullable=False),
    Column("text", String, nullable=False),
    Column("returned_at", Double),
    Column("feedback", String, nullable=False),
    Column("mark", String, nullable=False),
    Column("feedback_at", Double),
    Column("shown_at", Double),
)

# Files: of the task (no hand-in), of a draft (no version), of a version, or of the feedback on one. `person_id` is who
# brought it; `blob` is where its bytes are.
task_files = Table(
    "task_files",
    metadata,
    Column("id", String, primary_key=True),
    Column("task_id", String, nullable=False, index=True),
    Column("hand_in_id", String, index=True),
    Column("version", Integer),
    Column("purpose", String, nullable=False),
    Column("person_id", ForeignKey("persons.id"), index=True),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("blob", String, nullable=False),
    Column("at", Double, nullable=False),
)

# Files that are on their way.
task_uploads = Table(
    "task_uploads",
    metadata,
    Column("id", String, primary_key=True),
    Column("task_id", String, nullable=False, index=True),
    Column("hand_in_id", String),
    Column("version", Integer),
    Column("purpose", String, nullable=False),
    Column("person_id", ForeignKey("persons.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("touched_at", Double, nullable=False),
)
