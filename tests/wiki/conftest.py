"""The gateway to the suite's wiki, in both flavours."""

from collections.abc import Callable
from typing import Any, Protocol, cast

import pytest

from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from bot.wiki.session import Manners
from wikiserver.site import Flavour as ServedFlavour
from wikiserver.testing import Wiki

FEW_TRIES = Manners(tries=3)


class Connect(Protocol):
    """Makes a gateway to the wiki of the test; its options are the gateway's."""

    def __call__(self, **options: Any) -> ConfluenceGateway: ...


@pytest.fixture(params=["cloud", "datacenter"])
def flavour(request: pytest.FixtureRequest) -> ServedFlavour:
    """Run every test of this folder against both flavours."""
    return cast(ServedFlavour, request.param)


@pytest.fixture
def naps() -> list[float]:
    """All that the gateways of this test would have slept, in seconds."""
    return []


@pytest.fixture
def connect(wiki: Wiki, naps: list[float]) -> Connect:
    def make(**options: Any) -> ConfluenceGateway:
        wiki.add_space("WS2", "Workstream 2")
        defaults: dict[str, Any] = {
            "flavour": Flavour(wiki.flavour),
            "credentials": Credentials("bot-secret", user="bot"),
            "writes_per_minute": 0,
            "manners": FEW_TRIES,
            "sleep": naps.append,
            "jitter": lambda: 0.5,
        }
        return ConfluenceGateway(options.pop("url", wiki.url), **{**defaults, **options})

    return make


@pytest.fixture
def gateway(connect: Connect) -> ConfluenceGateway:
    return connect()


def count_requests(wiki: Wiki, action: Callable[[], object]) -> int:
    """Return how many requests *action* makes."""
    before = len(wiki.requests)
    action()
    return len(wiki.requests) - before
