"""Which pages bear which region: the home page, and pages by title, id, label or ancestor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import PageNotFoundError
from bot.storage.markers import Marker
from bot.sync.drift import Policy
from bot.sync.page_finder import PageFinder
from bot.sync.plan import Problem
from bot.sync.wanted import Target, WantedRegion
from bot.wiki.gateway import WikiGateway


@dataclass(frozen=True, slots=True)
class RegionRule:
    """Where one region belongs, how it is marked there, and what becomes of changes in it."""

    marker: Marker
    policy: Policy = Policy.REPORT
    place: str | None = None
    is_on_home: bool = True
    pages: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    says_data: bool = True


def choose_targets(
    gateway: WikiGateway,
    finder: PageFinder,
    rules: Sequence[RegionRule],
    texts: Mapping[str, str | None],
    *,
    workspace: str,
    home: str,
) -> tuple[list[Target], list[Problem]]:
    """Return each page with the regions that belong on it, the home page first; a page comes once.

    *texts* gives what each region should say. A page that is stated and not found becomes a problem; raises
    `PageNotFoundError` where it is the home page.
    """
    stated_pages = {page for rule in rules for page in rule.pages}
    finder.expect(stated_pages, wants_tree=any(rule.under for rule in rules))
    home_id = finder.get_id(home)
    chosen: dict[str, list[WantedRegion]] = {home_id: []}
    stated = {home_id: home}
    problems: list[Problem] = []
    for rule in rules:
        wanted = WantedRegion(rule.marker, texts.get(rule.marker.name), rule.policy, rule.place, rule.says_data)
        places = {home_id: home} if rule.is_on_home else {}
        if wanted.text is not None:
            places |= _find_places(gateway, finder, rule, workspace, problems)
        for page_id, name in places.items():
            chosen.setdefault(page_id, []).append(wanted)
            stated.setdefault(page_id, name)
    names = {home, *stated_pages}
    titles = {page_id: name for page_id, name in stated.items() if name in names and not name.isdecimal()}
    targets = [
        Target(page_id, stated[page_id], tuple(regions), titles.get(page_id), is_home=page_id == home_id)
        for page_id, regions in chosen.items()
        if regions
    ]
    return targets, problems


def _find_places(
    gateway: WikiGateway, finder: PageFinder, rule: RegionRule, workspace: str, problems: list[Problem]
) -> dict[str, str]:
    """Return the ids of the pages that a rule names, each with how it is named."""
    places: dict[str, str] = {}
    for label in rule.labels:
        for page_id in gateway.find_labelled(finder.space_key, label):
            places.setdefault(page_id, f"page {page_id} (label {label})")
    for page in rule.pages:
        try:
            places.setdefault(finder.get_id(page), page)
        except PageNotFoundError as error:
            problems.append(Problem(workspace, page, str(error), rule.marker.name))
    for page in rule.under:
        try:
            ids = finder.iter_ids_under(page)
        except PageNotFoundError as error:
            problems.append(Problem(workspace, page, str(error), rule.marker.name))
            continue
        for page_id in ids:
            places.setdefault(page_id, f"page {page_id} (under {page})")
    return places
