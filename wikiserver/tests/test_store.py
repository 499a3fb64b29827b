from collections.abc import Iterator

import pytest

from wikiserver.store import (
    InvalidError,
    NotEditableError,
    NotFoundError,
    Space,
    Store,
    TitleTakenError,
    VersionConflictError,
)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


@pytest.fixture
def ana(store: Store) -> str:
    return store.people.get("ana").account_id


@pytest.fixture
def space(store: Store, ana: str) -> Space:
    return store.spaces.create("DOC", "Documents", creator=ana, now=store.clock())


def test_saving_on_an_old_version_is_refused_and_changes_nothing(store: Store, space: Space, ana: str) -> None:
    page = store.pages.create(space.id, "Home", "<p>one</p>", author=ana)
    store.pages.update(page.id, number=2, body="<p>two</p>", author=ana)

    with pytest.raises(VersionConflictError):
        store.pages.update(page.id, number=2, body="<p>lost</p>", author=ana)

    assert store.contents.body(page.id) == "<p>two</p>"
    assert [version.number for version in store.contents.versions(page.id)] == [2, 1]


def test_titles_are_unique_in_a_space_whatever_their_case(store: Store, space: Space, ana: str) -> None:
    store.pages.create(space.id, "Home", "", author=ana)

    with pytest.raises(TitleTakenError):
        store.pages.create(space.id, "HOME", "", author=ana)


def test_moving_a_subtree_moves_the_ancestors_of_all_in_it(store: Store, space: Space, ana: str) -> None:
    home = store.pages.create(space.id, "Home", "", author=ana)
    first = store.pages.create(space.id, "First", "", author=ana, parent_id=home.id)
    second = store.pages.create(space.id, "Second", "", author=ana, parent_id=home.id)
    leaf = store.pages.create(space.id, "Leaf", "", author=ana, parent_id=first.id)

    store.pages.move(first.id, second.id, "append")

    assert [page.title for page in store.hierarchy.ancestors(leaf.id)] == ["Home", "Second", "First"]
    assert [(page.title, depth) for page, depth in store.hierarchy.descendants(home.id)] == [
        ("Second", 1),
        ("First", 2),
        ("Leaf", 3),
    ]


def test_a_page_cannot_move_under_its_own_descendant(store: Store, space: Space, ana: str) -> None:
    home = store.pages.create(space.id, "Home", "", author=ana)
    leaf = store.pages.create(space.id, "Leaf", "", author=ana, parent_id=home.id)

    with pytest.raises(InvalidError):
        store.pages.move(home.id, leaf.id, "append")


def test_siblings_keep_the_order_that_moves_gave_them(store: Store, space: Space, ana: str) -> None:
    home = store.pages.create(space.id, "Home", "", author=ana)
    pages = [store.pages.create(space.id, title, "", author=ana, parent_id=home.id) for title in "ABC"]

    store.pages.move(pages[2].id, pages[0].id, "before")

    assert [page.title for page in store.hierarchy.children(home.id)] == ["C", "A", "B"]


def test_an_archived_page_cannot_be_edited_and_its_children_move_up(store: Store, space: Space, ana: str) -> None:
    home = store.pages.create(space.id, "Home", "", author=ana)
    old = store.pages.create(space.id, "Old", "", author=ana, parent_id=home.id)
    child = store.pages.create(space.id, "Child", "", author=ana, parent_id=old.id)

    store.pages.archive([old.id])

    with pytest.raises(NotEditableError):
        store.pages.update(old.id, body="<p>x</p>", author=ana)
    assert store.contents.get(child.id).parent_id == home.id
    assert store.contents.get(old.id).parent_id == home.id


def test_a_transaction_that_fails_leaves_nothing_behind(store: Store, space: Space, ana: str) -> None:
    def create_and_fail() -> None:
        with store.transaction():
            page = store.pages.create(space.id, "Home", "", author=ana)
            store.contents.get(page.id + 1)

    with pytest.raises(NotFoundError):
        create_and_fail()

    assert store.contents.find_page(space.id, "Home") is None


def test_an_inline_comment_changes_the_body_but_not_the_version(store: Store, space: Space, ana: str) -> None:
    page = store.pages.create(space.id, "Home", "<p title='word'>one word</p>", author=ana)

    comment = store.comments.add_inline(page.id, "<p>why?</p>", author=ana, selection="word")

    ref = store.comments.detail(comment.id).marker_ref
    assert store.contents.get(page.id).version == 1
    assert store.contents.body(page.id) == (
        f"<p title='word'>one <ac:inline-comment-marker ac:ref=\"{ref}\">word</ac:inline-comment-marker></p>"
    )


def test_restrictions_hide_a_page_and_all_below_it(store: Store, space: Space, ana: str) -> None:
    home = store.pages.create(space.id, "Home", "", author=ana)
    leaf = store.pages.create(space.id, "Leaf", "", author=ana, parent_id=home.id)
    store.restrictions.add(home.id, "read", "user", ana)

    assert store.restrictions.may_read(store.people.get("ana"), leaf.id)
    assert not store.restrictions.may_read(store.people.get("omar"), leaf.id)
    assert store.restrictions.hidden_roots(store.people.get("omar")) == [home.id]


def test_deleting_an_old_version_renumbers_the_later_ones(store: Store, space: Space, ana: str) -> None:
    page = store.pages.create(space.id, "Home", "one", author=ana)
    for body in ("two", "three"):
        store.pages.update(page.id, body=body, author=ana)

    store.pages.delete_version(page.id, 2)

    assert store.contents.get(page.id).version == 2
    assert [store.contents.body(page.id, number) for number in (1, 2)] == ["one", "three"]


def test_tasks_follow_the_body_and_can_be_ticked(store: Store, space: Space, ana: str) -> None:
    task = (
        "<ac:task><ac:task-id>7</ac:task-id><ac:task-status>incomplete</ac:task-status>"
        "<ac:task-body>ring</ac:task-body></ac:task>"
    )
    page = store.pages.create(space.id, "Home", f"<ac:task-list>{task}</ac:task-list>", author=ana)
    (found,) = store.inline_tasks.all(content_id=page.id)

    store.pages.update(page.id, body=store.inline_tasks.ticked_body(found, "complete"), author=ana)

    assert store.inline_tasks.get(found.id).status == "complete"
    assert store.inline_tasks.get(found.id).completed_by == ana


def test_a_file_keeps_all_its_versions(store: Store, space: Space, ana: str) -> None:
    page = store.pages.create(space.id, "Home", "", author=ana)
    file = store.attachments.add(page.id, "a.txt", b"one", author=ana)

    store.attachments.replace(file.id, b"two", author=ana)

    assert store.attachments.data(file.id) == b"two"
    assert store.attachments.data(file.id, 1) == b"one"
    assert store.attachments.file(file.id).media_type == "text/plain"
