"""`POST /hooks/wiki`: the wiki reports a changed page, and the bot looks at it now; tried with real webhooks."""

import hashlib
import hmac
import http.client
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.wiki_events import MAX_BYTES, WikiEvents
from tests.cli.scheduled_bot import HOME, ScheduledBot, wait_for
from tests.service.conftest import Service
from wikiserver.testing import Wiki

SECRET = "0123456789abcdef-T0PSECRET"


class Events:
    """Events that are taken at once; *looks* are the pages of each look."""

    def __init__(self, clock: float = 1_000_000.0) -> None:
        self.now, self.looks, self.secret = clock, list[list[str]](), SECRET
        self.taker = WikiEvents(
            lambda: self.secret,
            self.looks.append,
            lambda event: event.page != "99",
            clock=lambda: self.now,
            gather_seconds=0.05,
            calm_seconds=0.2,
        )

    def send(self, content: object, secret: str | None = SECRET, *, signs: bool = True) -> int:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        if secret is None:
            return int(self.taker.take(body, {})[0])
        if not signs:
            return int(self.taker.take(body, {"X-Wikibot-Secret": secret})[0])
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return int(self.taker.take(body, {"X-Hub-Signature": f"sha256={digest}"})[0])

    def wait_for_looks(self, number: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.looks) < number:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def event(page: int, timestamp: float = 1_000_000.0) -> dict[str, object]:
    return {"timestamp": int(timestamp * 1000), "event": "page_updated", "page": {"id": page, "spaceKey": "WS2"}}


def test_many_events_become_one_look() -> None:
    events = Events()

    assert {events.send(event(number, 1_000_000 + number / 1000)) for number in range(50)} == {202}
    events.wait_for_looks(1)
    assert events.send(event(7, 1_000_100)) == 202
    events.wait_for_looks(2)

    assert events.looks == [[str(number) for number in range(50)], ["7"]]


def test_only_who_has_the_secret_is_heard() -> None:
    events = Events()

    assert events.send(event(1), None) == 401
    assert events.send(event(1), "another secret of some length") == 403
    assert events.send(event(1), "another secret of some length", signs=False) == 403
    assert events.send(event(1), "", signs=False) == 403
    assert events.send(event(1), signs=False) == 202
    assert events.send(event(2)) == 202


def test_old_repeated_large_and_broken_events_do_nothing() -> None:
    events = Events()
    first = event(1)

    assert (events.send(first), events.send(first)) == (202, 200)
    assert events.send(event(2, 1_000_000 - 601)) == 403
    assert events.send(event(99)) == 200
    assert events.send({"test": True}) == 200
    assert events.send(b"{" + b" " * MAX_BYTES) == 413
    for broken in (b"", b"no JSON", b"[]", b"[" * 60_000, b"\xff\xfe"):
        assert events.send(broken) == 400
    events.wait_for_looks(1)
    assert events.looks == [["1"]]


def test_an_event_without_a_time_that_is_repeated_is_gathered_and_not_dropped() -> None:
    events = Events()
    rule = {"page": "7", "space": "WS2"}

    assert [events.send(rule, signs=False) for _ in range(40)] == [202] * 40
    events.wait_for_looks(1)
    assert events.send(rule, signs=False) == 202  # the same bytes may be about a new edit
    events.wait_for_looks(2)

    assert events.looks == [["7"], ["7"]]


def test_a_new_secret_replaces_the_old_one_at_once() -> None:
    events = Events()
    assert events.send(event(1)) == 202

    events.secret = "another secret of some length"

    assert events.send(event(2)) == 403
    assert events.send(event(2), "another secret of some length") == 202
    events.secret = ""
    assert events.send(event(3), "", signs=False) == 403


def test_guessing_is_slowed_down() -> None:
    events = Events()

    answers = [events.send(event(1), "a guess that is long enough") for _ in range(25)]

    assert answers == [403] * 20 + [429] * 5
    assert events.send(event(1)) == 429


def _post(base: str, secret: str) -> int:
    connection = http.client.HTTPConnection(base.removeprefix("http://"))
    connection.request("POST", "/hooks/wiki", b'{"test": true}', {"X-Wikibot-Secret": secret})
    status = connection.getresponse().status
    connection.close()
    return status


@contextmanager
def running(folder: Path, wiki: Wiki) -> Iterator[tuple[ScheduledBot, str, subprocess.Popen[str]]]:
    """A bot that answers the wiki, after its first run."""
    secrets = folder / "secrets"
    secrets.mkdir()
    secret = secrets / "wikibot_service__hook_secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    bot = ScheduledBot(folder, wiki)
    settings = folder / "bot.yaml"
    settings.write_text(settings.read_text() + "service: {listen: '127.0.0.1:0'}\n")
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` has it ignored
    with bot.running() as process:
        signal.signal(signal.SIGHUP, before)
        log = wait_for(process, "job sync: ")
        base = next(found[1] for line in log if (found := re.search(r"metrics are at (\S+)", line["message"])))
        yield bot, base, process


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_an_edit_on_the_wiki_is_seen_now_and_not_at_the_next_run(tmp_path: Path, wiki: Wiki) -> None:
    home = wiki.add_page("Home", HOME)
    with running(tmp_path, wiki) as (bot, base, process):
        wiki.server.webhooks.add(f"{base}/hooks/wiki", SECRET)
        wiki.edit(home, HOME.replace("All is well.", "Fire!"))

        log = wait_for(process, "job sync: attention")

        wiki.server.webhooks.wait()
        assert wiki.server.webhooks.answers == [202]
        assert any("job sync runs now, as the wiki (1 page) asked" in line["message"] for line in log)
        assert bot.history.last_run("sync") is not None
        connection = http.client.HTTPConnection(base.removeprefix("http://"))
        statuses = []
        for method, body in (("GET", b""), ("POST", b"x"), ("POST", b"x" * (MAX_BYTES + 1))):
            connection.request(method, "/hooks/wiki", body)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            connection.close()
        assert statuses == [405, 401, 413]
        secret = tmp_path / "secrets" / "wikibot_service__hook_secret"
        secret.write_text("a new secret of some length")
        process.send_signal(signal.SIGHUP)
        wait_for(process, "the settings were read again")
        assert [_post(base, key) for key in (SECRET, "a new secret of some length")] == [403, 200]


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_short_secret_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIKIBOT_SERVICE__HOOK_SECRET", "short")

    assert service.wikibot("status")[0] == 1
    assert "WIKIBOT_SERVICE__HOOK_SECRET: service.hook_secret: must have at least 16 characters" in service.err
