"""The gateway to a Confluence wiki. Writes use the HTTP verbs of atlassian-python-api.

Only its verbs are used: the library's helpers re-read versions when they write, drop context paths, and stop before the
end of a listing. Reads go directly to the bot's own session, which is the session of the library as well: the import of
the library takes longer than a run that has nothing to write. This is the only module that uses the library.
"""

import random
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import requests

from bot.site_address import recognise
from bot.stopping import FinishableStop, interruptible_sleep
from bot.wiki import rest_v1
from bot.wiki.body_renderer import BodyRenderer
from bot.wiki.credentials import SignIn
from bot.wiki.dialect import Dialect, Flavour
from bot.wiki.directory import Directory
from bot.wiki.endpoint import Endpoint, PublicAddress
from bot.wiki.gateway import (
    CURRENT_PAGES,
    AnswerStore,
    Attachment,
    Comment,
    Container,
    ContentState,
    ListingEntry,
    Newest,
    Page,
    PageParts,
    PageRef,
    PageSelection,
    PageStatus,
    RawAnswer,
    Restrictions,
    Sink,
    Space,
    TreeItem,
    User,
    Version,
    WikiGateway,
)
from bot.wiki.node_reader import NodeReader
from bot.wiki.page_details import PageDetails
from bot.wiki.page_reader import PageReader
from bot.wiki.page_writer import PageWriter
from bot.wiki.rest_client import RestClient
from bot.wiki.scope_check import find_missing_scopes
from bot.wiki.session import PATIENT, Manners, Network, RateLimiter, WikiSession, is_read
from bot.wiki.space_reader import SpaceReader
from bot.wiki.upload_form import UploadForm
from bot.wiki.wiki_clock import WikiClock

if TYPE_CHECKING:
    from atlassian.rest_client import AtlassianRestAPI

_UNCERTAINTY = timedelta(minutes=5)
"""How much the time in the answers of a wiki can differ from the time that it stores."""


class ConfluenceGateway(WikiGateway):
    """The gateway to a Cloud or Data Center wiki; thread-safe. `WikiGateway` documents the methods."""

    def __init__(
        self,
        url: str,
        *,
        flavour: Flavour,
        credentials: SignIn,
        access: Literal["site", "gateway"] | None = None,
        gateway: str | None = None,
        public_url: str | None = None,
        writes_per_minute: float = 6,
        is_dry_run: bool = False,
        former_accounts: Sequence[str] = (),
        network: Network | None = None,
        manners: Manners = PATIENT,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Prepare the gateway; no request is sent yet. *clock*, *sleep*, *now* and *jitter* are for tests.

        *access* and *gateway* (the host of the API gateway) are settings of Cloud, see `Endpoint`.
        """
        is_cloud = self._is_cloud = flavour is Flavour.CLOUD
        address = recognise(url, is_cloud=is_cloud)
        needs_gateway = credentials.needs_gateway
        self._endpoint = endpoint = Endpoint(address, access=access, gateway=gateway, needs_gateway=needs_gateway)
        self._credentials = credentials
        network = replace(network or Network(), home=address.url)
        stop = stop or threading.Event()
        self._stop = obeyed = FinishableStop(stop)
        self._sleep = sleep = sleep or interruptible_sleep(stop)
        self.tries = manners.tries
        self._former_accounts = former_accounts
        waits = self._waits = _Counter()
        wiki_clock = self._wiki_clock = WikiClock()
        self._limiter = limiter = RateLimiter.per_minute(writes_per_minute, clock=clock, sleep=sleep)

        has_answered = threading.Event()

        def connect() -> _AtlassianVerbs:
            session = WikiSession(
                credentials,
                write_limiter=limiter,
                manners=manners,
                network=network,
                is_dry_run=is_dry_run,
                stop=obeyed,
                has_answered=has_answered,
                on_pause=waits.add,
                clock=wiki_clock,
                sleep=sleep,
                now=now,
                jitter=jitter,
            )
            return _AtlassianVerbs(endpoint, session)  # without `self`: a cycle would keep connections open

        self._client = client = RestClient(connect, base_url=address.url, confirms_sign_in=is_cloud)
        weak_client = weakref.ref(client)  # a cycle would keep connections open

        def ask() -> None:
            if (alive := weak_client()) is not None:
                alive.send(rest_v1.current_user())

        self._public = public = PublicAddress(address, given=public_url, ask=ask)
        client.learn = public.learn
        dialect = _dialect_of(public, client, is_cloud=is_cloud)
        self._directory = Directory(self._client, dialect)
        self._pages = PageReader(self._client, dialect, self._directory)
        self._space_reader = SpaceReader(self._client, dialect, self._directory, self._pages)
        self._nodes = NodeReader(self._client, dialect, public.get)
        self._renderer = BodyRenderer(self._client, dialect, sleep)
        self._details = PageDetails(self._client, dialect, self._directory, self._pages)
        self._writer = PageWriter(self._client, dialect, self._directory, self._pages)

    @property
    def base_url(self) -> str:
        return self._public.get()

    @property
    def addresses(self) -> tuple[str, ...]:
        current = self._endpoint.peek()
        return tuple(dict.fromkeys((self._public.get(), self._endpoint.configured.url, current.url)))

    @property
    def is_at_gateway(self) -> bool:
        return self._endpoint.peek().is_gateway

    @property
    def sign_in(self) -> str:
        address = self._endpoint.peek()
        where = f", at the API gateway {address.url}" if address.is_gateway else ""
        return self._credentials.describe(address) + where

    def fetch_headers(self) -> Mapping[str, str]:
        return self._client.fetch_headers(rest_v1.current_user())

    @property
    def wiki_time(self) -> datetime | None:
        return self._wiki_clock.time()

    def ask(self, path: str) -> RawAnswer:
        return self._client.ask(path)

    def delete_page(self, page_id: str) -> None:
        self._writer.delete(page_id)

    def find_missing_scopes(self) -> list[str]:
        return find_missing_scopes(self._client) if self.is_at_gateway else []

    def fetch_current_user(self) -> User:
        return self._directory.fetch_current_user()

    @property
    def current_user(self) -> User:
        return self._directory.current_user()

    def is_own_account(self, user: User) -> bool:
        own = {self._directory.current_user().id, *self._former_accounts}
        return not own.isdisjoint({user.id, user.username})

    def fetch_user(self, user_id: str) -> User:
        return self._directory.user(user_id)

    @property
    def people(self) -> tuple[User, ...]:
        return self._directory.people

    def fetch_space(self, key: str) -> Space:
        return self._directory.fetch_space(key)

    def iter_spaces(self) -> Iterator[Space]:
        return self._directory.iter_spaces()

    def find_titles(self, space_key: str, words: str) -> list[str]:
        return self._pages.find_titles(space_key, words)

    def iter_refs(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[PageRef]:
        return self._pages.iter_refs(space_key, selection)

    def iter_listed(self, space_key: str, *, again: bool = False) -> Iterator[ListingEntry]:
        return self._space_reader.iter_listed(space_key, again=again)

    def list_labels(
        self, space_key: str, only: Collection[str] | None = None, fetchers: Executor | None = None
    ) -> dict[str, frozenset[str]] | None:
        return self._space_reader.list_labels(space_key, only, fetchers)

    def fetch_newest_attachments(self, since: datetime | None, max_requests: int) -> Newest[Attachment] | None:
        return self._space_reader.fetch_newest_attachments(since, max_requests)

    def fetch_newest_comments(self, since: datetime | None, max_requests: int) -> Newest[Comment] | None:
        return self._space_reader.fetch_newest_comments(since, max_requests)

    def find_parts(self, page_ids: Sequence[str], again: Collection[str] = ()) -> dict[str, PageParts]:
        return self._space_reader.find_parts(page_ids, again)

    def iter_refs_again(self, space_key: str, statuses: Sequence[PageStatus]) -> Iterator[PageRef]:
        return self._pages.iter_refs_again(space_key, statuses)

    def count_pages(self, space_key: str) -> int:
        return self._pages.count_pages(space_key)

    def count_on_page(self, page_id: str, kind: Literal["attachment", "comment"]) -> int:
        return self._pages.count_on_page(page_id, kind)

    def fetch_newest_pages(self, space_key: str) -> list[PageRef]:
        return self._pages.fetch_newest(space_key)

    def find_pages(self, space_key: str) -> list[str]:
        return self._pages.find_pages(space_key)

    def fetch_containers_above(self, refs: Sequence[PageRef]) -> list[Container]:
        return self._nodes.fetch_above(refs)

    def fetch_containers_below(self, node: TreeItem) -> list[Container]:
        return self._nodes.fetch_below(node)

    def find_pages_below(self, page_id: str) -> frozenset[str]:
        return self._nodes.find_pages_below(page_id)

    def fetch_containers_in(self, space_key: str, known: Collection[str]) -> list[Container]:
        return self._nodes.fetch_in_space(self._directory.space(space_key), known)

    def iter_pages(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[Page]:
        return self._pages.iter_pages(space_key, selection)

    def fetch_captures(self, page_ids: Sequence[str]) -> dict[str, tuple[Page, PageParts]]:
        return self._space_reader.fetch_captures(page_ids)

    def fetch_pages(self, page_ids: Sequence[str]) -> dict[str, Page]:
        return self._pages.fetch_many(page_ids)

    def fetch_page(self, page_id: str, *, version: int | None = None) -> Page:
        return self._pages.fetch(page_id, version=version)

    def fetch_view(self, page_id: str) -> str:
        return self._pages.fetch_view(page_id)

    def render_view(self, body: str, page: PageRef) -> str:
        return self._renderer.render(body, page)

    def find_page(self, space_key: str, title: str) -> PageRef | None:
        return self._pages.find_titled(space_key, title)

    def find_trashed(self, space_key: str, title: str) -> PageRef | None:
        return self._pages.find_titled(space_key, title, (PageStatus.TRASHED,))

    def find_labelled(self, space_key: str, label: str) -> list[str]:
        return self._pages.find_labelled(space_key, label)

    def fetch_space_labels(self, space_key: str) -> frozenset[str]:
        return self._pages.fetch_space_labels(space_key)

    def fetch_labels(self, page_id: str) -> frozenset[str]:
        return self._pages.fetch_labels(page_id)

    def fetch_versions(self, page_id: str) -> Iterator[Version]:
        return self._details.iter_versions(page_id)

    def fetch_attachments(self, page_id: str) -> list[Attachment]:
        return self._details.fetch_attachments(page_id)

    def download(self, attachment: Attachment, sink: Sink) -> None:
        self._details.download(attachment, sink)

    def fetch_comments(self, page_id: str) -> list[Comment]:
        return self._details.fetch_comments(page_id)

    def create_comment(self, page_id: str, body: str, *, parent_id: str | None = None) -> str:
        begun = self.wiki_time

        def read_new() -> list[Comment]:
            found = self._details.fetch_comments(page_id)
            return [each for each in found if begun is None or each.version.when > begun - _UNCERTAINTY]

        return self._writer.comment(page_id, body, parent_id, read_new)

    def fetch_restrictions(self, page_id: str) -> Restrictions:
        return self._client.send(rest_v1.restrictions(page_id))

    def fetch_read_restricted(self, space_key: str) -> dict[str, bool]:
        return self._pages.fetch_read_restricted(space_key)

    def fetch_operations(self, page_id: str) -> frozenset[str]:
        return self._details.fetch_operations(page_id)

    def fetch_draft(self, page_id: str) -> Page | None:
        return self._details.fetch_draft(page_id)

    @property
    def answers(self) -> AnswerStore | None:
        """Where answers are kept; None, if each question is asked."""
        return self._client.answers

    @answers.setter
    def answers(self, store: AnswerStore | None) -> None:
        self._client.answers = store

    @property
    def requests(self) -> Mapping[str, int]:
        return self._client.counts.by_kind()

    @property
    def waits(self) -> int:
        return self._waits.count

    def await_write_slot(self) -> None:
        self._directory.current_user()
        self._limiter.reserve()

    def wait(self, seconds: float) -> None:
        self._waits.add()
        self._sleep(seconds)

    def finishing(self) -> AbstractContextManager[None]:
        return self._stop.finishing()

    def update_page(self, page: Page, body: str, *, message: str, is_minor: bool = True) -> Version:
        return self._writer.update(page, body, message=message, is_minor=is_minor)

    def create_page(self, space_key: str, *, title: str, body: str, parent_id: str | None, message: str) -> PageRef:
        return self._writer.create(space_key, title=title, body=body, parent_id=parent_id, message=message)

    def upload(self, page_id: str, name: str, content: bytes, *, comment: str, replaces: str | None = None) -> None:
        self._writer.upload(page_id, name, content, comment=comment, replaces=replaces)

    def fetch_state(self, page_id: str) -> ContentState | None:
        return self._details.fetch_state(page_id)

    def set_state(self, page_id: str, state: ContentState) -> None:
        self._client.send(rest_v1.set_state(page_id, state))

    def fetch_watchers(self, page_id: str) -> frozenset[str]:
        return self._details.fetch_watchers(page_id)

    @property
    def has_silent_writes(self) -> bool:
        return not self._is_cloud

    def add_labels(self, page_id: str, labels: Sequence[str]) -> None:
        if labels:
            self._client.send(rest_v1.add_labels(page_id, labels))


def _dialect_of(public: PublicAddress, client: RestClient, *, is_cloud: bool) -> Dialect:
    if is_cloud:
        from bot.wiki.dialect_cloud import CloudDialect  # half of the calls are not needed, and slow to import

        return CloudDialect(public.get, client.send)
    from bot.wiki.dialect_data_center import DataCenterDialect

    return DataCenterDialect(public.get)


class _Counter:
    """Counts the waits of all threads; the exact number does not matter, only whether it changed."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1


class _AtlassianVerbs:
    """The library's HTTP verbs with raw responses, over the bot's own session."""

    def __init__(self, endpoint: Endpoint, session: WikiSession) -> None:
        self._endpoint, self._session = endpoint, session

    def send(self, method: str, path: str, payload: Any) -> requests.Response:
        base = self._base()
        response = self._send(method, base + path, payload)
        if response.status_code == requests.codes.unauthorized and self._switches(base):
            return self._send(method, self._base() + path, payload)
        return response

    def _send(self, method: str, url: str, payload: Any) -> requests.Response:
        if is_read(method, url):
            return self._session.request(method, url, headers={"Accept": "application/json"}, json=payload)
        if isinstance(payload, UploadForm):
            body, content_type = payload.encode()
            headers = {"Accept": "application/json", "X-Atlassian-Token": "no-check", "Content-Type": content_type}
            return self._session.request(method, url, headers=headers, data=body)
        return self._client.request(method, url, data=payload, advanced_mode=True, absolute=True)

    @cached_property
    def _client(self) -> "AtlassianRestAPI":
        """The client of the library, for requests that change something."""
        from atlassian.rest_client import AtlassianRestAPI

        url = self._endpoint.configured.url
        return AtlassianRestAPI(url, session=self._session, advanced_mode=True, retry_with_header=False)

    def probe(self, method: str, path: str) -> requests.Response:
        return self._session.probe(method, self._base() + path)

    def download(self, path: str, sink: Sink) -> int:
        return self._session.download(self._base() + path, sink)

    def _base(self) -> str:
        return self._endpoint.current(self._session.ask_openly).url

    def _switches(self, base: str) -> bool:
        session = self._session
        return self._endpoint.switch(base, ask=session.ask_openly, ask_signed_in=lambda url: session.probe("GET", url))
