"""What operations do to the wiki, beyond the shape of their answers."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from requests import Session

from wikiserver.testing import Wiki

both = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
NO_CHECK = {"X-Atlassian-Token": "nocheck"}


@pytest.fixture
def session(wiki: Wiki) -> Iterator[Session]:
    with wiki.session() as session:
        yield session


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<p>home</p>")


def v1(wiki: Wiki, path: str) -> str:
    return f"{wiki.url}/rest/api{path}"


def v2(wiki: Wiki, path: str) -> str:
    return f"{wiki.url}/api/v2{path}"


def storage(text: str) -> dict[str, Any]:
    return {"storage": {"value": text, "representation": "storage"}}


def children(wiki: Wiki, page_id: str) -> list[str]:
    return [page.title for page in wiki.store.hierarchy.children(int(page_id))]


@both
def test_a_page_goes_to_the_trash_comes_back_and_is_purged(wiki: Wiki, session: Session, home: str) -> None:
    page = wiki.add_page("Page", "<p>x</p>", parent=home)
    child = wiki.add_page("Child", parent=page)
    wiki.store.attachments.add(int(page), "a.txt", b"a", author=wiki.account("ana"))
    url = v1(wiki, f"/content/{page}")

    trashed = session.delete(url)
    hidden = session.get(url)
    seen = session.get(url, params={"status": "trashed"})
    restored = session.put(
        url,
        json={
            "type": "page",
            "title": "Page",
            "status": "current",
            "version": {"number": 2},
            "body": storage("<p>y</p>"),
        },
    )
    session.delete(url)
    purged = session.delete(url, params={"status": "trashed"})

    assert [answer.status_code for answer in (trashed, hidden, seen, restored, purged)] == [204, 404, 200, 200, 204]
    assert wiki.page(child).parent_id == int(home)
    assert wiki.store.contents.find(int(page)) is None
    assert wiki.store.attachments.of(int(page)) == []


def test_v2_keeps_purging_for_what_is_in_the_trash(wiki: Wiki, session: Session, home: str) -> None:
    page = wiki.add_page("Page", parent=home)

    early = session.delete(v2(wiki, f"/pages/{page}"), params={"purge": "true"})
    trashed = session.delete(v2(wiki, f"/pages/{page}"))
    purged = session.delete(v2(wiki, f"/pages/{page}"), params={"purge": "true"})

    assert [early.status_code, trashed.status_code, purged.status_code] == [400, 204, 204]
    assert wiki.store.contents.find(int(page)) is None


def test_a_new_page_is_below_the_home_page_by_default(wiki: Wiki, session: Session, home: str) -> None:
    space = str(wiki.add_space().id)
    sent = {"spaceId": space, "status": "current", "title": "Under home"}

    under = session.post(v2(wiki, "/pages"), json=sent).json()
    root = session.post(v2(wiki, "/pages?root-level=true"), json=sent | {"title": "Root"}).json()
    twin = session.post(v2(wiki, "/pages"), json=sent | {"title": "UNDER HOME"})

    assert (under["parentId"], root["parentId"]) == (home, None)
    assert twin.status_code == 400
    assert "already exists" in twin.json()["errors"][0]["title"]


def test_a_draft_is_published_by_a_save(wiki: Wiki, session: Session, home: str) -> None:
    space = str(wiki.add_space().id)
    body = {"representation": "storage", "value": "<p>d</p>"}
    draft = session.post(
        v2(wiki, "/pages"), json={"spaceId": space, "status": "draft", "title": "Plan", "parentId": home, "body": body}
    ).json()
    hidden = session.get(v2(wiki, f"/pages/{draft['id']}"))
    found = session.get(v2(wiki, f"/pages/{draft['id']}?get-draft=true"))

    published = session.put(
        v2(wiki, f"/pages/{draft['id']}"),
        json={"id": draft["id"], "status": "current", "title": "Plan", "body": body, "version": {"number": 1}},
    )

    assert (hidden.status_code, found.json()["status"], published.status_code) == (404, "draft", 200)
    assert (wiki.page(draft["id"]).status, wiki.page(draft["id"]).version) == ("current", 1)


@both
def test_a_save_with_another_parent_moves_the_page(wiki: Wiki, session: Session, home: str) -> None:
    first, second = wiki.add_page("First", parent=home), wiki.add_page("Second", parent=home)

    session.put(
        v1(wiki, f"/content/{second}"),
        json={"type": "page", "title": "Second", "version": {"number": 2}, "ancestors": [{"id": first}]},
    )

    assert children(wiki, first) == ["Second"]
    assert children(wiki, home) == ["First"]


def test_moves_put_pages_where_they_say(wiki: Wiki, session: Session, home: str) -> None:
    pages = {title: wiki.add_page(title, parent=home) for title in "ABC"}

    session.put(v1(wiki, f"/content/{pages['C']}/move/before/{pages['A']}"))
    before = children(wiki, home)
    session.put(v1(wiki, f"/content/{pages['C']}/move/after/{pages['A']}"))
    after = children(wiki, home)
    session.put(v1(wiki, f"/content/{pages['B']}/move/append/{pages['C']}"))
    loop = session.put(v1(wiki, f"/content/{pages['C']}/move/append/{pages['B']}"))

    assert (before, after) == (["C", "A", "B"], ["A", "C", "B"])
    assert children(wiki, pages["C"]) == ["B"]
    assert loop.status_code == 400


@both
@pytest.mark.parametrize(("position", "expected"), [("above", ["B", "A"]), ("below", ["A", "B"]), ("append", ["A"])])
def test_the_older_way_of_moving_does_the_same(
    wiki: Wiki, session: Session, home: str, position: str, expected: list[str]
) -> None:
    first, second = wiki.add_page("A", parent=home), wiki.add_page("B", parent=home)

    answer = session.post(
        f"{wiki.url}/pages/movepage.action",
        data={"pageId": second, "targetId": first, "position": position},
        headers=NO_CHECK,
    )

    assert answer.status_code == 200
    assert children(wiki, home) == expected


def test_pages_are_archived_as_a_long_task(wiki: Wiki, session: Session, home: str) -> None:
    pages = [wiki.add_page(title, parent=home) for title in ("Old", "Older")]
    child = wiki.add_page("Child", parent=pages[0])

    answer = session.post(v1(wiki, "/content/archive"), json={"pages": [{"id": int(page)} for page in pages]})
    task = session.get(wiki.url + answer.json()["links"]["status"]).json()
    again = session.post(v1(wiki, "/content/archive"), json={"pages": [{"id": pages[0]}]})
    many = session.post(v1(wiki, "/content/archive"), json={"pages": [{"id": home}] * 301})

    assert (answer.status_code, task["finished"], task["successful"]) == (202, True, True)
    assert [wiki.page(page).status for page in pages] == ["archived", "archived"]
    assert wiki.page(child).parent_id == int(home)
    assert (again.status_code, many.status_code) == (400, 400)


def test_a_copy_includes_what_the_request_asks_for(wiki: Wiki, session: Session, home: str) -> None:
    page = wiki.add_page("Page", "<p>x</p>", parent=home, labels=("news",))
    wiki.store.attachments.add(int(page), "a.txt", b"a", author=wiki.account("ana"))
    wiki.store.properties.create(int(page), "k", [1], author=wiki.account("ana"))
    destination = {"type": "parent_page", "value": page}

    bare = session.post(
        v1(wiki, f"/content/{page}/copy"), json={"destination": destination, "pageTitle": "Bare"}
    ).json()
    full = session.post(
        v1(wiki, f"/content/{page}/copy"),
        json={"destination": destination, "pageTitle": "Full"}
        | {"copyLabels": True, "copyAttachments": True, "copyProperties": True},
    ).json()

    assert wiki.store.labels.of(int(bare["id"])) == []
    assert wiki.body(full["id"]) == "<p>x</p>"
    assert [label.name for label in wiki.store.labels.of(int(full["id"]))] == ["news"]
    (file,) = wiki.store.attachments.of(int(full["id"]))
    assert wiki.store.attachments.data(file.id) == b"a"
    assert wiki.store.properties.get(int(full["id"]), "k").value == "[1]"


def test_a_tree_is_copied_with_new_titles(wiki: Wiki, session: Session, home: str) -> None:
    top = wiki.add_page("Plan 2025", parent=home)
    wiki.add_page("Plan 2025 part", parent=top)
    sent = {"destinationPageId": home, "titleOptions": {"prefix": "Copy of ", "search": "2025", "replace": "2026"}}

    session.post(v1(wiki, f"/content/{top}/pagehierarchy/copy"), json=sent)

    copy = wiki.find("Copy of Plan 2026")
    assert copy.parent_id == int(home)
    assert children(wiki, str(copy.id)) == ["Copy of Plan 2026 part"]


def test_a_tree_goes_to_the_trash_whole(wiki: Wiki, session: Session, home: str) -> None:
    top = wiki.add_page("Top", parent=home)
    leaf = wiki.add_page("Leaf", parent=top)

    session.delete(v1(wiki, f"/content/{top}/pageTree"))

    assert [wiki.page(page).status for page in (top, leaf, home)] == ["trashed", "trashed", "current"]


def test_an_old_version_is_restored_as_the_newest(wiki: Wiki, session: Session, home: str) -> None:
    wiki.edit(home, "<p>worse</p>")

    session.post(
        v1(wiki, f"/content/{home}/version"),
        json={"operationKey": "restore", "params": {"versionNumber": 1, "message": "back"}},
    )

    assert wiki.body(home) == "<p>home</p>"
    assert [(version.number, version.message) for version in wiki.versions(home)] == [(1, ""), (2, ""), (3, "back")]


def test_comments_are_written_answered_resolved_and_removed(wiki: Wiki, session: Session) -> None:
    page = wiki.add_page("Page", "<p>some words here</p>")
    body = {"representation": "storage", "value": "<p>why?</p>"}
    place = {"textSelection": "words", "textSelectionMatchCount": 1, "textSelectionMatchIndex": 0}

    inline = session.post(
        v2(wiki, "/inline-comments"), json={"pageId": page, "body": body, "inlineCommentProperties": place}
    ).json()
    answer = session.post(v2(wiki, "/inline-comments"), json={"parentCommentId": inline["id"], "body": body}).json()
    resolved = session.put(
        v2(wiki, f"/inline-comments/{inline['id']}"), json={"version": {"number": 2}, "body": body, "resolved": True}
    ).json()
    stale = session.put(v2(wiki, f"/inline-comments/{inline['id']}"), json={"version": {"number": 2}, "body": body})
    missing = session.post(
        v2(wiki, "/inline-comments"),
        json={"pageId": page, "body": body, "inlineCommentProperties": place | {"textSelection": "nowhere"}},
    )
    marked, version = wiki.body(page), wiki.page(page).version
    session.delete(v2(wiki, f"/inline-comments/{inline['id']}"))

    assert f'ac:ref="{inline["properties"]["inlineMarkerRef"]}">words<' in marked
    assert version == 1
    assert answer["parentCommentId"] == inline["id"]
    assert resolved["resolutionStatus"] == "resolved"
    assert (stale.status_code, missing.status_code) == (409, 400)
    assert wiki.store.comments.all_of(int(page)) == []


@both
def test_comments_over_v1_hang_on_their_page(wiki: Wiki, session: Session, home: str) -> None:
    sent = {"type": "comment", "container": {"id": home, "type": "page"}, "body": storage("<p>good</p>")}

    made = session.post(v1(wiki, "/content"), json=sent).json()
    reply = session.post(v1(wiki, "/content"), json=sent | {"ancestors": [{"id": made["id"]}]}).json()
    listed = session.get(v1(wiki, f"/content/{home}/child/comment"), params={"expand": "body.storage"}).json()
    deep = session.get(v1(wiki, f"/content/{home}/child/comment"), params={"depth": "all"}).json()
    session.delete(v1(wiki, f"/content/{made['id']}"))

    assert [(one["id"], one["body"]["storage"]["value"]) for one in listed["results"]] == [(made["id"], "<p>good</p>")]
    assert [one["id"] for one in deep["results"]] == [made["id"], reply["id"]]
    assert wiki.store.comments.all_of(int(home)) == []


def test_a_box_is_ticked_over_the_api_and_on_the_page(wiki: Wiki, session: Session) -> None:
    boxes = "".join(
        f"<ac:task><ac:task-id>{number}</ac:task-id><ac:task-status>incomplete</ac:task-status>"
        f"<ac:task-body>box {number}</ac:task-body></ac:task>"
        for number in (1, 2)
    )
    page = wiki.add_page("Page", f"<ac:task-list>{boxes}</ac:task-list>")
    tasks = session.get(v2(wiki, "/tasks"), params={"page-id": page}).json()["results"]

    session.put(v2(wiki, f"/tasks/{tasks[1]['id']}"), json={"status": "complete"})

    left = session.get(v2(wiki, "/tasks"), params={"page-id": page, "status": "incomplete"}).json()["results"]
    assert [one["localId"] for one in left] == ["1"]
    assert wiki.body(page).count("<ac:task-status>complete</ac:task-status>") == 1
    assert wiki.page(page).version == 2


def test_a_content_state_makes_a_version_and_is_found(wiki: Wiki, session: Session, home: str) -> None:
    session.put(v1(wiki, f"/content/{home}/state?status=current"), json={"name": "Verified", "color": "#6554c0"})

    state = session.get(v1(wiki, f"/content/{home}/state")).json()["contentState"]
    found = session.get(v1(wiki, "/space/WS2/state/content"), params={"state-id": state["id"]}).json()["results"]
    assert (state["name"], [one["id"] for one in found]) == ("Verified", [home])
    assert (wiki.page(home).version, wiki.body(home)) == (2, "<p>home</p>")


@both
def test_properties_have_a_lock_of_their_own(wiki: Wiki, session: Session, home: str) -> None:
    url = v1(wiki, f"/content/{home}/property")
    session.post(url, json={"key": "k", "value": {"n": 1}})

    twin = session.post(url, json={"key": "k", "value": {"n": 1}})
    saved = session.put(f"{url}/k", json={"value": {"n": 2}, "version": {"number": 2}})
    stale = session.put(f"{url}/k", json={"value": {"n": 3}, "version": {"number": 2}})
    fresh = session.put(f"{url}/new", json={"value": 1, "version": {"number": 1}})

    assert [one.status_code for one in (twin, saved, stale, fresh)] == [409, 200, 409, 200]
    assert wiki.store.properties.get(int(home), "k").value == '{"n": 2}'


def test_restrictions_shut_out_and_let_in(wiki: Wiki, home: str) -> None:
    url, li = v1(wiki, f"/content/{home}/restriction"), wiki.account("li")
    with wiki.session("ana") as ana, wiki.session("li") as guest:
        mine = {"operation": "update", "restrictions": {"user": [{"type": "known", "accountId": wiki.account("ana")}]}}
        ana.put(url, json=[mine])
        sent = {"type": "page", "title": "Home", "version": {"number": 2}, "body": storage("<p>by li</p>")}
        refused = guest.put(v1(wiki, f"/content/{home}"), json=sent)
        readable = guest.get(v1(wiki, f"/content/{home}"))
        ana.put(f"{url}/byOperation/update/user", params={"accountId": li})
        saved = guest.put(v1(wiki, f"/content/{home}"), json=sent)
        named = ana.get(f"{url}/byOperation/update").json()["restrictions"]["user"]["results"]
        ana.delete(url)

    assert (refused.status_code, readable.status_code, saved.status_code) == (403, 200, 200)
    assert {user["accountId"] for user in named} == {li, wiki.account("ana")}
    assert wiki.store.restrictions.of(int(home))["update"] == {"user": [], "group": []}


def test_an_admin_key_opens_what_is_restricted(wiki: Wiki, home: str) -> None:
    wiki.store.restrictions.add(int(home), "read", "user", wiki.account("ana"))

    with wiki.session("admin") as admin:
        without = admin.get(v1(wiki, f"/content/{home}"))
        within = admin.get(v1(wiki, f"/content/{home}"), headers={"Atl-Confluence-With-Admin-Key": "true"})

    assert (without.status_code, within.status_code) == (404, 200)


@both
def test_a_space_is_made_with_a_home_and_removed_whole(wiki: Wiki) -> None:
    with wiki.session("admin") as admin:
        made = admin.post(v1(wiki, "/space"), json={"key": "NEW", "name": "New"}).json()
        page = wiki.add_page("Page", space="NEW")
        gone = admin.delete(v1(wiki, "/space/NEW"))
        task = admin.get(v1(wiki, f"/longtask/{gone.json()['id']}")).json()
        missing = admin.get(v1(wiki, "/space/NEW"))

    assert made["homepage"]["title"] == "New Home"
    assert (gone.status_code, task["successful"], missing.status_code) == (202, True, 404)
    assert wiki.store.contents.find(int(page)) is None


def in_storage(value: str) -> dict[str, str]:
    return {"value": value, "representation": "storage"}


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_data_center_converts_without_a_context(wiki: Wiki, session: Session, home: str) -> None:
    address = v1(wiki, "/contentbody/convert/view")

    bare = session.post(
        address,
        params={"contentIdContext": home},
        json=in_storage('<ac:link><ri:page ri:content-title="Home" /></ac:link>'),
    ).json()
    named = session.post(
        address, json=in_storage('<ac:link><ri:page ri:space-key="WS2" ri:content-title="Home" /></ac:link>')
    ).json()

    assert 'class="createlink"' in bare["value"]
    assert f'data-linked-resource-id="{home}"' in named["value"]


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_data_center_has_no_conversion_to_come(wiki: Wiki, session: Session, home: str) -> None:
    later = session.post(
        v1(wiki, "/contentbody/convert/async/export_view"), params={"contentIdContext": home}, json=in_storage("x")
    )
    other = session.post(v1(wiki, "/contentbody/convert/atlas_doc_format"), json=in_storage("<p>x</p>"))

    assert (later.status_code, other.status_code) == (404, 400)


def test_cloud_converts_in_the_background_on_the_page_of_the_context(wiki: Wiki, session: Session, home: str) -> None:
    task = session.post(
        v1(wiki, "/contentbody/convert/async/export_view"),
        params={"contentIdContext": home},
        json=in_storage('<ac:link><ri:page ri:content-title="Home" /></ac:link>'),
    ).json()

    answers = [session.get(v1(wiki, f"/contentbody/convert/async/{task['asyncId']}")).json() for _ in range(2)]

    assert [answer["status"] for answer in answers] == ["WORKING", "COMPLETED"]
    assert f'data-linked-resource-id="{home}"' in answers[1]["value"]


def test_cloud_refuses_other_conversions(wiki: Wiki, session: Session, home: str) -> None:
    there = {"contentIdContext": home}

    def ask(to: str, **params: str) -> int:
        return session.post(
            v1(wiki, f"/contentbody/convert/{to}"), params=params, json=in_storage("<p>x</p>")
        ).status_code

    statuses = [ask("view", **there), ask("async/view", **there), ask("async/export_view")]
    absent = session.get(v1(wiki, "/contentbody/convert/async/0"))
    unknown = ask("async/export_view", contentIdContext="999999")

    assert (statuses, absent.status_code, unknown) == ([404, 400, 400], 400, 404)


def test_cloud_gives_a_conversion_only_to_who_asked_for_it(wiki: Wiki, session: Session, home: str) -> None:
    task = session.post(
        v1(wiki, "/contentbody/convert/async/export_view"),
        params={"contentIdContext": home},
        json=in_storage("<p>x</p>"),
    ).json()

    with wiki.session("ana") as ana:
        other = ana.get(v1(wiki, f"/contentbody/convert/async/{task['asyncId']}"))

    assert other.status_code == 403


def test_templates_are_kept_by_space(wiki: Wiki, session: Session, home: str) -> None:
    sent = {"name": "Minutes", "templateType": "page", "body": storage("<p>present:</p>"), "space": {"key": "WS2"}}

    with wiki.session("admin") as admin:
        made = admin.post(v1(wiki, "/template"), json=sent).json()
    of_space = session.get(v1(wiki, "/template/page"), params={"spaceKey": "WS2", "expand": "body"}).json()["results"]
    of_wiki = session.get(v1(wiki, "/template/page")).json()["results"]

    assert home
    assert [(one["templateId"], one["body"]["storage"]["value"]) for one in of_space] == [
        (made["templateId"], "<p>present:</p>")
    ]
    assert of_wiki == []


def test_a_macro_is_found_by_its_id(wiki: Wiki, session: Session) -> None:
    macro = (
        '<ac:structured-macro ac:name="info" ac:macro-id="m1"><ac:parameter ac:name="title">T</ac:parameter>'
        "<ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>"
    )
    page = wiki.add_page("Page", macro)

    found = session.get(v1(wiki, f"/content/{page}/history/0/macro/id/m1")).json()
    missing = session.get(v1(wiki, f"/content/{page}/history/0/macro/id/m2"))

    assert (found["name"], found["body"], found["parameters"]) == ("info", "<p>x</p>", {"title": {"value": "T"}})
    assert missing.status_code == 404


@both
def test_what_people_watch_is_remembered(wiki: Wiki, session: Session, home: str) -> None:
    url = v1(wiki, f"/user/watch/content/{home}")

    session.post(url, headers=NO_CHECK)
    watching = session.get(url).json()["watching"]
    session.delete(url, headers=NO_CHECK)

    assert watching is True
    assert session.get(url).json()["watching"] is False


def test_folders_hang_in_the_tree_and_hold_pages(wiki: Wiki, session: Session, home: str) -> None:
    space = str(wiki.add_space().id)
    folder = session.post(v2(wiki, "/folders"), json={"spaceId": space, "title": "Drawer", "parentId": home}).json()
    page = session.post(
        v2(wiki, "/pages"), json={"spaceId": space, "status": "current", "title": "Inside", "parentId": folder["id"]}
    ).json()

    listed = session.get(v2(wiki, f"/pages/{home}/direct-children")).json()["results"]
    below = session.get(v2(wiki, f"/pages/{home}/descendants")).json()["results"]
    above = session.get(v2(wiki, f"/pages/{page['id']}/ancestors")).json()["results"]
    pages_only = session.get(v1(wiki, f"/content/{home}/child/page")).json()["results"]
    bulk = session.get(v2(wiki, f"/pages?id={page['id']}")).json()["results"]
    session.delete(v2(wiki, f"/folders/{folder['id']}"))

    assert [(one["title"], one["type"]) for one in listed] == [("Drawer", "folder")]
    assert [(one["title"], one["depth"]) for one in below] == [("Drawer", 1), ("Inside", 2)]
    assert [one["type"] for one in above] == ["page", "folder"]
    assert pages_only == []
    assert (page["parentType"], bulk[0]["parentType"]) == ("folder", "folder")
    assert wiki.page(page["id"]).parent_id == int(home)


def test_an_inline_comment_whose_text_is_gone_dangles(wiki: Wiki, session: Session) -> None:
    page = wiki.add_page("Page", "<p>some words here</p>")
    comment = wiki.store.comments.add_inline(int(page), "<p>why?</p>", author=wiki.account("ana"), selection="words")
    url = v2(wiki, f"/pages/{page}/inline-comments")

    before = session.get(url).json()["results"][0]["resolutionStatus"]
    wiki.edit(page, "<p>nothing left</p>")
    after = session.get(url).json()["results"][0]["resolutionStatus"]
    found = session.get(url, params={"resolution-status": "dangling"}).json()["results"]

    assert (before, after) == ("open", "dangling")
    assert [one["id"] for one in found] == [str(comment.id)]


def test_a_page_can_move_next_to_one_that_is_archived(wiki: Wiki, session: Session, home: str) -> None:
    old = wiki.add_page("Old", parent=home, status="archived")
    pages = {title: wiki.add_page(title, parent=home) for title in "AB"}

    answer = session.put(v1(wiki, f"/content/{pages['B']}/move/before/{old}"))

    assert answer.status_code == 200
    assert children(wiki, home) == ["B", "A"]


@both
def test_v1_lists_by_type_day_and_order(wiki: Wiki, session: Session, home: str) -> None:
    space = wiki.add_space()
    post = wiki.store.pages.create(space.id, "News", "<p>n</p>", author=wiki.account("ana"), kind="blogpost")
    wiki.add_page("Another", parent=home)
    day = post.created_at.strftime("%Y-%m-%d")
    url = v1(wiki, "/content")

    posts = session.get(url, params={"type": "blogpost", "spaceKey": "WS2", "postingDay": day}).json()["results"]
    none = session.get(url, params={"type": "blogpost", "postingDay": "2001-01-01"}).json()["results"]
    backwards = session.get(url, params={"spaceKey": "WS2", "orderby": "title desc"}).json()["results"]
    nonsense = session.get(url, params={"orderby": "colour"})

    assert [one["title"] for one in posts] == ["News"]
    assert none == []
    assert [one["title"] for one in backwards] == ["Home", "Another"]
    assert nonsense.status_code == 400


@both
def test_v1_keeps_drafts_apart_from_what_is_published(wiki: Wiki, session: Session, home: str) -> None:
    url = v1(wiki, f"/content/{home}")
    sent = {"type": "page", "title": "Home!", "status": "draft", "version": {"number": 1}, "body": storage("<p>d</p>")}

    missing = session.get(url, params={"status": "draft"})
    session.put(url, json=sent)
    draft = session.get(url, params={"status": "draft", "expand": "body.storage"}).json()
    session.delete(url, params={"status": "draft"})

    assert missing.status_code == 404
    assert (draft["status"], draft["title"], draft["body"]["storage"]["value"]) == ("draft", "Home!", "<p>d</p>")
    assert wiki.body(home) == "<p>home</p>"
    assert wiki.store.contents.find_draft(int(home)) is None


@both
def test_a_page_is_made_with_its_labels_and_found_under_its_parent(wiki: Wiki, session: Session, home: str) -> None:
    sent = {
        "type": "page",
        "title": "New",
        "space": {"key": "WS2"},
        "ancestors": [{"id": home}],
        "metadata": {"labels": [{"prefix": "global", "name": "fresh"}]},
        "body": storage("<p>n</p>"),
    }

    page = session.post(v1(wiki, "/content"), json=sent).json()
    nowhere = session.post(v1(wiki, "/content"), json=sent | {"title": "X", "space": {"key": "NONE"}})
    untitled = session.post(v1(wiki, "/content"), json=sent | {"title": " "})
    long = session.post(v1(wiki, "/content"), json=sent | {"title": "x" * 256})

    assert [label.name for label in wiki.store.labels.of(int(page["id"]))] == ["fresh"]
    assert [one["id"] for one in page["ancestors"]] == [home]
    assert [answer.status_code for answer in (nowhere, untitled, long)] == [404, 400, 400]


def test_a_copy_can_replace_a_page_or_start_a_space(wiki: Wiki, session: Session, home: str) -> None:
    page = wiki.add_page("Page", "<p>x</p>", parent=home)
    wiki.store.restrictions.add(int(page), "update", "user", wiki.account("bot"))
    other = wiki.add_page("Other home", space="OPS")
    url = v1(wiki, f"/content/{page}/copy")

    over = session.post(url, json={"destination": {"type": "existing_page", "value": home}, "copyPermissions": True})
    space = {"destination": {"type": "space", "value": "OPS"}, "body": storage("<p>other</p>")}
    away = session.post(url, json=space).json()
    nowhere = session.post(url, json={"destination": {"type": "moon", "value": "1"}})

    assert (wiki.body(home), wiki.page(home).version) == ("<p>x</p>", 2)
    assert wiki.store.restrictions.of(int(home))["update"]["user"] == [wiki.account("bot")]
    assert (wiki.page(away["id"]).space_id, wiki.body(away["id"])) == (wiki.page(other).space_id, "<p>other</p>")
    assert (over.status_code, nowhere.status_code) == (200, 400)


@both
def test_files_are_found_renamed_and_moved(wiki: Wiki, session: Session, home: str) -> None:
    other = wiki.add_page("Other", parent=home)
    url = v1(wiki, f"/content/{home}/child/attachment")
    for name in ("a.txt", "b.png"):
        session.post(url, files={"file": (name, b"x")}, headers=NO_CHECK)

    by_name = session.get(url, params={"filename": "a.txt"}).json()["results"]
    by_type = session.get(url, params={"mediaType": "image/png"}).json()["results"]
    twin = session.post(url, files={"file": ("a.txt", b"y")}, headers=NO_CHECK)
    sent = {"type": "attachment", "version": {"number": 1}, "title": "c.txt", "container": {"id": other}}
    moved = session.put(f"{url}/{by_name[0]['id']}", json=sent).json()

    assert [one["title"] for one in by_type] == ["b.png"]
    assert twin.status_code == 400
    assert moved["title"] == "c.txt"
    assert [file.title for file in wiki.store.attachments.of(int(other))] == ["c.txt"]
    assert [file.title for file in wiki.store.attachments.of(int(home))] == ["b.png"]


@both
def test_comments_are_told_apart_by_where_they_stand(wiki: Wiki, session: Session) -> None:
    page = wiki.add_page("Page", "<p>some words</p>")
    ana = wiki.account("ana")
    wiki.store.comments.add(int(page), "<p>foot</p>", author=ana)
    inline = wiki.store.comments.add_inline(int(page), "<p>here</p>", author=ana, selection="words")
    wiki.store.comments.resolve(inline.id, is_resolved=True, by=ana)
    url = v1(wiki, f"/content/{page}/child/comment")

    found = {
        where: len(session.get(url, params={"location": where}).json()["results"])
        for where in ("footer", "inline", "resolved")
    }
    below = session.get(v1(wiki, f"/content/{page}/descendant/comment")).json()["results"]

    assert found == {"footer": 1, "inline": 1, "resolved": 1}
    assert len(below) == 2


def test_people_are_searched_by_name(wiki: Wiki, session: Session) -> None:
    def names(cql: str) -> list[str]:
        found = session.get(v1(wiki, "/search/user"), params={"cql": cql}).json()["results"]
        return [one["title"] for one in found]

    assert names('user.fullname ~ "souza"') == ["Ana Souza"]
    assert names("user = currentUser()") == ["Wiki Bot"]
    assert len(names("type = user")) == 5
    assert names('type = user and not (user.fullname ~ "a" or user.fullname ~ "i")') == []


def test_a_site_that_moves_pages_says_why_it_did_not(wiki: Wiki, session: Session, home: str) -> None:
    page = wiki.add_page("Page", parent=home)

    def move(**form: str) -> dict[str, Any]:
        url = f"{wiki.url}/pages/movepage.action"
        return session.post(url, data={"pageId": page} | form, headers=NO_CHECK).json()  # type: ignore[no-any-return]

    wiki.add_page("Target", parent=home)

    assert "actionErrors" in move(targetId="999999")
    assert "page" in move(targetTitle="Target", spaceKey="WS2", position="append")
    assert children(wiki, str(wiki.find("Target").id)) == ["Page"]


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_data_center_walks_through_all_pages_by_cursor(wiki: Wiki, session: Session, home: str) -> None:
    ids = [home, *(wiki.add_page(f"P{number}", parent=home) for number in range(4))]
    wiki.add_page("Elsewhere", space="OPS")
    seen, url = [], v1(wiki, "/content/scan?spaceKey=WS2&limit=2")

    while url:
        answer = session.get(url).json()
        seen += [one["id"] for one in answer["results"]]
        following = answer["_links"].get("next")
        url = wiki.url + following if following else ""

    assert seen == ids


def test_a_label_lists_the_content_that_has_it(wiki: Wiki, session: Session, home: str) -> None:
    page = wiki.add_page("Page", parent=home, labels=("news",))

    found = session.get(v1(wiki, "/label"), params={"name": "news"}).json()
    missing = session.get(v1(wiki, "/label"), params={"name": "none"})

    assert [one["contentId"] for one in found["associatedContents"]["results"]] == [int(page)]
    assert missing.status_code == 404


@both
def test_movepage_needs_a_post_with_a_token_and_the_right_to_see_both_ends(
    wiki: Wiki, session: Session, home: str
) -> None:
    page, closed = wiki.add_page("Page", parent=home), wiki.add_page("Closed", parent=home)
    wiki.store.restrictions.add(int(closed), "read", "user", wiki.account("admin"))
    url, onto = f"{wiki.url}/pages/movepage.action", {"pageId": page, "targetId": closed, "position": "append"}
    away = {"pageId": closed, "targetId": page, "position": "append"}

    by_get = session.get(url, params=onto, headers=NO_CHECK)
    without_token = session.post(url, data={"pageId": page, "targetId": home, "position": "append"})
    refused = [session.post(url, data=data, headers=NO_CHECK).json() for data in (onto, away)]

    assert by_get.status_code in {404, 405}
    assert without_token.json() == {"actionErrors": ["XSRF check failed"]}
    assert [list(one) for one in refused] == [["actionErrors"], ["actionErrors"]]
    assert children(wiki, home) == ["Page", "Closed"]


def test_fields_of_an_upload_may_be_sent_as_parts_with_a_file_name(wiki: Wiki, session: Session, home: str) -> None:
    parts = {
        "file": ("a.txt", b"x", "text/plain"),
        "comment": ("comment", b"hash: 77ab", "text/plain"),
        "minorEdit": ("minorEdit", b"true", "text/plain"),
    }

    session.post(v1(wiki, f"/content/{home}/child/attachment"), files=parts, headers=NO_CHECK).raise_for_status()

    (file,) = wiki.store.attachments.of(int(home))
    assert wiki.store.attachments.file(file.id).comment == "hash: 77ab"
    assert file.is_minor


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_cursor_is_only_good_for_its_own_listing(wiki: Wiki, session: Session, home: str) -> None:
    for number in range(3):
        wiki.add_page(f"Page {number}", parent=home)

    def following(url: str) -> str:
        link: str = session.get(url).json()["_links"]["next"]
        return parse_qs(urlsplit(link).query)["cursor"][0]

    def status(url: str, **query: str) -> int:
        return session.get(url, params=query).status_code

    of_pages = following(v2(wiki, "/pages?limit=1"))
    of_search = following(v1(wiki, "/content/search?cql=type=page&limit=1"))

    assert status(v2(wiki, "/pages"), limit="1", cursor=of_pages) == 200
    assert status(v2(wiki, f"/pages/{home}/children"), cursor=of_pages) == 400
    search = v1(wiki, "/content/search")
    assert status(search, cql="type=page", limit="1", cursor=of_search) == 200
    assert status(search, cql="type=comment", cursor=of_search) == 400
    assert status(search, cql="type=page", cursor=of_pages) == 400


@both
def test_links_begin_with_the_configured_address(wiki: Wiki, session: Session, home: str) -> None:
    wiki.site.address = "https://wiki.example.org"
    context = "/wiki" if wiki.flavour == "cloud" else ""

    links = session.get(v1(wiki, f"/content/{home}")).json()["_links"]

    assert links["base"] == f"https://wiki.example.org{context}"
    assert links["self"] == f"https://wiki.example.org{context}/rest/api/content/{home}"
