import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SnapshotError
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.witnesses import publish, to_webhook, to_wiki_page
from bot.snapshot.verify.verification import verify
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from tests.snapshot.small_tree import capture_first, capture_second, state_of
from tests.snapshot.small_wiki import SmallWiki


class Receiver:
    """A web hook that records what it received."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.answer = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(receiver.answer)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
                del format, args

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


def test_the_head_is_posted_once_and_serves_as_witness(tmp_path: Path, receiver: Receiver) -> None:
    capture_first(tmp_path, Disk())

    for _ in range(2):
        publish(state_of(tmp_path), {"hook": to_webhook(receiver.url)})

    (told,) = receiver.told
    assert told["sha256"] == hashlib.sha256((tmp_path / "CHECKPOINT").read_bytes()).hexdigest()
    capture_second(tmp_path, Disk())
    assert verify(tmp_path, witness=told["sha256"]).is_clean


def test_a_place_that_did_not_answer_is_informed_next_time(tmp_path: Path, receiver: Receiver) -> None:
    capture_first(tmp_path, Disk())
    receiver.answer = 500
    with pytest.raises(SnapshotError, match="capture is written, but its head could not be posted"):
        publish(state_of(tmp_path), {"hook": to_webhook(receiver.url)})
    receiver.answer = 204

    assert publish(state_of(tmp_path), {"hook": to_webhook(receiver.url)}) == ["hook"]
    assert verify(tmp_path).is_clean


@pytest.fixture
def writing(wiki: SmallWiki) -> ConfluenceGateway:
    return ConfluenceGateway(
        f"{wiki.server.url}/wiki" if wiki.flavour is Flavour.CLOUD else wiki.server.url,
        flavour=wiki.flavour,
        credentials=Credentials(user="bot", token="bot-secret"),
        writes_per_minute=6000,
    )


def test_the_head_is_kept_on_a_page_of_the_wiki(wiki: SmallWiki, writing: ConfluenceGateway, tmp_path: Path) -> None:
    publishers = {"page": to_wiki_page(writing, "WS2", "Head of the snapshots")}
    capture_first(tmp_path, Disk())
    publish(state_of(tmp_path), publishers)
    capture_second(tmp_path, Disk())
    publish(state_of(tmp_path), publishers)

    page = writing.find_page("WS2", "Head of the snapshots")
    assert page is not None
    assert page.version.number == 2
    body = wiki.store.contents.body(int(page.id))
    assert hashlib.sha256((tmp_path / "CHECKPOINT").read_bytes()).hexdigest() in body


def test_a_page_of_someone_else_is_not_overwritten(wiki: SmallWiki, writing: ConfluenceGateway, tmp_path: Path) -> None:
    capture_first(tmp_path, Disk())
    before = wiki.store.contents.body(wiki.ids["Minutes"])

    with pytest.raises(SnapshotError, match="was not created by wikibot"):
        publish(state_of(tmp_path), {"page": to_wiki_page(writing, "WS2", "Minutes")})

    assert wiki.store.contents.body(wiki.ids["Minutes"]) == before
