"""`pages.jsonl` of a bag: one line for each captured page, made from the last event of the page and its record.

A line has two parts. `page` is the state that the last event of the page states, byte for byte. `shown` is what a
reader wants to see of the page: a copy of parts of the newest record; null for a redacted page, which has no record.
"""

import json
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Field, ValidationError

from bot.errors import EvidenceError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.snapshot.archive.canonical_json import dump_lines, dump_value
from bot.snapshot.archive.paths import redacted_path, safe_id
from bot.snapshot.archive.record import Ancestor, PageRecord, RecordedStatus

GONE = "deleted, or restricted for the account that captures (the wiki answers alike for both)"

_PLAIN = b'"archived": true, "tombstone": null, "redacted_at": null, '
_NOT_ARCHIVED, _NOT_GONE, _NOT_REDACTED = b'"archived": false, ', b'"tombstone": null, ', b'"redacted_at": null, '
_MAX_DIGITS = 40  # as in file names
_NAME = "[A-Za-z0-9_][A-Za-z0-9._-]*"
_PATH = rf"^{_NAME}(/{_NAME})*$"


class Tombstone(FileModel):
    """The page was deleted from the wiki, or is hidden from the account; its capture stays."""

    when: datetime
    """Time of the run that no longer found the page."""
    reason: str = GONE
    """What the wiki answered, in words."""


class Shown(FileModel):
    """What a reader sees of a page without opening its record."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=False)

    page_id: str
    """Page id, as the wiki has it."""
    path: str
    """Path of the rendition in the bag."""
    space_key: str
    """Key of the space."""
    title: str
    """Title."""
    url: str
    """Address in the wiki."""
    status: RecordedStatus
    """Status of the page."""
    position: int | None
    """Position among the siblings, where the wiki states one."""
    ancestors: tuple[Ancestor, ...]
    """Pages above the page, the highest first."""
    version_when: datetime
    """Time of the newest captured version."""
    salt: str | None = None
    """Salt of the newest record; left out if the record has none."""


class PageEntry(Shown):
    """A captured page, as the program uses it. Paths are relative to the bag."""

    version: int
    """Newest captured version."""
    captured_at: datetime
    """Time of the first capture of that version's body."""
    record_path: str
    """Path of the newest record, or of the record of the redaction."""
    source_path: str
    """Path of the newest body, or of the record of the redaction."""
    source_sha256: str
    """SHA-256 of the newest body."""
    converter: str = ""
    """Name and number of the converter that made the rendition."""
    is_selected: bool = True
    """Whether the page counted as archived in the last run."""
    tombstone: Tombstone | None = None
    """Set when the page is no longer in the wiki."""
    redacted_at: datetime | None = None
    """Time of the redaction."""


class Standing(NamedTuple):
    """What each run decides about a captured page without its entry."""

    space_key: str
    is_selected: bool = True
    is_gone: bool = False
    is_redacted: bool = False


class PageState(FileModel):
    """The state of a page after an event: ids, paths, digests and times."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=rf"^{_NAME}$")
    """Page id, as in file names."""
    bag: str = Field(pattern=rf"^{_NAME}$")
    """Name of the bag."""
    record: str = Field(pattern=_PATH)
    """Path of the newest record in the bag, or of the record of the redaction."""
    source: str | None = Field(pattern=_PATH)
    """Path of the newest body in the bag; null if redacted."""
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the newest body."""
    version: int
    """Newest captured version."""
    captured_at: datetime
    """Time of the first capture of that body."""
    archived: bool
    """Whether the page counted as archived."""
    tombstone: datetime | None
    """Time of the run that no longer found the page; null if the page is in the wiki."""
    redacted_at: datetime | None
    """Time of the redaction; null if not redacted."""
    converter: str = Field(pattern=r"^[A-Za-z0-9._ -]*$")
    """Name and number of the converter that made the rendition."""


class PageLine(FileDocument):
    """A captured page: its state, and what a reader sees."""

    model_config = ConfigDict(extra="forbid")

    KIND: ClassVar[str] = "wikibot-page"
    NUMBER: ClassVar[int] = 3

    format: Literal["wikibot-page/2", "wikibot-page/3"] = "wikibot-page/3"
    """Format of the line: 3 if it shows a salt, else 2."""
    page: PageState
    """The state after the last event of the page, as the log has it."""
    shown: Shown | None
    """Parts of the newest record; null if the page was redacted."""


def state_of(entry: PageEntry, bag: str) -> PageState:
    """Return what the log says about a page."""
    return PageState(
        id=safe_id(entry.page_id),
        bag=bag,
        record=entry.record_path,
        source=None if entry.redacted_at else entry.source_path,
        source_sha256=entry.source_sha256,
        version=entry.version,
        captured_at=entry.captured_at,
        archived=entry.is_selected,
        tombstone=entry.tombstone.when if entry.tombstone else None,
        redacted_at=entry.redacted_at,
        converter=entry.converter,
    )


def entry_of(state: PageState, shown: Shown | None, space_key: str) -> PageEntry:
    """Return the entry of a page; *space_key* is the space of the bag, for a page of which nothing else is left."""
    if shown is None:
        shown = Shown(
            page_id=state.id,
            path=redacted_path(state.id),
            space_key=space_key,
            title=f"Redacted page {state.id}",
            url="",
            status=RecordedStatus.CURRENT,
            position=None,
            ancestors=(),
            version_when=state.captured_at,
        )
    return PageEntry(
        **vars(shown),
        version=state.version,
        captured_at=state.captured_at,
        record_path=state.record,
        source_path=state.source or state.record,
        source_sha256=state.source_sha256,
        converter=state.converter,
        is_selected=state.archived,
        tombstone=Tombstone(when=state.tombstone) if state.tombstone else None,
        redacted_at=state.redacted_at,
    )


def standing_of(entry: PageEntry) -> Standing:
    """Return the standing of a page."""
    return _standing(entry.space_key, entry.is_selected, entry.tombstone is not None, entry.redacted_at is not None)


def standing_of_line(line: bytes, space_key: str) -> Standing:
    """Return the standing of the page of a line of `pages.jsonl`; *space_key* is the space of most pages.

    No text in the line can contain the name of a field, because its quotes would be escaped. Raises `EvidenceError`.
    """
    is_usual_space = _space_field(space_key) in line
    if _PLAIN in line and is_usual_space:
        return _standing(space_key, True, False, False)
    state, _, shown = line.partition(b', "shown": ')
    if not is_usual_space and not shown.startswith(b"null"):
        known = parse_line(line, name="pages.jsonl").shown
        space_key = known.space_key if known else space_key
    return _standing(space_key, _NOT_ARCHIVED not in state, _NOT_GONE not in state, _NOT_REDACTED not in state)


@lru_cache(maxsize=1024)
def _space_field(space_key: str) -> bytes:
    return f'"space_key": {dump_value(space_key)}, '.encode()


@lru_cache(maxsize=1024)
def _standing(space_key: str, is_selected: bool, is_gone: bool, is_redacted: bool) -> Standing:
    return Standing(space_key, is_selected, is_gone, is_redacted)


def shown_of(record: PageRecord, path: str) -> Shown:
    """Return what a reader sees of a page, from its newest record."""
    return Shown(
        page_id=record.page_id,
        path=path,
        space_key=record.space_key,
        title=record.title,
        url=record.url,
        status=record.status,
        position=record.position,
        ancestors=record.ancestors,
        version_when=record.version.when,
        salt=record.salt,
    )


def dump_entry(entry: PageEntry, bag: str) -> bytes:
    """Return the line of an entry."""
    return dump_line(state_of(entry, bag), _shown_of_entry(entry))


def dump_line(state: PageState, shown: Shown | None) -> bytes:
    """Return a line; the state has the order of the log, everything else is sorted."""
    place = {"format": line_format(has_salt=False), "page": 0, "shown": None}
    if shown is not None:
        has_salt = shown.salt is not None
        content = shown.model_dump(mode="json", exclude=None if has_salt else {"salt"})
        place |= {"format": line_format(has_salt=has_salt), "shown": content}
    return dump_lines([place]).replace(b'"page": 0', b'"page": ' + dump_state(state), 1)


def line_format(*, has_salt: bool) -> str:
    """Return the format of a line; lines without a salt are as earlier versions of wikibot wrote them."""
    return f"{PageLine.KIND}/{PageLine.NUMBER if has_salt else PageLine.NUMBER - 1}"


def dump_state(state: PageState) -> bytes:
    """Return a state as the log has it."""
    return json.dumps(state.model_dump(mode="json")).encode()


def _shown_of_entry(entry: PageEntry) -> Shown | None:
    if entry.redacted_at:
        return None
    return Shown(**{name: getattr(entry, name) for name in Shown.model_fields})


def parse_line(line: bytes, *, name: str) -> PageLine:
    """Parse a line of `pages.jsonl`; raises `EvidenceError`, which states *name*."""
    try:
        return PageLine.model_validate_json(line)
    except ValidationError:
        pass  # the slower way has the better message
    try:
        return PageLine.parse(line)
    except FileFormatError as error:
        raise EvidenceError(f"{name}: is not the entry of a captured page: it {error}") from error


def page_id_of(line: str) -> str:
    """Return the page id of a line without parsing it; the line can be malformed.

    No text in the line can contain the name of a field, because its quotes would be escaped.
    """
    _, name, rest = line.rpartition(', "page_id": "')
    page_id = rest.partition('"')[0]
    if name and "\\" not in page_id:
        return page_id
    try:
        content = json.loads(line)
        return str(content["shown"]["page_id"] if content["shown"] else content["page"]["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return safe_id_of(line)


def safe_id_of(line: str) -> str:
    """Return the id that file names have for the page of a line."""
    return line.partition('"id": "')[2].partition('"')[0]


def id_order(page_id: str) -> tuple[int, int, str]:
    """Return a sort key: numeric ids by number, then other ids by text. `VERIFY.md` has the same order."""
    is_number = page_id.isascii() and page_id.isdigit() and len(page_id) <= _MAX_DIGITS
    return (0, len(page_id), page_id) if is_number else (1, 0, page_id)
