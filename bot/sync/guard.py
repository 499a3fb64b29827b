"""May we write now? Stop label, exclusion label and unpublished drafts, asked before every write."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.errors import StoppedError, WikiError
from bot.wiki.gateway import WikiGateway

_POLL_SECONDS = 5.0


class ObstacleKind(StrEnum):
    """Why a page is not written now."""

    EXCLUDED = "excluded"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a page from being written now; *reason* is for a person."""

    kind: ObstacleKind
    reason: str


@dataclass(frozen=True, slots=True)
class GuardRules:
    """Where a person can stop the bot; *stop_pages* gives the id of each workspace's home page by its name."""

    stop_pages: Mapping[str, str] = field(default_factory=dict)
    stop_label: str = ""
    exclude_label: str = ""
    draft_wait_seconds: float = 0.0
    writes_over_drafts: bool = False


class Guard:
    """Asks the wiki before each write. Where it gets no answer about the stop label, it takes that for a stop."""

    def __init__(
        self,
        gateway: WikiGateway,
        rules: GuardRules,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gateway, self._rules, self._clock, self._sleep = gateway, rules, clock, sleep

    def find_obstacle(self, workspace: str, page_id: str) -> Obstacle | None:
        """Say why this page should not be written now; waits a little for a draft to go away.

        Raises `StoppedError` when the workspace's home page bears the stop label, or when that cannot be made out.
        """
        stop_page = self._rules.stop_pages.get(workspace, page_id)
        labels = self._fetch_stop_labels(workspace, stop_page)
        if self._rules.stop_label and self._rules.stop_label in labels:
            raise StoppedError(
                f"the home page of workspace {workspace!r} bears the label {self._rules.stop_label!r}, "
                "so nothing more is written; remove the label to let the bot go on"
            )
        if stop_page != page_id and self._rules.exclude_label:
            labels = self._gateway.fetch_labels(page_id)
        if self._rules.exclude_label and self._rules.exclude_label in labels:
            return Obstacle(ObstacleKind.EXCLUDED, f"the page bears the label {self._rules.exclude_label!r}")
        if not self._rules.writes_over_drafts and self._is_draft_lasting(page_id):
            return Obstacle(
                ObstacleKind.DRAFT,
                "somebody has unpublished changes on the page; it is written once they are published or discarded",
            )
        return None

    def _fetch_stop_labels(self, workspace: str, page_id: str) -> frozenset[str]:
        try:
            return self._gateway.fetch_labels(page_id)
        except WikiError as error:
            raise StoppedError(
                f"cannot make out whether the home page of workspace {workspace!r} bears the stop label "
                f"{self._rules.stop_label!r}, so nothing more is written: {error}"
            ) from error

    def _is_draft_lasting(self, page_id: str) -> bool:
        deadline = self._clock() + self._rules.draft_wait_seconds
        while self._gateway.has_unpublished_draft(page_id):
            left = deadline - self._clock()
            if left <= 0:
                return True
            self._sleep(min(left, _POLL_SECONDS))
        return False
