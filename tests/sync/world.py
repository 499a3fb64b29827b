"""A wiki over HTTP with people on it, and a bot that plans and applies; used by the sync tests."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.config.policy import SafetySettings
from bot.storage.regions import Marker, find_region, render_marked
from bot.sync.apply import ApplyReport, apply_plan
from bot.sync.guard import Guard
from bot.sync.plan import Plan
from bot.sync.stop_order import StopOrders
from bot.sync.survey import build_plan
from bot.sync.wanted import Assignment, TargetPage, WantedRegion
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from bot.wiki.session import Manners
from wikiserver.server import WikiServer
from wikiserver.store import Store
from wikiserver.store.people import account_id_of

MARKERS = (Marker("status"), Marker("quick_links"), Marker("news"))
QUICK = Manners(first_pause_seconds=0, longest_pause_seconds=0, tries=3)
STOP, EXCLUDE = "wikibot-stop", "wikibot-exclude"
NO_ORDERS = StopOrders(Path("no-such-folder"))


def page_body(texts: dict[str, str], *, before: str = "<p>before</p>", after: str = "<p>after</p>") -> str:
    """Return a page whose regions are between other text."""
    regions = "\n<hr />\n".join(render_marked(Marker(name), text) for name, text in texts.items())
    return f"{before}{regions}{after}"


class World:
    """A wiki with one space."""

    def __init__(self, flavour: str = "datacenter", *, level: Any = "light") -> None:
        self.flavour = Flavour(flavour)
        self.store = Store(clock=self.clock)
        self.server = WikiServer(self.store, flavour="cloud" if flavour == "cloud" else "datacenter", level=level)
        self.shift = dt.timedelta()
        self._stack = ExitStack()
        self.space = self.store.spaces.create(
            "WS2", "Work Stream 2", creator=account_id_of("admin"), now=dt.datetime.now(dt.UTC)
        )

    def clock(self) -> dt.datetime:
        """Return the wiki's time, which tests may shift."""
        return dt.datetime.now(dt.UTC) + self.shift

    def __enter__(self) -> Self:
        self._stack.enter_context(self.server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self.store.close()

    def gateway(self, user: str = "bot", **settings: Any) -> ConfluenceGateway:
        """Return a connection of somebody's, which neither waits nor is limited; *url* may be that of a proxy."""
        defaults: dict[str, Any] = {"writes_per_minute": 1e9, "manners": QUICK, "sleep": lambda _: None}
        return ConfluenceGateway(
            settings.pop("url", self.url),
            flavour=self.flavour,
            credentials=Credentials(f"{user}-secret", user),
            **(defaults | settings),
        )

    @property
    def url(self) -> str:
        """The address for a client."""
        return f"{self.server.url}/wiki" if self.flavour is Flavour.CLOUD else self.server.url

    def add_page(self, title: str, body: str, *, parent: str | None = None) -> str:
        """Create a page as ana would; returns its id."""
        page = self.store.pages.create(
            self.space.id, title, body, author=account_id_of("ana"), parent_id=int(parent) if parent else None
        )
        return str(page.id)

    def edit(self, page_id: str, body: str, *, user: str = "ana", message: str = "") -> None:
        """Save a page as a person would."""
        self.store.pages.update(int(page_id), author=account_id_of(user), body=body, message=message)

    def replace(self, page_id: str, old: str, new: str, *, user: str = "ana") -> None:
        """Change words of a page as a person would."""
        body = self.body(page_id)
        assert old in body
        self.edit(page_id, body.replace(old, new), user=user)

    def body(self, page_id: str, version: int | None = None) -> str:
        """Return what is in the wiki."""
        return self.store.contents.body(int(page_id), version)

    def region(self, page_id: str, name: str) -> str | None:
        """Return what a region says now."""
        body = self.body(page_id)
        region = find_region(body, Marker(name))
        return None if region is None else region.text(body)

    def versions(self, page_id: str) -> list[tuple[int, str, str]]:
        """Return number, author's name and message of each version, oldest first."""
        found = self.store.contents.versions(int(page_id))
        return sorted((each.number, self.store.people.get(each.author).name, each.message) for each in found)

    def account(self, user: str) -> str:
        """Return the account id of a user."""
        return account_id_of(user)

    def label(self, page_id: str, name: str) -> None:
        """Put a label on a page."""
        self.store.labels.add(int(page_id), name)

    def writes(self) -> list[tuple[str, str]]:
        """Return the requests so far that were not reading."""
        return [request for request in self.server.requests if request[0] not in ("GET", "HEAD")]


class Bot:
    """A bot that wants its texts on some pages."""

    def __init__(self, world: World, pages: Sequence[str], texts: dict[str, str | None], **settings: Any) -> None:
        self.world, self.pages, self.texts = world, list(pages), texts
        self.settings = settings
        self.gateway = settings.pop("gateway", None) or world.gateway()
        self.revision = "r1"

    def assignment(self) -> Assignment:
        """Return what this bot wants."""
        wanted = tuple(WantedRegion(Marker(name), text, **self.settings) for name, text in self.texts.items())
        targets = tuple(
            TargetPage(page_id, f"page {page_id}", wanted, is_home=page_id == self.pages[0]) for page_id in self.pages
        )
        return Assignment("ws2", self.revision, targets)

    def plan(self, *, take_over: frozenset[str] = frozenset(), **safety: Any) -> Plan:
        """Plan as `wikibot plan` does."""
        settings = SafetySettings(**{"exclude_label": EXCLUDE} | safety)
        return build_plan(self.gateway, [self.assignment()], settings, now=self.world.clock(), take_over=take_over)

    def apply(
        self,
        plan: Plan,
        *,
        is_reviewed: bool = True,
        writes_over_drafts: bool = False,
        stop_pages: Mapping[str, str] | None = None,
        orders: StopOrders = NO_ORDERS,
        sleep: Callable[[float], None] = lambda _: None,
        canary_seconds: float = 0,
        max_writes: int | None = None,
        **safety: Any,
    ) -> ApplyReport:
        """Apply as `wikibot apply` does."""
        guard = Guard(
            self.gateway,
            SafetySettings(**{"stop_label": STOP, "exclude_label": EXCLUDE} | safety),
            stop_pages=stop_pages or {"ws2": self.pages[0]},
            orders=orders,
            writes_over_drafts=writes_over_drafts,
            sleep=sleep,
            clock=lambda: 0.0,
        )
        return apply_plan(
            plan,
            self.gateway,
            guard,
            is_reviewed=is_reviewed,
            canary_seconds=canary_seconds,
            max_writes=max_writes,
            sleep=sleep,
        )

    def run(self, **rules: Any) -> ApplyReport:
        """Plan and apply."""
        return self.apply(self.plan(**rules))
