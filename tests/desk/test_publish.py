"""Plan, wiki edits, runs, pages and settings of the desk, on a real wiki."""

import re
import time
from collections.abc import Iterator

import pytest

from bot.audit_log import AuditLine
from bot.desk.roles import Role
from bot.files import InstanceLock
from tests.desk.conftest import (
    HOME,
    DeskClient,
    DeskWorld,
    checked,
    desk_world,
    edit_home,
    home_body,
    make_conflict,
    wait_for_run,
)


@pytest.fixture(scope="module")
def plan_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("publish"), flavour="cloud") as made:
        yield made


@pytest.fixture
def maintainer(plan_world: DeskWorld) -> DeskClient:
    return plan_world.client_as(Role.MAINTAINER)


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def audited(world: DeskWorld, action: str) -> list[AuditLine]:
    """Return the lines of the audit log about what the maintainer did in the workspace."""
    log = world.desk.audit
    lines = [line for path in log.months() for line in log.lines(path)]
    return [line for line in lines if (line.who, line.action, line.workspace) == ("maintainer", action, "ws2")]


def test_a_plan_is_checked_reviewed_and_published(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    plan_world.run("news", "add", "The office has moved.")
    page = checked(plan_world, maintainer)
    assert "One change to publish" in page
    assert "<ins>The office has moved.</ins>" in page or "The office has moved." in page
    before, after = (
        maintainer.get(address).text for address in re.findall(r'src="([^"]+/news/(?:before|after))"', page)
    )
    assert "The office has moved." not in before
    assert re.search(r"<li>\s*(?:<p>)?The office has moved\.", after)
    before = home_body(plan_world)

    stale = maintainer.post("/w/ws2/plan", {"digest": "sha256:" + "0" * 64})
    assert stale.status_code == 409
    assert "Nothing was written" in stale.text
    assert home_body(plan_world) == before

    answer = maintainer.post("/w/ws2/plan", {"digest": field(page, "digest")})
    assert wait_for_run(plan_world, answer.location) == "success"
    assert "The office has moved." in home_body(plan_world)
    assert "Nothing to publish" in maintainer.get("/w/ws2/plan").text
    run = maintainer.get(answer.location).text
    assert "maintainer asked for it" in run
    assert "Done" in run
    assert audited(plan_world, "publish")


def test_a_plan_that_became_stale_writes_nothing(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    plan_world.run("news", "add", "First words.")
    page = checked(plan_world, maintainer)
    assert "changed since this check" not in page
    plan_world.run("news", "add", "Second words.")

    assert "changed since this check" in maintainer.get("/w/ws2/plan").text
    answer = maintainer.post("/w/ws2/plan", {"digest": field(page, "digest")})

    assert wait_for_run(plan_world, answer.location) == "failed"
    assert "First words." not in home_body(plan_world)
    assert "plan again" in maintainer.get(answer.location).text
    plan_world.run("sync")


def test_stop_and_resume(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    plan_world.run("news", "add", "Nobody sees this yet.")
    page = checked(plan_world, maintainer)
    maintainer.post("/w/ws2/stop", {"reason": "the site moves"})
    assert "the site moves" in maintainer.get("/w/ws2/plan").text

    answer = maintainer.post("/w/ws2/plan", {"digest": field(page, "digest")})
    assert wait_for_run(plan_world, answer.location) == "stopped"
    assert "Nobody sees this yet." not in home_body(plan_world)

    maintainer.post("/w/ws2/stop", {"action": "resume"})
    answer = maintainer.post("/w/ws2/plan", {"digest": field(maintainer.get("/w/ws2/plan").text, "digest")})
    assert wait_for_run(plan_world, answer.location) == "success"
    assert "Nobody sees this yet." in home_body(plan_world)
    assert audited(plan_world, "stop writing")
    assert audited(plan_world, "let the bot go on")


def test_a_conflict_is_settled_entry_by_entry(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    make_conflict(plan_world)
    outside = home_body(plan_world).split("wikibot-news")[0]
    checked(plan_world, maintainer)

    listed = maintainer.get("/w/ws2/edits").text
    assert "One region was edited on the wiki" in listed
    page = maintainer.get("/w/ws2/edits/news").text
    names = list(dict.fromkeys(re.findall(r'name="(choice-[0-9a-f]+)"', page)))
    assert len(names) == 2
    positions = [page.index(name) for name in names]
    first_is_alpha = page.rfind("Alpha news", 0, positions[0]) > page.rfind("Beta news", 0, positions[0])
    alpha, beta = names if first_is_alpha else reversed(names)
    answers = {alpha: "page", beta: "file"}

    shown = maintainer.post("/w/ws2/edits/news", {**answers, "action": "show"}).text
    assert home_body(plan_world).count("as Ana says") == 2
    edit_home(plan_world, "Alpha news, as Ana says.", "Alpha news, as Ana says today.")
    refused = maintainer.post("/w/ws2/edits/news", {**answers, "action": "settle", "digest": field(shown, "digest")})
    assert refused.status_code == 409
    assert "Beta news, as Ana says." in home_body(plan_world)

    page = refused.text
    names = list(dict.fromkeys(re.findall(r'name="(choice-[0-9a-f]+)"', page)))
    alpha = next(name for name in names if name != beta)
    answers = {alpha: "page", beta: "file"}
    shown = maintainer.post("/w/ws2/edits/news", {**answers, "action": "show"}).text
    settled = maintainer.post("/w/ws2/edits/news", {**answers, "action": "settle", "digest": field(shown, "digest")})

    assert settled.status_code == 302, settled.text
    body = home_body(plan_world)
    assert "Alpha news, as Ana says today." in body
    assert "Beta news, as the file says." in body
    assert body.split("wikibot-news")[0] == outside
    data = (plan_world.folder / "ws2.yaml").read_text()
    assert "Alpha news, as Ana says today." in data
    assert "Beta news, as the file says." in data
    assert "Nothing to decide here" in maintainer.get("/w/ws2/edits/news").text
    (line,) = audited(plan_world, "settle edits")
    assert line.before != line.after


def test_ours_is_put_back_only_over_what_was_seen(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    plan_world.run("news", "add", "The library has moved.")
    plan_world.run("sync")
    edit_home(plan_world, "The library has moved.", "The library has not moved.")
    checked(plan_world, maintainer)
    page = maintainer.get("/w/ws2/edits/news").text
    edit_home(plan_world, "The library has not moved.", "The library will move.")

    refused = maintainer.post("/w/ws2/edits/news", {"action": "ours", "live": field(page, "live")})
    assert refused.status_code == 409
    assert "The library will move." in home_body(plan_world)

    answer = maintainer.post("/w/ws2/edits/news", {"action": "ours", "live": field(refused.text, "live")})
    assert wait_for_run(plan_world, answer.location) == "success"
    assert "The library has moved." in home_body(plan_world)
    assert "The library will move." in plan_world.run("drift", "restore")
    assert audited(plan_world, "put ours back")


def test_a_run_is_asked_for_and_listed(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    with InstanceLock(plan_world.desk.runtime.folders.state / "run.lock", purpose="the bot"):
        assert "nothing runs by itself" not in maintainer.get("/runs").text
        maintainer.post("/runs", {"job": "sync"})
    assert [each.job for each in plan_world.desk.errands.history.take_requests()] == ["sync"]
    assert "nothing runs by itself" in maintainer.get("/runs").text
    own = maintainer.post("/runs", {"job": "sync"})
    assert wait_for_run(plan_world, own.location) in ("success", "attention")
    maintainer.post("/runs", {"job": "no such job"})
    assert plan_world.desk.errands.history.take_requests() == []
    assert "There is no job no such job" in maintainer.get("/runs").text
    assert plan_world.client_as(Role.EDITOR).post("/runs", {"job": "sync"}).status_code == 404


def test_the_page_tree_is_read_in_the_background_and_filtered(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    maintainer.get("/w/ws2/pages")
    deadline = time.monotonic() + 60
    while "ws2" not in plan_world.desk.trees and time.monotonic() < deadline:
        time.sleep(0.05)

    archived = maintainer.get("/w/ws2/pages?status=archived").text
    assert "Archived" in archived
    assert HOME not in archived
    assert HOME in maintainer.get("/w/ws2/pages?q=accountability+implementation").text
    assert HOME not in maintainer.get("/w/ws2/pages?unchanged=36500").text
    assert "Unchanged for 180 days" in archived


def test_settings_show_no_secret(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    page = maintainer.get("/settings").text
    assert "wiki.url" in page
    assert "set (not shown)" in page
    assert "bot-secret" not in page
    assert "WIKIBOT_WIKI__TOKEN" in page
    assert plan_world.client_as(Role.EDITOR).get("/settings").status_code == 404
    assert "bot-secret" not in plan_world.run("settings")


def test_health_shows_what_doctor_finds_and_writes_nothing(plan_world: DeskWorld, maintainer: DeskClient) -> None:
    before = home_body(plan_world)
    assert "Not examined yet" in maintainer.get("/health").text

    maintainer.post("/health")
    number = plan_world.desk.errands.history.last_run("examine")
    assert number is not None
    outcome = wait_for_run(plan_world, f"/runs/{number.id}")

    page = maintainer.get("/health").text
    for what in ("python", "clock", "state folder", "home page", "rate limits"):
        assert f"<b>{what}</b>" in page
    german = maintainer.get("/health", headers={"Accept-Language": "de"}).text
    for what in ("Uhr", "Zustandsordner", "Startseite", "das Wiki macht keine Angaben zu seinen Anfragegrenzen"):
        assert f">{what}<" in german
    assert ("Needs a person" in page) is (outcome == "attention")
    assert "bot-secret" not in page
    assert home_body(plan_world) == before
