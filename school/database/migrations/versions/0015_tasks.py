"""Tasks, and what is handed in."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the tables. There is no task yet."""
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String()),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("opens_at", sa.Double()),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double()),
        sa.Column("published_at", sa.Double()),
        sa.Column("closed_at", sa.Double()),
        sa.Column("team_size", sa.Integer(), nullable=False),
        sa.Column("feedback_together", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wrapped_key", sa.String(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("reminded_for", sa.Double()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_tasks_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_person_id", "tasks", ["person_id"])
    op.create_index("ix_tasks_due_at", "tasks", ["due_at"])
    op.create_table(
        "task_groups",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_task_groups_group_id"),
        sa.PrimaryKeyConstraint("task_id", "group_id", name="pk_task_groups"),
    )
    op.create_index("ix_task_groups_group_id", "task_groups", ["group_id"])
    op.create_table(
        "task_teachers",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_task_teachers_person_id"),
        sa.PrimaryKeyConstraint("task_id", "person_id", name="pk_task_teachers"),
    )
    op.create_index("ix_task_teachers_person_id", "task_teachers", ["person_id"])
    op.create_table(
        "task_people",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.Double()),
        sa.Column("seen_at", sa.Double()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_task_people_person_id"),
        sa.PrimaryKeyConstraint("task_id", "person_id", name="pk_task_people"),
    )
    op.create_index("ix_task_people_person_id", "task_people", ["person_id"])
    op.create_table(
        "hand_ins",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("draft", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_hand_ins"),
    )
    op.create_index("ix_hand_ins_task_id", "hand_ins", ["task_id"])
    op.create_table(
        "hand_in_members",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("hand_in_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_hand_in_members_person_id"),
        sa.PrimaryKeyConstraint("task_id", "person_id", name="pk_hand_in_members"),
    )
    op.create_index("ix_hand_in_members_person_id", "hand_in_members", ["person_id"])
    op.create_index("ix_hand_in_members_hand_in_id", "hand_in_members", ["hand_in_id"])
    op.create_table(
        "hand_in_versions",
        sa.Column("hand_in_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("person_id", sa.String()),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("returned_at", sa.Double()),
        sa.Column("feedback", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("feedback_at", sa.Double()),
        sa.Column("shown_at", sa.Double()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_hand_in_versions_person_id"),
        sa.PrimaryKeyConstraint("hand_in_id", "number", name="pk_hand_in_versions"),
    )
    op.create_index("ix_hand_in_versions_person_id", "hand_in_versions", ["person_id"])
    op.create_table(
        "task_files",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("hand_in_id", sa.String()),
        sa.Column("version", sa.Integer()),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("person_id", sa.String()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_task_files_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_task_files"),
    )
    op.create_index("ix_task_files_task_id", "task_files", ["task_id"])
    op.create_index("ix_task_files_hand_in_id", "task_files", ["hand_in_id"])
    op.create_index("ix_task_files_person_id", "task_files", ["person_id"])
    op.create_table(
        "task_uploads",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("hand_in_id", sa.String()),
        sa.Column("version", sa.Integer()),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_task_uploads_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_task_uploads"),
    )
    op.create_index("ix_task_uploads_task_id", "task_uploads", ["task_id"])
    op.create_index("ix_task_uploads_person_id", "task_uploads", ["person_id"])
