"""The links in a data file: location, target and problems of each link."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.config.data_model import News, QuickLink, QuickLinks, WorkspaceData, iter_markdown
from bot.config.yaml_source import Location
from bot.errors import PageNotFoundError
from bot.inline import PageTarget, link_destinations
from bot.storage.addresses import PageAddress, parse_page_address

if TYPE_CHECKING:
    from bot.sync.page_finder import PageFinder
    from bot.wiki.gateway import PageRef, WikiGateway


class LinkKind(StrEnum):
    """The kind of target of a link."""

    PAGE = "page"
    ATTACHMENT = "attachment"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class DataLink:
    """One link in a data file; *location* is its path in the file: keys, and positions counted from 0."""

    kind: LinkKind
    target: str
    location: Location


@dataclass(frozen=True, slots=True)
class LinkProblem:
    """A problem of a link; *message* also says how to correct the problem.

    *is_dead* is set if there is no such page. *is_gone* is set if the bot has seen the page before.
    """

    link: DataLink
    message: str
    is_dead: bool = False
    is_gone: bool = False

    def __str__(self) -> str:
        """Return location and message, for people."""
        return f"{describe_location(self.link.location)}: {self.message}"


@dataclass(frozen=True, slots=True)
class ResolvedLinks:
    """The targets of the page links of a workspace; a link resolver for the renderer."""

    targets: Mapping[str, PageTarget]
    problems: tuple[LinkProblem, ...] = ()

    def find_target(self, reference: str) -> PageTarget | None:
        """Return the page that *reference* names; None if the page was not found."""
        return self.targets.get(reference)


@dataclass(frozen=True, slots=True)
class RegionLinks:
    """A link resolver for one region; *missing* are the references that the region publishes and that find no page."""

    resolved: ResolvedLinks
    missing: set[str] = field(default_factory=set)

    def find_target(self, reference: str) -> PageTarget | None:
        """Return the page that *reference* names; None if the page was not found."""
        target = self.resolved.find_target(reference)
        if target is None:
            self.missing.add(reference)
        return target


def iter_links(workspace: WorkspaceData) -> Iterator[DataLink]:
    """Yield every link of the data: status, quick links, then news, each in the order of its section."""
    for name in ("status", "quick_links", "news"):
        value = getattr(workspace, name)
        for text, location in iter_markdown(value, (name,)):
            yield from _in_text(text, location)
        if isinstance(value, QuickLinks):
            yield from _in_quick_links(value.links, ("quick_links", "links"))
        if isinstance(value, News) and value.older:
            yield DataLink(LinkKind.PAGE, value.older, ("news", "older"))


def resolve_links(links: Iterable[DataLink], finder: "PageFinder") -> ResolvedLinks:
    """Find the page of every page link. A link to a renamed page uses the new title."""
    from bot.wiki.gateway import PageStatus

    wanted = [link for link in links if link.kind is LinkKind.PAGE]
    references = {link.target for link in wanted}
    finder.expect(references)
    finder.prefetch(references)
    targets: dict[str, PageTarget] = {}
    problems: list[LinkProblem] = []
    for link in wanted:
        found = finder.find(link.target)
        if found is None:
            problems.append(_no_page(link, finder))
            continue
        ref = found.ref
        finder.link_to(ref)
        is_elsewhere = ref.space_key != finder.space_key
        targets[link.target] = PageTarget(ref.title, ref.space_key if is_elsewhere else None)
        if ref.status is not PageStatus.CURRENT:
            problems.append(LinkProblem(link, f"page {ref.title!r} is {ref.status}; link to another, or restore it"))
        if found.is_renamed:
            message = f"page {link.target!r} is now called {ref.title!r}; write that, or its id {ref.id}"
            problems.append(LinkProblem(link, message))
    return ResolvedLinks(targets, tuple(problems))


def _no_page(link: DataLink, finder: "PageFinder") -> LinkProblem:
    reason = finder.explain_missing(link.target) or "correct the title"
    message = f"there is no page {link.target!r} in space {finder.space_key}; {reason}"
    return LinkProblem(link, message, is_dead=True, is_gone=finder.has_seen(link.target))


def find_dead_addresses(links: Iterable[DataLink], gateway: "WikiGateway") -> list[LinkProblem]:
    """Return a problem for each web address of the wiki itself that leads to no page, or to one that is not current.

    One request for up to 50 pages named by id, and one for each page named by title.
    """
    from bot.wiki.gateway import PageStatus

    named = {link: address for link in links if (address := own_page(link, gateway)) is not None}
    pages = gateway.fetch_pages([address.page_id for address in named.values() if address.page_id])
    by_title: dict[tuple[str, str], PageRef | None] = {}
    problems = []
    for link, address in named.items():
        if address.page_id:
            page = pages.get(address.page_id)
            ref, what = (page.ref if page else None), f"with the id {address.page_id}"
        else:
            place = (address.space_key or "", address.title or "")
            if place not in by_title:
                by_title[place] = _find_page(gateway, *place)
            ref, what = by_title[place], f"{place[1]!r} in space {place[0]}"
        if ref is None or ref.status is PageStatus.TRASHED:
            message = f"{link.target} leads nowhere: there is no page {what}, or it is hidden from the bot's account"
            problems.append(LinkProblem(link, f"{message}; correct the address", is_dead=True))
        elif ref.status is not PageStatus.CURRENT:
            problems.append(LinkProblem(link, f"page {ref.title!r} is {ref.status}; link to another, or restore it"))
    return problems


def own_page(link: DataLink, gateway: "WikiGateway") -> PageAddress | None:
    """Return the page of the wiki that a web address leads to; None for another kind of link or another site."""
    is_web = link.kind is LinkKind.EXTERNAL and link.target.lower().startswith(("http://", "https://"))
    return parse_page_address(link.target, *gateway.addresses) if is_web else None


def _find_page(gateway: "WikiGateway", space_key: str, title: str) -> "PageRef | None":
    try:
        return gateway.find_page(space_key, title)
    except PageNotFoundError:  # no such space
        return None


def find_missing_attachments(links: Iterable[DataLink], names: Sequence[str]) -> list[LinkProblem]:
    """Return a problem for each attachment link whose file is not in *names*, the attachments of the home page."""
    problems = []
    for link in links:
        if link.kind is LinkKind.ATTACHMENT and link.target not in names:
            alike = next((name for name in names if name.casefold() == link.target.casefold()), None)
            hint = f"write {alike!r}" if alike else "upload it, or correct its name"
            problems.append(LinkProblem(link, f"the home page has no attachment {link.target!r}; {hint}"))
    return problems


def describe_location(location: Location) -> str:
    """Return a location in the data file as text, such as `news.items[0].text`; positions count from 0."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return text.removeprefix(".")


def _in_quick_links(links: Sequence[QuickLink], location: Location) -> Iterator[DataLink]:
    for index, link in enumerate(links):
        here = (*location, index)
        if link.page is not None:
            yield DataLink(LinkKind.PAGE, link.page, (*here, "page"))
        if link.attachment is not None:
            yield DataLink(LinkKind.ATTACHMENT, link.attachment, (*here, "attachment"))
        if link.url is not None:
            yield DataLink(LinkKind.EXTERNAL, link.url, (*here, "url"))
        if link.image is not None and link.image.attachment is not None:
            yield DataLink(LinkKind.ATTACHMENT, link.image.attachment, (*here, "image", "attachment"))
        yield from _in_quick_links(link.links, (*here, "links"))


def _in_text(text: str, location: Location) -> Iterator[DataLink]:
    for destination in link_destinations(text):
        kind, _, name = destination.partition(":")
        name = name.removeprefix("<").removesuffix(">").strip()
        match kind:
            case "page":
                yield DataLink(LinkKind.PAGE, name, location)
            case "attachment":
                yield DataLink(LinkKind.ATTACHMENT, name, location)
            case _:
                yield DataLink(LinkKind.EXTERNAL, destination, location)
