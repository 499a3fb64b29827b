"""A running wiki for tests, and the actions of its users.

A test suite loads the fixtures `wiki`, `flavour` and `seed` with `-p wikiserver.fixtures`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from requests import Session

from wikiserver.faults import Faults
from wikiserver.person_saves import open_and_save
from wikiserver.seed import seed_wiki
from wikiserver.server import WikiServer
from wikiserver.site import CLOUD_ID, Flavour, Site
from wikiserver.store import Content, Space, Store, Version
from wikiserver.tokens import Client, Scopes


@dataclass(frozen=True, slots=True)
class Wiki:
    """A running wiki, with methods for the actions of its users."""

    server: WikiServer
    flavour: Flavour

    @property
    def url(self) -> str:
        """The address for a client: with `/wiki` on Cloud, as Atlassian has it."""
        return f"{self.server.url}/wiki" if self.flavour == "cloud" else self.server.url

    @property
    def store(self) -> Store:
        return self.server.store

    @property
    def site(self) -> Site:
        return self.server.site

    @property
    def faults(self) -> Faults:
        """The active faults: `wiki.faults.add("429@put*2")`."""
        return self.server.faults

    @property
    def requests(self) -> list[tuple[str, str]]:
        """The method and path of each request that the server received."""
        return self.server.requests

    @property
    def gateway_url(self) -> str:
        """The address of the site at Cloud's API gateway; `open_gateway` turns it on."""
        return f"{self.server.url}/ex/confluence/{CLOUD_ID}/wiki"

    def open_gateway(self) -> str:
        """Turn the API gateway on; return the host of it."""
        self.site.has_gateway = True
        return self.server.url

    def add_service_account(self, name: str = "robot") -> tuple[str, str]:
        """Add an account without password and classic token; return the id and the secret of its OAuth client."""
        self.store.people.add(name, display_name=name.title(), email=f"{name}@serviceaccount.atlassian.com")
        self.site.tokens.service_accounts.add(name)
        return self.add_client(name)

    def add_client(self, name: str, scopes: Scopes = None) -> tuple[str, str]:
        """Add an OAuth client of an account; return its id and its secret."""
        client_id, secret = f"{name}-client", f"{name}-client-secret"
        self.site.tokens.clients[client_id] = Client(name, secret, scopes)
        return client_id, secret

    def issue_token(self, name: str = "bot", scopes: Scopes = None) -> str:
        """Create a scoped API token of an account, by default with all scopes."""
        return self.site.tokens.issue(name, scopes)

    def account(self, name: str) -> str:
        return self.store.people.get(name).account_id

    def add_space(self, key: str = "WS2", name: str | None = None) -> Space:
        """The space of that key; if it does not exist, it is created without a home page."""
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
        kind: str = "page",
        is_live: bool = False,
    ) -> str:
        """Create a page as a user; the first page of a space is its home page and the parent of the others.

        *kind* is another type of node of the page tree, such as `folder`.
        """
        place = self.add_space(space)
        parent_id = int(parent) if parent is not None else place.homepage_id
        page = self.store.pages.create(
            place.id,
            title,
            body,
            author=self.account(by),
            parent_id=parent_id,
            kind=kind,
            subtype="live" if is_live else "",
        )
        if place.homepage_id is None:
            self.store.spaces.update(place.id, homepage_id=page.id)
        for label in labels:
            self.store.labels.add(page.id, label)
        if status != "current":
            self.store.pages.set_status(page.id, status)
        return str(page.id)

    def edit(self, page_id: int | str, body: str, by: str = "ana", *, message: str = "") -> Content:
        """Save a page as a user who does not check for a newer version."""
        return self.store.pages.update(int(page_id), body=body, author=self.account(by), message=message)

    def open_and_save(
        self, page_id: int | str, by: str = "ana", *, editor: str = "", seed: object = None, message: str = ""
    ) -> Content:
        """Save a page as a user who opened it in the editor and changed nothing.

        *editor* is `cloud` or `datacenter`, by default that of the flavour; *seed* chooses between the spellings.
        """
        return open_and_save(self.site, int(page_id), by, editor=editor, seed=seed, message=message)

    def body(self, page_id: int | str, number: int | None = None) -> str:
        return self.store.contents.body(int(page_id), number)

    def mails(self, page_id: int | str) -> list[tuple[int, str]]:
        """Version and name of everybody who got a mail about a new version of a page."""
        return [(number, self.store.people.get(who).name) for number, who in self.store.pages.mails(int(page_id))]

    def page(self, page_id: int | str) -> Content:
        return self.store.contents.get(int(page_id))

    def find(self, title: str, space: str = "WS2") -> Content:
        """The page of that title, including archived pages."""
        place = self.store.spaces.get_by_key(space)
        page = self.store.contents.find_page(place.id, title, statuses=("current", "archived"))
        if page is None:
            raise AssertionError(f"there is no page {title!r} in {space}")
        return page

    def versions(self, page_id: int | str) -> list[Version]:
        """The versions of a page, the oldest first."""
        return self.store.contents.versions(int(page_id), is_ascending=True)

    def session(self, name: str = "bot") -> Session:
        """A plain HTTP session of one account; close it, or use it in `with`."""
        session = Session()
        session.auth = (name, f"{name}-secret")
        return session


@contextmanager
def running_wiki(flavour: Flavour = "cloud", seed: str | Path = "empty") -> Iterator[Wiki]:
    """Serve a wiki in memory on loopback; *seed* is `empty`, `demo` or a world folder."""
    with Store() as store, WikiServer(store, flavour=flavour) as server:
        seed_wiki(store, seed)
        yield Wiki(server, flavour)
