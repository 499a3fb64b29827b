from collections.abc import Iterator

import pytest

from tests.sync.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A Data Center wiki with an empty space, over HTTP."""
    with World("datacenter") as world:
        yield world


@pytest.fixture(params=["datacenter", "cloud"])
def either_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The same in both flavours."""
    with World(request.param) as world:
        yield world
