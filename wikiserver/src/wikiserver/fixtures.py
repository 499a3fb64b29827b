"""Fixtures for pytest: a wiki over HTTP. Load them with `-p wikiserver.fixtures`.

pytest loads this module before it measures coverage, so the rest of the package is imported in the fixtures.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wikiserver.site import Flavour
    from wikiserver.testing import Wiki


@pytest.fixture
def flavour() -> "Flavour":
    """The flavour of the wiki; to use the other flavour, or both, parametrise `flavour`."""
    return "cloud"


@pytest.fixture
def seed() -> str | Path:
    """The initial content of the wiki: `empty`, `demo` or a world folder; to change it, parametrise `seed`."""
    return "empty"


@pytest.fixture
def wiki(flavour: "Flavour", seed: str | Path) -> Iterator["Wiki"]:
    """A wiki that listens on loopback during one test."""
    from wikiserver.testing import running_wiki

    with running_wiki(flavour, seed) as running:
        yield running
