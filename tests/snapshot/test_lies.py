"""A proxy that lies in any single answer of a capture: the lie is noticed, or the disk is as an honest capture's."""

import random
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.config.policy import ArchivedSettings, HistoryMode
from bot.errors import WikiError
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.record import PageRecord, is_same_capture
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.wiki.dialect import Flavour
from tests.scripted_proxy import Answer
from tests.snapshot.capturing import run_capture
from tests.snapshot.lying_proxy import Lie, Place
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import ANA, SmallWiki

pytestmark = pytest.mark.either_flavour
RULE = ArchivedSettings(status=True, labels=("archived",), under=("Attic",))
READ_ONCE = re.compile(r"-comments\?sort=|/search\?cql=id\+in")  # by a daily capture: the newest comments, and labels
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


def lie_once(wiki: SmallWiki, root: Path, honest: Honest, place: Place, lie: Lie, day: int = 0) -> str:
    """Capture with one lie; return what is wrong, or nothing."""
    with wiki.proxied() as proxy:
        proxy.lie(place, lie, honest.told)
        try:
            outcome = capture(wiki, root, day)
        except WikiError:
            return ""  # the whole run was refused
    if outcome.verdict is not RunVerdict.COMPLETE or pages_of(root) == honest.tree:
        return ""
    differing = sorted(path for path in honest.tree if pages_of(root).get(path) != honest.tree[path])
    return f"{lie} at {place}: complete, and not the same: {differing or sorted(pages_of(root).keys() - honest.tree)}"


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


def change(wiki: SmallWiki) -> None:
    """Change a text, a label, a list of files and a list of comments, and add a page."""
    store, pages = wiki.store, wiki.ids
    wiki.edit("Minutes", "<p>version four</p>")
    wiki.add("Fresh", "<p>fresh</p>", under="Attic", label="")
    store.attachments.add(pages["Old plan"], "c.txt", b"c.txt", author=ANA)
    store.comments.add(pages["Final report"], "<p>Later</p>", author=ANA)
    store.labels.add(pages["会议记录"], "board")


def records_of(root: Path) -> dict[str, PageRecord]:
    library = load_library(root)
    return {entry.page_id: library.load_record(bag, entry) for bag, entry in library.iter_entries()}


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("day", [1, 7])
@pytest.mark.parametrize("lie", list(Lie))
def test_a_lie_in_any_answer_of_a_later_capture_is_noticed_or_harmless(
    rich: SmallWiki, tmp_path: Path, lie: Lie, day: int
) -> None:
    """What an answer hides that a daily capture reads once, the next capture finds."""
    before, now = tmp_path / "before", tmp_path / "now"
    root = now / "snapshots"
    capture(rich, root)
    shutil.copytree(now, before)
    change(rich)
    honest = honest_capture(rich, root, day)
    records = records_of(root)

    wrong = []
    for place, _ in honest.told:
        shutil.rmtree(now)
        shutil.copytree(before, now)
        found = lie_once(rich, root, honest, place, lie, day)
        if found and day == 1 and READ_ONCE.search(place.path):
            capture(rich, root, day + 1)
            later = records_of(root)
            if later.keys() == records.keys() and all(is_same_capture(later[key], records[key]) for key in records):
                continue
        wrong.append(found)

    assert [each for each in wrong if each] == []
