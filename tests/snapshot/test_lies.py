"""A proxy that lies in any single answer of a capture: the lie is noticed, or the disk is as an honest capture's."""

import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.config.policy import ArchivedSettings, HistoryMode
from bot.errors import WikiError
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.wiki.dialect import Flavour
from tests.scripted_proxy import Answer
from tests.snapshot.capturing import record_of, run_capture
from tests.snapshot.lying_proxy import Lie, Place
from tests.snapshot.single_changes import EVERYWHERE, ON_CLOUD
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import ANA, SmallWiki

pytestmark = pytest.mark.either_flavour
RULE = ArchivedSettings(status=True, labels=("archived", "obsolete"), under=("Attic",))
CHANGES = {**EVERYWHERE, **ON_CLOUD}
HIDING = (Lie.CUT_LIST, Lie.EMPTY, Lie.HOLLOW, Lie.REPEAT, Lie.STALE)
BY_DAY = 2  # positions for each kind of lie


@pytest.fixture
def rich(wiki: SmallWiki) -> SmallWiki:
    return make_rich(wiki)


def make_rich(wiki: SmallWiki) -> SmallWiki:
    """Add pages that refer to each other, to people and to lists, and a folder on Cloud."""
    store = wiki.store
    space = store.spaces.get_by_key("WS2")
    kind = "folder" if wiki.flavour is Flavour.CLOUD else "page"
    attic = store.pages.create(space.id, "Attic", "", author=ANA, parent_id=wiki.ids["Home"], kind=kind)
    wiki.ids["Attic"] = attic.id
    wiki.add(
        "Old plan",
        f'<p>by <ac:link><ri:user ri:userkey="{ANA}" ri:account-id="{ANA}" /></ac:link></p>',
        under="Attic",
        label="",
    )
    wiki.add("Lists", LISTS, under="Home")
    wiki.add("Blank", "", under="Home")
    wiki.edit("Old plan", "<p>another plan, by nobody</p>")
    for name in ("a.txt", "b.txt"):
        store.attachments.add(wiki.ids["Old plan"], name, name.encode(), author=ANA)
    return wiki


LISTS = (
    '<ac:structured-macro ac:name="contentbylabel"><ac:parameter ac:name="cql">label = "board"</ac:parameter>'
    '</ac:structured-macro><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>'
    '<ri:page ri:content-title="Minutes" /></ac:link></ac:parameter></ac:structured-macro>'
)


class Honest(NamedTuple):
    """An honest capture: what the disk holds, and each answer of the wiki."""

    tree: dict[str, bytes]
    told: list[tuple[Place, Answer]]
    before: Sequence[tuple[Place, Answer]] = ()
    """Answers of earlier captures."""


def capture(wiki: SmallWiki, root: Path, day: int = 0) -> CaptureOutcome:
    return run_capture(wiki, root, rule=RULE, history=HistoryMode.ALL, day=day)


def pages_of(root: Path) -> dict[str, bytes]:
    """Return the files of the pages: bodies, attachments, records, Markdown and lists of pages."""
    return {path: data for path, data in tree_bytes(root).items() if path.startswith("WS2/") and "/data/" in path}


def honest_capture(wiki: SmallWiki, root: Path, day: int = 0) -> Honest:
    with wiki.proxied() as proxy:
        outcome = capture(wiki, root, day)
        assert outcome.verdict is RunVerdict.COMPLETE, outcome
        assert outcome.captured == 5 if day else outcome.captured == 6, outcome
        return Honest(pages_of(root), list(proxy.told))


def lie_once(
    wiki: SmallWiki, root: Path, honest: Honest, place: Place, lie: Lie, day: int = 0, facts: object = None
) -> str:
    """Capture with one lie; return what is wrong, or nothing."""
    with wiki.proxied() as proxy:
        proxy.lie(place, lie, honest.told, honest.before)
        try:
            outcome = capture(wiki, root, day)
        except WikiError:
            return ""  # the whole run was refused
    tree = pages_of(root)
    if outcome.verdict is not RunVerdict.COMPLETE or (tree == honest.tree and facts in (None, facts_of(outcome))):
        return ""
    differing = sorted(path for path in tree.keys() | honest.tree.keys() if tree.get(path) != honest.tree.get(path))
    return f"{lie} at {place}: complete, and not the same: {differing or facts_of(outcome)}"


@pytest.mark.parametrize("lie", list(Lie))
def test_a_lie_in_some_answers_of_a_capture_is_noticed_or_harmless(rich: SmallWiki, tmp_path: Path, lie: Lie) -> None:
    honest = honest_capture(rich, tmp_path / "honest")
    chance = random.Random(f"{rich.flavour} {lie}")  # noqa: S311 -- a sample that stays the same
    places = chance.sample([place for place, _ in honest.told], BY_DAY)

    wrong = [lie_once(rich, tmp_path / str(number), honest, place, lie) for number, place in enumerate(places)]

    assert [each for each in wrong if each] == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("lie", list(Lie))
def test_a_lie_in_any_answer_of_a_capture_is_noticed_or_harmless(rich: SmallWiki, tmp_path: Path, lie: Lie) -> None:
    honest = honest_capture(rich, tmp_path / "honest")

    wrong = [lie_once(rich, tmp_path / str(n), honest, place, lie) for n, (place, _) in enumerate(honest.told)]

    assert [each for each in wrong if each] == []


class Later:
    """Captures of a wiki in which something changed since the first one, each from the same state of the disk."""

    def __init__(self, wiki: SmallWiki, folder: Path, day: int) -> None:
        self.wiki, self.day = wiki, day
        self._before, self._now = folder / "before", folder / "now"
        self._told = self._capture_honestly(0)
        shutil.copytree(self._now, self._before)
        self._idle = self._capture_honestly(day)

    def let(self, change: Callable[[SmallWiki], object]) -> None:
        """Change the wiki, and note an honest capture."""
        change(self.wiki)
        self._reset()
        told = self._capture_honestly(self.day)
        self.honest = Honest(pages_of(self._root), told, [*self._idle, *self._told])
        self._facts = self._last_facts

    @property
    def places(self) -> list[Place]:
        return [place for place, _ in self.honest.told]

    def places_of_all_pages(self) -> list[Place]:
        """Return the answers that a capture without changes asks for, too."""
        idle = {place.shape for place, _ in self._idle}
        return [place for place in self.places if place.shape in idle]

    def find_wrong(self, lie: Lie, places: Iterable[Place]) -> list[str]:
        """Lie once at each place; return where the capture was complete and the disk or the log lacks something."""
        found = []
        for place in places:
            self._reset()
            found.append(lie_once(self.wiki, self._root, self.honest, place, lie, self.day, self._facts))
        return [each for each in found if each]

    @property
    def _root(self) -> Path:
        return self._now / "snapshots"

    def _reset(self) -> None:
        shutil.rmtree(self._now)
        shutil.copytree(self._before, self._now)

    def _capture_honestly(self, day: int) -> list[tuple[Place, Answer]]:
        with self.wiki.proxied() as proxy:
            outcome = capture(self.wiki, self._root, day)
            self._last_facts = facts_of(outcome)
            return list(proxy.told)


def facts_of(outcome: CaptureOutcome) -> object:
    """Return what the log says besides the pages."""
    return outcome.expected, outcome.left_out, sorted(outcome.nodes_without_content())


def change(wiki: SmallWiki) -> None:
    """Change a text, a label, a list of files and a list of comments, and add a page."""
    store, pages = wiki.store, wiki.ids
    wiki.edit("Minutes", "<p>version four</p>")
    wiki.add("Fresh", "<p>fresh</p>", under="Attic", label="")
    store.attachments.add(pages["Old plan"], "c.txt", b"c.txt", author=ANA)
    store.comments.add(pages["Final report"], "<p>Later</p>", author=ANA)
    store.labels.add(pages["会议记录"], "board")


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("day", [1, 7])
@pytest.mark.parametrize("lie", list(Lie))
def test_a_lie_in_any_answer_of_a_later_capture_is_noticed_or_harmless(
    rich: SmallWiki, tmp_path: Path, lie: Lie, day: int
) -> None:
    later = Later(rich, tmp_path, day)
    later.let(change)

    assert later.find_wrong(lie, later.places) == []


@pytest.mark.parametrize("name", ["comment", "label"])
def test_no_answer_of_a_daily_capture_hides_a_change(rich: SmallWiki, tmp_path: Path, name: str) -> None:
    later = Later(rich, tmp_path, 1)
    later.let(CHANGES[name])

    assert later.find_wrong(Lie.STALE, later.places_of_all_pages()) == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("day", [1, 7])
@pytest.mark.parametrize("name", CHANGES)
def test_no_answer_of_a_later_capture_hides_a_change(rich: SmallWiki, tmp_path: Path, name: str, day: int) -> None:
    if name in ON_CLOUD and rich.flavour is not Flavour.CLOUD:
        pytest.skip("only Cloud has this")
    later = Later(rich, tmp_path, day)
    later.let(CHANGES[name])

    assert [later.find_wrong(lie, later.places_of_all_pages()) for lie in HIDING] == [[] for _ in HIDING]


@pytest.mark.parametrize("day", [1, pytest.param(7, marks=pytest.mark.slow)])
def test_a_cache_in_front_of_the_wiki_hides_no_change(rich: SmallWiki, tmp_path: Path, day: int) -> None:
    with rich.cached():
        capture(rich, tmp_path)
        change(rich)

        outcome = capture(rich, tmp_path, day)

    assert (outcome.verdict, outcome.captured) == (RunVerdict.COMPLETE, 5)
    assert "<p>Later</p>" in [comment.body for comment in record_of(tmp_path, "Final report").comments]


def test_a_cache_that_does_not_ask_the_wiki_is_named(rich: SmallWiki, tmp_path: Path) -> None:
    with rich.cached(stubborn=3600):
        capture(rich, tmp_path)
        change(rich)
        with pytest.raises(WikiError, match="a cache between the bot and the wiki gave an answer that is 3600 s old"):
            capture(rich, tmp_path, 1)
