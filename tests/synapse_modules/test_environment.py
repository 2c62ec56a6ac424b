import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
IMPORT_NAMES = {"pyyaml": "yaml"}
ALSO_WITH_SYNAPSE = {"jinja2", "pyyaml"}
"""Part of the extra, and of Synapse itself."""

IMPORT_WITHOUT = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None  # importing it fails as if it were not installed
import synapse_modules
assert synapse_modules.School
"""


def test_synapse_loads_the_modules_without_what_the_other_programs_need() -> None:
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    only_elsewhere = {Requirement(text).name for text in extras["server"]} - {"sqlalchemy"} - ALSO_WITH_SYNAPSE
    names = [IMPORT_NAMES.get(name, name) for name in only_elsewhere] + ["greenlet", "asyncpg"]

    done = subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT, *sorted(names)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
