"""A home page as people make it is adopted over HTTP, and compared with what a person would write in the data file."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.adopt.impression import Glyph, find_change, impression_of, name_changes
from bot.config.data_file import DataFile
from bot.config.data_model import WorkspaceData
from bot.config.link_choice import LinkChoice
from bot.inline import TitlesAsWritten, to_storage
from bot.splice import splice
from bot.storage.markers import Marker
from bot.storage.regions import find_regions
from bot.storage.visible_text import text_of
from tests.journeys.conftest import Desk
from tests.sync.known_pages import KnownPages
from wikiserver.testing import Wiki

SECTIONS = ("status", "quick_links", "news")
_OPTIONS = {"status": "--status", "quick_links": "--links", "news": "--news"}
_MARKERS = [Marker(name) for name in SECTIONS]
_NOT_COMPARED = {"id", "layout", "columns", "separator", "bullet", "group_level", "date_format", "language"}
_MARK = "Ω"
TITLES = KnownPages()


@dataclass(frozen=True)
class HomePage:
    """A page and what adoption must find in it; *expected* has the form of `../shared/cases/home-pages`."""

    name: str
    body: str
    expected: Mapping[str, Any]

    @property
    def flavour(self) -> str:
        return str(self.expected["flavour"])

    @property
    def sections(self) -> list[str]:
        """The sections that a reader finds on the page."""
        data, refuse = self.expected.get("data") or {}, self.expected.get("refuse") or {}
        return [name for name in SECTIONS if name in data or name in refuse]

    @property
    def options(self) -> list[str]:
        """The options with which a person says which of several places is meant."""
        asked = self.expected.get("ask") or {}
        return [word for name, labels in asked.items() for word in (_OPTIONS[name], labels[0])]


@dataclass
class Measured:
    """What became of each section of a page: `exact`, `loss: …`, `refused: …` or `missed`."""

    page: HomePage
    outcomes: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def measure(page: HomePage, desk: Desk) -> Measured:
    """Adopt the page, compare the data, change one entry of each section, and compare what a reader sees."""
    wiki, measured = desk.wiki, Measured(page)
    page_id = _put_up(page, wiki)
    before = wiki.body(page_id)
    asked = page.sections == [] or bool(page.expected.get("refuse"))
    ran = desk.ran("adopt", "Home", "--space", "WS2", "--yes", *page.options, code=None)
    if ran.code not in ((0, 1) if asked else (0,)):
        measured.faults.append(f"adopt ended with {ran.code}: {ran.out}{ran.err}")
    data = DataFile.load(desk.data).data if desk.data.exists() else None
    adopted = wiki.body(page_id)
    for name in page.sections:
        measured.outcomes[name] = _outcome(name, page, data, ran.out, wiki)
    measured.faults += _faults_outside(_as_saved(before), _as_saved(adopted))
    measured.faults += [f"{name} was adopted: the page has none" for name in _too_many(page, data)]
    if text_of(adopted) != text_of(page.body):
        measured.faults.append(f"the words are different: {text_of(page.body)!r} → {text_of(adopted)!r}")
    if data is not None and _regions_of(data):
        planned = desk.ran("plan", code=None)
        if planned.code != 0 or "in sync" not in planned.out:
            measured.faults.append(f"plan after adoption: {planned.out}{planned.err}")
        measured.faults += _change_one(desk, page_id, adopted)
    return measured


def table_of(results: list[Measured]) -> str:
    """Return the sections of all pages in a table, with the totals below."""
    lines = [f"{'page':28} {'section':12} outcome"]
    counts = {"exact": 0, "loss": 0, "refused": 0, "missed": 0}
    for each in results:
        for name, outcome in each.outcomes.items():
            counts[outcome.partition(":")[0]] += 1
            lines.append(f"{each.page.name:28} {name:12} {outcome}")
        lines += [f"{each.page.name:28} FAULT        {fault}" for fault in each.faults]
    return "\n".join([*lines, ", ".join(f"{count} {name}" for name, count in counts.items())])


def _put_up(page: HomePage, wiki: Wiki) -> str:
    home = wiki.add_page("Home", page.body)
    exists = page.expected.get("wiki") or {}
    for title in exists.get("pages") or ():
        wiki.add_page(title, "<p>x</p>", parent=home)
    for name in exists.get("attachments") or ():
        wiki.store.attachments.add(int(home), name, b"x", author=wiki.account("ana"))
    return home


def _regions_of(data: WorkspaceData) -> list[str]:
    return [name for name in SECTIONS if getattr(data, name) is not None]


def _too_many(page: HomePage, data: WorkspaceData | None) -> list[str]:
    return [name for name in (_regions_of(data) if data else []) if name not in page.sections]


def _outcome(name: str, page: HomePage, data: WorkspaceData | None, printed: str, wiki: Wiki) -> str:
    wanted = (page.expected.get("data") or {}).get(name)
    value = getattr(data, name) if data else None
    if value is None:
        reason = re.search(rf"{name}: not adopted: (.*)\n\s*(.*)", printed)
        return f"refused: {reason[1]} ({reason[2].strip()})" if reason else "missed"
    if wanted is None:
        return "loss: it was adopted and should be refused"
    got = value.model_dump(mode="json", exclude_defaults=True)
    found, expected = _said(got, wiki, page.flavour), _said(wanted, wiki, page.flavour)
    return "exact" if found == expected else f"loss: {expected} became {found}"


def _said(value: Mapping[str, Any], wiki: Wiki, flavour: str) -> list[object]:
    """Return what a region says: heading, dates, then the values of each entry in any order."""
    entries = value.get("lines") or value.get("links") or value.get("items") or []
    head = [value.get("heading"), value.get("heading_level", 0), value.get("dates", "hidden")]
    return [*head, *(sorted(_leaves(entry, wiki, flavour)) for entry in entries)]


def _leaves(value: object, wiki: Wiki, flavour: str) -> Iterator[str]:
    match value:
        case Mapping():
            for key, each in value.items():
                if key not in _NOT_COMPARED and each is not None:
                    yield from _leaves(each, wiki, flavour)
        case list() | tuple():
            for each in value:
                yield from _leaves(each, wiki, flavour)
        case str() if value:
            known = re.sub(r"\(user:(ana|li|omar)\)", lambda name: f"(user:{_user_id(name[1], wiki, flavour)})", value)
            yield to_storage(known, TitlesAsWritten(), keep_edges=True)
        case str():
            return
        case _:
            yield str(value)


def _user_id(name: str, wiki: Wiki, flavour: str) -> str:
    return wiki.account(name) if flavour == "cloud" else hashlib.sha256(name.encode()).hexdigest()[:32]


def _as_saved(body: str) -> str:
    """Return the page as the wiki writes it: an empty element has no end tag."""
    return re.sub(r"<(p|li|td)((?:\s[^<>]*?)?)></\1>", r"<\1\2 />", body)


def _faults_outside(before: str, after: str) -> Iterator[str]:
    """Yield what changed outside the regions: the rest must be the page, with pieces cut out."""
    pieces = _outside(after)
    if not before.startswith(pieces[0]) or not before.endswith(pieces[-1]):
        yield "the start or the end of the page changed"
    at = 0
    for piece in pieces:
        found = before.find(piece, at)
        if found < 0:
            yield f"outside the regions, {piece[:80]!r} was not on the page"
        at = max(at, found + len(piece))


def _outside(body: str) -> list[str]:
    regions = find_regions(body, _MARKERS).values()
    return splice(body, {region.span: "\0" for region in regions}).split("\0")


def _change_one(desk: Desk, page_id: str, adopted: str) -> Iterator[str]:
    """Add a sign to the last entry of each region, publish it, and yield what else changed."""
    document = DataFile.load(desk.data)
    changed = set()
    if document.data.status is not None and (text := document.data.status.lines[-1].text):
        document = document.edit_banner_line(len(document.data.status.lines), {"text": text + _MARK})
        changed.add("status")
    if document.data.quick_links is not None and (text := document.data.quick_links.links[-1].text):
        choice = LinkChoice(str(len(document.data.quick_links.links)))
        document = document.edit_link(choice, {"text": text + _MARK})
        changed.add("quick_links")
    if document.data.news is not None and document.data.news.items:
        item = document.data.news.items[-1]
        document = document.edit_news(item.id, {"text": item.text + _MARK})
        changed.add("news")
    document.save()
    ran = desk.ran("sync", code=None)
    if changed and ran.code != 0:
        yield f"sync ended with {ran.code}: {ran.out}{ran.err}"
    after = desk.wiki.body(page_id)
    if _outside(after) != _outside(adopted):
        yield "the change of an entry changed something outside the regions"
    for name, region in find_regions(after, _MARKERS).items():
        old = find_regions(adopted, _MARKERS)[name].text(adopted)
        glyphs = impression_of(region.text(after), TITLES)
        marks = sum(each.character == _MARK for each in glyphs)
        if marks != (name in changed):
            yield f"{name}: the change was published {marks} times"
        yield from _differences(name, impression_of(old, TITLES), [each for each in glyphs if each.character != _MARK])
        yield from _lost_parts(name, old, region.text(after))


def _differences(name: str, before: tuple[Glyph, ...], after: list[Glyph]) -> Iterator[str]:
    change = find_change(before, after)
    if change is not None:
        yield f"{name}: after a change of one entry, {change}"
    else:
        yield from (f"{name}: after a change of one entry, {each}" for each in name_changes(before, after))


_PARTS = re.compile(r"<(?:li|ol|tr|td|th|time|h\d|ri:\w+|ac:emoticon|ac:image|span|strong|em|code|a)\b[^>]*>")


def _lost_parts(name: str, before: str, after: str) -> Iterator[str]:
    if _PARTS.findall(before) != _PARTS.findall(after):
        yield f"{name}: after a change of one entry, the markup is different: {before} → {after}"
