"""Every cell of the rights table, tried over HTTP by people of the school with accounts of their own."""

import sqlite3
from contextlib import closing

import pytest

from acceptance.rights import table_alone, table_groups, table_pairs, table_parted
from acceptance.rights.table import TABLE, cells
from acceptance.rights.table_cast import Stage

PATHS = table_pairs.PATHS | table_groups.PATHS | table_alone.PATHS | table_parted.PATHS
CELLS = [*cells(TABLE)]


@pytest.fixture(scope="module")
def stage(demo, people, admin):
    return Stage(demo, people, admin)


@pytest.fixture(scope="module")
def actors(stage):
    """Who acts and with what, by the heads of block and column."""
    in_groups = table_groups.groups(stage)
    yield table_pairs.pairs(stage) | in_groups | table_alone.people(stage)
    for visitor, group in in_groups.values():
        stage.take_out(visitor, group)


@pytest.fixture(scope="module")
def parted(stage):
    """The same for those whom the register has parted."""
    with table_parted.parted(stage) as actors:
        yield actors


@pytest.fixture(scope="module")
def footprint(demo):
    """How many there are of what a refusal must not leave, on the whole server. It is asked some hundred times."""
    tables = ("rooms", "rooms WHERE is_public", "room_aliases", "room_memberships", "state_events", "users")
    with closing(sqlite3.connect(f"file:{demo.info['synapse_database']}?mode=ro", uri=True)) as synapse:
        yield lambda: [synapse.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]


@pytest.fixture
def assert_holds(stage, footprint):
    """Tries a cell. What is not a "yes" leaves nothing."""

    def holds(cell, one, about):
        attempt = PATHS[cell.path](stage, one, about)
        next(attempt)
        if cell.expected == "yes":
            assert next(attempt) == "yes"
            assert next(attempt, "it happened") == "it happened"
            return
        before = footprint()
        assert next(attempt) == cell.expected
        assert footprint() == before
        attempt.close()

    return holds


def test_every_path_has_its_row():
    assert {cell.path for cell in CELLS} == set(PATHS)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if not cell.who.startswith("PARTED")], ids=str)
def test_the_table(assert_holds, actors, cell):
    assert_holds(cell, *actors[cell.who, cell.column])


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.who.startswith("PARTED")], ids=str)
def test_the_table_when_the_register_has_parted_people(assert_holds, parted, cell):
    assert_holds(cell, *parted[cell.who, cell.column])
