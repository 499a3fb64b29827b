"""Choose the pages for each region: the home page, and pages by title, id, label or ancestor."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.config.data_model import PAGE_INDEX
from bot.config.policy import DriftPolicy, MergePolicy, RegionSettings, TargetSettings
from bot.config.yaml_source import Location
from bot.errors import PageNotFoundError
from bot.storage.addresses import may_be_id, stated_title
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
    locate: Callable[[Location], str] = lambda location: ".".join(map(str, location)),
) -> tuple[list[TargetPage], list[PlanProblem]]:
    """Return each page once, with the regions that belong on the page; the home page comes first.

    *texts* has the desired text of each region. A region without a drift policy gets the policy `report`. A key of the
    settings that matches no page becomes a problem; *locate* returns the file and line of a key of the workspace.
    Raises `PageNotFoundError` if the home page is not found.
    """
    stated_pages = {page for region in regions.values() for page in region.also.pages}
    finder.expect(stated_pages, wants_tree=any(region.also.under for region in regions.values()))
    home_id = finder.get_id(home)
    chosen: dict[str, list[WantedRegion]] = {home_id: []}
    stated = {home_id: home}
    rules = _FurtherPages(gateway, finder, workspace, locate, [])
    for name, region in regions.items():
        policy = region.drift or DriftPolicy.REPORT
        wanted = WantedRegion(
            marker_of(name, region),
            texts.get(name),
            policy,
            region.place,
            says_data=name != PAGE_INDEX,
            notify=region.notify,
            comments=region.comments,
            merge=region.merge or MergePolicy.ASK,
        )
        places = {home_id: home} if region.home else {}
        if wanted.text is not None:
            places |= rules.find(name, region.also)
        for page_id, place in places.items():
            chosen.setdefault(page_id, []).append(wanted)
            stated.setdefault(page_id, place)
    names = {home, *stated_pages}
    titles = {page_id: stated_title(name) for page_id, name in stated.items() if name in names and not may_be_id(name)}
    targets = [
        TargetPage(page_id, stated[page_id], tuple(regions), titles.get(page_id), is_home=page_id == home_id)
        for page_id, regions in chosen.items()
        if regions
    ]
    return targets, rules.problems


@dataclass
class _FurtherPages:
    """Finds the pages that the key `also` of each region names, and collects what matches nothing."""

    gateway: WikiGateway
    finder: PageFinder
    workspace: str
    locate: Callable[[Location], str]
    problems: list[PlanProblem]

    def find(self, region: str, also: TargetSettings) -> dict[str, str]:
        """Return the ids of the further pages of a region, each with a name for messages."""
        places: dict[str, str] = {}
        for kind, names in (("labels", also.labels), ("pages", also.pages), ("under", also.under)):
            for index, name in enumerate(names):
                for page_id, place in self._match(region, (kind, index), name):
                    places.setdefault(page_id, place)
        return places

    def _match(self, region: str, rule: tuple[str, int], name: str) -> Iterator[tuple[str, str]]:
        kind, _ = rule
        if kind == "labels":
            ids = self.gateway.find_labelled(self.finder.space_key, name)
            yield from ((page_id, f"page {page_id} (label {name})") for page_id in ids)
            if not ids:
                self._report(region, rule, name, f"no page in space {self.finder.space_key} has the label {name!r}")
        elif kind == "pages":
            try:
                yield self.finder.get_id(name), name
            except PageNotFoundError as error:
                self._report(region, rule, name, str(error))
        else:
            roots = self.finder.find_roots(name)
            ids = self.finder.iter_ids_under(roots)
            yield from ((page_id, f"page {page_id} (under {name})") for page_id in ids)
            if roots.problem or not ids:
                self._report(region, rule, name, roots.problem or f"there is no page below {name!r}")

    def _report(self, region: str, rule: tuple[str, int], name: str, message: str) -> None:
        place = self.locate(("regions", region, "also", *rule))
        self.problems.append(PlanProblem(self.workspace, name, f"{place}: {message}", region))
