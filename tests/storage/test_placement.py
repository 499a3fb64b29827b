import pytest

from bot.errors import RegionError
from bot.storage.place import Place, Side
from bot.storage.placement import insert_region, list_headings
from bot.storage.regions import Marker, MarkerKind, find_region, render_marked
from tests.storage.inverses import remove_region

NEWS = Marker("news")
ANCHORS = Marker("news", MarkerKind.ANCHORS)
HEADING = Marker("news", MarkerKind.HEADING, heading="News & more")
LAYOUT = (
    '<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>1</p></ac:layout-cell>'
    "<ac:layout-cell>{}</ac:layout-cell></ac:layout-section></ac:layout>"
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("start", Place(Side.START)),
        (" end of  cell 12 ", Place(Side.END, cell=12)),
        ("before heading About us: more", Place(Side.BEFORE, heading="About us: more")),
        ("before:About us: more", Place(Side.BEFORE, heading="About us: more")),
        ("after: News", Place(Side.AFTER, heading="News")),
        ('after heading "News"', Place(Side.AFTER, heading="News")),
    ],
)
def test_a_place_is_read_from_words(text: str, place: Place) -> None:
    assert Place.parse(text) == place


@pytest.mark.parametrize("text", ["", "middle", "start of cell 0", "before", "after heading", "startend"])
def test_words_that_are_no_place_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a place"):
        Place.parse(text)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("start", "{}<p>a</p><h2>About</h2><p>b</p>"),
        ("end", "<p>a</p><h2>About</h2><p>b</p>{}"),
        ("before heading About", "<p>a</p>{}<h2>About</h2><p>b</p>"),
        ("after heading About", "<p>a</p><h2>About</h2>{}<p>b</p>"),
    ],
)
def test_a_region_goes_to_its_place(place: str, expected: str) -> None:
    body = "<p>a</p><h2>About</h2><p>b</p>"

    result = insert_region(body, NEWS, "<p>n</p>", Place.parse(place))

    assert result == expected.format(render_marked(NEWS, "<p>n</p>"))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("start", LAYOUT.replace("<p>1</p>", "REGION<p>1</p>").format("<p>2</p>")),
        ("end", LAYOUT.format("<p>2</p>REGION")),
        ("end of cell 1", LAYOUT.replace("<p>1</p>", "<p>1</p>REGION").format("<p>2</p>")),
        ("start of cell 2", LAYOUT.format("REGION<p>2</p>")),
    ],
)
def test_on_a_page_of_layouts_a_region_stays_within_them(place: str, expected: str) -> None:
    result = insert_region(LAYOUT.format("<p>2</p>"), NEWS, "<p>n</p>", Place.parse(place))

    assert result == expected.replace("REGION", render_marked(NEWS, "<p>n</p>"))


def test_an_empty_cell_opens_for_a_region() -> None:
    body = LAYOUT.format("").replace("<ac:layout-cell></ac:layout-cell>", '<ac:layout-cell a="/>" />')

    result = insert_region(body, NEWS, "<p>n</p>", Place.parse("end"))

    assert '<ac:layout-cell a="/>"><ac:structured-macro' in result
    assert find_region(result, NEWS) is not None


@pytest.mark.parametrize(
    ("body", "marker", "place", "message"),
    [
        (render_marked(NEWS, "x"), NEWS, "end", "on the page already"),
        ("<p>a</p>", NEWS, "before heading About", "of which the page has none"),
        ("<h2>About</h2><h3>About</h3>", NEWS, "before heading About", "has 2 \\(line 1, column 1; line 1"),
        ("<p>a</p>", NEWS, "end of cell 1", "the page has 0"),
        ("<table><tbody><tr><td><h2>A</h2></td></tr></tbody></table>", NEWS, "after heading A", "a table"),
        (
            (
                '<ac:structured-macro ac:name="panel"><ac:rich-text-body><h2>A</h2></ac:rich-text-body>'
                "</ac:structured-macro>"
            ),
            NEWS,
            "after heading A",
            "the macro 'panel'",
        ),
        (
            render_marked(Marker("status"), "<h2>A</h2>"),
            ANCHORS,
            "after heading A",
            "are inside each other",
        ),
        ("<p>a</p>", HEADING, "start", "would include adjacent content there"),
    ],
)
def test_a_region_that_is_not_allowed_there_is_refused(body: str, marker: Marker, place: str, message: str) -> None:
    with pytest.raises(RegionError, match=message):
        insert_region(body, marker, "<p>n</p>", Place.parse(place))


def test_a_content_that_contains_a_marker_is_refused() -> None:
    with pytest.raises(RegionError, match="2 times"):
        insert_region("<p>a</p>", NEWS, render_marked(NEWS, "x"), Place.parse("end"))


@pytest.mark.parametrize("marker", [NEWS, ANCHORS, HEADING])
def test_removing_a_region_restores_the_page(marker: Marker) -> None:
    body = "<p>a</p>\n<h2>About</h2>\r\n<p>&nbsp;b</p>"
    marked = insert_region(body, marker, "<p>n</p>", Place.parse("before heading About"))

    assert remove_region(marked, marker, keep_content=False) == body


@pytest.mark.parametrize("marker", [NEWS, ANCHORS])
def test_removing_the_markers_keeps_the_content(marker: Marker) -> None:
    marked = insert_region("<p>a</p>", marker, "<p>n</p>", Place.parse("end"))

    assert remove_region(marked, marker, keep_content=True) == "<p>a</p><p>n</p>"


def test_a_region_is_removed_as_the_page_marks_it() -> None:
    marked = "<p>a</p>" + render_marked(ANCHORS, "<p>n</p>")

    assert remove_region(marked, NEWS, keep_content=False) == "<p>a</p>"


def test_words_typed_on_the_line_of_an_anchor_outlive_the_region() -> None:
    marked = render_marked(ANCHORS, "<p>n</p>").replace("</ac:structured-macro></p>", "</ac:structured-macro>x</p>", 1)

    assert remove_region(marked, ANCHORS, keep_content=False) == "<p>x</p>"
    assert remove_region(marked, ANCHORS, keep_content=True) == "<p>x</p><p>n</p>"


def test_an_image_on_the_line_of_an_anchor_outlives_the_region() -> None:
    image = '<ac:image><ri:attachment ri:filename="a.png" /></ac:image>'
    marked = render_marked(ANCHORS, "").replace("<p>", f"<p>{image}", 1)

    assert remove_region(marked, ANCHORS, keep_content=False) == f"<p>{image}</p>"


def test_a_region_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(RegionError, match="not on the page"):
        remove_region("<p>a</p>", NEWS, keep_content=False)


def test_the_headings_next_to_which_a_region_can_go_are_listed() -> None:
    body = (
        "<h1>About  us</h1><h2>Twice</h2><h2>Twice</h2><h2> </h2><table><tbody><tr><td><h2>In a table</h2></td></tr>"
        "</tbody></table><h3>News &amp; more</h3>"
    )

    assert list_headings(body) == ("About us", "News & more")
