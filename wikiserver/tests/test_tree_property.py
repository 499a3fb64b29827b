"""Whatever people do to the page tree, it stays a tree, and its two records of it agree."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from wikiserver.store import IN_TREE, Content, NotFoundError, Selection, Store, StoreError

EVERYTHING = Selection((f"type IN {IN_TREE}",), limit=-1)


class PageTree(RuleBasedStateMachine):
    """Creates, moves, archives, trashes, restores and purges pages, in any order."""

    pages = Bundle("pages")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.author = self.store.people.get("ana").account_id
        self.count = 0

    @initialize(target=pages)
    def start(self) -> int:
        self.space = self.store.spaces.create("DOC", "Documents", creator=self.author, now=self.store.clock())
        return self.new_page(None)

    def new_page(self, parent_id: int | None, kind: str = "page") -> int:
        self.count += 1
        title = f"Page {self.count}"
        return self.store.pages.create(self.space.id, title, "", author=self.author, parent_id=parent_id, kind=kind).id

    @rule(target=pages, parent=pages, kind=st.sampled_from(("page", *IN_TREE)))
    def create(self, parent: int, kind: str) -> object:
        try:
            return self.new_page(parent, kind)
        except NotFoundError:
            return multiple()

    @rule(page=pages, other=pages, position=st.sampled_from(("before", "after", "append")))
    def move(self, page: int, other: int, position: str) -> None:
        self.attempt(lambda: self.store.pages.move(page, other, position))

    @rule(page=pages)
    def archive(self, page: int) -> None:
        self.attempt(lambda: self.store.pages.archive([page]))

    @rule(page=pages)
    def trash(self, page: int) -> None:
        self.attempt(lambda: self.store.pages.trash(page))

    @rule(page=pages)
    def restore(self, page: int) -> None:
        self.attempt(lambda: self.store.pages.update(page, author=self.author, status="current"))

    @rule(page=pages)
    def purge(self, page: int) -> None:
        self.attempt(lambda: self.store.pages.purge(page))

    def attempt(self, action: object) -> None:
        try:
            action()  # type: ignore[operator]
        except StoreError:
            return  # refused: then nothing has changed, which the invariants see

    @invariant()
    def the_two_records_of_the_tree_agree(self) -> None:
        contents = {one.id: one for one in self.store.contents.select(EVERYTHING)}
        for page in contents.values():
            above = self.chain(page, contents)
            assert [one.id for one in self.store.hierarchy.ancestors(page.id)] == above[::-1]
        for page in contents.values():
            below = {other.id for other in contents.values() if page.id in self.chain(other, contents)}
            assert set(self.store.hierarchy.subtree_ids(page.id)) == below | {page.id}

    def chain(self, page: Content, contents: dict[int, Content]) -> list[int]:
        """The ids above a page by its parents, the nearest first; every parent must be there."""
        found: list[int] = []
        while page.parent_id is not None:
            assert page.parent_id in contents, "a page hangs under nothing"
            assert page.parent_id not in found, "a page hangs under itself"
            found.append(page.parent_id)
            page = contents[page.parent_id]
        return found

    @invariant()
    def siblings_have_an_order(self) -> None:
        contents = self.store.contents.select(EVERYTHING)
        for page in contents:
            shown = self.store.hierarchy.children(page.id)
            assert [one.id for one in shown] == [
                one.id
                for one in sorted(contents, key=lambda one: (one.position, one.id))
                if one.parent_id == page.id and one.status == "current"
            ]

    def teardown(self) -> None:
        self.store.close()


PageTree.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestPageTree = PageTree.TestCase
