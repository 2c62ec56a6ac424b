import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import URL, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from school.database.audit_reading import read_entries, verify
from school.database.migrate import DatabaseFolderError, SchemaTooNewError, upgrade
from school.database.tables import metadata

_UPGRADE_WHEN_TOLD = """
import sys
from sqlalchemy import make_url
from school.database.audit_reading import read_entries, verify
from school.database.migrate import upgrade
print("ready", flush=True)
sys.stdin.readline()
upgrade(make_url(sys.argv[1]))
"""


def differences(url: URL) -> list[Any]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_an_empty_database_gets_exactly_the_tables_of_the_program(empty: Any) -> None:
    upgrade(empty.sync)
    assert differences(empty.sync) == []


def test_nothing_happens_the_second_time(empty: Any, capsys: pytest.CaptureFixture[str]) -> None:
    upgrade(empty.sync)
    with create_engine(empty.sync, poolclass=NullPool).begin() as connection:
        connection.execute(text("INSERT INTO versions (part, number) VALUES ('people', 7)"))
    upgrade(empty.sync)
    with create_engine(empty.sync, poolclass=NullPool).connect() as connection:
        assert connection.execute(text("SELECT number FROM versions")).scalar_one() == 7
    assert capsys.readouterr() == ("", "")


def test_processes_that_start_at_once_wait_for_each_other(empty: Any) -> None:
    address = empty.sync.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _UPGRADE_WHEN_TOLD, address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0
    assert differences(empty.sync) == []


def test_a_database_of_a_newer_program_is_left_alone(database: Any) -> None:
    with create_engine(database.sync, poolclass=NullPool).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNewError, match=r"newer Schulbote: it is at step 9999, this program knows .* \d{4}\."):
        upgrade(database.sync)


def upgrade_to(url: URL, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", "school.database:migrations")
    with create_engine(url, poolclass=NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, step)


def test_entries_of_the_audit_log_from_before_become_a_chain(empty: Any) -> None:
    """Numbers that were never written (a transaction of PostgreSQL that did not end) are no gaps."""
    upgrade_to(empty.sync, "0005")
    with create_engine(empty.sync, poolclass=NullPool).begin() as connection:
        for number in (1, 2, 5):
            values = f"{number}, 1772476200.25, 'p-ida', 'rest_started', 'p-ida', 'x', '{{\"until\": 1.5}}'"
            columns = "id, at, actor, action, target, by_right, details"
            connection.exec_driver_sql(f"INSERT INTO audit_log ({columns}) VALUES ({values})")
    upgrade(empty.sync, audit_key=b"k" * 32)
    assert differences(empty.sync) == []
    with create_engine(empty.sync, poolclass=NullPool).connect() as connection:
        found = verify(connection, [b"k" * 32])
        assert (found.broken, found.entries) == ("", 3)
        assert verify(connection, [b""]).broken != ""
        assert [entry.details for entry in read_entries(connection)] == [{"until": 1.5}] * 3


def test_a_step_that_fails_leaves_nothing_behind(empty: Any) -> None:
    """The last table that the first step makes is there already, in another shape."""
    upgrade_connection = create_engine(empty.sync, poolclass=NullPool)
    with upgrade_connection.begin() as connection:
        connection.execute(text("CREATE TABLE wards (other INTEGER)"))
    with pytest.raises(Exception, match="wards"):
        upgrade(empty.sync)
    with upgrade_connection.connect() as connection:
        assert inspect(connection).get_table_names() == ["wards"]


def test_a_new_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "school.db"
    upgrade(URL.create("sqlite", database=str(file)))
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o660)
    upgrade(URL.create("sqlite", database=str(file)))
    assert file.stat().st_mode & 0o777 == 0o660


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFolderError, match="nowhere"):
        upgrade(URL.create("sqlite", database=str(tmp_path / "nowhere" / "school.db")))
    assert list(tmp_path.iterdir()) == []
