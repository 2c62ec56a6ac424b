"""How the tables came to be, step by step (Alembic); `school.database.migrate` takes the steps that are missing.

A new step is a file `versions/NNNN_what.py` that names the one before it. A step that was released is never changed,
and there is no way back: whoever needs the older program puts back the backup. `tests/database` compares what comes
out with `school.database.tables`.
"""
