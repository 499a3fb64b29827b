"""Choose the pages for each region: the home page, and pages by title, id, label or ancestor."""

from collections.abc import Mapping

from bot.config.data_model import PAGE_INDEX
from bot.config.policy import DriftPolicy, RegionSettings, TargetSettings
from bot.errors import PageNotFoundError
from bot.storage.markers import Marker, MarkerKind
from bot.sync.page_finder import PageFinder
from bot.sync.plan import PlanProblem
from bot.sync.wanted import TargetPage, WantedRegion
from bot.wiki.gateway import WikiGateway


def marker_of(name: str, region: RegionSettings) -> Marker:
    """Return the marker of the region *name*."""
    return Marker(name, MarkerKind(region.marker), region.heading)


def choose_targets(
    gateway: WikiGateway,
    finder: PageFinder,
    regions: Mapping[str, RegionSettings],
    texts: Mapping[str, str | None],
    *,
    workspace: str,
    home: str,
) -> tuple[list[TargetPage], list[PlanProblem]]:
    """Return each page once, with the regions that belong on the page; the home page comes first.

    *texts* has the desired text of each region. A region without a drift policy gets the policy `report`. A page in
    the settings that is not found becomes a problem; raises `PageNotFoundError` if the home page is not found.
    """
    stated_pages = {page for region in regions.values() for page in region.also.pages}
    finder.expect(stated_pages, wants_tree=any(region.also.under for region in regions.values()))
    home_id = finder.get_id(home)
    chosen: dict[str, list[WantedRegion]] = {home_id: []}
    stated = {home_id: home}
    problems: list[PlanProblem] = []
    for name, region in regions.items():
        policy = region.drift or DriftPolicy.REPORT
        wanted = WantedRegion(marker_of(name, region), texts.get(name), policy, region.place, name != PAGE_INDEX)
        places = {home_id: home} if region.home else {}
        if wanted.text is not None:
            places |= _find_places(gateway, finder, name, region.also, workspace, problems)
        for page_id, place in places.items():
            chosen.setdefault(page_id, []).append(wanted)
            stated.setdefault(page_id, place)
    names = {home, *stated_pages}
    titles = {page_id: name for page_id, name in stated.items() if name in names and not name.isdecimal()}
    targets = [
        TargetPage(page_id, stated[page_id], tuple(regions), titles.get(page_id), is_home=page_id == home_id)
        for page_id, regions in chosen.items()
        if regions
    ]
    return targets, problems


def _find_places(
    gateway: WikiGateway,
    finder: PageFinder,
    region: str,
    also: TargetSettings,
    workspace: str,
    problems: list[PlanProblem],
) -> dict[str, str]:
    """Return the ids of the further pages of a region, each with a name for messages."""
    places: dict[str, str] = {}
    for label in also.labels:
        for page_id in gateway.find_labelled(finder.space_key, label):
            places.setdefault(page_id, f"page {page_id} (label {label})")
    for page in also.pages:
        try:
            places.setdefault(finder.get_id(page), page)
        except PageNotFoundError as error:
            problems.append(PlanProblem(workspace, page, str(error), region))
    for page in also.under:
        try:
            ids = finder.iter_ids_under(page)
        except PageNotFoundError as error:
            problems.append(PlanProblem(workspace, page, str(error), region))
            continue
        for page_id in ids:
            places.setdefault(page_id, f"page {page_id} (under {page})")
    return places
