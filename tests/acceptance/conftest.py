import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from acceptance.people import Admin, People, Person
from acceptance.running import REGISTERS, Demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Iterator[Demo]:
    """One whole school for all stories."""
    folder = tmp_path_factory.mktemp("oberschule")
    register = shutil.copytree(REGISTERS / "oberschule" / "iserv", folder / "register")
    demo = Demo(folder / "home", register)
    try:
        demo.start()
        yield demo
        demo.end()
    finally:
        demo.clear_away()


@pytest.fixture(scope="session")
def people(demo) -> People:
    return People(demo)


@pytest.fixture(scope="session")
def admin(demo) -> Admin:
    admin = Admin(demo.homeserver)
    admin.login(**demo.info["admin"])
    return admin


@pytest.fixture
def register(demo) -> Iterator[Path]:
    """The register's folder, for changes."""
    with demo.changed_register() as folder:
        yield folder


@pytest.fixture
def nothing_left(demo, admin):
    """`with nothing_left(ann, ben):` fails if there is one room, membership, invitation or alias more than before."""

    def footprint(people: tuple[Person, ...]) -> object:
        database = f"file:{demo.info['synapse_database']}?mode=ro"
        with closing(sqlite3.connect(database, uri=True)) as synapse:
            made = [
                synapse.execute(f"SELECT count(*) FROM {table}").fetchone()
                for table in ("rooms", "room_aliases", "room_memberships")
            ]
        return made, admin.rooms(), [(p.joined_rooms(), p.invitations(), p.direct_rooms()) for p in people]

    @contextmanager
    def watched(*people: Person) -> Iterator[None]:
        before = footprint(people)
        yield
        assert footprint(people) == before

    return watched
