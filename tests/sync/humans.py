"""People who edit a wiki over HTTP, clients that are known to lose their edits, and a checker that finds lost edits."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from atlassian import Confluence

from bot.splice import Span, splice
from bot.storage.regions import find_regions, replace_regions
from bot.storage.visible_text import text_of
from bot.wiki.gateway import Page, Version
from tests.sync.world import MARKERS, World
from wikiserver.editor.resave import resave


@dataclass
class Journal:
    """Every edit that the wiki acknowledged: the page and the words."""

    edits: list[tuple[str, str]] = field(default_factory=list)
    untouched: int = 0
    """Saves in which nothing was typed."""


class Person:
    """Reads a page, thinks, saves; starts over when somebody else was quicker. Works through REST v1, as editors do.

    With *uses_editor*, the whole page is spelled as the editor of the flavour stores it, also where nothing was typed,
    and nothing is typed into a region.
    """

    def __init__(
        self, world: World, name: str, pages: list[str], journal: Journal, seed: str, *, uses_editor: bool = False
    ) -> None:
        self._world, self._name, self._pages, self._journal = world, name, pages, journal
        self._random = random.Random(seed)  # noqa: S311 -- a script, no secret
        self._http = requests.Session()
        user = ("ana", "li", "omar")[len(name) % 3]
        self._http.auth = (user, f"{user}-secret")
        self._reading: dict[str, Any] | None = None
        self._count = 0
        self._uses_editor = uses_editor

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
        is_untouched = self._uses_editor and self._random.random() < 0.3
        words = "" if is_untouched else f"{self._name} edit {self._count}."
        payload = {
            "type": "page",
            "title": page["title"],
            "version": {"number": page["version"]["number"] + 1},
            "body": {"storage": {"value": self._edit(page, words), "representation": "storage"}},
        }
        answer = self._http.put(self._url(page["id"]), json=payload, timeout=10)
        if answer.status_code == requests.codes.conflict:
            return
        answer.raise_for_status()
        if words:
            self._journal.edits.append((page["id"], words))
        else:
            self._journal.untouched += 1

    def _edit(self, page: dict[str, Any], words: str) -> str:
        """Add a paragraph before, after or, now and then, inside a region."""
        body: str = page["body"]["storage"]["value"]
        if not self._uses_editor:
            return self._add(body, f"<p>{words}</p>")
        body = self._add(body, f"<p>{words}</p>") if words else body
        return resave(
            body,
            "cloud" if self._world.flavour == "cloud" else "datacenter",
            seed=self._random.random(),
            space_key="WS2",
        )

    def _add(self, body: str, markup: str) -> str:
        match self._random.randrange(40):
            case 0 if not self._uses_editor:
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
            if author == "bot" and _outside(world.body(page_id, number)) != _outside(world.body(page_id, number - 1)):
                yield f"version {number} of page {page_id}"


def _outside(body: str) -> str:
    spans: list[Span] = [region.content for region in find_regions(body, MARKERS).values()]
    return splice(body, dict.fromkeys(spans, "…"))
