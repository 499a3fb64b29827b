"""The outcome of a capture run: expected and captured, failed, restricted and skipped pages."""

import hashlib
from dataclasses import dataclass, field

from bot.current_run import current_run
from bot.plural import counted
from bot.snapshot.archive.checkpoint import Checkpoint
from bot.snapshot.archive.events import (
    AUDIT_HEAD,
    BOT_RUN,
    LEFT_OUT,
    NOT_CAPTURABLE,
    SKIPPED_PAGES,
    Event,
    EventOutcome,
    EventType,
    name_rest,
)
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.mirror.mirror_report import MirrorReport
from bot.snapshot.witness.rounds import WitnessReport


@dataclass(frozen=True, slots=True)
class Trouble:
    """A page that was expected but not captured completely, and the reason."""

    page_id: str
    title: str
    reason: str


@dataclass
class CaptureOutcome:
    """The counts of one run, and its events. *expected* is the number of pages selected by the queries."""

    queries: tuple[str, ...] = ()
    expected: int = 0
    captured: int = 0
    unchanged: int = 0
    gone: int = 0
    losses: int = 0
    failed: list[Trouble] = field(default_factory=list)
    restricted: list[Trouble] = field(default_factory=list)
    skipped: list[Trouble] = field(default_factory=list)
    incomplete: list[Trouble] = field(default_factory=list)
    """Captured, but an attachment could not be downloaded, or the text differs when it is read singly."""
    unknown: list[Trouble] = field(default_factory=list)
    """Captured earlier, no longer listed, and the wiki gives no reason."""
    missing: list[Trouble] = field(default_factory=list)
    """Pages that a source names and the wiki does not show, and spaces whose listings left pages out."""
    unlisted: list[Trouble] = field(default_factory=list)
    """Spaces whose pages could not be listed; the id is the space key."""
    unmatched: list[Trouble] = field(default_factory=list)
    """Rules of the settings that match nothing or that need a correction; the id is the page or label of the rule."""
    unplaced: list[Trouble] = field(default_factory=list)
    """Pages and folders whose place in the page tree is not known, so that no rule can decide about them."""
    deselected: list[Trouble] = field(default_factory=list)
    """Captured earlier, still in the wiki, and no longer selected; their captures stay."""
    not_capturable: list[Trouble] = field(default_factory=list)
    """Selected whiteboards, databases and embeds: their content cannot be read. They are no shortfall."""
    doubts: list[Trouble] = field(default_factory=list)
    """What a second source does not confirm. Nothing is known to be missing, but the run is not called complete."""
    notes: list[Trouble] = field(default_factory=list)
    """What a person should know, and what leaves nothing out."""
    left_out: int = 0
    """Number of selected pages that are left out on purpose, because only some people may read them."""
    restricted_later: list[Trouble] = field(default_factory=list)
    """Captured earlier, and only some people may read them now; their captures stay."""
    reads_everything: bool = True
    """Whether nothing was left to the last capture, as in the first one and once a week."""
    restrictions_read: int = 0
    """Number of selected pages whose restrictions this run read; those of the others are known from earlier runs."""
    requests: dict[str, int] = field(default_factory=dict)
    """Number of requests to the wiki, by what they were about."""
    events: list[Event] = field(default_factory=list)
    witnesses: tuple[WitnessReport, ...] = ()
    """What the witnesses say about the head after the run."""
    strays: tuple[str, ...] = ()
    """Entries of the snapshots folder that no list names."""
    mirror: MirrorReport | None = None
    """What the object storage has after the run, if the settings name one."""
    checkpoint: Checkpoint | None = None
    was_recovered: bool = False
    audit_head: str | None = None
    """The head of the audit log of the desk when the run began."""
    separate: "CaptureOutcome | None" = None
    """The outcome for the folder of the restricted pages, if there is one."""

    @property
    def has_shortfall(self) -> bool:
        """Whether anything expected was not captured; intentionally skipped pages do not count."""
        return bool(self.shortfalls)

    @property
    def alarms(self) -> tuple[WitnessReport | MirrorReport, ...]:
        """The witnesses and mirrors about which a person has to do something; the run was written all the same."""
        inner = self.separate.alarms if self.separate else ()
        mirrors = () if self.mirror is None or self.mirror.is_fine else (self.mirror,)
        return (*(report for report in self.witnesses if report.needs_attention), *mirrors, *inner)

    @property
    def all_strays(self) -> tuple[str, ...]:
        """The entries that no list names, also in the folder of the restricted pages."""
        return (*self.strays, *(self.separate.all_strays if self.separate else ()))

    @property
    def shortfalls(self) -> tuple[Trouble, ...]:
        """All pages that make the run incomplete."""
        found = (
            *self.unlisted,
            *self.unmatched,
            *self.unplaced,
            *self.failed,
            *self.restricted,
            *self.incomplete,
            *self.missing,
            *self.unknown,
            *(self.separate.shortfalls if self.separate else ()),
        )
        return tuple(dict.fromkeys(found))

    @property
    def verdict(self) -> RunVerdict:
        """Whether the run is complete; nothing but `RunVerdict.COMPLETE` may be called so."""
        if self.has_shortfall:
            return RunVerdict.INCOMPLETE
        return RunVerdict.UNCONFIRMED if self.doubts else RunVerdict.COMPLETE

    def run_event(self, expected_digest: str) -> Event:
        """Return the event of the whole run, the first event in the log."""
        outcome = EventOutcome.FAILURE if self.has_shortfall else EventOutcome.SUCCESS
        facts: dict[str, object] = {
            "captured": self.captured,
            "deselected": len(self.deselected),
            "doubts": len(self.doubts),
            "expected": self.expected,
            "expected_ids_sha256": expected_digest,
            "failed": len(self.failed),
            "gone": self.gone,
            "incomplete": len(self.incomplete),
            LEFT_OUT: self.left_out,
            "missing": len(self.missing),
            NOT_CAPTURABLE: self.nodes_without_content(),
            "read_everything": self.reads_everything,
            "restrictions_read": self.restrictions_read,
            "queries_sha256": hashlib.sha256("\n".join(self.queries).encode()).hexdigest(),
            "restricted": len(self.restricted),
            "skipped": len(self.skipped),
            "unchanged": self.unchanged,
            "unknown": len(self.unknown),
            "unlisted_spaces": [trouble.page_id for trouble in self.unlisted],
            "unmatched": len(self.unmatched),
            "unplaced": len(self.unplaced),
            "verdict": self.verdict.value,
        }
        if self.skipped:
            facts[SKIPPED_PAGES] = sorted(trouble.page_id for trouble in self.skipped)
        if self.audit_head is not None:
            facts[AUDIT_HEAD] = self.audit_head
        if number := current_run().number:
            facts[BOT_RUN] = number
        detail = f"captured {self.captured} of {counted(self.expected, 'page')}, {self.unchanged} unchanged{self.rest}"
        return Event(EventType.INGESTION, outcome, detail, (), facts)

    @property
    def rest(self) -> str:
        """How many expected pages are neither captured nor unchanged, to continue a sentence with these numbers."""
        return name_rest(self.expected, self.captured, self.unchanged, len(self.skipped))

    def nodes_without_content(self) -> list[str]:
        """Return the ids of the nodes that cannot be captured, as the log has them."""
        return sorted(each.page_id for each in self.not_capturable)

    def note(self, troubles: list[Trouble], trouble: Trouble, *, logged_as: str = "") -> None:
        """Add a trouble that is not about the capture of one page, and log it, with another title if given."""
        troubles.append(trouble)
        detail = f"{logged_as or trouble.title}: {trouble.reason}"
        names = ("unmatched", "unplaced", "unlisted", "missing")
        kinds = {name: getattr(self, name) for name in names}
        facts = {"problem": next((name for name, known in kinds.items() if known is troubles), "other")}
        self.events.append(Event(EventType.INGESTION, EventOutcome.FAILURE, detail, (trouble.page_id,), facts))

    def add_unlisted(self, trouble: Trouble) -> None:
        """Count a space whose pages could not be listed and log it."""
        self.note(self.unlisted, trouble, logged_as=f"{trouble.title} could not be listed")

    def add_trouble(self, kind: EventOutcome, trouble: Trouble) -> None:
        """Count a page that was not captured and log it."""
        (self.restricted if kind is EventOutcome.RESTRICTED else self.failed).append(trouble)
        detail = f"{trouble.title}: {trouble.reason}"
        self.events.append(Event(EventType.CAPTURE, kind, detail, (trouble.page_id,)))
