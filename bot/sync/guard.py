"""Checks before every write: order to stop, stop label, exclusion label and unpublished drafts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum

from bot.config.policy import SafetySettings
from bot.errors import MalformedBodyError, StoppedError, WikiError
from bot.storage.meaning import is_same
from bot.sync.stop_order import StopOrders
from bot.wiki.gateway import Page, WikiGateway

_POLL_SECONDS = 5.0


def describe_draft(gateway: WikiGateway, page_id: str) -> str | None:
    """Describe the unpublished changes that prevent a write of the page; None if they read like the page."""
    draft = gateway.fetch_draft(page_id)
    if draft is None or _reads_like(draft, gateway.fetch_page(page_id)):
        return None
    version = draft.ref.version
    since = version.when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"{version.author.display_name} has unpublished changes on the page (last saved {since}); "
        "it is written once they are published or discarded"
    )


def _reads_like(draft: Page, page: Page) -> bool:
    try:
        return draft.title == page.title and is_same(draft.body, page.body, space_key=page.ref.space_key)
    except MalformedBodyError:
        return False


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
    writes to the workspace, and so does an order among *orders*.
    """

    def __init__(
        self,
        gateway: WikiGateway,
        safety: SafetySettings,
        *,
        stop_pages: Mapping[str, str],
        orders: StopOrders,
        writes_over_drafts: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gateway, self._safety, self._clock, self._sleep = gateway, safety, clock, sleep
        self._stop_pages, self._orders, self._writes_over_drafts = stop_pages, orders, writes_over_drafts

    def find_obstacle(self, workspace: str, page_id: str) -> Obstacle | None:
        """Return the obstacle to writing this page, or None; waits up to `draft_wait_seconds` for a draft to disappear.

        Everything is checked again after a wait. Fails closed: raises `StoppedError` if a person stopped the bot, by an
        order or by the stop label on the home page of the workspace, or if that cannot be determined.
        """
        deadline = self._clock() + self._safety.draft_wait_seconds
        while True:
            obstacle = self._look(workspace, page_id)
            left = deadline - self._clock()
            if obstacle is None or obstacle.kind is not ObstacleKind.DRAFT or left <= 0:
                return obstacle
            self._sleep(min(left, _POLL_SECONDS))

    def _look(self, workspace: str, page_id: str) -> Obstacle | None:
        order = self._orders.find(workspace)
        if order is not None:
            raise StoppedError(
                f"nothing is written to workspace {workspace!r}: {order}; `wikibot resume` lets the bot go on"
            )
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
        draft = None if self._writes_over_drafts else describe_draft(self._gateway, page_id)
        return None if draft is None else Obstacle(ObstacleKind.DRAFT, draft)

    def _fetch_stop_labels(self, workspace: str, page_id: str) -> frozenset[str]:
        try:
            return self._gateway.fetch_labels(page_id)
        except WikiError as error:
            raise StoppedError(
                f"cannot make out whether the home page of workspace {workspace!r} has the stop label "
                f"{self._safety.stop_label!r}, so nothing more is written: {error}"
            ) from error
