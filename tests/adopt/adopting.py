"""One adoption from end to end, with the real templates."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from bot.adopt.data_targets import Pages
from bot.adopt.proposal import Adopted, Proposal, carry_over, compare, propose
from bot.config.data_model import Home, WorkspaceData
from bot.render import Renderer
from bot.storage.regions import Marker
from tests.sync.known_pages import KnownPages

NOW = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
MARKERS = [Marker("status"), Marker("quick_links"), Marker("news")]
TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "wiki"
PAGES = KnownPages()
_RENDERER = Renderer([TEMPLATES])


def render(workspace: WorkspaceData, region: str, pages: KnownPages = PAGES, now: dt.datetime = NOW) -> str:
    return _RENDERER.render(region, workspace, now=now, links=pages)


def workspace_of(**regions: object) -> WorkspaceData:
    return WorkspaceData.model_validate({"workspace": Home(space="WS2", home="Home"), **regions})


def adopt(body: str, markers: Sequence[Marker] = MARKERS, pages: KnownPages = PAGES) -> tuple[Proposal, Adopted]:
    adoption = propose(body, markers, pages)
    workspace = workspace_of(**{claim.region: claim.value for claim in adoption.claims})
    rendered = {claim.region: render(workspace, claim.region, pages) for claim in adoption.claims}
    return adoption, carry_over(adoption, rendered, pages)


def reads_same(a: str, b: str, pages: Pages) -> bool:
    """Return whether two fragments show the same words, icons, links and colours in the same order."""
    return compare(a, b, pages).trouble is None
