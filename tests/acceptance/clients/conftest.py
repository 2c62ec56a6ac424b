import os
import shutil
from collections.abc import Iterator

import pytest

from acceptance.clients.library import Library
from acceptance.clients.with_js_sdk import INSTALLED, JsSdk
from acceptance.clients.with_nio import Nio


@pytest.fixture(scope="session")
def nio() -> Iterator[Library]:
    library = Nio()
    yield library
    library.close()


@pytest.fixture(scope="session")
def js_sdk(demo, tmp_path_factory) -> Iterator[Library]:
    """Ends before the demo does."""
    if shutil.which("node") is None or not INSTALLED.exists():
        missing = "matrix-js-sdk is not installed (install Node 18 or newer with npm, then: make setup)"
        if os.environ.get("CI"):
            pytest.fail(f"{missing}, and in CI nothing is left out")
        pytest.skip(missing)
    library = JsSdk(tmp_path_factory.mktemp("js-sdk") / "log")
    yield library
    library.close()


@pytest.fixture(params=[Nio.name, JsSdk.name])
def library(request) -> Library:
    """The same story with each library."""
    return request.getfixturevalue(request.param)
