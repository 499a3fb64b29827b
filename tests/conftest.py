"""Fixtures for the whole suite: a wiki of our own to talk to, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from requests import Session

from bot.wikiserver.faults import Faults
from bot.wikiserver.seed import load_world
from bot.wikiserver.server import WikiServer
from bot.wikiserver.site import Flavour, Site
from bot.wikiserver.store import Content, Space, Store, Version

# Timing decides no test: a busy machine is not a broken program.
settings.register_profile("wikibot", deadline=None)
settings.load_profile("wikibot")

DEMO_WORLD = Path(__file__).resolve().parent.parent / "config" / "demo" / "world"


@dataclass(frozen=True, slots=True)
class Wiki:
    """A running wiki, and the hands of the people who use it."""

    server: WikiServer
    flavour: Flavour

    @property
    def url(self) -> str:
        """The address to give to a client: with `/wiki` on Cloud, as Atlassian has it."""
        return f"{self.server.url}/wiki" if self.flavour == "cloud" else self.server.url

    @property
    def store(self) -> Store:
        return self.server.store

    @property
    def site(self) -> Site:
        return self.server.site

    @property
    def faults(self) -> Faults:
        """What goes wrong: `wiki.faults.add("429@put*2")`."""
        return self.server.faults

    @property
    def requests(self) -> list[tuple[str, str]]:
        """The method and path of each request that the server received."""
        return self.server.requests

    def account(self, name: str) -> str:
        return self.store.people.get(name).account_id

    def add_space(self, key: str = "WS2", name: str | None = None) -> Space:
        """The space of that key, made without a home page where there is none."""
        known = self.store.spaces.find_by_key(key)
        if known is not None:
            return known
        return self.store.spaces.create(key, name or key, creator=self.account("admin"), now=self.store.clock())

    def add_page(
        self,
        title: str,
        body: str = "",
        *,
        space: str = "WS2",
        parent: int | str | None = None,
        by: str = "ana",
        labels: tuple[str, ...] = (),
        status: str = "current",
    ) -> str:
        """Create a page as a person would; the first page of a space is its home, the parent of the others."""
        place = self.add_space(space)
        parent_id = int(parent) if parent is not None else place.homepage_id
        page = self.store.pages.create(place.id, title, body, author=self.account(by), parent_id=parent_id)
        if place.homepage_id is None:
            self.store.spaces.update(place.id, homepage_id=page.id)
        for label in labels:
            self.store.labels.add(page.id, label)
        if status != "current":
            self.store.pages.set_status(page.id, status)
        return str(page.id)

    def edit(self, page_id: int | str, body: str, by: str = "ana", *, message: str = "") -> Content:
        """Save a page as a person who does not look whether it has moved on."""
        return self.store.pages.update(int(page_id), body=body, author=self.account(by), message=message)

    def body(self, page_id: int | str, number: int | None = None) -> str:
        return self.store.contents.body(int(page_id), number)

    def page(self, page_id: int | str) -> Content:
        return self.store.contents.get(int(page_id))

    def find(self, title: str, space: str = "WS2") -> Content:
        """The page of that title, archived ones too."""
        place = self.store.spaces.get_by_key(space)
        page = self.store.contents.find_page(place.id, title, statuses=("current", "archived"))
        assert page is not None, f"there is no page {title!r} in {space}"
        return page

    def versions(self, page_id: int | str) -> list[Version]:
        """The versions of a page, the oldest first."""
        return self.store.contents.versions(int(page_id), is_ascending=True)

    def session(self, name: str = "bot") -> Session:
        """A plain HTTP session of one account; close it, or use it in `with`."""
        session = Session()
        session.auth = (name, f"{name}-secret")
        return session


@pytest.fixture
def flavour() -> Flavour:
    """Which wiki to run; a test that means another, or both, parametrises `flavour`."""
    return "cloud"


@pytest.fixture
def seed() -> str | Path:
    """What the wiki starts with: `empty`, `demo` or a world folder; parametrise `seed` for another."""
    return "empty"


@pytest.fixture
def wiki(flavour: Flavour, seed: str | Path) -> Iterator[Wiki]:
    """A wiki that listens on loopback for the length of one test."""
    with Store() as store, WikiServer(store, flavour=flavour) as server:
        if seed != "empty":
            load_world(store, DEMO_WORLD if seed == "demo" else Path(seed))
        yield Wiki(server, flavour)
