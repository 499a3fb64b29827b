"""Comments, files and the search."""

import io
from urllib.parse import urljoin

from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browse, Browser


def test_comments_are_words_whatever_is_typed(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".new-comment", body="first <b>\n\n& second")
    ana.submit(".comment .reply form", body="an answer")

    shown = ana.page.select("#comments > .comments > .comment")
    assert len(shown) == 1
    assert [p.text for p in shown[0].select(":scope > .wiki-content p")] == ["first <b>", "& second"]
    assert [c.select_one(".wiki-content").text for c in shown[0].select(".comment")] == ["an answer"]  # type: ignore[union-attr]
    assert wiki.page(home).version == 1


def test_a_comment_next_to_words_marks_them_and_can_be_resolved(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".new-comment", body="which?", selection="words")
    assert "<ac:inline-comment-marker" in wiki.body(home)
    assert ana.page.select("#content .inline-comment-marker")[0].text == "words"
    ana.submit("form[action$=resolve]")

    assert ana.page.select(".comment.resolved")
    assert wiki.page(home).version == 1


def test_a_page_that_others_may_not_change_stays_as_it_is(wiki: Wiki, browse: Browse, home: str) -> None:
    page = wiki.add_page("Locked", "<p>x</p>", labels=("keep",))
    wiki.store.restrictions.add(int(page), "update", "user", wiki.account("li"))
    file = wiki.store.attachments.add(int(page), "a.txt", b"x", author=wiki.account("li"))
    other = wiki.add_page("Other")
    browser = browse()

    for path, values in {
        "move": {"target": "Home"},
        "archive": {},
        "trash": {},
        "labels": {"labels": "new"},
        "labels/remove": {"label": "keep"},
        "restore": {"version": "1"},
        "draft": {"body": "<p>y</p>"},
        f"attachments/{file.id}/trash": {},
        "attachments": {},
    }.items():
        browser.open(f"/spaces/WS2/pages/{page}")
        browser.post(f"/pages/{page}/{path}", status=403, **values)
    browser.open(f"/pages/{other}/move")
    browser.submit("form.box", status=403, target="Locked")
    browser.open("/spaces/WS2")
    browser.post("/spaces/WS2/pages/new", status=400, title="Below", body="", parent=page)

    assert [label.name for label in wiki.store.labels.of(int(page))] == ["keep"]
    assert (wiki.page(page).status, wiki.page(page).version, wiki.page(page).parent_id) == ("current", 1, int(home))
    assert wiki.store.contents.find_draft(int(page)) is None
    assert wiki.store.attachments.find(int(page), "a.txt") is not None
    assert wiki.page(other).parent_id == int(home)


def test_a_comment_that_finds_no_place_is_not_lost(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".new-comment", status=400, body="long thoughts", selection="words that are not there")
    assert ana.page.select("#new-comment")[0].text.strip() == "long thoughts"
    ana.submit("main .new-comment")

    assert [wiki.body(comment.id) for comment in wiki.store.comments.of(int(home))] == ["<p>long thoughts</p>"]


def test_only_the_author_deletes_a_comment(wiki: Wiki, browse: Browse, ana: Browser, home: str) -> None:
    comment = wiki.store.comments.add(int(home), "<p>mine</p>", author=wiki.account("li"))
    ana.open("/spaces/WS2")

    ana.post(f"/comments/{comment.id}/delete", status=403)
    li = browse("li")
    li.open("/spaces/WS2")
    li.submit("form[action$=delete]")

    assert wiki.store.comments.of(int(home)) == []


def test_a_file_is_uploaded_replaced_downloaded_and_removed(wiki: Wiki, ana: Browser, home: str) -> None:
    for data in (b"one", b"two"):
        ana.open(f"/pages/{home}/attachments")
        token = str(ana.page.select("meta[name=csrf]")[0]["content"])
        answer = ana.session.post(
            f"{wiki.url}/pages/{home}/attachments", data={"csrf": token}, files={"files": ("a b.txt", io.BytesIO(data))}
        )
        assert answer.status_code == 200
    page = ana.open(f"/pages/{home}/attachments")

    address = urljoin(ana.url, str(page.select(".list tbody a")[0]["href"]))
    assert ana.session.get(address).content == b"two"
    assert wiki.store.attachments.of(int(home))[0].version == 2
    ana.submit(".list form")
    assert wiki.store.attachments.of(int(home)) == []


def test_a_picture_with_a_script_in_it_cannot_run(wiki: Wiki, ana: Browser, home: str) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    wiki.store.attachments.add(int(home), "x.svg", svg, author=wiki.account("li"))

    answer = ana.session.get(f"{wiki.url}/download/attachments/{home}/x.svg")

    assert answer.content == svg
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_search_finds_words_in_a_space_or_below_a_page(wiki: Wiki, ana: Browser) -> None:
    one = wiki.add_page("One", "<p>zebra &amp; “lion”</p>")
    wiki.add_page("Two", "<p>zebra</p>", parent=one)
    wiki.add_page("Three", "<p>zebra</p>", space="OTHER")

    def found(query: str) -> set[str]:
        return {a.text for a in ana.open(f"/search?{query}").select(".hits a")}

    assert found("text=zebra") == {"One", "Two", "Three"}
    assert found("text=zebra&space=WS2") == {"One", "Two"}
    assert found(f"text=zebra&ancestor={one}") == {"Two"}
    assert found('text="zebra') <= {"One", "Two", "Three"}
    assert found("cql=title+%3D+Two") == {"Two"}
    assert "problem" in str(ana.open("/search?cql=no+such+field"))
