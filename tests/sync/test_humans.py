import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.config.data_file import DataFile
from bot.errors import PageConflictError
from bot.operations import edit
from bot.wiki.gateway import Page, Version
from tests.machine import IS_NIGHTLY
from tests.sync.humans import (
    Journal,
    Person,
    find_foreign_changes,
    find_lost_edits,
    retry_blindly,
    update_with_the_library,
)
from tests.sync.mixed_check import find_changes_outside, find_losses
from tests.sync.mixed_work import MixedOffice
from tests.sync.world import Bot, World, page_body

PEOPLE, PAGES = 8, 10
NAMES = ("status", "quick_links", "news")
EDITS = (240, 1_000) if IS_NIGHTLY else (240,)
SEEDS = (
    [(seed, flavour) for seed in range(5) for flavour in ("cloud", "datacenter")]
    if IS_NIGHTLY
    else [(0, "cloud"), (1, "datacenter"), (2, "cloud"), (3, "datacenter"), (4, "cloud")]
)


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


def play(world: World, seed: int, write: Callable[[Office, int], None], *, edits: int) -> Office:
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


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """All work is done in one thread: waiting for a lock would be waiting for oneself."""
    monkeypatch.setattr("bot.config.shared_data_file._LOCK_SECONDS", 0.0)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("seed", "flavour"), SEEDS)
@pytest.mark.parametrize("edits", EDITS)
def test_nothing_is_lost_beside_two_bots_and_a_news_desk(seed: int, flavour: str, edits: int, tmp_path: Path) -> None:
    with World(flavour) as world:
        office = MixedOffice(world, tmp_path, seed)

        office.play(edits)
        is_settled = office.settle()

        assert office.journal.total >= edits
        assert list(find_losses(office)) == []
        assert list(find_changes_outside(office)) == []
        assert office.journal.faults == []
        assert is_settled, "both bots and all people agree in the end"
        before = [len(world.versions(page)) for page in office.pages]
        for machine in office.machines:
            office.run(machine)
        assert [len(world.versions(page)) for page in office.pages] == before


class Blind:
    """A connection that sends its text again when somebody else was quicker."""

    def __init__(self, gateway: Any) -> None:
        self._gateway = gateway

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    def update_page(self, page: Page, body: str, **words: Any) -> Version:
        try:
            version: Version = self._gateway.update_page(page, body, **words)
        except PageConflictError:
            version = self._gateway.update_page(self._gateway.fetch_page(page.id), body, **words)
        return version


@pytest.mark.slow
def test_the_checker_catches_a_bot_that_sends_its_text_again(tmp_path: Path) -> None:
    with World() as world:
        office = MixedOffice(world, tmp_path, 1)
        for machine in office.machines:
            machine.gateway = Blind(machine.gateway)

        office.play(120)

        assert [*find_losses(office), *find_changes_outside(office)]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_checker_catches_a_desk_that_saves_what_it_read_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with World() as world:
        office = MixedOffice(world, tmp_path, 1)
        old: dict[Path, DataFile] = {}

        def load(path: Path) -> DataFile:
            return old.setdefault(path, DataFile.load(path)) if office.random.random() < 0.5 else DataFile.load(path)

        monkeypatch.setattr(edit.Edit, "save", lambda self, _shared: self.after.path.write_text(self.after.text))
        monkeypatch.setattr(office, "load", load)

        office.play(60)

        assert [loss for loss in find_losses(office) if ".yaml" in loss]


@pytest.mark.parametrize("bad_client", [retry_blindly, pytest.param(update_with_the_library, marks=pytest.mark.slow)])
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
