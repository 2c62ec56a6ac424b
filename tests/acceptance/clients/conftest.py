from collections.abc import Iterator

import pytest

from acceptance.clients.library import Library
from acceptance.clients.with_js_sdk import JsSdk, open_js_sdk
from acceptance.clients.with_nio import Nio


@pytest.fixture(scope="session")
def nio() -> Iterator[Library]:
    library = Nio()
    yield library
    library.close()


@pytest.fixture(scope="session")
def js_sdk(demo, tmp_path_factory) -> Iterator[Library]:
    """Ends before the demo does."""
    library = open_js_sdk(tmp_path_factory.mktemp("js-sdk") / "log")
    yield library
    library.close()


@pytest.fixture(params=[Nio.name, JsSdk.name])
def library(request) -> Library:
    """The same story with each library."""
    return request.getfixturevalue(request.param)
