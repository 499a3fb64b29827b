import datetime as dt

from bot.render import Index, IndexEntry
from bot.sync.page_index import MAX_BYTES, build_index
from bot.wiki.gateway import PageRef, PageStatus, User, Version
from bot.wiki.page_tree import PageTree, build_tree

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


def tree(*lines: str) -> PageTree:
    """Build a tree out of lines such as `child < parent`; ids are titles, and pages come in the order given."""
    refs = []
    for position, line in enumerate(lines):
        title, _, parent = line.partition(" < ")
        version = Version(1, NOW, User("u", "U"))
        refs.append(PageRef(title, title, "WS2", PageStatus.CURRENT, version, parent or None, position, f"/{title}"))
    return build_tree(refs, home_id="home")


def index(pages: PageTree, *archived: str, depth: int | None = None, lists_archived: bool = True) -> Index:
    return build_index(
        pages,
        home_id="home",
        archived=frozenset(archived),
        depth=depth,
        lists_archived=lists_archived,
        find_snapshot={"old": "WS2/old.md"}.get,
    )


def test_pages_nest_as_in_the_tree_without_the_home_page() -> None:
    found = index(tree("home", "a < home", "b < a", "c < b", "d < home"))

    below_a = IndexEntry("b", (IndexEntry("c"),))
    assert found.active == (IndexEntry("a", (below_a,)), IndexEntry("d"))


def test_archived_pages_are_in_a_list_of_their_own_with_their_snapshots() -> None:
    found = index(tree("home", "a < home", "old < a", "older < home"), "old", "older")

    assert found.active == (IndexEntry("a"),)
    assert found.archived == (IndexEntry("old", snapshot="WS2/old.md"), IndexEntry("older"))
    assert index(tree("home", "old < home"), "old", lists_archived=False).archived == ()


def test_an_active_page_below_an_archived_one_is_still_listed() -> None:
    found = index(tree("home", "a < home", "old < a", "young < old", "b < home"), "old")

    assert found.active == (IndexEntry("a", (IndexEntry("young"),)), IndexEntry("b"))


def test_no_more_levels_are_listed_than_wanted() -> None:
    found = index(tree("home", "a < home", "b < a", "c < b", "d < home"), depth=2)

    assert found.active == (IndexEntry("a", (IndexEntry("b"),)), IndexEntry("d"))


def test_a_tree_as_deep_as_it_likes_is_cut() -> None:
    lines = ["home", "p0 < home", *(f"p{number} < p{number - 1}" for number in range(1, 2000))]

    entries = index(tree(*lines)).active
    levels = 0
    while entries:
        levels, entries = levels + 1, entries[0].children

    assert levels == 30


def test_pages_next_to_the_home_page_are_listed_too() -> None:
    assert index(tree("home", "a < home", "beside")).active == (IndexEntry("a"), IndexEntry("beside"))


def test_the_upper_levels_come_first_and_the_rest_is_counted() -> None:
    pages = tree("home", "a < home", "a1 < a", "a2 < a", "b < home", "b1 < b")

    found = build_index(pages, home_id="home", archived=frozenset(), max_pages=3)

    assert found.active == (IndexEntry("a", (IndexEntry("a1"),)), IndexEntry("b"))
    assert found.left_out == 2


def test_archived_pages_have_a_limit_of_their_own() -> None:
    pages = tree("home", "a < home", "old < home", "older < home")

    found = build_index(pages, home_id="home", archived=frozenset({"old", "older"}), max_pages=1)

    assert ([one.title for one in found.archived], found.left_out_archived, found.left_out) == (["old"], 1, 0)


def test_no_number_of_pages_makes_the_index_larger_than_a_wiki_takes() -> None:
    pages = tree("home", *(f"{'long title ' * 20}{number} < home" for number in range(6000)))

    found = build_index(pages, home_id="home", archived=frozenset(), max_pages=100_000)

    assert sum(2 * len(entry.title) + 100 for entry in found.active) < MAX_BYTES
    assert len(found.active) + found.left_out == 6000
    assert found.left_out > 0
