"""From nothing to a school that everybody can log in to, beside what Synapse alone needs to start."""

from collections.abc import Iterator
from pathlib import Path

from bench.harness import Lab, Row, Synapse, seconds, two_free_ports
from schulbote.files import new_signing_key, write_yaml
from schulbote.homeserver_config import log_settings

AIM = 60


def rows(lab: Lab) -> Iterator[Row]:
    """The first start by stage, the second start, the floor."""
    demo = lab.new_demo()
    lab.tell("starting a demo from an empty folder …")
    ready = demo.start()
    people = len(demo.info["accounts"])
    stages = [
        (
            "register read, database made",
            demo.said("Synapse is starting"),
            "all that is done before Synapse is started",
        ),
        ("Synapse and module started", demo.answers_after, "until it answers for the first time"),
        (f"{people} accounts made", demo.said("accounts:"), "from there; contains settling of a fresh Synapse"),
        (
            f"{len(demo.info['rooms'])} rooms with their spaces made",
            demo.said("rooms:"),
            "four events are the least a room can do with",
        ),
        ("memberships, files", ready, "nobody has logged in, so there is nothing to join"),
    ]
    before = 0.0
    yield Row(
        figure="demo from an empty folder to ready",
        value=seconds(ready),
        shows=f"{people} people of the sample register; packages are installed already",
        prominent=f"make demo to ready: {ready:.0f} s (aim at most {AIM} s on two cores)",
    )
    for name, at, shows in stages:
        yield Row(figure=f"  {name}", value=seconds(max(at - before, 0)), shows=shows)
        before = max(at, before)
    yield Row(figure="demo ended", value=seconds(demo.stop()), shows="from SIGINT to the end of all processes")
    lab.tell("starting it again …")
    yield Row(
        figure="the same demo started again", value=seconds(demo.start()), shows="everything is there and is kept"
    )
    lab.tell("starting Synapse alone …")
    alone = _synapse_alone(lab.folder / "alone")
    yield Row(
        figure="floor: Synapse alone on an empty folder",
        value=seconds(alone),
        shows="stock Synapse, SQLite, no module, until it answers; the demo runs beside it and is idle",
    )
    yield Row(
        figure="demo beside the floor", value=f"{ready / alone:.1f} times", shows="what the school adds to a start"
    )


def _synapse_alone(folder: Path) -> float:
    folder.mkdir()
    port = two_free_ports()
    (folder / "signing.key").write_text(new_signing_key() + "\n")
    write_yaml(folder / "log.yaml", log_settings(folder / "log"))
    write_yaml(
        folder / "homeserver.yaml",
        {
            "server_name": "alone.localhost",
            "report_stats": False,
            "listeners": [
                {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}
            ],
            "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
            "media_store_path": str(folder / "media"),
            "signing_key_path": str(folder / "signing.key"),
            "log_config": str(folder / "log.yaml"),
            "macaroon_secret_key": "only for a bench",
            "form_secret": "only for a bench",
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
        },
    )
    with Synapse(folder / "homeserver.yaml", port) as synapse:
        return synapse.answers_after
