"""The plan file: written by `plan --out`, read by `apply --plan`, protected by a digest (docs/reference/plan-file.md).

The classes are the file format. `_written` and `_read` convert between the file format and `Plan`. Pure.
"""

import hashlib
import json
from datetime import datetime
from typing import Any, ClassVar, Literal

from bot.config.policy import DriftPolicy, NotifyPolicy
from bot.errors import BotError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.storage.markers import Marker, MarkerKind
from bot.sync.drift import LastApplied, ManualEdit, Verdict, digest_of
from bot.sync.plan import Action, Change, PagePlan, Plan, PlanProblem, Scope

_DERIVED = ("format", "digest", "summary")
_OF_THE_MOMENT = ("created", "drafts")
_DERIVED_OF_CHANGE = ("desired_digest", "live_digest")
_UNBOUND_WHEN_EMPTY: dict[str, object] = {"notify": "never", "is_waiting": False, "orphans": []}
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
    """SHA-256 over everything except `created`, `drafts` and what is derived from the rest."""
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
    """Unpublished changes by people that keep pages from being written at the moment."""


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
        plan = _read(document)
    except FileFormatError as error:
        raise BotError(f"the plan file {error}; write one with `wikibot plan --out FILE`") from error
    except BotError as error:
        raise BotError(f"the plan file is damaged: {error}; make the plan again") from error
    if _digest(document.content()) != document.digest:
        raise BotError("the plan file was changed after it was written: its digest does not match; make the plan again")
    _check(document.digest, digest)
    return plan


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
        {**page, "changes": [_without_digests(change) for change in page["changes"]]} for page in content["pages"]
    ]
    text = json.dumps(bound, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


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
        scopes=tuple(map(_written_scope, plan.scopes)),
        pages=tuple(map(_written_page, plan.pages)),
        problems=tuple(
            PlannedProblem(workspace=one.workspace, page=one.page, message=one.message, region=one.region)
            for one in plan.problems
        ),
        notices=plan.notices,
        drafts=plan.drafts,
    )


def _written_scope(scope: Scope) -> PlannedScope:
    return PlannedScope(
        workspace=scope.workspace,
        revision=scope.revision,
        pages=scope.pages,
        regions=scope.regions,
        live_characters=scope.live_characters,
        desired_characters=scope.desired_characters,
    )


def _written_page(page: PagePlan) -> PlannedPage:
    return PlannedPage(
        workspace=page.workspace,
        id=page.id,
        title=page.title,
        url=page.url,
        base_version=page.base_version,
        changes=tuple(map(_written_change, page.changes)),
        revision=page.revision,
        is_first_run=page.is_first_run,
    )


def _written_change(change: Change) -> PlannedChange:
    marker, last = change.marker, change.last_applied
    return PlannedChange(
        region=change.region,
        marker=PlannedMarker(
            name=marker.name, kind=marker.kind.value, heading=marker.heading, heading_level=marker.heading_level
        ),
        verdict=change.verdict.value,
        action=change.action.value,
        desired=change.desired,
        live=change.live,
        last_applied=None
        if last is None
        else PlannedLastApplied(version=last.version, text=last.text, digest=last.digest),
        policy=change.policy.value,
        place=change.place,
        is_repair=change.is_repair,
        edits=tuple(map(_written_edit, change.edits)),
        lost_comments=change.lost_comments,
        note=change.note,
        notify=change.notify.value,
        is_waiting=change.is_waiting,
        orphans=change.orphans,
        desired_digest=digest_of(change.desired),
        live_digest=None if change.live is None else digest_of(change.live),
    )


def _written_edit(edit: ManualEdit) -> PlannedEdit:
    return PlannedEdit(
        version=edit.version,
        when=edit.when,
        author=edit.author,
        message=edit.message,
        is_certain=edit.is_certain,
    )


def _read(document: PlanDocument) -> Plan:
    """Return the plan from a plan file; raises `RegionError` for an invalid marker."""
    return Plan(
        wiki=document.wiki,
        created=document.created,
        scopes=tuple(
            Scope(
                workspace=scope.workspace,
                revision=scope.revision,
                pages=scope.pages,
                regions=scope.regions,
                live_characters=scope.live_characters,
                desired_characters=scope.desired_characters,
            )
            for scope in document.scopes
        ),
        pages=tuple(map(_read_page, document.pages)),
        problems=tuple(
            PlanProblem(workspace=one.workspace, page=one.page, message=one.message, region=one.region)
            for one in document.problems
        ),
        notices=document.notices,
        drafts=document.drafts,
    )


def _read_page(page: PlannedPage) -> PagePlan:
    return PagePlan(
        workspace=page.workspace,
        id=page.id,
        title=page.title,
        url=page.url,
        base_version=page.base_version,
        changes=tuple(map(_read_change, page.changes)),
        revision=page.revision,
        is_first_run=page.is_first_run,
    )


def _read_change(change: PlannedChange) -> Change:
    marker, last = change.marker, change.last_applied
    return Change(
        region=change.region,
        marker=Marker(marker.name, MarkerKind(marker.kind), marker.heading, marker.heading_level),
        verdict=Verdict(change.verdict),
        action=Action(change.action),
        desired=change.desired,
        live=change.live,
        last_applied=None if last is None else LastApplied(last.version, last.text, last.digest),
        policy=DriftPolicy(change.policy),
        place=change.place,
        is_repair=change.is_repair,
        edits=tuple(
            ManualEdit(edit.version, edit.when, edit.author, edit.message, edit.is_certain) for edit in change.edits
        ),
        lost_comments=change.lost_comments,
        note=change.note,
        notify=NotifyPolicy(change.notify),
        is_waiting=change.is_waiting,
        orphans=change.orphans,
    )
