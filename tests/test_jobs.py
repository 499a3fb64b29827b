from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config.settings import load_settings
from bot.errors import SnapshotError, StoppedError, WikiError
from bot.jobs import make_jobs, next_news_moment
from bot.runtime import Runtime
from tests.applying import apply_now
from wikiserver.testing import Wiki

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DATA = """\
workspace: {space: WS2, home: Home}
news:
  heading: "News:"
  items:
    - {id: later, date: 2026-01-03, text: later, publish_at: "2026-01-03T09:00:00Z"}
    - id: soon
      date: 2026-01-02
      text: soon
      publish_at: "2026-01-01T09:00:00Z"
      expires_at: "2026-01-02T18:00:00+01:00"
    - {id: always, date: 2026-01-01, text: always}
"""


@pytest.fixture
def runtime(tmp_path: Path, wiki: Wiki, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")
    wiki.add_page("Home", "<p>Home.</p>")
    (tmp_path / "ws2.yaml").write_text(DATA)
    (tmp_path / "bot.yaml").write_text(
        f"wiki: {{url: {wiki.url}, flavour: {wiki.flavour}, user: bot, writes_per_minute: 6000}}\n"
        "workspaces: [{name: ws2, data: ws2.yaml, regions: {news: {place: start}}}]\n"
        "snapshots: {path: snapshots, signing_key: none}\n"
    )
    return Runtime(load_settings(tmp_path / "bot.yaml"))


def go_on() -> bool:
    return False


@pytest.mark.parametrize(
    ("after", "moment"),
    [
        ("2026-01-01T00:00:00+00:00", "2026-01-01T09:00:00+00:00"),
        ("2026-01-02T12:00:00+00:00", "2026-01-02T17:00:00+00:00"),
        ("2026-01-02T17:00:00+00:00", "2026-01-03T09:00:00+00:00"),
        ("2026-01-03T09:00:00+00:00", None),
    ],
)
def test_next_moment_is_when_news_appear_or_expire(runtime: Runtime, after: str, moment: str | None) -> None:
    found = next_news_moment(runtime, datetime.fromisoformat(after))

    assert found == (datetime.fromisoformat(moment) if moment else None)


def test_data_without_news_has_no_moment_of_its_own(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "ws2.yaml").write_text("workspace: {space: WS2, home: Home}\n")

    assert next_news_moment(runtime, NOON) is None


def test_snapshot_counts_what_it_captured(runtime: Runtime, wiki: Wiki) -> None:
    wiki.add_page("Old", "<p>old</p>", status="archived")

    counts = make_jobs(runtime)["snapshot"](go_on).counts

    assert (counts["expected"], counts["captured"]) == (1, 1)
    assert make_jobs(runtime)["verify"](go_on).counts["bags"] == 1


def test_snapshot_that_fell_short_fails_and_names_the_page(runtime: Runtime, wiki: Wiki) -> None:
    page_id = wiki.add_page("Old", "<p>old</p>", status="archived")
    wiki.store.attachments.add(int(page_id), "a.txt", b"abc", author=wiki.account("ana"))
    wiki.faults.add("404@files")

    with pytest.raises(SnapshotError, match="Old"):
        make_jobs(runtime)["snapshot"](go_on)


def test_sync_that_cannot_find_its_page_fails(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "ws2.yaml").write_text(DATA.replace("home: Home", "home: Gone"))

    with pytest.raises(WikiError, match="Gone"):
        make_jobs(runtime)["sync"](go_on)


def test_sync_breaks_off_when_asked_to_end(runtime: Runtime, wiki: Wiki) -> None:
    runtime.stop.set()
    wiki.server.received.clear()

    with pytest.raises(StoppedError):
        make_jobs(runtime)["sync"](go_on)

    assert wiki.requests == []


def test_sync_carries_a_change_to_the_page_and_counts_it(runtime: Runtime, wiki: Wiki, tmp_path: Path) -> None:
    apply_now(runtime)
    (tmp_path / "ws2.yaml").write_text(DATA.replace("text: always", "text: fresh words"))
    sync = make_jobs(runtime)["sync"]

    first, second = sync(go_on), sync(go_on)

    assert (first.counts, first.attention) == ({"written": 1}, ())
    assert (second.counts, second.attention) == ({}, ())
    assert "fresh words" in wiki.body(wiki.find("Home").id)


def test_stop_label_ends_the_sync_as_stopped(runtime: Runtime, wiki: Wiki, tmp_path: Path) -> None:
    apply_now(runtime)
    (tmp_path / "ws2.yaml").write_text(DATA.replace("text: always", "text: fresh words"))
    wiki.store.labels.add(wiki.find("Home").id, "wikibot-stop")

    with pytest.raises(StoppedError):
        make_jobs(runtime)["sync"](go_on)

    assert "fresh words" not in wiki.body(wiki.find("Home").id)


def test_a_region_that_people_changed_is_named_with_page_region_and_person(runtime: Runtime, wiki: Wiki) -> None:
    apply_now(runtime)
    home = wiki.find("Home").id
    wiki.edit(home, wiki.body(home).replace("always", "sometimes"), by="ana")

    (reason,) = make_jobs(runtime)["sync"](go_on).attention

    assert reason.startswith("Home: region 'news': drifted by Ana")
    assert "sometimes" in wiki.body(home)
