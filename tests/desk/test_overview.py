"""The overview: decisions first, verdicts of the last check, jobs, what comes up, the archive."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli.serve_command import make_desk
from bot.config.policy import DeskSettings
from bot.config.settings import load_settings
from bot.desk.roles import Role
from tests.desk.conftest import HOME, DeskWorld, desk_world, wait_for_run


def wait_for_check(world: DeskWorld) -> None:
    run = world.desk.errands.history.last_run("check all")
    assert run is not None
    wait_for_run(world, f"/runs/{run.id}")


def test_without_a_check_the_overview_says_so_and_asks_the_wiki_nothing(own_world: DeskWorld) -> None:
    client = own_world.client_as(Role.AUDITOR)
    before = len(own_world.wiki.requests)

    page = client.get("/").text

    assert "Not everything was checked yet" in page
    assert page.count("Not checked yet") == 3
    assert "Check now" not in page  # an auditor only reads
    assert len(own_world.wiki.requests) == before


def test_a_check_shows_an_edit_on_the_wiki_with_who_made_it(own_world: DeskWorld) -> None:
    own_world.run("sync")
    home = own_world.wiki.find(HOME).id
    body = own_world.wiki.body(home)
    own_world.wiki.edit(home, body.replace("Adopted", "Approved", 1), by="ana")
    client = own_world.client_as(Role.MAINTAINER)

    assert client.post("/check").status_code == 302
    wait_for_check(own_world)
    page = client.get("/").text

    assert "<h1>One thing needs a decision</h1>" in page
    assert "Edited on the wiki" in page
    assert "Ana" in page
    assert page.count("Up to date") == 2


def test_a_wiki_that_is_down_leaves_the_last_verdicts_and_says_why(own_world: DeskWorld) -> None:
    own_world.run("sync")
    client = own_world.client_as(Role.MAINTAINER)
    own_world.wiki.faults.add("503")

    client.post("/check")
    wait_for_check(own_world)
    page = client.get("/").text

    assert "The last check did not end" in page
    assert page.count("Up to date") == 3


def test_a_new_bot_shows_three_steps_until_they_are_done(own_world: DeskWorld) -> None:
    client = own_world.client_as(Role.MAINTAINER)
    page = client.get("/").text
    assert "First steps" in page
    assert page.count('class="num none" data-label="Last written"') == 0  # the adoption wrote all three regions

    own_world.run("sync")
    own_world.run("snapshot")

    page = client.get("/").text
    assert "First steps" not in page
    assert '<dt>Captured pages</dt><dd class="num">19</dd>' in page


def test_what_is_scheduled_comes_up(own_world: DeskWorld) -> None:
    day = (datetime.now(UTC) + timedelta(days=400)).date()
    text = "Read the **report** of the [board](https://example.org)."
    own_world.run("news", "add", text, "--publish-at", f"{day}T09:00:00Z")

    page = own_world.client_as(Role.AUDITOR).get("/").text

    assert "“Read the report of the board.” appears" in page
    assert "5 shown, 1 scheduled" in page or "1 scheduled" in page


def test_a_broken_data_file_is_named_with_its_line(tmp_path: Path) -> None:
    with desk_world(tmp_path) as world:
        client = world.client_as(Role.AUDITOR)
        client.get("/")
        data = world.folder / "ws2.yaml"
        data.write_text(data.read_text() + "\nnonsense: [\n")

        page = client.get("/").text

        assert "Cannot be read" in page
        assert "ws2.yaml:" in page
        assert "Quick links" in page  # the last good content


def test_a_desk_without_jobs_reads_changed_settings_and_keeps_the_old_ones_if_they_are_bad(
    own_world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own_world.folder / "bot.yaml"
    monkeypatch.setattr("bot.cli.serve_command._LOOK_SECONDS", 0)
    runtime = own_world.desk.runtime
    desk = make_desk(runtime, DeskSettings(), "127.0.0.1", 8091, load=lambda: load_settings(path))
    assert desk.runtime.settings.safety.max_writes != 7

    path.write_text(path.read_text().replace("canary: 0", "canary: 0, max_writes: 7"))
    assert desk.runtime.settings.safety.max_writes == 7
    path.write_text(path.read_text().replace("max_writes: 7", "max_writes: none at all"))

    assert desk.runtime.settings.safety.max_writes == 7
    assert desk.schedule is not None
    assert "max_writes" in desk.schedule.trouble


def test_every_kind_of_job_has_a_name(own_world: DeskWorld) -> None:
    path = own_world.folder / "bot.yaml"
    text = path.read_text().replace(
        "jobs:\n", "jobs:\n  - {run: review, every: monday}\n  - {run: verify, every: week}\n"
    )
    path.write_text(text)
    runtime = replace(own_world.desk.runtime, settings=load_settings(path))
    own_world.desk.load_runtime = lambda: runtime
    own_world.desk.schedule = make_desk(runtime, DeskSettings(), "127.0.0.1", 8091).schedule

    pages = [own_world.client_as(Role.MAINTAINER).get(address).text for address in ("/", "/runs")]

    assert all(f"<b>{name}</b>" in page for page in pages for name in ("Sync", "Snapshot", "Verify", "Reminders"))


def test_the_next_capture_has_the_head_of_the_audit_log_in_its_events(own_world: DeskWorld) -> None:
    client = own_world.client_as(Role.ADMIN)
    wait_for_run(own_world, client.post("/runs", {"job": "sync"}).location)
    head = own_world.desk.audit.head()

    own_world.run("snapshot")

    (events,) = (own_world.folder / "snapshots" / "log").rglob("*.events.jsonl")
    assert head is not None
    assert f'"audit_head_sha256": "{head}"' in events.read_text("utf-8")
