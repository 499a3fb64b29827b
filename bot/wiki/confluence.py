"""The gateway to a Confluence wiki, over the plain verbs of atlassian-python-api.

Only the verbs are used: the library's own helpers re-read versions when they write, drop context paths and stop early.
This is the one module that knows the library.
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from atlassian.rest_client import AtlassianRestAPI

from bot.stopping import interruptible_sleep
from bot.wiki.dialect import Dialect, Flavour
from bot.wiki.dialect_cloud import CloudDialect
from bot.wiki.dialect_datacenter import DataCenterDialect
from bot.wiki.rate_limit import RateLimiter
from bot.wiki.rest import RestClient
from bot.wiki.site_probe import base_address
from bot.wiki.transport import PATIENT, Credentials, Manners, WikiSession
from bot.wiki.writing import PageWriter


class ConfluenceGateway(PageWriter):
    """A Cloud or Data Center wiki behind the `WikiGateway` port; safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        flavour: Flavour,
        credentials: Credentials,
        writes_per_minute: float = 6,
        is_dry_run: bool = False,
        ca_bundle: Path | None = None,
        manners: Manners = PATIENT,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        base_url = base_address(url, flavour)
        dialect: Dialect = CloudDialect() if flavour is Flavour.CLOUD else DataCenterDialect()
        stop = stop or threading.Event()
        sleep = sleep or interruptible_sleep(stop)
        limiter = RateLimiter.per_minute(writes_per_minute, clock=clock, sleep=sleep)

        has_answered = threading.Event()

        def new_session() -> WikiSession:
            return WikiSession(
                credentials,
                write_limiter=limiter,
                manners=manners,
                ca_bundle=ca_bundle,
                is_dry_run=is_dry_run,
                stop=stop,
                has_answered=has_answered,
                sleep=sleep,
                now=now,
                jitter=jitter,
            )

        client = RestClient(lambda: _AtlassianVerbs(base_url, new_session()), base_url=base_url)
        super().__init__(client, dialect, base_url=base_url)


class _AtlassianVerbs:
    """The library's plain verbs with raw responses; the session under it is ours."""

    def __init__(self, base_url: str, session: WikiSession) -> None:
        self._client = AtlassianRestAPI(base_url, session=session, advanced_mode=True, retry_with_header=False)
        self._session = session
        self._base_url = base_url

    def get(self, path: str) -> requests.Response:
        return self._client.get(path, advanced_mode=True)

    def put(self, path: str, payload: Any) -> requests.Response:
        return self._client.put(path, data=payload, advanced_mode=True)

    def post(self, path: str, payload: Any) -> requests.Response:
        return self._client.post(path, data=payload, advanced_mode=True)

    def download(self, path: str) -> bytes:
        return self._session.download(self._base_url + path)
