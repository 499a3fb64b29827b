"""The golden corpus: `tests/pages/NAME.xml` must become `NAME.md` to the letter, with the losses in `NAME.losses`."""

import os
from pathlib import Path

import pytest

from bot.convert import convert_page
from tests.convert.known_page import KNOWN_PAGE

PAGES = Path(__file__).resolve().parents[1] / "pages"
NAMES = sorted(path.stem for path in PAGES.glob("*.xml"))


@pytest.mark.parametrize("name", NAMES)
def test_page_becomes_its_markdown(name: str) -> None:
    conversion = convert_page((PAGES / f"{name}.xml").read_text("utf-8"), KNOWN_PAGE)
    losses = "".join(f"{loss.kind}\t{loss.what}\t{loss.detail}\n" for loss in conversion.losses)
    if os.environ.get("UPDATE_GOLDEN_PAGES"):
        _update(name, conversion.markdown, losses)

    assert conversion.markdown == (PAGES / f"{name}.md").read_text("utf-8")
    assert losses == _recorded_losses(name)


def test_corpus_is_there() -> None:
    assert len(NAMES) >= 40


def _recorded_losses(name: str) -> str:
    path = PAGES / f"{name}.losses"
    return path.read_text("utf-8") if path.exists() else ""


def _update(name: str, markdown: str, losses: str) -> None:
    """Write what the converter says now; the difference is for a person to read before it is committed."""
    (PAGES / f"{name}.md").write_text(markdown, "utf-8")
    path = PAGES / f"{name}.losses"
    if losses:
        path.write_text(losses, "utf-8")
    else:
        path.unlink(missing_ok=True)
