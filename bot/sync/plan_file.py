"""The plan file: written by `plan --out`, read by `apply --plan`, protected by a digest (docs/reference/plan-file.md).

The classes are the file format. Their fields have the names that the classes of `bot.sync.plan` have. Pure.
"""

import hashlib
import json
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter

from bot.errors import BotError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.sync.plan import Plan

_DERIVED = ("format", "digest", "seal", "summary")
_OF_THE_MOMENT = ("created", "drafts", "attention")
_DERIVED_OF_CHANGE = ("desired_digest", "live_digest")
_UNBOUND_WHEN_EMPTY: dict[str, object] = {
    "notify": "never",
    "is_waiting": False,
    "orphans": [],
    "requires": None,
    "own": None,
    "uploads": [],
}
"""Keys of a later date: with these values they are not part of the digest, which stays that of earlier plans."""
_MIN_DIGITS = 12


class PlannedMarker(FileModel):
    """How a region is marked on the page."""

    name: str
    """Name of the region."""
    kind: Literal["details", "anchors", "heading"]
    """Kind of marker."""
    heading: str | None
    """Text of the heading, for a region under a heading."""
    heading_level: int
    """Level of that heading when the bot creates it."""


class PlannedLastApplied(FileModel):
    """What the bot last wrote into a region, as the history of the page says."""

    version: int
    """Version of the page in which the bot wrote it."""
    text: str
    """Storage format of the region in that version."""
    digest: str
    """Digest of what the bot sent; other spellings of the same text have the same digest."""


class PlannedEdit(FileModel):
    """One version in which people changed a region."""

    version: int
    """Version of the page."""
    when: datetime
    """Time of the version."""
    author: str
    """Name of the author."""
    message: str
    """Version message."""
    is_certain: bool
    """False if only a range of versions is known."""


class PlannedRequirement(FileModel):
    """What another page must have on the wiki before a change is written."""

    page_id: str
    """Id of the page."""
    title: str
    """Title of the page."""
    marker: PlannedMarker
    """How the region of that page is marked."""
    lines: tuple[str, ...]
    """Lines that the region must have."""


class PlannedOwnBlocks(FileModel):
    """A region below a heading into which people put blocks of their own."""

    text: str
    """What the bot wrote, as it is on the page."""
    last: str
    """What the bot wrote, as it wrote it last."""
    before: str
    """The blocks of people before it."""
    after: str
    """The blocks of people after it."""


class PlannedUpload(FileModel):
    """A file that is uploaded to the page before the region is written."""

    name: str
    """Name of the file on the page."""
    size: int
    """Size in bytes."""
    sha256: str
    """SHA-256 of the bytes."""
    replaces: str | None = None
    """Id of the file on the page that it replaces; null if the page has none of that name."""
    replaces_version: int = 0
    """Version of the file that it replaces."""


class PlannedChange(FileModel):
    """One region of a page: desired, live and last applied text, and what applying does."""

    region: str
    """Name of the region."""
    marker: PlannedMarker
    """How the region is marked."""
    verdict: Literal["in_sync", "behind", "drifted", "conflict", "unmanaged"]
    """Comparison of the three states."""
    action: Literal["none", "write", "create"]
    """What applying the plan does."""
    desired: str
    """Storage format that the data file asks for."""
    live: str | None
    """Storage format on the page; null if the region is missing."""
    last_applied: PlannedLastApplied | None
    """What the bot last wrote; null if the history has no record."""
    policy: Literal["report", "repair", "ignore"]
    """What the settings say about drift of this region."""
    place: str | None
    """Where a missing region is created."""
    is_repair: bool
    """Whether the bot wrote the same text before."""
    edits: tuple[PlannedEdit, ...]
    """Versions in which people changed the region since."""
    lost_comments: tuple[str, ...]
    """Texts of inline comments that the desired text has no place for."""
    note: str
    """Why nothing is done, or what a person can do."""
    notify: Literal["never", "news", "always"] = "never"
    """Which versions send notifications."""
    is_waiting: bool = False
    """Whether the change waits for the quiet window."""
    orphans: tuple[str, ...] = ()
    """Author and words of open inline comments that lose their place."""
    own: PlannedOwnBlocks | None = None
    """What people put into a region below a heading; null if there is nothing. It stays."""
    requires: PlannedRequirement | None = None
    """News that leaves this page for another page, or returns: what the other page must have first."""
    uploads: tuple[PlannedUpload, ...] = ()
    """Files that are uploaded before the region is written."""
    desired_digest: str
    """Digest of `desired`, as in version messages; other spellings of the same text have the same digest."""
    live_digest: str | None
    """Digest of `live`."""


class PlannedPage(FileModel):
    """A page on which at least one region is not in sync."""

    workspace: str
    """Name of the workspace."""
    id: str
    """Page id."""
    title: str
    """Title."""
    url: str
    """Address in the wiki."""
    base_version: int
    """Version of the page that the plan was made on."""
    changes: tuple[PlannedChange, ...]
    """All managed regions of the page."""
    revision: str
    """Revision of the data file."""
    is_first_run: bool
    """Whether the bot has never written this page."""
    space_key: str = ""
    """Key of the space that the page was in."""


class PlannedScope(FileModel):
    """How much of a workspace was compared."""

    workspace: str
    """Name of the workspace."""
    revision: str
    """Revision of the data file."""
    pages: int
    """Number of pages."""
    regions: int
    """Number of managed regions."""
    live_characters: int
    """Characters that the home page has in its regions."""
    desired_characters: int
    """Characters that the data file asks for in these regions."""


class PlannedProblem(FileModel):
    """A page or region that could not be planned."""

    workspace: str
    """Name of the workspace."""
    page: str
    """Title of the page."""
    message: str
    """What is wrong."""
    region: str | None
    """Name of the region; null if the whole page is concerned."""


class PlanSummary(FileModel):
    """Counts for a first look."""

    pages_to_write: int
    """Pages that applying writes."""
    regions_to_write: int
    """Regions that applying writes or creates."""
    regions_in_dispute: int
    """Regions that wait for a decision by a person."""
    problems: int
    """Pages or regions that could not be planned."""


class PlanDocument(FileDocument):
    """A plan for review and for `apply --plan`."""

    KIND: ClassVar[str] = "wikibot-plan"

    format: Literal["wikibot-plan/1"] = "wikibot-plan/1"
    """Format of the file."""
    digest: str
    """SHA-256 over everything except `created`, `drafts`, `attention` and what is derived from the rest."""
    seal: str | None = None
    """HMAC-SHA256 of the whole file with the key in the state folder of the bot that wrote it."""
    summary: PlanSummary
    """Counts, derived from the rest."""
    wiki: str
    """Base address of the wiki."""
    created: datetime
    """Time of the plan."""
    scopes: tuple[PlannedScope, ...]
    """What was compared, by workspace."""
    pages: tuple[PlannedPage, ...]
    """Pages that are not in sync."""
    problems: tuple[PlannedProblem, ...]
    """Pages or regions that could not be planned."""
    notices: tuple[str, ...]
    """Further messages for people."""
    drafts: tuple[str, ...] = ()
    """Unpublished changes by people that prevent the write of pages at the moment."""
    attention: tuple[str, ...] = ()
    """What a person has to settle, apart from single regions, such as a wrong clock."""


def plan_digest(plan: Plan) -> str:
    """Return the digest of a plan. The time of the plan does not change the digest."""
    return _digest(_written(plan).content())


def as_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON-serializable values."""
    content = _written(plan).content()
    return content | {"digest": _digest(content)}


def dump_plan(plan: Plan) -> str:
    """Return the text of the plan file."""
    return json.dumps(as_document(plan), indent=2, ensure_ascii=False) + "\n"


def load_plan(text: str, *, digest: str | None = None) -> Plan:
    """Parse a plan file; raises `BotError` if the file is invalid, was edited, or does not have *digest*."""
    try:
        document = PlanDocument.parse(text)
        json.loads(text, object_pairs_hook=_raise_if_repeated)
        plan = TypeAdapter(Plan).validate_python(document.model_dump())
    except FileFormatError as error:
        raise BotError(f"the plan file {error}; write one with `wikibot plan --out FILE`") from error
    except BotError as error:
        raise BotError(f"the plan file is damaged: {error}; make the plan again") from error
    if _digest(document.content()) != document.digest:
        raise BotError("the plan file was changed after it was written: its digest does not match; make the plan again")
    _check(document.digest, digest)
    return plan


def _raise_if_repeated(pairs: list[tuple[str, Any]]) -> None:
    """Raise `FileFormatError` for a key that is there twice: a person would read the first, the bot the last."""
    names = {name for name, _ in pairs}
    if len(names) < len(pairs):
        repeated = next(name for name in names if sum(name == each for each, _ in pairs) > 1)
        raise FileFormatError(f"has the key {repeated!r} twice in one object")


def check_digest(plan: Plan, digest: str | None) -> None:
    """Raise `BotError` if *digest* is given and does not match *plan*; the first 12 digits are sufficient."""
    _check(plan_digest(plan), digest)


def _check(found: str, digest: str | None) -> None:
    if digest is None:
        return
    wanted = digest.removeprefix("sha256:").lower()
    if len(wanted) < _MIN_DIGITS or not found.removeprefix("sha256:").startswith(wanted):
        raise BotError(f"this is not the plan that was reviewed: its digest is {found}, not {digest}; review it again")


def _digest(content: dict[str, Any]) -> str:
    """Return the digest over the content of a plan file, including keys that this version does not know."""
    bound = {key: value for key, value in content.items() if key not in (*_DERIVED, *_OF_THE_MOMENT)}
    bound["pages"] = [
        {**_without_empty_space(page), "changes": [_without_digests(change) for change in page["changes"]]}
        for page in content["pages"]
    ]
    text = json.dumps(bound, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _without_empty_space(page: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in page.items() if key != "space_key" or value}


def _without_digests(change: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in change.items()
        if key not in _DERIVED_OF_CHANGE and (key not in _UNBOUND_WHEN_EMPTY or value != _UNBOUND_WHEN_EMPTY[key])
    }


def _written(plan: Plan) -> PlanDocument:
    """Return the plan in the file format; the digest is not set."""
    return PlanDocument(
        digest="",
        summary=PlanSummary(
            pages_to_write=len(plan.page_writes),
            regions_to_write=sum(len(page.writes) for page in plan.pages),
            regions_in_dispute=len(plan.disputed),
            problems=len(plan.problems),
        ),
        wiki=plan.wiki,
        created=plan.created,
        scopes=tuple(map(PlannedScope.taken_from, plan.scopes)),
        pages=tuple(map(PlannedPage.taken_from, plan.pages)),
        problems=tuple(map(PlannedProblem.taken_from, plan.problems)),
        notices=plan.notices,
        drafts=plan.drafts,
        attention=plan.attention,
    )
