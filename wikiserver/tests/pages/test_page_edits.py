"""Forms do what REST would do, and nothing that somebody typed is lost."""

import json

import pytest

from wikiserver.storage_tree import parse, text_of
from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browser, fields_of


def test_source_is_saved_as_rest_would_save_it(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")

    ana.submit(
        "form.editor",
        body="<p>New <b>words</b></p>\r\n<ac:structured-macro ac:name='toc'/>",
        message="why",
        title="Home 2",
    )

    assert ana.title == "Home 2"
    version = wiki.versions(home)[-1]
    assert (version.number, version.message, version.author) == (2, "why", wiki.account("ana"))
    assert "<strong>words</strong></p>\n<ac:structured-macro" in wiki.body(home)
    assert "ac:macro-id" in wiki.body(home)


def test_a_typing_error_in_the_source_is_shown_with_its_place_and_nothing_is_lost(
    wiki: Wiki, ana: Browser, home: str
) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")

    ana.submit("form.editor", status=400, body="<p>one</p>\n<p>two</b>", message="why")

    assert "line 2, column 9" in ana.page.text
    source = ana.page.select_one("#source")
    assert source is not None
    assert source.text.strip() == "<p>one</p>\n<p>two</b>"
    assert fields_of(ana.page.select("form.editor")[0])["message"] == "why"
    assert wiki.page(home).version == 1


def test_the_second_author_keeps_the_text_and_sees_the_first(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<p>one</p><p>two</p>", by="ana")
    ana.open(f"/pages/{home}/edit?mode=source")
    wiki.edit(home, "<p>one</p><p>two by Li</p>", by="li")

    ana.submit("form.editor", status=409, body="<p>two by Ana</p>")

    assert "Li Wei saved this page" in ana.title
    assert wiki.body(home) == "<p>one</p><p>two by Li</p>"
    source = ana.page.select_one("#source")
    assert source is not None
    assert source.text.strip() == "<p>two by Ana</p>"
    ana.submit("form.editor", body="<p>two by both</p>")
    assert wiki.body(home) == "<p>two by both</p>"
    assert [wiki.body(home, n) for n in (3, 4)] == ["<p>one</p><p>two by Li</p>", "<p>two by both</p>"]


def test_changes_in_different_places_are_put_together(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<p>one</p><p>two</p>", by="ana")
    ana.open(f"/pages/{home}/edit?mode=source")
    wiki.edit(home, "<p>one</p><p>two by Li</p>", by="li")

    ana.submit("form.editor", status=409, body="<p>one by Ana</p><p>two</p>")
    ana.submit("form.editor")

    assert wiki.body(home) == "<p>one by Ana</p><p>two by Li</p>"


def test_typing_into_the_page_changes_only_that_part(wiki: Wiki, ana: Browser, home: str) -> None:
    code = (
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<b>]]></ac:plain-text-body>'
        "</ac:structured-macro>"
    )
    wiki.edit(home, f"<p>first</p>{code}<p>second &amp; third</p>")
    before = wiki.body(home)
    ana.open(f"/pages/{home}/edit?editor=none")
    boxes = {str(box["data-run"]): box.decode_contents() for box in ana.page.select("[data-run]")}

    ana.submit("form.editor", edits=json.dumps({"1": boxes["1"].replace("second", "2nd")}))

    assert wiki.body(home) == before.replace("second", "2nd")


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_typing_into_the_page_goes_through_the_editor_of_the_flavour(
    wiki: Wiki, ana: Browser, home: str, flavour: str
) -> None:
    wiki.edit(home, '<p>first <ac:emoticon ac:name="tick" /></p><ul><li>one</li><li>two</li></ul>')
    ana.open(f"/pages/{home}/edit")
    box = ana.page.select("[data-run]")[0].decode_contents()

    ana.submit("form.editor", edits=json.dumps({"0": box.replace("two", "2nd")}))

    body = wiki.body(home)
    assert "2nd" in text_of(parse(body).children)
    assert ("atlassian-check_mark" in body) == (flavour == "cloud")
    assert (body.count("<p") >= 3) == (flavour == "cloud")


def test_another_editor_can_be_asked_for_and_a_wrong_one_changes_nothing(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<ol><li>one</li></ol>")
    ana.open(f"/pages/{home}/edit?editor=cloud")
    ana.submit("form.editor")
    (numbered,) = parse(wiki.body(home)).elements("ol")
    assert numbered.get("start") == "1"

    ana.open(f"/pages/{home}/edit?editor=other")
    ana.submit("form.editor", status=400)
    assert wiki.page(home).version == 3


@pytest.mark.parametrize("mode", ["?editor=none", "?mode=source"])
def test_a_comment_made_meanwhile_keeps_its_mark(wiki: Wiki, ana: Browser, home: str, mode: str) -> None:
    wiki.edit(home, "<p>first <em>chosen</em> words</p><p>last</p>")
    ana.open(f"/pages/{home}/edit{mode}")
    wiki.store.comments.add_inline(int(home), "<p>?</p>", author=wiki.account("li"), selection="first")
    marked = wiki.body(home)
    assert "<ac:inline-comment-marker" in marked
    assert wiki.page(home).version == 2

    if "source" in mode:
        ana.submit("form.editor", body=ana.page.select("#source")[0].text.strip().replace("last", "LAST"))
    else:
        box = ana.page.select("[data-run]")[0].decode_contents()
        ana.submit("form.editor", edits=json.dumps({"0": box.replace("last", "LAST")}))

    assert wiki.body(home) == marked.replace("last", "LAST")


def test_line_ends_that_a_form_changes_are_no_change(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<p>one</p>\r\n<p>two</p>\r\n\n<hr />")
    ana.open(f"/pages/{home}/edit?editor=none")
    box = ana.page.select("[data-run]")[0].decode_contents()

    original = wiki.body(home).replace("\r\n", "\n").replace("\n", "\r\n")
    ana.submit("form.editor", original=original, edits=json.dumps({"0": box.replace("two", "2")}))

    assert "<p>one</p>" in wiki.body(home)
    assert "<p>2</p>" in wiki.body(home)
    assert wiki.page(home).version == 3


def test_a_draft_goes_on_where_it_was_begun(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")
    ana.submit("form.editor", button="Save as draft", body="<h2>Aims</h2><p>Plain words.</p><p>draft</p>")
    ana.open(f"/pages/{home}/edit?draft=use")
    wiki.edit(home, "<h2>New aims</h2><p>Plain words.</p>", by="li")

    ana.submit("form.editor", status=409)
    ana.submit("form.editor")

    assert wiki.body(home) == "<h2>New aims</h2><p>Plain words.</p><p>draft</p>"


@pytest.mark.parametrize("edits", ["{", "[]", '{"x": "y"}', '{"99": "y"}', '{"-1": "y"}'])
def test_edits_that_make_no_sense_change_nothing(wiki: Wiki, ana: Browser, home: str, edits: str) -> None:
    ana.open(f"/pages/{home}/edit")

    ana.submit("form.editor", status=400, edits=edits)

    assert wiki.page(home).version == 1


def test_a_page_is_created_below_the_current_page(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/spaces/WS2/pages/new?parentId={home}")

    ana.submit("form.editor", title="Über uns & co", body="<p>Hallo</p>")

    page = wiki.find("Über uns & co")
    assert page.parent_id == int(home)
    assert ana.content == "Hallo"


def test_a_title_that_is_taken_keeps_what_was_typed(wiki: Wiki, ana: Browser) -> None:
    wiki.add_page("Taken")
    ana.open("/spaces/WS2/pages/new")

    ana.submit("form.editor", status=400, title="taken", body="<p>long text</p>")

    assert "already exists" in ana.page.text
    assert "long text" in ana.page.select("#source")[0].text


def test_a_missing_page_can_be_made_from_the_link_to_it(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, '<p><ac:link><ri:page ri:content-title="Not yet" /></ac:link></p>')
    page = ana.open("/spaces/WS2")

    ana.open(f"{wiki.server.url}{page.select('a.createlink')[0]['href']}")
    ana.submit("form.editor", body="<p>now</p>")

    assert wiki.body(wiki.find("Not yet").id) == "<p>now</p>"
    assert not ana.open("/spaces/WS2").select("a.createlink")


def test_a_draft_is_kept_shown_used_and_thrown_away(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")
    ana.submit("form.editor", button="Save as draft", body="<p>half done</p>")

    assert "unpublished changes" in ana.page.text
    assert "Plain words." in ana.content
    ana.open(f"/pages/{home}/edit?draft=use")
    assert "half done" in ana.page.select("#source")[0].text
    ana.open("/spaces/WS2")
    ana.submit(".notice form")
    assert wiki.store.contents.find_draft(int(home)) is None
    assert wiki.page(home).version == 1


def test_an_archived_page_cannot_be_edited(wiki: Wiki, ana: Browser) -> None:
    old = wiki.add_page("Old", "<p>x</p>", status="archived")

    ana.open(f"/pages/{old}/edit", status=400)
    ana.post(f"/pages/{old}/edit", status=400, version=1, body="<p>y</p>", title="Old")

    assert wiki.body(old) == "<p>x</p>"


def test_a_read_only_wiki_can_be_read_and_nothing_else(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")
    wiki.site.is_read_only = True

    ana.submit("form.editor", status=405, body="<p>x</p>")

    assert "read-only" in ana.open("/spaces/WS2").text
    assert wiki.page(home).version == 1


def test_a_preview_shows_source_and_runs_nothing(ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    shown = ana.post("/pages/preview", page=home, body="<p>seen</p><script>x()</script>")
    assert str(shown) == "<p>seen</p>"
    ana.open("/spaces/WS2")
    assert "mismatched tag" in ana.post("/pages/preview", status=400, page=home, body="<p>").text
