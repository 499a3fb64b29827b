import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bot.sync.drift import Verdict
from tests.machine import IS_NIGHTLY
from tests.sync.humans import (
    Interleaved,
    Journal,
    Person,
    find_foreign_changes,
    find_lost_edits,
    retry_blindly,
    update_with_the_library,
)
from tests.sync.world import Bot, World, page_body

PEOPLE, PAGES, EDITS = 8, 10, 240
NAMES = ("status", "quick_links", "news")


class Office:
    """Eight people at work on ten pages. *seed* decides who does what when; no clock has a say in it."""

    def __init__(self, world: World, seed: int, *, uses_editor: bool = False) -> None:
        self.world = world
        self.uses_editor = uses_editor
        self.texts = rich_texts if uses_editor else texts
        self.random = random.Random(seed)  # noqa: S311 -- a script, no secret
        self.journal = Journal()
        body = page_body({name: f"<p>{name} first</p>" for name in NAMES})
        self.pages = [world.add_page(f"Page {number}", body) for number in range(PAGES)]
        self.people = [
            Person(
                world,
                f"person-{number}-of-{seed}" + "x" * number,
                self.pages,
                self.journal,
                f"{seed} {number}",
                uses_editor=uses_editor,
            )
            for number in range(PEOPLE)
        ]
        Bot(world, self.pages, self.texts(1)).run(take_over=frozenset({"all"}))

    def work(self) -> None:
        """Let some people read or save."""
        for _ in range(self.random.randrange(8)):
            self.random.choice(self.people).step()

    def close(self) -> None:
        for person in self.people:
            person.close()


def texts(revision: int) -> dict[str, Any]:
    return {name: f"<p>{name} as of revision {revision}</p>" for name in NAMES}


def rich_texts(revision: int) -> dict[str, Any]:
    """Return texts with everything that the editors spell in another way."""
    return {
        "status": f'<p><ac:emoticon ac:name="tick" /> All <strong><em>good</em></strong> in {revision}</p><p>b</p>',
        "quick_links": (
            f'<ul><li><ac:link><ri:page ri:content-title="Page {revision % PAGES}" />'
            "<ac:link-body>one page</ac:link-body></ac:link>"
            '<ul><li><a href="https://example.org/a?b=1&amp;c=2">the web</a></li></ul></li></ul>'
        ),
        "news": f"<h3>News</h3><ol><li>revision {revision} &lt; all</li><li>see <code>a  b</code></li></ol>",
    }


def play(
    world: World,
    seed: int,
    write: Callable[[Office, int], None],
    *,
    edits: int = EDITS,
    uses_editor: bool = False,
) -> Office:
    """Let people and a client work until so many edits were acknowledged."""
    office = Office(world, seed, uses_editor=uses_editor)
    try:
        revision = 1
        while len(office.journal.edits) < edits:
            revision += 1
            write(office, revision)
            office.work()
    finally:
        office.close()
    return office


class TwoBots:
    """Two bots with the same data; the second runs now and then amidst a run of the first."""

    def __init__(self, world: World) -> None:
        self._gateway = world.gateway()
        self._is_nested = False
        self.verdicts: set[Verdict] = set()

    def __call__(self, office: Office, revision: int) -> None:
        if office.uses_editor:  # while nobody works
            quiet = Bot(office.world, office.pages, office.texts(revision), gateway=self._gateway).plan()
            self.verdicts.update(change.verdict for page in quiet.pages for change in page.changes)

        def others() -> None:
            office.work()
            if not self._is_nested and office.random.random() < 0.05:
                self._is_nested = True
                self._run(office, revision, office.work)
                self._is_nested = False

        self._run(office, revision, others)

    def _run(self, office: Office, revision: int, others: Callable[[], None]) -> None:
        gateway = Interleaved(self._gateway, others)
        Bot(office.world, office.pages, office.texts(revision), gateway=gateway).run()


@pytest.mark.parametrize("seed", range(5 if IS_NIGHTLY else 2))
def test_no_edit_of_a_person_is_lost_while_two_bots_write(seed: int) -> None:
    with World() as world:
        office = play(world, seed, TwoBots(world))

        assert len(office.journal.edits) >= EDITS
        assert find_lost_edits(world, office.journal) == []
        assert list(find_foreign_changes(world, office.pages)) == []
        authors = [author for page in office.pages for _, author, _ in world.versions(page)]
        assert authors.count("bot") > PAGES


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
@pytest.mark.parametrize("seed", range(5 if IS_NIGHTLY else 1))
def test_people_who_save_in_the_editor_lose_nothing_and_cause_no_drift(seed: int, flavour: str) -> None:
    with World(flavour) as world:
        bots = TwoBots(world)
        office = play(world, seed, bots, uses_editor=True)

        assert len(office.journal.edits) >= EDITS
        assert office.journal.untouched > EDITS // 4
        assert find_lost_edits(world, office.journal) == []
        assert list(find_foreign_changes(world, office.pages)) == []
        assert bots.verdicts == {Verdict.BEHIND}


@pytest.mark.parametrize("bad_client", [retry_blindly, update_with_the_library])
def test_the_checker_catches_clients_that_lose_edits(
    world: World, bad_client: Callable[[World, str, dict[str, str], Callable[[], None]], None]
) -> None:
    def write(office: Office, revision: int) -> None:
        for page in office.pages:
            bad_client(world, page, texts(revision), office.work)

    office = play(world, 1, write, edits=60)

    assert find_lost_edits(world, office.journal)
    assert list(find_foreign_changes(world, office.pages))


def test_no_edit_is_lost_when_all_work_at_the_same_time(world: World) -> None:
    office = Office(world, 99)
    done = threading.Event()

    def person(worker: Person) -> None:
        for _ in range(30):
            worker.step()

    def bot() -> None:
        revision = 1
        gateway = world.gateway()
        while not done.is_set():
            revision += 1
            Bot(world, office.pages, texts(revision), gateway=gateway).run()

    bots = [threading.Thread(target=bot) for _ in range(2)]
    people = [threading.Thread(target=person, args=[worker]) for worker in office.people]
    for thread in [*bots, *people]:
        thread.start()
    for thread in people:
        thread.join()
    done.set()
    for thread in bots:
        thread.join()
    office.close()

    assert office.journal.edits
    assert find_lost_edits(world, office.journal) == []
    assert list(find_foreign_changes(world, office.pages)) == []
