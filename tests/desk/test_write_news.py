"""Writing news at the desk, without JavaScript, over a real wiki."""

import html
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from bot.config.policy import DriftPolicy
from bot.desk.roles import Role
from bot.desk.write.write_state import EXTENSION
from tests.desk.conftest import HOME, DeskClient, DeskWorld, checked, desk_world, edit_home

NEWS = "/w/ws2/news"
NEW = f"{NEWS}/new"
PATHS = (
    *(NEWS, NEW, "/w/ws2/links", "/w/ws2/links/new", "/w/ws2/links/1", "/w/ws2/banner", "/w/ws2/banner/new"),
    *("/w/ws2/banner/1", "/w/ws2/drafts", "/w/ws2/history", "/w/ws2/find?q=implementation", "/w/ws2/publish"),
)


@pytest.fixture(scope="module", params=["datacenter"])
def writing(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("writing"), flavour=request.param) as made:
        made.client_as("editor").get(NEW)  # the listing of the wiki is read in the background
        yield made


@pytest.fixture
def ana(writing: DeskWorld) -> DeskClient:
    return writing.client_as("editor")


@pytest.fixture
def li(writing: DeskWorld) -> DeskClient:
    return writing.client_as(Role.MAINTAINER)


def data_of(world: DeskWorld) -> str:
    return (world.folder / "ws2.yaml").read_text()


def fields_of(page: str) -> dict[str, str]:
    """Return the fields of the form on a page as a browser would send them."""
    form = page.partition('class="two write"')[2].partition("</form>")[0]
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<input class="in"[^>]*name="(\w+)"(?: dir="auto")? value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea id="text" name="(text)"[^>]*>([^<]*)', form))
    found |= dict(re.findall(r'<input type="(?:radio|checkbox)" name="(\w+)" value="(\w+)" checked', form))
    return {name: html.unescape(value) for name, value in found.items() if name not in ("csrf_token", "find")}


def add(client: DeskClient, text: str, **more: str) -> str:
    """Add an item with the form; return its id."""
    fields = fields_of(client.get(NEW).text) | {"text": text} | more
    saved = client.post(NEW, fields)
    if saved.status_code == 422:  # a remark that has to be confirmed
        saved = client.post(NEW, fields_of(saved.text))
    assert saved.status_code == 303, re.sub("<[^>]+>", "", saved.text)
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


@pytest.mark.parametrize("path", PATHS)
def test_each_page_for_writing_answers_and_is_for_editors(writing: DeskWorld, ana: DeskClient, path: str) -> None:
    assert ana.get(path).status_code == 200
    assert writing.client_as(Role.AUDITOR).get(path).status_code == 404


def test_an_item_is_published_at_once_from_its_own_plan(writing: DeskWorld, ana: DeskClient) -> None:
    fields = fields_of(ana.get(NEW).text) | {"text": "Read the [plan](page:Implementation) **now**", "appears": "now"}

    saved = ana.post(NEW, fields)
    plan = ana.get(saved.headers["Location"]).text
    before = writing.wiki.body(writing.wiki.find(HOME).id)
    sent = ana.post("/w/ws2/publish", {"digest": digest_in(plan)})
    shown = wait_for_end(ana, sent.headers["Location"])

    assert "Publish this change" in plan
    assert "<strong>now</strong>" not in before
    assert "On the wiki since" in shown
    assert "<strong>now</strong>" in writing.wiki.body(writing.wiki.find(HOME).id)


def digest_in(page: str) -> str:
    found = re.search(r'name="digest" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def wait_for_end(client: DeskClient, address: str) -> str:
    """Wait until a publication is over; return its page."""
    for _ in range(600):
        shown = client.get(address).text
        if "data-going-on" not in shown:
            return shown
        time.sleep(0.05)
    raise AssertionError("the publication does not end")


def test_a_plan_that_changed_since_it_was_seen_is_shown_again(writing: DeskWorld, ana: DeskClient) -> None:
    add(ana, "Seen by nobody yet")
    digest = digest_in(ana.get("/w/ws2/publish").text)
    add(ana, "Added behind the back")
    writes = [each for each in writing.wiki.requests if each[0] == "PUT"]

    answer = ana.post("/w/ws2/publish", {"digest": digest})

    assert answer.status_code == 409
    assert "Changed since you looked" in answer.text
    assert [each for each in writing.wiki.requests if each[0] == "PUT"] == writes


def test_the_preview_is_drawn_by_the_wiki_and_runs_nothing(ana: DeskClient) -> None:
    text = 'See [it](page:Implementation) :tick: <script>alert(1)</script> [x](https://example.org/"onload=1)'
    shown = ana.post(NEW, fields_of(ana.get(NEW).text) | {"text": text, "action": "look"})
    frame = re.search(r'src="([^"]+/preview/[^"]+)"', shown.text)

    drawn = ana.get(frame[1])  # type: ignore[index]  # the test fails without it

    assert "Drawn by the wiki" in drawn.text
    assert 'class="wiki-new"' in drawn.text
    assert "<script" not in drawn.text
    assert "createlink" not in drawn.text
    assert re.search(r'href="http://127[^"]+"[^>]*>it</a>', drawn.text)
    assert drawn.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")


def test_a_scheduled_item_keeps_the_zone_of_the_workspace(writing: DeskWorld, ana: DeskClient) -> None:
    add(
        ana,
        "In the summer",
        appears="at",
        day="2099-07-01",
        time="09:00",
        until_day="2099-08-01",
        review_by="2099-07-15",
    )

    assert "review_by: 2099-07-15" in data_of(writing)
    assert re.search(r"publish_at: .?2099-07-01[T ]09:00", data_of(writing))
    listed = ana.get(f"{NEWS}?state=scheduled").text
    assert "In the summer" in listed
    assert "Read the" not in listed


@pytest.mark.parametrize(
    ("fields", "words", "place"),
    [
        ({"text": " "}, "Write what is new", "text"),
        ({"text": "a\u0007b"}, "control character", "text"),
        ({"text": "See [it](page:Implementaton)"}, "there is no page", "text"),
        ({"text": "See [it](https://example.org"}, "not complete", "text"),
        ({"text": "See [it](javascript:alert(1))"}, "begins with", "text"),
        ({"text": "word " * 401}, "more than 2000", "text"),
        ({"text": "x", "until_day": "2001-01-01"}, "expired", "expires_at"),
        (
            {"text": "x", "appears": "at", "day": "2099-01-02", "until_day": "2099-01-01"},
            "before it appears",
            "expires_at",
        ),
        ({"text": "x", "appears": "at"}, "Choose a day", "publish_at"),
        ({"text": "x", "review_by": "soon"}, "no day of the calendar", "review_by"),
        ({"text": "x", "id": "No Spaces"}, "use small letters", "id"),
    ],
)
def test_what_nobody_wants_published_is_refused_at_its_field(
    writing: DeskWorld, ana: DeskClient, fields: dict[str, str], words: str, place: str
) -> None:
    before = data_of(writing)

    answer = ana.post(NEW, fields_of(ana.get(NEW).text) | fields)

    assert answer.status_code == 422
    assert data_of(writing) == before
    text = html.unescape(answer.text)
    assert re.search(rf'id="{place}-error">[^<]*{re.escape(words)}', text, re.IGNORECASE)
    assert fields_of(answer.text)["text"].strip() == fields["text"].replace("\u0007", "\u0007").strip()


def test_the_nearest_page_is_offered_and_taken_with_one_button(ana: DeskClient) -> None:
    refused = ana.post(NEW, fields_of(ana.get(NEW).text) | {"text": "See [it](page:Implementaton)"})
    assert 'value="replace:Implementaton|Implementation"' in refused.text

    fixed = ana.post(NEW, fields_of(refused.text) | {"action": "replace:Implementaton|Implementation"})

    assert fields_of(fixed.text)["text"] == "See [it](page:Implementation)"


def test_a_found_page_is_inserted_without_a_script(ana: DeskClient) -> None:
    fields = fields_of(ana.get(NEW).text) | {"text": "Read"}
    found = ana.post(NEW, fields | {"action": "find", "find": "implementation"})
    hit = re.search(r'value="(insert:[^"]+)"', found.text)

    inserted = ana.post(NEW, fields | {"action": html.unescape(hit[1])})  # type: ignore[index]  # as above

    assert fields_of(inserted.text)["text"] == "Read [Implementation](page:Implementation)"


def test_a_likely_duplicate_is_saved_by_a_second_press(writing: DeskWorld, ana: DeskClient) -> None:
    add(ana, "Twice is enough")
    before = data_of(writing)

    first = ana.post(NEW, fields_of(ana.get(NEW).text) | {"text": "Twice is  enough"})
    assert (first.status_code, data_of(writing)) == (422, before)
    second = ana.post(NEW, fields_of(first.text))

    assert "Edit that item instead?" in first.text
    assert second.status_code == 303
    assert len(re.findall(r"Twice is +enough", data_of(writing))) == 2


def test_other_fields_are_merged_and_said(writing: DeskWorld, ana: DeskClient, li: DeskClient) -> None:
    item = add(ana, "Two people at once")
    mine, theirs = (fields_of(client.get(f"{NEWS}/{item}").text) for client in (ana, li))
    li.post(f"{NEWS}/{item}", theirs | {"pinned": "yes"})

    saved = ana.post(f"{NEWS}/{item}", mine | {"text": "Two people at the same time"}, follow_redirects=True)

    assert "both changes are kept" in saved.text
    assert re.search(r"Two people at the same time\n\s+pinned: true", data_of(writing))


def test_the_same_field_is_a_question_with_both_texts(writing: DeskWorld, ana: DeskClient, li: DeskClient) -> None:
    item = add(ana, "One field for two")
    mine, theirs = (fields_of(client.get(f"{NEWS}/{item}").text) for client in (ana, li))
    li.post(f"{NEWS}/{item}", theirs | {"text": "The words of li"})

    asked = ana.post(f"{NEWS}/{item}", mine | {"text": "The words of ana"})
    assert asked.status_code == 409
    assert "The words of li" in data_of(writing)
    taken = ana.post(f"{NEWS}/{item}", fields_of(asked.text) | {"action": "theirs"})
    both = ana.post(f"{NEWS}/{item}", fields_of(asked.text) | {"action": "both"})
    assert fields_of(both.text)["text"] == "The words of li The words of ana"
    third = ana.post(f"{NEWS}/{item}", fields_of(both.text) | {"text": "The words of both"})

    assert "The words of li" in asked.text
    assert fields_of(asked.text)["text"] == "The words of ana"
    assert fields_of(taken.text)["text"] == "The words of li"
    assert third.status_code == 303
    assert "The words of both" in data_of(writing)


def test_an_item_that_somebody_removed_can_be_added_again(writing: DeskWorld, ana: DeskClient, li: DeskClient) -> None:
    item = add(ana, "Removed by another")
    mine = fields_of(ana.get(f"{NEWS}/{item}").text)
    li.post(NEWS, {"do": f"remove:{item}"})

    asked = ana.post(f"{NEWS}/{item}", mine | {"text": "Removed, and missed"})
    again = ana.post(f"{NEWS}/{item}", fields_of(asked.text))

    assert asked.status_code == 409
    assert again.status_code == 303
    assert "Removed, and missed" in data_of(writing)


def test_a_broken_file_loses_no_word(writing: DeskWorld, ana: DeskClient) -> None:
    good = data_of(writing)
    fields = fields_of(ana.get(NEW).text) | {"text": "Typed while the file was broken"}
    (writing.folder / "ws2.yaml").write_text(good + "\n  broken: [")
    try:
        refused = ana.post(NEW, fields)
        listed = ana.get(NEWS)
    finally:
        (writing.folder / "ws2.yaml").write_text(good)

    assert refused.status_code == 422
    assert re.search(r"ws2\.yaml:\d+", refused.text)
    assert fields_of(refused.text)["text"] == "Typed while the file was broken"
    assert listed.status_code == 200
    assert "cannot be read" in listed.text
    assert "Typed while the file was broken" in ana.get("/w/ws2/drafts").text
    assert ana.post(NEW, fields_of(refused.text)).status_code == 303
    assert "Typed while the file was broken" in data_of(writing)


def test_saving_does_not_need_the_wiki(writing: DeskWorld, ana: DeskClient) -> None:
    writing.wiki.faults.add("503")
    writing.app.extensions.pop(EXTENSION, None)  # as after a restart: nothing is known about the wiki
    try:
        add(ana, "Without the wiki")
        shown = ana.post(NEW, fields_of(ana.get(NEW).text) | {"text": "Alone", "action": "look"})
        drawn = ana.get(re.search(r'src="([^"]+/preview/[^"]+)"', shown.text)[1])  # type: ignore[index]  # as above
        plan = ana.get("/w/ws2/publish")
    finally:
        writing.wiki.faults.clear()

    assert "Without the wiki" in data_of(writing)
    assert "Text only: the wiki did not answer" in drawn.text
    assert "Alone" in drawn.text
    assert plan.status_code == 503


def test_a_draft_changes_nothing_and_comes_back(writing: DeskWorld, ana: DeskClient, li: DeskClient) -> None:
    before = data_of(writing)
    kept = ana.post(NEW, fields_of(ana.get(NEW).text) | {"text": "Half a", "appears": "at", "action": "draft"})

    reopened = li.get(kept.headers["Location"])

    assert data_of(writing) == before
    assert fields_of(reopened.text)["text"] == "Half a"
    assert "Half a" in ana.get(NEWS).text
    saved = li.post(NEW, fields_of(reopened.text) | {"text": "A whole sentence", "appears": "next"})
    assert saved.status_code == 303
    assert "Half a" not in ana.get("/w/ws2/drafts").text


def test_items_are_moved_pinned_and_removed_and_it_is_undone(writing: DeskWorld, ana: DeskClient) -> None:
    first, second = add(ana, "Older of two"), add(ana, "Newer of two")

    def order() -> list[str]:
        return [item for item in re.findall(r"- id: (\S+)", data_of(writing)) if item in (first, second)]

    assert order() == [second, first]
    ana.post(NEWS, {"do": f"down:{second}"})
    assert order() == [first, second]
    ana.post(NEWS, {"do": f"place:{second}", "before": first})
    assert order() == [second, first]
    ana.post(NEWS, {"do": f"top:{first}"})
    assert order() == [first, second]
    ana.post(NEWS, {"do": f"pin:{first}"})
    assert "pinned: true" in data_of(writing)
    removed = ana.post(NEWS, {"do": f"remove:{first}"}, follow_redirects=True)
    assert first not in order()

    history = re.search(r'href="(/w/ws2/history/\d+)">See or undo', removed.text)
    undone = ana.post(history[1], follow_redirects=True)  # type: ignore[index]  # as above

    assert "Undone" in undone.text
    assert set(order()) == {first, second}


def test_what_was_typed_comes_back_after_the_session_ended(writing: DeskWorld, ana: DeskClient) -> None:
    fields = fields_of(ana.get(NEW).text) | {"text": "Typed into the night"}
    stranger = writing.client()

    answer = stranger.post(NEW, fields, token=stranger.token())

    assert answer.status_code == 401
    assert "Typed into the night" in answer.text


def test_others_are_named(ana: DeskClient, li: DeskClient) -> None:
    li.get(NEWS)

    assert "maintainer" in ana.get(NEWS).text.partition("<main")[2]


def test_pasted_rich_text_is_cleaned_and_own_addresses_become_pages(writing: DeskWorld, ana: DeskClient) -> None:
    page = writing.wiki.find("Implementation").id
    address = f"{writing.wiki.url}/pages/viewpage.action?pageId={page}"
    rich = f'<b>Read</b> <a href="{address}">it</a><img src="data:image/png,x">'

    answer = ana.post("/w/ws2/paste", {"html": rich}).json

    assert answer == {"markdown": f"**Read** [it](page:{page})", "dropped": "Not pasted: 1 picture."}


def test_a_file_is_kept_with_the_form_asked_about_and_uploaded_when_it_is_published(
    writing: DeskWorld, ana: DeskClient
) -> None:
    def bytes_on_page() -> bytes | None:
        files = writing.wiki.store.attachments
        found = files.find(writing.wiki.find(HOME).id, "plan.pdf")
        return None if found is None else files.data(found.id)

    def send(fields: dict[str, str], name: str, content: bytes, **more: str) -> str:
        upload = {"upload": (BytesIO(content), name)}
        return ana.post(NEW, fields | more | upload, content_type="multipart/form-data").text

    home = writing.wiki.find(HOME).id
    writing.wiki.store.attachments.add(home, "plan.pdf", b"%PDF-1 of Ana", author=writing.wiki.account("ana"))
    fields = fields_of(ana.get(NEW).text) | {"text": "The plan for spring."}
    assert "not a file of the type pdf" in html.unescape(send(fields, "plan.pdf", b"<html>", action="attach"))

    asked = send(fields, "plan.pdf", b"%PDF-2 new", action="attach")
    said = asked.partition('id="file-advice"')[2].partition("file-hint")[0]
    assert "he page has another file" in html.unescape(said), said
    fields = fields_of(asked)
    assert "attachment:plan.pdf" in fields["text"]
    assert ana.post(NEW, fields).status_code == 422
    renamed = fields_of(ana.post(NEW, fields | {"file_name": "plan 2.pdf", "action": "look"}).text)
    assert "<attachment:plan 2.pdf>" in renamed["text"]
    looked = ana.post(NEW, renamed | {"action": "look"}).text
    frame = re.search(r'src="([^"]+/preview/[^"]+)"', looked)
    assert frame is not None
    assert f'/download/attachments/{home}/plan%202.pdf"' in ana.get(frame[1]).text  # a link, as on the page later

    saved = ana.post(NEW, fields | {"file_replace": "yes", "text": "The plan for spring."})
    saved = saved if saved.status_code == 303 else ana.post(NEW, fields_of(saved.text) | {"file_replace": "yes"})
    assert saved.status_code == 303, re.sub("<[^>]+>", "", saved.text)
    assert bytes_on_page() == b"%PDF-1 of Ana"

    shown = ana.get("/w/ws2/publish").text
    assert "The file plan.pdf replaces version 1" in html.unescape(shown)
    digest = re.search(r'name="digest" value="([^"]+)"', shown)
    assert digest is not None
    published = ana.post("/w/ws2/publish", {"digest": digest[1]})
    wait_for_end(ana, published.headers["Location"])
    assert bytes_on_page() == b"%PDF-2 new"
    assert 'ri:filename="plan.pdf"' in writing.wiki.body(home)


def test_a_saved_item_is_shown_only_when_it_is_on_the_page(writing: DeskWorld, ana: DeskClient) -> None:
    item = add(ana, "Only saved so far")
    assert "Not on the page yet" in row_of(ana, item)

    writing.run("sync")

    assert "Shown" in row_of(ana, item)
    edit_home(writing, "Only saved so far", "Only saved so far, says Ana")
    waiting = add(ana, "Behind an edit of Ana")
    assert "Not on the page yet" in row_of(ana, waiting)
    checked(writing, writing.client_as(Role.MAINTAINER))
    assert "Held back" in row_of(ana, waiting)
    assert "Not everything here is on the page." in ana.get(NEWS).text
    assert "A maintainer decides what is kept" in ana.get(NEWS).text  # and not a command that editors do not have
    edit_home(writing, "Only saved so far, says Ana", "Only saved so far")


def test_what_somebody_took_off_the_page_waits_for_the_quiet_window(own_world: DeskWorld) -> None:
    runtime = own_world.desk.runtime
    start, end = (f"{(datetime.now(UTC) + timedelta(hours=hours)):%H:00}" for hours in (3, 4))
    patient = {"quiet_window": f"{start}-{end}", "drift": DriftPolicy.REPAIR}
    workspace = runtime.settings.workspaces[0].model_copy(update=patient)
    settings = runtime.settings.model_copy(update={"workspaces": (workspace,)})
    own_world.desk.load_runtime = lambda: replace(runtime, settings=settings)
    editor = own_world.client_as(Role.EDITOR)
    item = add(editor, "Ana takes this off")
    own_world.run("sync")
    edit_home(own_world, "Ana takes this off", "Ana has something else")

    checked(own_world, own_world.client_as(Role.MAINTAINER))

    assert "Waits" in row_of(editor, item)
    assert f"it waits for the quiet window {start}-{end} (UTC)" in editor.get(NEWS).text


def row_of(client: DeskClient, item: str) -> str:
    page = client.get(NEWS).text
    return page.partition(f'data-entry="{item}"')[2].partition("</li>")[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "Not a name!"}, "use small letters a to z"),
        ({"id": "taken-before"}, "Another item has this name"),
        ({"text": "\u200b\u2060"}, "only invisible characters"),
        ({"action": "attach"}, "Choose a file first"),
    ],
)
def test_a_mistake_is_explained_at_its_field_without_words_of_the_machine(
    writing: DeskWorld, ana: DeskClient, changes: dict[str, str], words: str
) -> None:
    if "taken-before" not in data_of(writing):
        add(ana, "Taken before")

    refused = ana.post(NEW, fields_of(ana.get(NEW).text) | {"text": "Words"} | changes)

    assert refused.status_code == 422
    assert words in refused.text
    assert str(writing.folder) not in refused.text
