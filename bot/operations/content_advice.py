"""Warnings about an edit of the data file before it is saved: likely mistakes, and links to pages that do not exist.

`find_warnings` needs no wiki. `check_targets` asks the wiki once; if the wiki cannot be reached, the edit is not
refused, because `check` and `plan` check every link again before anything is published.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.config.data_model import NewsItem, QuickLink, WorkspaceData
from bot.config.link_choice import iter_places, target_of
from bot.errors import BotError, ContentError
from bot.inline import link_destinations, plain_text, text_outside_code
from bot.operations.edit import Edit
from bot.operations.workspace import Connect, Workspace
from bot.sync.data_links import DataLink, LinkKind, find_missing_attachments, iter_links

if TYPE_CHECKING:
    from bot.sync.page_finder import PageFinder
    from bot.wiki.gateway import WikiGateway

LONG_TEXT = 500
"""Number of characters above which a text counts as long."""
_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s+[\w:-]+(?:=[^<>]*)?)*\s*/?>")
_FAILED_LINK = re.compile(r"\]\(|\[[^\[\]]*\((?:https?|page|attachment|mailto):")
_SHOWN = 60
_WORD = re.compile(r"[^\W_]+")
_NO_MARKUP = str.maketrans("", "", "*_~`\\")
"""Removes the characters of Markdown that can be in the middle of a word."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that the edit added or changed, and its place in the data file."""

    where: str
    text: str
    is_markdown: bool = True


def find_warnings(edit: Edit, now: dt.datetime) -> list[str]:
    """Return warnings about likely mistakes in what *edit* adds or changes."""
    before = edit.before.data if edit.before else None
    after = edit.after.data
    items = _new_items(before, after)
    warnings = [warning for text in _new_texts(before, after, items) for warning in _judge_text(text)]
    warnings += [warning for item in items for warning in _judge_item(item, after, now)]
    warnings += [warning for link in _new_links(before, after) for warning in _judge_link(link, after)]
    return warnings


def check_targets(connect: Connect, workspace: Workspace, edit: Edit) -> list[str]:
    """Look up the pages and files that *edit* links to; return warnings.

    Raises `ContentError` for a page that does not exist. An unreachable wiki is a warning.
    """
    before = edit.before.data if edit.before else None
    wanted = [link for link in _added(before, edit.after.data) if link.kind is not LinkKind.EXTERNAL]
    if not wanted:
        return []
    try:
        gateway = connect()
        finder = workspace.page_finder(gateway, edit.after.data)
        return [*_check_pages(edit, wanted, finder), *_check_files(edit, wanted, finder, gateway)]
    except ContentError:
        raise
    except BotError as error:
        names = ", ".join(dict.fromkeys(repr(link.target) for link in wanted))
        return [f"{names} was not checked against the wiki ({error}); run `wikibot check` later"]


def _added(before: WorkspaceData | None, after: WorkspaceData) -> Iterator[DataLink]:
    """Yield the links that *after* has more often than *before*; the links of unchanged news cancel out."""
    if before is not None:
        gone, new = _new_items(after, before), _new_items(before, after)
        before, after = _with_news(before, gone), _with_news(after, new)
    left = Counter((link.kind, link.target) for link in iter_links(before)) if before else Counter()
    for link in iter_links(after):
        left[link.kind, link.target] -= 1
        if left[link.kind, link.target] < 0:
            yield link


def _check_pages(edit: Edit, links: Iterable[DataLink], finder: "PageFinder") -> Iterator[str]:
    from bot.wiki.gateway import PageStatus

    for reference in dict.fromkeys(link.target for link in links if link.kind is LinkKind.PAGE):
        found = finder.find(reference)
        if found is None:
            raise _no_page(edit, reference, finder)
        ref = found.ref
        if ref.status is not PageStatus.CURRENT:
            yield f"page {ref.title!r} is {ref.status}; readers may not find it"
        if found.is_renamed:
            yield f"page {reference!r} is now called {ref.title!r}; write that, or its id {ref.id}"


def _no_page(edit: Edit, reference: str, finder: "PageFinder") -> ContentError:
    reason = finder.explain_missing(reference) or "`wikibot tree` lists the pages."
    message = (
        f"there is no page {reference!r} in space {finder.space_key}; nothing was written. "
        f"{reason[0].upper()}{reason[1:]}\n"
        "For a page that does not exist yet, add --offline."
    )
    return ContentError(message, path=edit.after.path)


def _check_files(edit: Edit, links: list[DataLink], finder: "PageFinder", gateway: "WikiGateway") -> Iterator[str]:
    if any(link.kind is LinkKind.ATTACHMENT for link in links):
        home = finder.get_id(edit.after.data.workspace.home)
        names = [file.name for file in gateway.fetch_attachments(home)]
        yield from (problem.message for problem in find_missing_attachments(links, names))


def _new_items(before: WorkspaceData | None, after: WorkspaceData) -> list[NewsItem]:
    """Return the items of *after* that are not in *before*."""
    old = {item.id: item for item in before.news.items} if before and before.news else {}
    return [item for item in after.news.items if item != old.get(item.id)] if after.news else []


def _with_news(data: WorkspaceData, items: Iterable[NewsItem]) -> WorkspaceData:
    """Return *data* with these news items only."""
    news = data.news
    return data if news is None else data.model_copy(update={"news": news.model_copy(update={"items": tuple(items)})})


def _new_links(before: WorkspaceData | None, after: WorkspaceData) -> list[QuickLink]:
    old = {_own_values(link) for link in _all_links(before)} if before else set()
    return [link for link in _all_links(after) if _own_values(link) not in old]


def _all_links(workspace: WorkspaceData) -> list[QuickLink]:
    links = workspace.quick_links.links if workspace.quick_links else ()
    return [place.link for place in iter_places(links)]


def _own_values(link: QuickLink) -> tuple[str, str | None]:
    return link.text, target_of(link)


def _new_texts(before: WorkspaceData | None, after: WorkspaceData, items: Iterable[NewsItem]) -> Iterator[_Text]:
    old_items = {item.text for item in before.news.items} if before and before.news else set()
    for item in items:
        if item.text not in old_items:
            yield _Text("the text", item.text)
    old_lines = {line.text for line in before.status.lines} if before and before.status else set()
    for line in after.status.lines if after.status else ():
        if line.text not in old_lines:
            yield _Text("the line", line.text)
    for link in _new_links(before, after):
        yield _Text("the link text", link.text, is_markdown=False)


def _judge_text(text: _Text) -> Iterator[str]:
    words = text_outside_code(text.text) if text.is_markdown else text.text
    tag = _TAG.search(words)
    if tag:
        way_on = "use Markdown, such as **bold**" if text.is_markdown else "it is plain text"
        yield f"{text.where} contains {tag[0]!r}, which readers will see as it is; {way_on}"
    failed = _FAILED_LINK.search(words)
    if failed and text.is_markdown:
        yield (
            f"{text.where} contains a link that is not complete, near {_near(words, failed.start())}; write "
            "[words](https://…) or [words](page:TITLE)"
        )
    elif failed:
        yield f"{text.where} is plain text, so {_near(words, failed.start())} is not a link; use --page or --url"
    length = len(plain_text(text.text) if text.is_markdown else text.text)
    if length > LONG_TEXT:
        yield f"{text.where} has {length} characters; more than {LONG_TEXT} are hard to read on a home page"


def _judge_item(item: NewsItem, after: WorkspaceData, now: dt.datetime) -> Iterator[str]:
    if item.expires_at is not None and item.expires_at <= now:
        moment = item.expires_at.astimezone(dt.UTC)
        yield f"news item {item.id!r} expired on {moment:%Y-%m-%d %H:%M} UTC, so it is not shown"
    others = [other for other in after.news.items if other.id != item.id] if after.news else []
    folded = _folded(item.text)
    same_text = next((each for each in others if _may_show(each.text, folded) and _folded(each.text) == folded), None)
    if same_text is not None:
        yield f"news item {same_text.id!r} has the same text"
        return
    targets = set(link_destinations(item.text))
    same_target = next((other for other in others if _links_to(other.text, targets)), None)
    if same_target is not None:
        shared = min(targets & set(link_destinations(same_target.text)))
        yield f"news item {same_target.id!r} links to the same target, {shared}"


def _judge_link(link: QuickLink, after: WorkspaceData) -> Iterator[str]:
    same = [other for other in _all_links(after) if other is not link]
    if any(_folded(other.text) == _folded(link.text) for other in same):
        yield f"there is another link with the text {link.text!r}"
    target = target_of(link)
    twin = next((other for other in same if target is not None and target_of(other) == target), None)
    if twin is not None and _folded(twin.text) != _folded(link.text):
        yield f"the link {twin.text!r} has the same target"


def _links_to(text: str, targets: set[str]) -> bool:
    return any(_may_show(text, target) for target in targets) and bool(targets & set(link_destinations(text)))


def _may_show(markdown: str, words: str) -> bool:
    """Return False if *markdown* certainly does not contain *words*: much faster than reading the Markdown."""
    longest = max(_WORD.findall(words.casefold()), key=len, default="")
    return longest in markdown.translate(_NO_MARKUP).casefold() or "&" in markdown


def _folded(text: str) -> str:
    return " ".join(plain_text(text).casefold().split())


def _near(words: str, offset: int) -> str:
    start = max(0, words.rfind("[", 0, offset + 1) if "[" in words[: offset + 1] else offset)
    piece = words[start : start + _SHOWN].split("\n")[0]
    return repr(piece + ("…" if len(words) > start + _SHOWN else ""))
