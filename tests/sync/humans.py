"""People who edit a wiki over HTTP, clients that are known to lose their edits, and a checker that finds lost edits."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from atlassian import Confluence

from bot.config.data_model import OLDER_NEWS
from bot.splice import Span, splice
from bot.storage.markers import Marker
from bot.storage.regions import find_regions, replace_regions
from bot.storage.visible_text import text_of
from bot.wiki.gateway import Page, Version
from tests.sync.world import MARKERS, World


@dataclass
class Journal:
    """Every edit that the wiki acknowledged: the page and the words."""

    edits: list[tuple[str, str]] = field(default_factory=list)


class Person:
    """Reads a page, thinks, saves; starts over when somebody else was quicker. Works through REST v1, as editors do."""

    def __init__(self, world: World, name: str, pages: list[str], journal: Journal, seed: str) -> None:
        self._world, self._name, self._pages, self._journal = world, name, pages, journal
        self._random = random.Random(seed)  # noqa: S311 -- a script, no secret
        self._http = requests.Session()
        user = ("ana", "li", "omar")[len(name) % 3]
        self._http.auth = (user, f"{user}-secret")
        self._reading: dict[str, Any] | None = None
        self._count = 0

    def step(self) -> None:
        """Read if nothing is at hand, else save."""
        if self._reading is None:
            self._reading = self._read(self._random.choice(self._pages))
        else:
            self._save(self._reading)
            self._reading = None

    def close(self) -> None:
        self._http.close()

    def _url(self, page_id: str) -> str:
        return f"{self._world.url}/rest/api/content/{page_id}"

    def _read(self, page_id: str) -> dict[str, Any]:
        answer = self._http.get(self._url(page_id), params={"expand": "body.storage,version"}, timeout=10)
        answer.raise_for_status()
        page: dict[str, Any] = answer.json()
        return page

    def _save(self, page: dict[str, Any]) -> None:
        self._count += 1
        words = f"{self._name} edit {self._count}."
        body = self._add(page["body"]["storage"]["value"], f"<p>{words}</p>")
        payload = {
            "type": "page",
            "title": page["title"],
            "version": {"number": page["version"]["number"] + 1},
            "body": {"storage": {"value": body, "representation": "storage"}},
        }
        answer = self._http.put(self._url(page["id"]), json=payload, timeout=10)
        if answer.status_code == requests.codes.conflict:
            return
        answer.raise_for_status()
        self._journal.edits.append((page["id"], words))

    def _add(self, body: str, markup: str) -> str:
        """Add a paragraph before, after or, now and then, inside a region."""
        match self._random.randrange(40):
            case 0:
                region = self._random.choice(list(find_regions(body, MARKERS).values()))
                return replace_regions(body, [(region, region.text(body) + markup)])
            case number if number % 2:
                return markup + body
            case _:
                return body + markup


class Interleaved:
    """A connection at which other people are at work before and after each of the bot's readings and writings."""

    def __init__(self, gateway: Any, others: Callable[[], None]) -> None:
        self._gateway, self._others = gateway, others

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    def fetch_page(self, page_id: str, *, version: int | None = None) -> Page:
        page: Page = self._gateway.fetch_page(page_id, version=version)
        self._others()
        return page

    def update_page(self, page: Page, body: str, *, message: str, is_minor: bool = True) -> Version:
        self._others()
        version: Version = self._gateway.update_page(page, body, message=message, is_minor=is_minor)
        self._others()
        return version


def retry_blindly(world: World, page_id: str, texts: dict[str, str], others: Callable[[], None]) -> None:
    """Write as a hasty client does: on a conflict take the new version's number and send the old body again."""
    with requests.Session() as http:
        http.auth = ("bot", "bot-secret")
        url = f"{world.url}/rest/api/content/{page_id}"
        page = http.get(url, params={"expand": "body.storage,version"}, timeout=10).json()
        body = with_texts(page["body"]["storage"]["value"], texts)
        number = page["version"]["number"]
        for _ in range(5):
            others()
            payload = {
                "type": "page",
                "title": page["title"],
                "version": {"number": number + 1},
                "body": {"storage": {"value": body, "representation": "storage"}},
            }
            if http.put(url, json=payload, timeout=10).status_code != requests.codes.conflict:
                return
            number = http.get(url, params={"expand": "version"}, timeout=10).json()["version"]["number"]


def update_with_the_library(world: World, page_id: str, texts: dict[str, str], others: Callable[[], None]) -> None:
    """Write with the library's own `update_page`, which reads the version again when it writes."""
    client: Any = Confluence(world.url, username="bot", password="bot-secret", cloud=False)  # type: ignore[no-untyped-call]  # the library has no types
    page = client.get_page_by_id(page_id, expand="body.storage,version")
    body = with_texts(page["body"]["storage"]["value"], texts)
    others()
    client.update_page(page_id, page["title"], body, minor_edit=True)
    client.close()


def with_texts(body: str, texts: dict[str, str]) -> str:
    """Return a body with new texts in its regions."""
    return replace_regions(body, [(region, texts[name]) for name, region in find_regions(body, MARKERS).items()])


def find_lost_edits(world: World, journal: Journal) -> list[str]:
    """Return the words that the wiki had acknowledged and no longer has."""
    texts = {page_id: text_of(world.body(page_id)) for page_id, _ in journal.edits}
    return [words for page_id, words in journal.edits if words not in texts[page_id]]


def find_foreign_changes(world: World, pages: list[str]) -> Iterator[str]:
    """Yield each of the bot's versions that differs from its parent anywhere but inside the regions."""
    for page_id in pages:
        for number, author, _ in world.versions(page_id):
            if author == "bot" and outside(world.body(page_id, number)) != outside(world.body(page_id, number - 1)):
                yield f"version {number} of page {page_id}"


def outside(body: str) -> str:
    """Return a body without the texts of its regions."""
    markers = (*MARKERS, Marker(OLDER_NEWS))
    spans: list[Span] = [region.content for region in find_regions(body, markers).values()]
    return splice(body, dict.fromkeys(spans, "…"))
