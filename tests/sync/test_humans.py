import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

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

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)  # noqa: S311 -- a script, no secret
        self.journal = Journal()
        body = page_body({name: f"<p>{name} first</p>" for name in NAMES})
        self.pages = [world.add_page(f"Page {number}", body) for number in range(PAGES)]
        self.people = [
            Person(world, f"person-{number}-of-{seed}" + "x" * number, self.pages, self.journal, f"{seed} {number}")
            for number in range(PEOPLE)
        ]
        Bot(world, self.pages, texts(1)).run(take_over=frozenset({"all"}))

    def work(self) -> None:
        """Let some people read or save."""
        for _ in range(self.random.randrange(8)):
            self.random.choice(self.people).step()

    def close(self) -> None:
        for person in self.people:
            person.close()


def texts(revision: int) -> dict[str, Any]:
    return {name: f"<p>{name} as of revision {revision}</p>" for name in NAMES}


def play(world: World, seed: int, write: Callable[[Office, int], None], *, edits: int = EDITS) -> Office:
    """Let people and a client work until so many edits were acknowledged."""
    office = Office(world, seed)
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

    def __call__(self, office: Office, revision: int) -> None:
        def others() -> None:
            office.work()
            if not self._is_nested and office.random.random() < 0.05:
                self._is_nested = True
                self._run(office, revision, office.work)
                self._is_nested = False

        self._run(office, revision, others)

    def _run(self, office: Office, revision: int, others: Callable[[], None]) -> None:
        gateway = Interleaved(self._gateway, others)
        Bot(office.world, office.pages, texts(revision), gateway=gateway).run()


@pytest.mark.parametrize("seed", range(5 if IS_NIGHTLY else 2))
def test_no_edit_of_a_person_is_lost_beside_two_bots(seed: int) -> None:
    with World() as world:
        office = play(world, seed, TwoBots(world))

        assert len(office.journal.edits) >= EDITS
        assert find_lost_edits(world, office.journal) == []
        assert list(find_foreign_changes(world, office.pages)) == []
        authors = [author for page in office.pages for _, author, _ in world.versions(page)]
        assert authors.count("bot") > PAGES


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
