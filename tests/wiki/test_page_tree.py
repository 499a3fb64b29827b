from hypothesis import given
from hypothesis import strategies as st

from bot.wiki.page_tree import build_tree
from tests.wiki.refs import make_ref


def test_children_are_sorted_by_position_then_title() -> None:
    refs = [
        make_ref("1"),
        make_ref("2", parent="1", title="zebra"),
        make_ref("3", parent="1", title="Ape"),
        make_ref("4", parent="1", title="last by title, first by position", position=0),
        make_ref("5", parent="3"),
    ]

    tree = build_tree(refs)

    assert [(node.ref.id, node.depth) for node in tree] == [("1", 0), ("4", 1), ("3", 1), ("5", 2), ("2", 1)]


def test_home_page_comes_first_among_the_roots() -> None:
    tree = build_tree([make_ref("1", title="Aardvark"), make_ref("2", title="Home")], home_id="2")

    assert [node.ref.id for node in tree] == ["2", "1"]


def test_page_with_a_hidden_parent_becomes_a_root_and_is_reported() -> None:
    tree = build_tree([make_ref("1"), make_ref("2", parent="gone")])

    assert [node.ref.id for node in tree] == ["1", "2"]
    assert [ref.id for ref in tree.orphans] == ["2"]


def test_cycle_is_cut_and_reported_and_keeps_its_pages() -> None:
    tree = build_tree(
        [
            make_ref("1"),
            make_ref("2", parent="4"),
            make_ref("3", parent="2"),
            make_ref("4", parent="3"),
            make_ref("5", parent="4"),
        ]
    )

    assert sorted(node.ref.id for node in tree) == ["1", "2", "3", "4", "5"]
    assert [ref.id for ref in tree.cyclic] == ["2", "3", "4"]


def test_page_that_is_its_own_parent_becomes_a_root() -> None:
    tree = build_tree([make_ref("1", parent="1")])

    assert [(node.ref.id, node.depth) for node in tree] == [("1", 0)]


def test_descendants_end_where_the_branch_ends() -> None:
    tree = build_tree([make_ref("1"), make_ref("2", parent="1"), make_ref("3", parent="2"), make_ref("4", parent="1")])

    assert [node.ref.id for node in tree.iter_under("2")] == ["3"]
    assert list(tree.iter_under("4")) == []
    assert list(tree.iter_under("absent")) == []


def test_very_deep_tree_does_not_exhaust_the_stack() -> None:
    refs = [make_ref(str(number), parent=str(number - 1) if number else None) for number in range(3_000)]

    tree = build_tree(refs)

    assert tree.nodes[-1].depth == 2_999


@given(parents=st.lists(st.none() | st.integers(min_value=0, max_value=12), max_size=12))
def test_whatever_the_parents_every_page_comes_exactly_once_and_after_its_parent(parents: list[int | None]) -> None:
    refs = [
        make_ref(str(number), parent=None if parent is None else str(parent)) for number, parent in enumerate(parents)
    ]

    tree = build_tree(refs)

    ids = [node.ref.id for node in tree]
    assert sorted(ids) == sorted(ref.id for ref in refs)
    heads = {ref.id for ref in (*tree.orphans, *tree.cyclic)}
    for node in tree:
        if node.depth:
            assert node.ref.parent_id in ids[: ids.index(node.ref.id)]
        else:
            assert node.ref.parent_id is None or node.ref.id in heads
