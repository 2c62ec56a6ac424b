from pathlib import Path

import pytest

from roster_sync.sources import RegisterOptions

REGISTERS = Path(__file__).parents[1] / "registers"


@pytest.fixture
def registers() -> Path:
    """The invented schools and the broken files of tests/registers."""
    return REGISTERS


@pytest.fixture
def options() -> RegisterOptions:
    return RegisterOptions(identity_key=b"only for tests")
