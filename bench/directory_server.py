"""A sync that finds nothing to do, from a directory server with the sample school."""

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from bench.harness import Lab, Row, seconds
from bench.registers import write_iserv
from bench.syncing import no_change, sync

_TESTS = Path(__file__).parents[1] / "tests"
_LDIF = _TESTS / "registers" / "oberschule" / "ldap" / "school.ldif"


def rows(lab: Lab) -> Iterator[Row]:
    """The school of the directory takes the place of a tiny one."""
    sys.path.append(str(_TESTS))  # the directory server is the tests' own
    from slapd import SUFFIX, slapd, with_ids

    lab.tell("reading a school from a directory server …")
    demo = lab.new_demo(write_iserv(lab.folder / "tiny", teachers={"T1": ["AG 1"]}, pupils={"P1": ["AG 1"]}))
    demo.start()
    config = Path(demo.info["config"])
    settings = yaml.safe_load(config.read_text("utf-8"))
    with slapd(with_ids(_LDIF.read_text("utf-8"))) as server:
        settings["register"] = {"ldap": {"url": server.url, "start_tls": False, "preset": "ucsschool", "base": SUFFIX}}
        config.write_text(yaml.safe_dump(settings), "utf-8")
        sync(demo, "--confirm")
        yield Row(
            figure="no change, the 539 people of a directory",
            value=seconds(no_change(demo)),
            shows="`schulbote sync` from its start to its end, slapd on the same machine (aim at most 2 s)",
        )
    lab.end_demo()
