import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.place import Place, Side
from bot.storage.placement import insert_region
from bot.storage.regions import Marker, MarkerKind, find_region, replace_regions
from tests.storage.corpus import real_bodies
from tests.storage.fragments import bodies, fragments
from tests.storage.inverses import remove_region

DETAILS, ANCHORS = Marker("news"), Marker("news", MarkerKind.ANCHORS)
HEADING = Marker("news", MarkerKind.HEADING, heading="wikibot property")
START, END = Place(Side.START), Place(Side.END)
OLD, NEW = "<p>é old &amp; 😀</p>", '<ul><li>new <ac:emoticon ac:name="tick" /></li></ul>'


def assert_round_trip(body: str, marker: Marker, place: Place, old: str, new: str) -> None:
    inserted = insert_region(body, marker, old, place)
    region = find_region(inserted, marker)
    assert region is not None
    assert inserted[: region.span.start] + inserted[region.span.end :] == body

    replaced = replace_regions(inserted, [(region, new)])
    assert replaced[: region.content.start] == inserted[: region.content.start]
    assert replaced[len(replaced) - len(inserted) + region.content.end :] == inserted[region.content.end :]
    found = find_region(replaced, marker)
    assert found is not None
    assert found.text(replaced) == new

    assert replace_regions(replaced, [(found, old)]) == inserted
    assert remove_region(replaced, marker, keep_content=False) == body


@pytest.mark.parametrize(
    ("marker", "place"),
    [(DETAILS, START), (DETAILS, END), (ANCHORS, START), (ANCHORS, END), (HEADING, END)],
    ids=lambda value: value.kind if isinstance(value, Marker) else value.side,
)
def test_inserting_replacing_and_removing_leave_every_real_page_as_it_was(marker: Marker, place: Place) -> None:
    for _, body in real_bodies():
        assert_round_trip(body, marker, place, OLD, NEW)


@given(bodies, st.sampled_from([DETAILS, ANCHORS]), st.sampled_from([START, END]), fragments, fragments)
def test_inserting_replacing_and_removing_leave_any_page_as_it_was(
    body: str, marker: Marker, place: Place, old: str, new: str
) -> None:
    assert_round_trip(body, marker, place, old, new)


@given(bodies, bodies, st.sampled_from([DETAILS, ANCHORS]), fragments, fragments)
def test_a_region_next_to_any_heading_leaves_the_page_as_it_was(
    before: str, after: str, marker: Marker, old: str, new: str
) -> None:
    body = f"{before}<h2>The one</h2>{after}"

    for side in (Side.BEFORE, Side.AFTER):
        assert_round_trip(body, marker, Place(side, heading="The one"), old, new)
