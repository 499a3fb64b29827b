"""A save without a change spells a body as the editor does, and shows the same."""

import re

import pytest
from bs4 import BeautifulSoup

from wikiserver.editor.resave import resave
from wikiserver.normalise import Flavour
from wikiserver.storage_tree import Element, parse
from wikiserver.testing import Wiki
from wikiserver.view import ViewContext, render_view

EDITORS: list[Flavour] = ["cloud", "datacenter"]
LINK = '<ac:link><ri:page ri:content-title="Report" />{}</ac:link>'
CODE = (
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
    "<ac:plain-text-body><![CDATA[a  b]]></ac:plain-text-body></ac:structured-macro>"
)
BODY = (
    '<h2>News</h2><p><ac:emoticon ac:name="tick" /> All <strong><em>good</em></strong> &amp; well.</p>'
    f"<ul><li>one {LINK.format('<ac:link-body>it</ac:link-body>')}<ul><li>two</li></ul></li>"
    f'<li><a href="https://example.org/">three</a></li></ul><ol><li>{LINK.format("")}</li></ol>'
    f"<table><tbody><tr><td>cell</td></tr></tbody></table>{CODE}"
    '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Note</p></ac:rich-text-body></ac:structured-macro>'
)


def elements(body: str, *names: str) -> list[Element]:
    return [each for each in parse(body).walk() if each.name in names]


def spellings(body: str, editor: Flavour) -> list[str]:
    return [resave(body, editor, seed=seed, space_key="WS2") for seed in range(60)]


@pytest.mark.parametrize("editor", EDITORS)
def test_a_reader_sees_the_same_words_after_any_number_of_saves(editor: Flavour) -> None:
    def seen(body: str) -> list[str]:
        shown = BeautifulSoup(render_view(body, ViewContext(), representation="view"), "html.parser")
        return shown.get_text(" ").replace("\u00a0", " ").split()

    for body in spellings(BODY, editor):
        assert seen(body) == seen(BODY)
        assert seen(resave(body, editor, seed="again")) == seen(BODY)


@pytest.mark.parametrize("editor", EDITORS)
def test_a_seed_makes_the_same_choices_again_and_another_seed_makes_others(editor: Flavour) -> None:
    assert spellings(BODY, editor) == spellings(BODY, editor)
    assert len(set(spellings(BODY, editor))) > 50


def test_cloud_puts_the_text_of_items_into_paragraphs() -> None:
    for body in spellings(BODY, "cloud"):
        assert all(item.find("p") is not None for item in elements(body, "li"))
        assert re.search(r"<li[^>]*><p[^>]*>one .*?</p><ul", body)


def test_cloud_adds_the_three_attributes_of_an_emoji() -> None:
    for body in spellings('<p><ac:emoticon ac:name="tick" /> <ac:emoticon ac:name="custom" /></p>', "cloud"):
        tick, custom = elements(body, "ac:emoticon")
        assert tick.get("ac:emoji-id") == "atlassian-check_mark"
        assert tick.get("ac:emoji-shortname") == tick.get("ac:emoji-fallback") == ":check_mark:"
        assert custom.attributes == {"ac:name": "custom"}


def test_cloud_numbers_lists_and_versions_links() -> None:
    for body in spellings(BODY, "cloud"):
        assert [each.get("start") for each in elements(body, "ol")] == ["1"]
        assert all(each.get("ri:version-at-save") for each in elements(body, "ri:page"))
        assert not elements(body, "ac:plain-text-link-body")


def test_cloud_moves_a_mark_out_of_the_text_of_a_link() -> None:
    marked = f"<p>{LINK.format('<ac:link-body><strong>it</strong></ac:link-body>')}</p>"

    for body in spellings(marked, "cloud"):
        (link_body,) = elements(body, "ac:link-body")
        assert list(link_body.elements()) == []
        assert elements(body, "strong")


def test_data_center_writes_plain_link_texts_as_character_data_and_drops_titles() -> None:
    for body in spellings(f"<p>{LINK.format('<ac:link-body>it</ac:link-body>')}</p>", "datacenter"):
        assert "<ac:plain-text-link-body><![CDATA[it]]></ac:plain-text-link-body>" in body
    for body in spellings(f"<p>{LINK.format('<ac:link-body>Report</ac:link-body>')}</p>", "datacenter"):
        assert "link-body" not in body


def test_data_center_leaves_most_items_and_every_emoticon_as_they_are() -> None:
    bodies = spellings(BODY, "datacenter")

    wrapped = sum(item.find("p") is not None for body in bodies for item in elements(body, "li"))
    assert 0 < wrapped < 0.5 * sum(len(elements(body, "li")) for body in bodies)
    assert all("ac:emoji" not in body for body in bodies)
    assert any("\u00a0" in body for body in bodies)
    assert any("letter-spacing" in body for body in bodies)
    assert any(body.endswith("<p><br /></p>") for body in bodies)


@pytest.mark.parametrize("editor", EDITORS)
def test_the_key_of_the_own_space_is_spelled_out_or_dropped_for_all_links_of_a_save(editor: Flavour) -> None:
    links = LINK.format("") + LINK.format("").replace(" ri:content", ' ri:space-key="X" ri:content')

    keys = {tuple(each.get("ri:space-key") for each in elements(body, "ri:page")) for body in spellings(links, editor)}

    assert keys == {("", "X"), ("WS2", "X")}


@pytest.mark.parametrize("editor", EDITORS)
def test_code_stays_as_it_is(editor: Flavour) -> None:
    inline = "<p><code>a  b c</code></p><pre>x  y</pre>"

    for body in spellings(f"{CODE}{inline}", editor):
        assert "<![CDATA[a  b]]>" in body
        assert "<code>a  b c</code>" in body
        assert re.search("<pre[^>]*>x  y</pre>", body)


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_a_person_opens_and_saves_a_page(wiki: Wiki, flavour: str) -> None:
    page = wiki.add_page("Home", BODY)

    wiki.open_and_save(page, by="li", message="only looked")

    version = wiki.versions(page)[-1]
    assert (version.number, version.author, version.message) == (2, wiki.account("li"), "only looked")
    assert ("atlassian-check_mark" in wiki.body(page)) == (flavour == "cloud")
    assert wiki.body(page) != wiki.body(page, 1)


def test_an_administrator_lets_a_person_open_and_save_a_page_over_http(wiki: Wiki) -> None:
    page = wiki.add_page("Home", BODY)
    url = f"{wiki.server.url}/_admin/editor"
    wrong: list[object] = [{}, [], {"page": "1"}, {"page": page, "editor": "other"}]

    with wiki.session("admin") as http:
        saved = http.post(url, json={"page": page, "person": "omar", "editor": "cloud", "seed": 1})
        refused = [http.post(url, json=each) for each in wrong]
        unknown = http.post(url, json={"page": page, "person": "nobody"})

    assert saved.json() == {"page": page, "version": 2}
    assert wiki.versions(page)[-1].author == wiki.account("omar")
    assert "atlassian-check_mark" in wiki.body(page)
    assert [each.status_code for each in (*refused, unknown)] == [400] * 5
    assert "there is no editor 'other'" in refused[3].json()["message"]


def test_only_administrators_save_as_other_people(wiki: Wiki) -> None:
    page = wiki.add_page("Home", BODY)

    with wiki.session("ana") as http:
        assert http.post(f"{wiki.server.url}/_admin/editor", json={"page": page}).status_code == 403

    assert wiki.page(page).version == 1


@pytest.mark.parametrize("operation", ["get", "put"])
def test_a_person_saves_in_the_editor_after_a_request(wiki: Wiki, operation: str) -> None:
    page = wiki.add_page("Home", BODY)
    wiki.faults.add(f"editor=cloud@{operation}*once")

    with wiki.session() as http:
        found = http.get(f"{wiki.url}/rest/api/content/{page}", params={"expand": "body.storage,version"}).json()
        if operation == "put":
            answer = http.put(
                f"{wiki.url}/rest/api/content/{page}",
                json={"type": "page", "title": "Home", "version": {"number": 2}, "body": found["body"]},
            )
            assert answer.json()["version"]["number"] == 2

    last = wiki.versions(page)[-1]
    assert (last.number, last.author) == ({"get": 2, "put": 3}[operation], wiki.account("omar"))
    assert "atlassian-check_mark" in wiki.body(page)
