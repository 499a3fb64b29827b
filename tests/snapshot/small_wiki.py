"""A small wiki over real HTTP with archived pages that have everything a page can have."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from bot.wiki.session import Manners
from tests.scripted_proxy import CachingProxy, P, serving
from tests.snapshot.lying_proxy import LyingProxy
from wikiserver.server import WikiServer
from wikiserver.store import Store
from wikiserver.store.people import account_id_of

WHEN = dt.datetime(2024, 3, 1, 9, tzinfo=dt.UTC)
ANA, LI, OMAR = (account_id_of(name) for name in ("ana", "li", "omar"))
HASTY = Manners(connect_seconds=5, read_seconds=10)


@dataclass
class SmallWiki:
    """The wiki, a gateway to it, and the ids of its pages by title."""

    server: WikiServer
    gateway: ConfluenceGateway
    flavour: Flavour
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.server.store

    @contextmanager
    def proxied(self) -> Iterator[LyingProxy]:
        """Put a proxy between the gateway and the wiki, with its pages at the usual addresses."""
        with self._behind(LyingProxy(self.server.url)) as proxy:
            yield proxy

    @contextmanager
    def cached(self, *, stubborn: int | None = None) -> Iterator[CachingProxy]:
        """Put a cache between the gateway and the wiki."""
        with self._behind(CachingProxy(self.server.url, stubborn)) as proxy:
            yield proxy

    @contextmanager
    def _behind(self, proxy: P) -> Iterator[P]:
        honest = self.gateway
        with serving(proxy):
            self.gateway = make_gateway(proxy.url, self.flavour, public_url=honest.base_url)
            try:
                yield proxy
            finally:
                self.gateway = honest

    def add(self, title: str, body: str = "<p>text</p>", *, under: str | None = None, label: str = "archived") -> int:
        """Add a page that counts as archived on both flavours: by its label."""
        space = self.store.spaces.get_by_key("WS2")
        parent = self.ids[under] if under else None
        page = self.store.pages.create(space.id, title, body, author=ANA, parent_id=parent, when=WHEN)
        if label:
            self.store.labels.add(page.id, label)
        self.ids[title] = page.id
        return page.id

    def edit(self, title: str, body: str, *, message: str = "") -> None:
        self.store.pages.update(
            self.ids[title], author=LI, body=body, message=message, when=WHEN + dt.timedelta(days=1)
        )


def make_gateway(url: str, flavour: Flavour, *, public_url: str | None = None) -> ConfluenceGateway:
    return ConfluenceGateway(
        f"{url}/wiki" if flavour is Flavour.CLOUD else url,
        flavour=flavour,
        credentials=Credentials(user="bot", token="bot-secret"),
        public_url=public_url,
        is_dry_run=True,
        manners=HASTY,
        sleep=lambda _: None,
    )


@contextmanager
def small_wiki(flavour: Flavour) -> Iterator[SmallWiki]:
    with Store() as store, WikiServer(store, flavour=flavour.value) as server:
        store.spaces.create("WS2", "Workstream 2", creator=ANA, now=WHEN)
        wiki = SmallWiki(server, make_gateway(server.url, flavour), flavour)
        _fill(wiki)
        yield wiki


def _fill(wiki: SmallWiki) -> None:
    store = wiki.store
    wiki.add("Home", "<p>home</p>", label="")
    wiki.add(
        "Final report",
        '<h1>Findings</h1><p>See <ac:link><ri:page ri:content-title="Minutes" /></ac:link></p>',
        under="Home",
    )
    wiki.add("Minutes", "<p>version one</p>", under="Home")
    wiki.add("会议记录", "<p>决定：通过。</p>", under="Final report")
    wiki.edit("Minutes", "<p>version two</p>", message="second")
    wiki.edit("Minutes", "<p>version three</p>", message="third")
    minutes, report = wiki.ids["Minutes"], wiki.ids["Final report"]
    store.attachments.add(minutes, "Résumé (v2).pdf", b"%PDF-1", author=ANA, media_type="application/pdf", when=WHEN)
    first = store.comments.add(minutes, "<p>Is this <strong>final</strong>?</p>", author=LI, when=WHEN)
    store.comments.add(minutes, "<p>It is.</p>", author=ANA, parent_id=first.id, when=WHEN)
    store.comments.add_inline(report, "<p>Which?</p>", author=OMAR, selection="Findings")
    store.restrictions.add(minutes, "update", "user", ANA)
    store.labels.add(minutes, "board")
