"""With `approval: maintainer`, what an editor changes at the desk waits until somebody else approves exactly that."""

import json
import re
from collections.abc import Iterator

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from bot.desk.application import create_app
from bot.desk.roles import Role
from tests.desk.conftest import DeskClient, DeskWorld, desk_world, listening, sign_in_browser
from tests.desk.test_write_journeys import click, find, follow, home_of, wait
from tests.desk.test_write_news import NEW, NEWS, data_of, fields_of

DRAFTS = "/w/ws2/drafts"


@pytest.fixture(scope="module")
def approving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("approving"), approval="maintainer") as made:
        made.client_as(Role.EDITOR).get(NEW)  # the listing of the wiki is read in the background
        yield made


@pytest.fixture
def ana(approving: DeskWorld) -> DeskClient:
    return approving.client_as(Role.EDITOR)


@pytest.fixture
def max_(approving: DeskWorld) -> DeskClient:
    return approving.client_as(Role.MAINTAINER)


def send(client: DeskClient, text: str) -> str:
    """Send a new item for approval; return the address of the proposal."""
    form = client.get(NEW).text
    assert "Send for approval" in form
    assert client.post(NEW, fields_of(form) | {"text": text}).status_code == 303
    (found, *_) = re.findall(rf'<a href="({DRAFTS}/\d+)">{re.escape(text)}', client.get(DRAFTS).text)
    return str(found)


def digest_on(page: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found is not None
    return found[1]


def test_a_proposal_changes_nothing_until_it_is_approved(
    approving: DeskWorld, ana: DeskClient, max_: DeskClient
) -> None:
    before = data_of(approving)
    proposal = send(ana, "Waits for a yes")
    assert data_of(approving) == before
    assert "Waits for a yes" in max_.get("/").text
    assert "Approve and publish" not in ana.get(proposal).text
    ana.post(proposal, {"do": "approve", "digest": digest_on(max_.get(proposal).text)})
    assert data_of(approving) == before

    approved = max_.post(proposal, {"do": "approve", "digest": digest_on(max_.get(proposal).text)})

    assert approved.headers["Location"] == "/w/ws2/publish"
    assert "Waits for a yes" in data_of(approving)
    assert "Waits for a yes" not in max_.get(DRAFTS).text
    assert "editor" in ana.get("/w/ws2/history").text


def test_what_is_sent_back_is_changed_in_its_form_and_sent_again(
    approving: DeskWorld, ana: DeskClient, max_: DeskClient
) -> None:
    proposal = send(ana, "Too long a text")
    read = digest_on(max_.get(proposal).text)
    assert max_.post(proposal, {"do": "return", "remark": " "}).status_code == 422
    max_.post(proposal, {"do": "return", "remark": "Shorter, please."})
    page = ana.get(proposal).text
    assert "Shorter, please." in page
    form = re.search(rf'href="({NEW}\?draft=\d+)"', page)
    assert form is not None

    ana.post(NEW, fields_of(ana.get(form[1]).text) | {"text": "Short"})

    assert proposal in ana.get(DRAFTS).text
    assert "Too long a text" not in ana.get(DRAFTS).text
    max_.post(proposal, {"do": "approve", "digest": read})
    assert "Short" not in data_of(approving)  # not what was read
    max_.post(proposal, {"do": "approve", "digest": digest_on(max_.get(proposal).text)})
    assert "text: Short" in data_of(approving)


def test_every_way_to_change_the_file_waits_for_an_editor(approving: DeskWorld, ana: DeskClient) -> None:
    approving.run("news", "add", "One to touch", "--id", "touch")
    before = data_of(approving)
    waiting = ana.get(DRAFTS).text.count("Waits for approval")
    digest = digest_on(ana.get(NEWS).text)

    ana.post(NEWS, {"do": "pin:touch", "digest": digest})
    ana.post(NEWS, {"do": "remove:touch", "digest": digest})
    ana.post("/w/ws2/links", {"do": "remove:1", "digest": digest})
    ana.post("/w/ws2/banner/new", fields_of(ana.get("/w/ws2/banner/new").text) | {"text": "A line"})
    newest = re.findall(r'"(/w/ws2/history/\d+)"', ana.get("/w/ws2/history").text)[0]
    ana.post(newest)

    assert data_of(approving) == before
    assert ana.get(DRAFTS).text.count("Waits for approval") == waiting + 5


def test_a_draft_of_a_command_is_in_the_same_list_and_a_form_that_is_not_complete_in_that_of_the_command(
    approving: DeskWorld, ana: DeskClient, max_: DeskClient
) -> None:
    approving.run("news", "add", "Written in a terminal", "--draft")
    ana.post(NEW, fields_of(ana.get(NEW).text) | {"text": "Half", "appears": "at", "action": "draft"})

    listed = approving.run("drafts", "list")

    assert "Half (a form that is not complete)" in listed
    page = max_.get(DRAFTS).text
    assert "written-in-a-terminal" in page
    address = re.findall(rf'<a href="({DRAFTS}/\d+)">[^<]*written-in-a-terminal', page)[0]
    assert "+    - id: written-in-a-terminal" in max_.get(address).text
    half = re.findall(r"^(\d+) +draft .*Half", listed, re.MULTILINE)[0]
    assert "Not complete" in ana.get(f"{DRAFTS}/{half}").text


def test_a_proposal_of_a_command_is_approved_at_the_desk_only_by_somebody_else(
    approving: DeskWorld, max_: DeskClient
) -> None:
    approving.run("news", "add", "Typed by Max", "--id", "typed", "--draft")
    number = re.findall(r"^(\d+) +draft .*typed", approving.run("drafts", "list"), re.MULTILINE)[0]
    approving.run("drafts", "send", number)
    page = max_.get(f"{DRAFTS}/{number}").text
    assert "desk.machine_accounts" in page
    assert "Approve and publish" not in page
    max_.post(
        f"{DRAFTS}/{number}",
        {"do": "approve", "digest": re.findall(r"digest (\w+)", approving.run("drafts", "show", number))[0]},
    )
    assert "Typed by Max" not in data_of(approving)

    approving.link_machine_account("maintainer")
    assert "somebody else has to approve it" in max_.get(f"{DRAFTS}/{number}").text.lower()
    approving.link_machine_account("somebody")
    max_.post(f"{DRAFTS}/{number}", {"do": "approve", "digest": digest_on(max_.get(f"{DRAFTS}/{number}").text)})

    assert "Typed by Max" in data_of(approving)


def test_a_draft_of_a_desk_before_the_one_store_is_still_there(approving: DeskWorld, ana: DeskClient) -> None:
    with approving.desk.database.connection() as database:
        for place in ("ws2", "gone"):
            fields = json.dumps({"text": f"Kept for {place}"})
            row = (place, "news/new", "editor", f"Kept for {place}", fields, "2026-11-01T10:00:00+00:00")
            database.execute(
                "INSERT INTO drafts (workspace, place, owner, title, fields, changed) VALUES (?, ?, ?, ?, ?, ?)", row
            )

    create_app(approving.desk)

    address = re.findall(rf'href="({NEW}\?draft=\d+)">Kept for ws2', ana.get(DRAFTS).text)[0]
    assert fields_of(ana.get(address).text)["text"] == "Kept for ws2"
    with approving.desk.database.connection() as database:
        assert [row["workspace"] for row in database.execute("SELECT workspace FROM drafts")] == ["gone"]


def test_a_proposal_whose_entry_was_changed_since_shows_both_texts(
    approving: DeskWorld, ana: DeskClient, max_: DeskClient
) -> None:
    approving.run("news", "add", "Original words", "--id", "both")
    form = fields_of(ana.get(f"{NEWS}/both").text)
    ana.post(f"{NEWS}/both", form | {"text": "The editor's words"})
    approving.run("news", "edit", "both", "--text", "The file's words")
    address = re.findall(rf'<a href="({DRAFTS}/\d+)">The editor', max_.get(DRAFTS).text)[0]

    page = max_.get(address).text

    assert "The editor&#39;s words" in page
    assert "The file&#39;s words" in page
    assert "Approve and publish" not in page


def test_an_editor_and_a_maintainer_publish_together_in_a_browser(browser: WebDriver, approving: DeskWorld) -> None:
    with listening(approving) as live:
        sign_in_browser(browser, approving, live, "editor", NEW)
        find(browser, "#text").send_keys("Agreed by two people")  # type: ignore[attr-defined]
        click(browser, "[data-main]")
        wait(browser, lambda driver: "Sent for approval" in driver.page_source)
        sign_in_browser(browser, approving, live, "maintainer")
        click(browser, ".needs a[href*='/drafts/']")
        click(browser, "button[value=approve]")
        follow(browser, "Publish this change")
        wait(browser, lambda driver: "On the wiki since" in driver.page_source)

    assert "Agreed by two people" in home_of(approving)
