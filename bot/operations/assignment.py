"""Build the desired state of one workspace: the texts, their target pages, and link problems."""

import datetime as dt
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from html import escape
from zoneinfo import ZoneInfo

from bot.config.data_file import DataFile
from bot.config.data_model import OLDER_NEWS, PAGE_INDEX, News, NewsFile, NewsItem, WorkspaceData
from bot.config.policy import DeadLinks, RegionSettings, TargetSettings, WorkspaceSettings, parse_window
from bot.config.yaml_source import Location
from bot.operations.adoption_commit import settle_adoption
from bot.operations.news_files import find_problem, iter_files, links_to
from bot.operations.workspace import Workspace
from bot.operations.workspace_index import make_index
from bot.render import has_region, section_of
from bot.sync.adopted_words import entry_texts
from bot.sync.attention import is_within
from bot.sync.data_links import (
    DataLink,
    LinkKind,
    LinkProblem,
    RegionLinks,
    find_dead_addresses,
    find_missing_attachments,
    iter_links,
    own_page,
    resolve_links,
)
from bot.sync.news_moves import NewsMove
from bot.sync.page_finder import PageFinder
from bot.sync.plan import PlanProblem
from bot.sync.target_pages import choose_targets
from bot.sync.wanted import Assignment, DeadLink, TargetPage, WantedFile
from bot.wiki.gateway import WikiGateway

_OLDER = ("news", "older")


def check_links(gateway: WikiGateway, workspace: Workspace, *, asks_external: bool = False) -> list[LinkProblem]:
    """Return the problems of the links in a data file; external links are requested only with *asks_external*."""
    data = workspace.load_data_file().data
    finder = workspace.page_finder(gateway, data)
    links = list(iter_links(data))
    problems = [*resolve_links(links, finder).problems, *_check_targets(gateway, finder, data, links)]
    finder.save()
    if asks_external:
        from bot.sync.external_links import ExternalLinks

        problems += ExternalLinks().find_problems(link for link in links if own_page(link, gateway) is None)
    return problems


def assign(gateway: WikiGateway, workspace: Workspace, now: dt.datetime) -> Assignment:
    """Build the desired state of one workspace: texts, targets, and link problems."""
    settle_adoption(gateway, workspace)
    document, settings = workspace.shared_data.read(), workspace.settings
    data = document.data
    finder = workspace.page_finder(gateway, data)
    links = list(iter_links(data))
    finder.expect((), wants_tree=any(region.also.under for region in settings.regions.values()))
    resolved = resolve_links(links, finder)
    regions = {name: settings.region(name) for name in settings.regions} | _older_news(settings, data)
    rule_problems: list[str] = []
    index = make_index(gateway, workspace, data, finder, rule_problems)
    renderer = workspace.load_renderer()
    links_of = {name: RegionLinks(resolved) for name in regions if has_region(data, name)}

    @cache
    def text_at(name: str, moment: dt.datetime) -> str:
        notice = settings.notice_of(name)
        return renderer.render(name, data, now=moment, links=links_of[name], index=index, notice=notice)

    texts: dict[str, str | None] = {name: text_at(name, now) for name in links_of}

    def interim() -> str:
        everything = data if data.news is None else data.model_copy(update={"news": _with_all_older(data.news)})
        return renderer.render(OLDER_NEWS, everything, now=now, links=RegionLinks(resolved), index=index)

    targets, problems = choose_targets(
        gateway,
        finder,
        regions,
        texts,
        workspace=workspace.name,
        home=data.workspace.home,
        locate=partial(_locate_target, document, workspace),
    )
    problems += [PlanProblem(workspace.name, PAGE_INDEX, message, PAGE_INDEX) for message in rule_problems]
    link_problems = [*resolved.problems, *_check_targets(gateway, finder, data, links)]
    if settings.dead_links is DeadLinks.HOLD:
        dead = {
            name: _dead_links(document, name, link_problems, region_links.missing, texts[name] or "")
            for name, region_links in links_of.items()
        }
        targets = [_with_dead_links(target, dead) for target in targets]
    targets = [_with_time(target, text_at, links_of) for target in targets]
    targets = [_with_files(target, document, texts) for target in targets]
    finder.save()
    return Assignment(
        workspace.name,
        document.revision,
        tuple(targets),
        tuple(problems),
        tuple(_locate(document, problem, document.path.name) for problem in link_problems),
        finder.find_again,
        finder.explain_missing,
        lambda adopted: workspace.shared_data.history.load().has_lost_adoption(adopted, document.revision),
        partial(entry_texts, document.source.value),
        lambda wanted: any(past.revision == wanted for past in workspace.shared_data.history.load().revisions),
        _find_wait(settings, data, now),
        _news_move(document, regions, texts, finder, interim),
        data.workspace.space,
        lambda key: f"{document.path}:{document.source.line_of(('workspace', key))}",
        partial(workspace.region_memory, gateway),
    )


def _with_time(target: TargetPage, text_at: Callable[[str, dt.datetime], str], known: Container[str]) -> TargetPage:
    """Return *target* with regions that can be rendered for another time."""
    regions = (
        replace(wanted, text_at=partial(text_at, wanted.marker.name)) if wanted.marker.name in known else wanted
        for wanted in target.regions
    )
    return replace(target, regions=tuple(regions))


def _with_files(target: TargetPage, document: DataFile, texts: Mapping[str, str | None]) -> TargetPage:
    """Return *target* with the files to which the texts of news link."""
    found = [*iter_files(document)]
    if not found:
        return target
    regions = (
        replace(wanted, files=tuple(_wanted_files(document, found, texts.get(wanted.marker.name) or "")))
        if wanted.marker.name in ("news", OLDER_NEWS)
        else wanted
        for wanted in target.regions
    )
    return replace(target, regions=tuple(regions))


def _wanted_files(
    document: DataFile, found: Iterable[tuple[NewsItem, NewsFile, str]], text: str
) -> Iterator[WantedFile]:
    for _item, file, place in found:
        if links_to(text, file.name):
            problem = partial(find_problem, document.path, file)
            yield WantedFile(file.name, file.size, file.sha256, file.replaces, place, problem)


def _news_move(
    document: DataFile,
    regions: Mapping[str, RegionSettings],
    texts: Mapping[str, str | None],
    finder: PageFinder,
    interim: Callable[[], str],
) -> NewsMove | None:
    """Return how news moves between the pages, if there is a page of older news."""
    data, text = document.data, texts.get(OLDER_NEWS)
    if OLDER_NEWS not in regions or text is None or data.news is None or data.news.older is None:
        return None
    place = f"{document.path}:{document.source.line_of(_OLDER)}"
    home_id = finder.get_id(data.workspace.home)
    return NewsMove("news", OLDER_NEWS, data.news.older, place, text, texts.get("news") or "", interim, home_id)


def _locate_target(document: DataFile, workspace: Workspace, location: Location) -> str:
    """Return file and line of a key that names target pages: in the settings, or in the data file for older news."""
    if location[:2] == ("regions", OLDER_NEWS):
        return f"{document.path}:{document.source.line_of(_OLDER)}"
    return workspace.locate(location)


def _find_wait(settings: WorkspaceSettings, data: WorkspaceData, now: dt.datetime) -> str:
    """Return the quiet window if it is not open now, else an empty text."""
    if settings.quiet_window is None:
        return ""
    zone = data.workspace.timezone
    is_open = is_within(parse_window(settings.quiet_window), now.astimezone(ZoneInfo(zone)))
    return "" if is_open else f"{settings.quiet_window} ({zone})"


def _dead_links(
    document: DataFile, region: str, problems: Iterable[LinkProblem], missing: Container[str], text: str
) -> tuple[DeadLink, ...]:
    """Return the links without a page that *region* publishes: *missing* pages, and web addresses in its *text*."""
    return tuple(
        DeadLink(problem.link.target, _locate(document, problem, str(document.path)), problem.is_gone)
        for problem in problems
        if problem.is_dead
        and (problem.link.target in missing or escape(problem.link.target) in text)
        and problem.link.location[0] == section_of(region)
    )


def _with_dead_links(target: TargetPage, dead: Mapping[str, tuple[DeadLink, ...]]) -> TargetPage:
    return replace(
        target,
        regions=tuple(replace(wanted, dead_links=dead.get(wanted.marker.name, ())) for wanted in target.regions),
    )


def _locate(document: DataFile, problem: LinkProblem, name: str) -> str:
    return f"{name}:{document.source.line_of(problem.link.location)}: {problem.message}"


def _with_all_older(news: News) -> News:
    """Return the news with every current item on the page of older news."""
    return news.model_copy(update={"show": 0})


def _older_news(workspace: WorkspaceSettings, data: WorkspaceData) -> dict[str, RegionSettings]:
    """Return the region of older news; it exists if the data file limits the news and names a page for older news."""
    if "news" not in workspace.regions or data.news is None or data.news.older is None or data.news.show is None:
        return {}
    news = workspace.region("news")
    also = TargetSettings(pages=(data.news.older,))
    region = RegionSettings(drift=news.drift, comments=news.comments, place="end", home=False, also=also)
    return {OLDER_NEWS: region}


def _check_targets(
    gateway: WikiGateway, finder: PageFinder, data: WorkspaceData, links: list[DataLink]
) -> list[LinkProblem]:
    """Check the attachments of the home page, and the web addresses of the wiki's own pages."""
    return [*_check_attachments(gateway, finder, data, links), *find_dead_addresses(links, gateway)]


def _check_attachments(
    gateway: WikiGateway, finder: PageFinder, data: WorkspaceData, links: list[DataLink]
) -> list[LinkProblem]:
    if not any(link.kind is LinkKind.ATTACHMENT for link in links):
        return []
    names = [file.name for file in gateway.fetch_attachments(finder.get_id(data.workspace.home))]
    names += [item.file.name for item in (data.news.items if data.news else ()) if item.file is not None]
    return find_missing_attachments(links, names)
