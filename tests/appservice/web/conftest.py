from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pages_world import World
from sqlalchemy.ext.asyncio import AsyncEngine

NewWorld = Callable[..., World]


@pytest.fixture
async def new_world(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[NewWorld]:
    """Makes the pages of a school with other settings."""
    worlds: list[World] = []

    def make(**settings: Any) -> World:
        worlds.append(World(engine, tmp_path, **settings))
        return worlds[-1]

    yield make
    for world in worlds:
        for browser in world.browsers:
            await browser.client.close()
        await world.server.close()


@pytest.fixture
async def world(new_world: NewWorld) -> World:
    world = new_world()
    await world.server.start_server()
    return world
