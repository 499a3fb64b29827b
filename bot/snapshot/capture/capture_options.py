"""What a capture is asked for: spaces with their rules, and the options of the run."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from bot.config.policy import ArchivedSettings, HistoryMode
from bot.snapshot.capture.audience import Audience
from bot.snapshot.capture.bulk_consent import BulkConsent
from bot.snapshot.capture.parts import PART_PAGES
from bot.snapshot.capture.selection import RuleName


@dataclass(frozen=True, slots=True)
class SpaceRequest:
    """A space to capture, and the rule by which its pages count as archived.

    *places* has the rules that a person wrote, each with its file and line. *recall* and *remember* give access to the
    page memory: title → page id.
    """

    space_key: str
    rule: ArchivedSettings
    everything: bool = False
    places: Mapping[RuleName, str] = field(default_factory=dict)
    recall: Callable[[str], str | None] = lambda _title: None
    remember: Callable[[str, str], None] = lambda _title, _page_id: None

    def joined_with(self, other: "SpaceRequest") -> "SpaceRequest":
        """Return a request for the pages of both requests, which are for the same space."""
        return replace(
            self,
            rule=self.rule.joined_with(other.rule),
            everything=self.everything or other.everything,
            places={**other.places, **self.places},
        )


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """Options of a run. *executor* converts; *roster* has the ids that an administrator expects.

    *audience* says which pages the folder has. *parallel_requests* is the number of threads that read from the wiki.
    After *part_pages* changed pages, the capture commits a part.
    """

    executor: Executor
    history: HistoryMode = HistoryMode.CHANGES
    consent: BulkConsent = field(default_factory=BulkConsent)
    roster: Collection[str] = ()
    audience: Audience = Audience.OPEN
    parallel_requests: int = 8
    part_pages: int = PART_PAGES
    audit_head: str | None = None
    """The head of the audit log of the desk, for the event of the run."""
    on_page: Callable[[str, int], None] = lambda _title, _total: None
    should_stop: Callable[[], bool] = lambda: False
