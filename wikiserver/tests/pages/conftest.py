"""Someone signed in, on a wiki with a home page."""

import contextlib
from collections.abc import Iterator

import pytest
from requests import Session

from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browse, Browser


@pytest.fixture
def browse(wiki: Wiki) -> Iterator[Browse]:
    with contextlib.ExitStack() as stack:
        yield lambda name="ana": Browser(wiki, stack.enter_context(Session()), name)


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<h2>Aims</h2><p>Plain words.</p>")


@pytest.fixture
def ana(browse: Browse, home: str) -> Browser:
    assert home
    return browse()
