"""What Alembic runs: the missing steps, in the transaction that `school.database.migrate` has begun and locked."""

from alembic import context

from school.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
