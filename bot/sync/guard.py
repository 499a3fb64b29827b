"""Checks before every write: stop label, exclusion label and unpublished drafts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.config.policy import SafetySettings
from bot.errors import StoppedError, WikiError
from bot.wiki.gateway import WikiGateway

_POLL_SECONDS = 5.0


class ObstacleKind(StrEnum):
    """The reason why a page is not written."""

    EXCLUDED = "excluded"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An obstacle to writing a page; *reason* is a message for people."""

    kind: ObstacleKind
    reason: str


class Guard:
    """Checks the wiki before each write. Fails closed: if the stop label cannot be read, nothing is written.

    *stop_pages* maps the name of each workspace to the id of its home page. The stop label on the home page stops all
    writes to the workspace.
    """

    def __init__(
        self,
        gateway: WikiGateway,
        safety: SafetySettings,
        *,
        stop_pages: Mapping[str, str],
        writes_over_drafts: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gateway, self._safety, self._clock, self._sleep = gateway, safety, clock, sleep
        self._stop_pages, self._writes_over_drafts = stop_pages, writes_over_drafts

    def find_obstacle(self, workspace: str, page_id: str) -> Obstacle | None:
        """Return the obstacle to writing this page, or None; waits up to `draft_wait_seconds` for a draft to disappear.

        Fails closed: raises `StoppedError` if the home page of the workspace has the stop label or if the labels of
        the home page cannot be read.
        """
        stop_page = self._stop_pages.get(workspace, page_id)
        labels = self._fetch_stop_labels(workspace, stop_page)
        if self._safety.stop_label in labels:
            raise StoppedError(
                f"the home page of workspace {workspace!r} has the label {self._safety.stop_label!r}, "
                "so nothing more is written; remove the label to let the bot go on"
            )
        if stop_page != page_id:
            labels = self._gateway.fetch_labels(page_id)
        if self._safety.exclude_label in labels:
            return Obstacle(ObstacleKind.EXCLUDED, f"the page has the label {self._safety.exclude_label!r}")
        if not self._writes_over_drafts and self._is_draft_lasting(page_id):
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
                f"cannot make out whether the home page of workspace {workspace!r} has the stop label "
                f"{self._safety.stop_label!r}, so nothing more is written: {error}"
            ) from error

    def _is_draft_lasting(self, page_id: str) -> bool:
        deadline = self._clock() + self._safety.draft_wait_seconds
        while self._gateway.has_unpublished_draft(page_id):
            left = deadline - self._clock()
            if left <= 0:
                return True
            self._sleep(min(left, _POLL_SECONDS))
        return False
