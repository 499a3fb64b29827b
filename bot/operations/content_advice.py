"""Advice about an edit of the data file before it is saved: likely mistakes, and links to pages that do not exist.

Commands and desk show the same advice; the desk shows it at the field. `find_advice` needs no wiki.
`find_target_advice` asks the wiki once; if the wiki cannot be reached, the edit is not refused, because `check` and
`plan` check every link again before anything is published.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.config.data_model import NewsItem, QuickLink, WorkspaceData
from bot.config.link_choice import iter_places, target_of
from bot.config.news_selection import day_of, empty_from
from bot.errors import BotError, ContentError
from bot.inline import ATOMS, CARD, PAINTS, WIKI, link_destinations, plain_text, text_outside_code
from bot.operations.edit import Edit
from bot.operations.workspace import Connect, Workspace
from bot.storage.addresses import stated_title
from bot.suggestion import similar_words
from bot.sync.data_links import DataLink, LinkKind, find_missing_attachments, iter_links

if TYPE_CHECKING:
    from bot.sync.page_finder import PageFinder
    from bot.wiki.gateway import WikiGateway

LONG_TEXT = 500
"""Number of characters above which a text counts as long."""
MAX_TEXT = 2_000
"""Number of characters above which a text is not published from the desk."""
_NEAR_DAYS = 30
"""News items that link to the same page within this time are likely duplicates."""
_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s+[\w:-]+(?:=[^<>]*)?)*\s*/?>")
_FAILED_LINK = re.compile(r"\]\(|\[[^\[\]]*\((?:https?|page|attachment|mailto):")
_OTHER_SCHEME = re.compile(r"\]\(\s*<?([A-Za-z][A-Za-z0-9+.-]*):")
_SCHEMES = {"http", "https", "mailto", *WIKI, CARD, *PAINTS, *ATOMS}
_SHOWN = 60
_WORD = re.compile(r"[^\W_]+")
_NO_MARKUP = str.maketrans("", "", "*_~`\\")
"""Removes the characters of Markdown that can be in the middle of a word."""


class Weight(StrEnum):
    """How serious advice is. An error would be published as nobody wants it; a warning is a likely mistake."""

    ERROR = "error"
    WARNING = "warning"


class Topic(StrEnum):
    """What advice is about, for those who offer help."""

    TEXT = "text"
    TIME = "time"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    """The target of a link does not exist."""
    ARCHIVED = "archived"
    """The target of a link is not a current page."""
    TAKEN = "taken"
    """The page has another file of that name."""
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice. *field* is the field of the data file that it is about, such as `text` or `expires_at`.

    *about* is the target of the link, or the id of the news item that is alike; *nearest* are the titles of pages that
    a person may have meant.
    """

    field: str
    message: str
    weight: Weight = Weight.WARNING
    topic: Topic = Topic.TEXT
    about: str = ""
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the message."""
        return self.message


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that the edit added or changed, and its place in the data file."""

    where: str
    text: str
    is_markdown: bool = True

    def advise(self, message: str, weight: Weight = Weight.WARNING) -> Advice:
        """Return advice about the text."""
        return Advice("text", message, weight)


def find_advice(edit: Edit, now: dt.datetime) -> list[Advice]:
    """Return advice about likely mistakes in what *edit* adds or changes."""
    before = edit.before.data if edit.before else None
    after = edit.after.data
    items = _new_items(before, after)
    advice = [each for text in _new_texts(before, after, items) for each in _judge_text(text)]
    advice += [each for item in items for each in _judge_item(item, after, now)]
    advice += [each for link in _new_links(before, after) for each in _judge_link(link, after)]
    advice += _judge_times(before, after, now)
    return advice


def describe_invalid(error: ValidationError) -> list[Advice]:
    """Return what the data model refuses, at the field that it refuses."""
    found = []
    for problem in error.errors(include_url=False):
        steps = [str(step) for step in problem["loc"]]
        message = problem["msg"].removeprefix("Value error, ")
        field = steps[0] if steps else "expires_at" if "expires" in message else "text"
        found.append(Advice(field, message, Weight.ERROR))
    return found


def check_targets(connect: Connect, workspace: Workspace, edit: Edit) -> list[Advice]:
    """Look up the pages and files that *edit* links to.

    Raises `ContentError` for a page that does not exist. An unreachable wiki is a warning.
    """
    advice = find_target_advice(connect, workspace, edit)
    missing = next((each for each in advice if each.weight is Weight.ERROR), None)
    if missing is not None:
        reason = missing.message.partition("; ")
        message = (
            f"{reason[0]}; nothing was written. {reason[2][:1].upper()}{reason[2][1:]}\n"
            "For a page that does not exist yet, add --offline."
        )
        raise ContentError(message, path=edit.after.path)
    return advice


def find_target_advice(connect: Connect, workspace: Workspace, edit: Edit) -> list[Advice]:
    """Look up the pages and files that *edit* links to; an unreachable wiki is a warning."""
    wanted = added_links(edit)
    if not wanted:
        return []
    try:
        gateway = connect()
        finder = workspace.page_finder(gateway, edit.after.data)
        return [*_check_pages(wanted, finder), *_check_files(edit, wanted, finder, gateway)]
    except BotError as error:
        names = ", ".join(dict.fromkeys(repr(link.target) for link in wanted))
        message = f"{names} was not checked against the wiki ({error}); run `wikibot check` later"
        return [Advice(field_of(wanted[0]), message, topic=Topic.UNCHECKED)]


def added_links(edit: Edit) -> list[DataLink]:
    """Return the links that *edit* adds to pages and to files that the wiki must have already.

    The file of a news item is uploaded when the item is published, so the wiki may not have it yet.
    """
    before, after = edit.before.data if edit.before else None, edit.after.data
    own_files = {item.file.name for item in after.news.items if item.file} if after.news else set()
    return [
        link
        for link in _added(before, after)
        if link.kind is LinkKind.PAGE or (link.kind is LinkKind.ATTACHMENT and link.target not in own_files)
    ]


def field_of(link: DataLink) -> str:
    """Return the field of an entry in which a link is: `text`, `page`, `attachment` …; a list counts as its name."""
    return next((str(step) for step in reversed(link.location) if isinstance(step, str)), "text")


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


def _check_pages(links: Iterable[DataLink], finder: "PageFinder") -> Iterator[Advice]:
    from bot.wiki.gateway import PageStatus

    for reference, link in {link.target: link for link in links if link.kind is LinkKind.PAGE}.items():
        field, found = field_of(link), finder.find(reference)
        if found is None:
            yield _no_page(field, reference, finder)
            continue
        ref = found.ref
        if ref.status is not PageStatus.CURRENT:
            message = f"page {ref.title!r} is {ref.status}; readers may not find it"
            yield Advice(field, message, topic=Topic.ARCHIVED, about=reference)
        if found.is_renamed:
            message = f"page {reference!r} is now called {ref.title!r}; write that, or its id {ref.id}"
            yield Advice(field, message, about=reference, nearest=(ref.title,))


def _no_page(field: str, reference: str, finder: "PageFinder") -> Advice:
    from bot.wiki.gateway import TreeKind

    reason = finder.explain_missing(reference) or "`wikibot tree` lists the pages."
    titles = (node.ref.title for node in finder.tree if node.ref.kind is TreeKind.PAGE)
    nearest = tuple(similar_words(stated_title(reference), titles))
    message = f"there is no page {reference!r} in space {finder.space_key}; {reason}"
    return Advice(field, message, Weight.ERROR, Topic.MISSING, reference, nearest)


def _check_files(edit: Edit, links: list[DataLink], finder: "PageFinder", gateway: "WikiGateway") -> Iterator[Advice]:
    if any(link.kind is LinkKind.ATTACHMENT for link in links):
        home = finder.get_id(edit.after.data.workspace.home)
        names = [file.name for file in gateway.fetch_attachments(home)]
        news = edit.after.data.news
        names += [item.file.name for item in (news.items if news else ()) if item.file is not None]
        for problem in find_missing_attachments(links, names):
            nearest = tuple(similar_words(problem.link.target, names))
            field = field_of(problem.link)
            yield Advice(field, problem.message, topic=Topic.MISSING, about=problem.link.target, nearest=nearest)


def _new_items(before: WorkspaceData | None, after: WorkspaceData) -> list[NewsItem]:
    """Return the items of *after* that are not in *before*; without the comparison of models, which is slow."""
    old = {item.id: vars(item) for item in before.news.items} if before and before.news else {}
    return [item for item in after.news.items if vars(item) != old.get(item.id)] if after.news else []


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


def _judge_text(text: _Text) -> Iterator[Advice]:
    words = text_outside_code(text.text) if text.is_markdown else text.text
    tag = _TAG.search(words)
    if tag:
        way_on = "use Markdown, such as **bold**" if text.is_markdown else "it is plain text"
        yield text.advise(f"{text.where} contains {tag[0]!r}, which readers will see as it is; {way_on}")
    yield from _judge_links(text, words)
    length = len(plain_text(text.text) if text.is_markdown else text.text)
    if length > MAX_TEXT:
        message = f"{text.where} has {length} characters; more than {MAX_TEXT} are not for a home page: link to a page"
        yield text.advise(message, Weight.ERROR)
    elif length > LONG_TEXT:
        yield text.advise(
            f"{text.where} has {length} characters; more than {LONG_TEXT} are hard to read on a home page"
        )


def _judge_links(text: _Text, words: str) -> Iterator[Advice]:
    """Judge what looks like a link in *words*, the visible text: it was not recognised as a link."""
    failed = _FAILED_LINK.search(words)
    if failed is None:
        return
    near = _near(words, failed.start())
    if not text.is_markdown:
        yield text.advise(f"{text.where} is plain text, so {near} is not a link; use --page or --url")
        return
    scheme = _OTHER_SCHEME.search(words)
    if scheme is not None and scheme[1].lower() not in _SCHEMES:
        message = f"{text.where} has a link that begins with {scheme[1] + ':'!r}, near {near}; links begin with https:"
        yield text.advise(f"{message}, http:, mailto:, page: or attachment:", Weight.ERROR)
        return
    yield text.advise(
        f"{text.where} contains a link that is not complete, near {near}; write [words](https://…) or "
        "[words](page:TITLE)",
        Weight.ERROR,
    )


def _judge_item(item: NewsItem, after: WorkspaceData, now: dt.datetime) -> Iterator[Advice]:
    if item.expires_at is not None and item.expires_at <= now:
        message = f"news item {item.id!r} expired on {_minute(item.expires_at)}, so it is not shown"
        yield Advice("expires_at", message, Weight.ERROR, Topic.TIME)
    others = [other for other in after.news.items if other.id != item.id] if after.news else []
    folded = _folded(item.text)
    same_text = next((each for each in others if _may_show(each.text, folded) and _folded(each.text) == folded), None)
    if same_text is not None:
        message = f"news item {same_text.id!r} has the same text"
        yield Advice("text", message, topic=Topic.DUPLICATE, about=same_text.id)
        return
    targets = set(link_destinations(item.text))
    near = (other for other in others if _is_near(item, other))
    same_target = next((other for other in near if _links_to(other.text, targets)), None)
    if same_target is not None:
        shared = min(targets & set(link_destinations(same_target.text)))
        message = f"news item {same_target.id!r} links to the same target, {shared}"
        yield Advice("text", message, topic=Topic.DUPLICATE, about=same_target.id)


def _judge_times(before: WorkspaceData | None, after: WorkspaceData, now: dt.datetime) -> Iterator[Advice]:
    """Yield which new lines and links are expired, and when the banner becomes empty."""
    old = {*_timed(before)} if before else set()
    for what, expires_at in _timed(after):
        if expires_at is not None and expires_at <= now and (what, expires_at) not in old:
            message = f"{what} expired on {_minute(expires_at)}, so it is not shown"
            yield Advice("expires_at", message, Weight.ERROR, Topic.TIME)
    moments = [empty_from(each.status, now) if each.status else None for each in (before, after) if each]
    if moments[-1] is not None and (len(moments) == 1 or moments[0] != moments[-1]):
        message = f"the banner shows no line from {_minute(moments[-1])} on; add a line that does not expire"
        yield Advice("expires_at", message, topic=Topic.TIME)


def _timed(data: WorkspaceData) -> Iterator[tuple[str, dt.datetime | None]]:
    for line in data.status.lines if data.status else ():
        yield f"line {line.text or line.icon!r} of the banner", line.expires_at
    for link in _all_links(data):
        yield f"link {link.name!r}", link.expires_at


def _minute(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _is_near(item: NewsItem, other: NewsItem) -> bool:
    """Return whether two items are of about the same time; an item without a day is near all others."""
    one, two = day_of(item, dt.UTC), day_of(other, dt.UTC)
    return one is None or two is None or abs((one - two).days) <= _NEAR_DAYS


def _judge_link(link: QuickLink, after: WorkspaceData) -> Iterator[Advice]:
    same = [other for other in _all_links(after) if other is not link]
    if any(_folded(other.text) == _folded(link.text) for other in same):
        yield Advice("text", f"there is another link with the text {link.text!r}", topic=Topic.DUPLICATE)
    target = target_of(link)
    twin = next((other for other in same if target is not None and target_of(other) == target), None)
    if twin is not None and _folded(twin.text) != _folded(link.text):
        yield Advice("target", f"the link {twin.text!r} has the same target", topic=Topic.DUPLICATE)


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
