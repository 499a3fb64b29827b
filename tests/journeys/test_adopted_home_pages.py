"""Home pages as people make them: after adoption, saves in the editor are no drift, and news reach the page."""

from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.journeys.conftest import Desk, settings_for
from tests.shared import shared_dir
from wikiserver.testing import Wiki

REGIONS = "    regions: {status: {}, quick_links: {}, news: {}}\n"


def cases(flavour: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return name, body and description of each home page of the flavour."""
    found = []
    for path in sorted(shared_dir("cases").glob("home-pages/*.yaml")):
        described = YAML(typ="safe").load(path)
        if described["flavour"] == flavour:
            found.append((path.stem, path.with_suffix(".xml").read_text(encoding="utf-8"), described))
    return found


def make_page(wiki: Wiki, name: str, body: str, described: dict[str, Any]) -> str:
    """Make a space with the home page, and what its links lead to."""
    key = f"H{name.replace('-', '').upper()}"
    page = wiki.add_page("Home", body, space=key)
    made = described.get("wiki") or {}
    for title in made.get("pages") or ():
        wiki.add_page(title, "<p>x</p>", space=key)
    for file in made.get("attachments") or ():
        wiki.store.attachments.add(int(page), file, b"x", author=wiki.account("ana"))
    return page


def adopt(desk: Desk, key: str) -> bool:
    """Adopt the home page of a space; return whether anything was adopted."""
    desk.data.unlink(missing_ok=True)
    (desk.folder / "bot.yaml").write_text(settings_for(desk.wiki).replace("    archived:", f"{REGIONS}    archived:"))
    desk.ran("adopt", "Home", "--space", key, "--yes", code=None)
    return desk.data.exists() and any(
        f"\n{name}:" in desk.data.read_text() for name in ("status", "quick_links", "news")
    )


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("flavour", ["cloud", pytest.param("datacenter", marks=pytest.mark.slow)])
def test_saves_in_the_editor_are_no_drift_on_any_adopted_home_page(desk: Desk, flavour: str) -> None:
    adopted = 0
    for name, body, described in cases(flavour):
        page = make_page(desk.wiki, name, body, described)
        if not adopt(desk, f"H{name.replace('-', '').upper()}"):
            continue
        adopted += 1
        after_adoption = desk.ran("plan", code=None)
        for seed in range(3):
            desk.wiki.open_and_save(page, seed=f"{name} {seed}")
            saved = desk.ran("plan", code=None)
            assert (name, saved.code, saved.out) == (name, after_adoption.code, after_adoption.out)
        if "\nnews:" in desk.data.read_text():
            desk.ran("news", "add", "Fresh words.", "--date", "2030-03-01", code=None)
            desk.ran("sync", code=None)
            assert "Fresh words." in desk.wiki.body(page), name
    assert adopted >= 5
