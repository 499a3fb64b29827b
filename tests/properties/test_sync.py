"""Real pages of other wikis: a region comes, changes and is judged without touching the rest."""

import pytest

from bot.storage_format.markers import Marker, MarkerKind
from bot.storage_format.placing import Place, insert_region, remove_region
from bot.storage_format.regions import find_region
from bot.sync.drift import LastApplied, Verdict, digest_of, judge
from bot.sync.plan import Action, Change
from bot.sync.reading import read_lines
from bot.sync.rewrite import rewrite
from tests.storage_format.corpus import real_bodies

MARKERS = (Marker("status"), Marker("news", MarkerKind.ANCHORS))
TEXT = '<p>banner &amp; <strong>words</strong></p><ul><li>é 😀<ac:emoticon ac:name="tick" /></li></ul>'
OTHER = "<p>other</p>"


def change(marker: Marker, *, live: str | None, desired: str, action: Action) -> Change:
    return Change(marker.name, marker, Verdict.BEHIND, action, desired, live, place="end")


@pytest.mark.parametrize("marker", MARKERS, ids=lambda marker: str(marker.kind))
def test_a_region_comes_and_changes_on_every_page_of_the_corpus_and_nothing_else_does(marker: Marker) -> None:
    for name, body in real_bodies():
        placed = insert_region(body, marker, OTHER, Place.parse("end"))

        created = rewrite(body, [change(marker, live=None, desired=OTHER, action=Action.CREATE)])
        written = rewrite(placed, [change(marker, live=OTHER, desired=TEXT, action=Action.WRITE)])

        assert created.body == placed, name
        region = find_region(placed, marker)
        assert region is not None
        head, tail = placed[: region.content.start], placed[region.content.end :]
        assert written.body == head + TEXT + tail, name
        again = rewrite(written.body, [change(marker, live=TEXT, desired=TEXT, action=Action.WRITE)])
        assert (again.body, again.written) == (written.body, ()), name
        if "<ac:layout-cell" not in body:
            assert remove_region(placed, marker, keep_content=False) == body, name


def test_every_page_of_the_corpus_is_the_same_as_itself_and_another_one_with_a_word_more() -> None:
    for name, body in real_bodies():
        last = LastApplied(1, body, digest_of(body))

        assert judge(body, body, None) is Verdict.IN_SYNC, name
        assert judge(f"{body}<p>more</p>", body, last) is Verdict.BEHIND, name
        assert judge(body, f"{body}<p>more</p>", last) is Verdict.DRIFTED, name


def test_what_a_reader_sees_can_be_told_of_every_page_of_the_corpus() -> None:
    for _, body in real_bodies():
        assert all(line.strip() for line in read_lines(body))
