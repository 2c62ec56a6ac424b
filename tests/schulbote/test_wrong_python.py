import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "schulbote" / "__init__.py"
AS_IF_IT_WERE_OLDER = """
import runpy, sys
sys.version_info = (3, 9, 18)
runpy.run_path(sys.argv[1])
print("went on")
"""


def test_an_older_python_is_told_in_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_IF_IT_WERE_OLDER, str(PACKAGE)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "Schulbote needs Python 3.11 or newer; this is Python 3.9.\n"
