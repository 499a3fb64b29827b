"""The small wiki for tests of views."""

import pytest

from wikiserver.view import (
    LinkedFile,
)
from wikiserver_support.small_wiki import MARCH, SmallWiki, page


@pytest.fixture
def wiki() -> SmallWiki:
    pages = {
        "Home": page(1, "Home", has_children=True),
        "Plan": page(2, "Plan", has_children=True),
        "Notes": page(3, "Notes"),
    }
    return SmallWiki(
        title="Home",
        page_id=1,
        space_key="WS2",
        pages=pages,
        bodies={"Plan": "<h2>Aims</h2><p>Finish by May.</p>", "Notes": "<p>n</p>"},
        files=[
            LinkedFile(9, "a b.png", "/download/attachments/1/a%20b.png", 1, "image/png", 3, 2048, MARCH, "Li"),
            LinkedFile(
                10, "report.pdf", "/download/attachments/1/report.pdf", 1, "application/pdf", 1, 5_300_000, MARCH
            ),
        ],
        people={"u1": "Ana Bell"},
        below={None: ["Plan"], 1: ["Plan"], 2: ["Notes"]},
        labelled={"risk": ["Plan", "Notes"]},
    )
