import pytest

from bot.errors import MalformedBodyError, RegionError
from bot.storage.regions import (
    Marker,
    MarkerKind,
    find_region,
    find_regions,
    is_absent,
    render_marked,
    replace_regions,
)

NEWS = Marker("news")
LINKS = Marker("quick_links")
NEWS_ANCHORS = Marker("news", MarkerKind.ANCHORS)
NEWS_HEADING = Marker("news", MarkerKind.HEADING, heading="News")


def details(content: str, name: str = "wikibot-news") -> str:
    return (
        '<ac:structured-macro ac:name="details" ac:schema-version="1" ac:local-id="1f" ac:macro-id="2e">'
        f'<ac:parameter ac:name="hidden">true</ac:parameter><ac:parameter ac:name="id">{name}</ac:parameter>'
        f"<ac:rich-text-body>{content}</ac:rich-text-body></ac:structured-macro>"
    )


def anchor(name: str) -> str:
    return (
        '<ac:structured-macro ac:name="anchor" ac:schema-version="1" ac:macro-id="x">'
        f'<ac:parameter ac:name="">{name}</ac:parameter></ac:structured-macro>'
    )


BEGIN, END = f"<p>{anchor('wikibot-news-begin')}</p>", f"<p>{anchor('wikibot-news-end')}</p>"


def content_of(body: str, marker: Marker = NEWS) -> str | None:
    region = find_region(body, marker)
    return None if region is None else region.text(body)


def test_a_page_without_the_region_has_none() -> None:
    assert find_region("<p>nothing here</p>" + details("x", "wikibot-status"), NEWS) is None
    assert find_region("", NEWS_ANCHORS) is None
    assert find_region("<h2>Newsletter</h2>", NEWS_HEADING) is None


@pytest.mark.parametrize("marker", [NEWS, LINKS, NEWS_ANCHORS, NEWS_HEADING])
def test_what_is_rendered_is_found(marker: Marker) -> None:
    body = f"<h1>Before</h1>{render_marked(marker, '<p>é 😀</p>')}<h1>After</h1>"

    region = find_region(body, marker)

    assert region is not None
    assert region.content.of(body) == "<p>é 😀</p>"
    assert region.span.of(body) == render_marked(marker, "<p>é 😀</p>")


def test_the_anchor_of_a_notice_in_a_region_is_no_marker() -> None:
    content = f"<p>x</p><p>{anchor('wikibot-news-notice')}A bot keeps this text.</p>"

    assert content_of(details(content)) == content
    assert content_of(BEGIN + content + END, NEWS_ANCHORS) == content
    with pytest.raises(RegionError, match="the marker 'wikibot-news-notices'"):
        content_of(details(content.replace("-notice", "-notices")))


def test_a_details_block_that_an_editor_has_rewritten_is_found() -> None:
    assert content_of("<p>a</p>" + details("<p>b</p>") + "<p>c</p>") == "<p>b</p>"


def test_an_old_macro_element_and_spaces_around_the_id_are_ignored() -> None:
    body = (
        '<ac:macro ac:name="details"><ac:parameter ac:name="id"> wikibot-news\n</ac:parameter>'
        "<ac:rich-text-body><p>b</p></ac:rich-text-body></ac:macro>"
    )

    assert content_of(body) == "<p>b</p>"


@pytest.mark.parametrize("marker", [NEWS, NEWS_ANCHORS, NEWS_HEADING])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            (
                '<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>x</p></ac:layout-cell>'
                "<ac:layout-cell>"
            ),
            "</ac:layout-cell></ac:layout-section></ac:layout>",
        ),
        (
            (
                '<ac:structured-macro ac:name="section"><ac:rich-text-body><ac:structured-macro ac:name="column">'
                '<ac:parameter ac:name="width">30%</ac:parameter><ac:rich-text-body>'
            ),
            "</ac:rich-text-body></ac:structured-macro></ac:rich-text-body></ac:structured-macro>",
        ),
        ("<table><tbody><tr><td>", "</td></tr></tbody></table>"),
    ],
)
def test_regions_are_found_in_layouts_columns_and_cells(marker: Marker, before: str, after: str) -> None:
    body = before + render_marked(marker, "<p>x</p>") + after

    assert content_of(body, marker) == "<p>x</p>"


@pytest.mark.parametrize(
    ("before", "after", "obstacle"),
    [
        ("<table><tbody><tr><td>", "</td></tr></tbody></table>", "a table"),
        ("<table><tbody><tr><th>", "</th></tr></tbody></table>", "a table"),
        ("<ul><li>", "</li></ul>", "<li>"),
        (
            '<ac:structured-macro ac:name="expand"><ac:rich-text-body>',
            "</ac:rich-text-body></ac:structured-macro>",
            "the macro 'expand'",
        ),
    ],
)
@pytest.mark.parametrize(
    "block",
    [
        details("<p>x</p>"),
        details(""),
        details("").replace("<ac:rich-text-body></ac:rich-text-body>", ""),
        details("").replace("<ac:rich-text-body></ac:rich-text-body>", "<ac:rich-text-body />"),
    ],
)
def test_a_block_where_the_new_editor_cannot_keep_it_is_remarked_upon(
    before: str, after: str, obstacle: str, block: str
) -> None:
    region = find_region(before + block + after, NEWS)

    assert region is not None
    assert region.span.of(before + block + after) == block
    assert region.remarks == (f"the block of region 'news' is in {obstacle}, where the new editor does not keep it",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("<ac:layout><ac:layout-section><ac:layout-cell>", "</ac:layout-cell></ac:layout-section></ac:layout>"),
        (
            '<ac:structured-macro ac:name="column"><ac:rich-text-body><div>',
            "</div></ac:rich-text-body></ac:structured-macro>",
        ),
    ],
)
def test_a_block_where_both_editors_keep_it_gets_no_remark(before: str, after: str) -> None:
    region = find_region(before + details("<p>x</p>") + after, NEWS)

    assert region is not None
    assert region.remarks == ()


@pytest.mark.parametrize(
    "fake",
    [
        (
            f'<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[{details("x")}]]>'
            "</ac:plain-text-body></ac:structured-macro>"
        ),
        f"<!-- {details('x')} -->",
        (
            f'<ac:adf-extension><ac:adf-node type="panel"><ac:adf-content><p>a</p></ac:adf-content></ac:adf-node>'
            f"<ac:adf-fallback><div>{details('x')}{BEGIN}<h2>News</h2></div></ac:adf-fallback></ac:adf-extension>"
        ),
        f"<p><ac:placeholder>{details('x')}{anchor('wikibot-news-begin')}</ac:placeholder></p>",
        '<p>&lt;ac:structured-macro ac:name="details"&gt;wikibot-news</p>',
        (
            '<ac:structured-macro ac:name="details"><ac:parameter ac:name="id"><![CDATA[x]]></ac:parameter>'
            "<ac:rich-text-body><p>wikibot-news</p></ac:rich-text-body></ac:structured-macro>"
        ),
    ],
)
def test_copies_and_quotations_of_a_marker_fool_nobody(fake: str) -> None:
    for marker in (NEWS, NEWS_ANCHORS, NEWS_HEADING):
        real = render_marked(marker, "<p>real</p>")

        assert content_of(fake, marker) is None
        assert content_of(fake + real, marker) == "<p>real</p>"


def test_a_copy_in_an_extension_is_passed_over_and_refused_alone() -> None:
    copy = (
        f"<ac:adf-extension><ac:adf-node><ac:adf-content>{details('copy')}</ac:adf-content></ac:adf-node>"
        "</ac:adf-extension>"
    )

    assert content_of(copy + details("real")) == "real"
    with pytest.raises(RegionError, match="move it out"):
        find_region(copy, NEWS)


@pytest.mark.parametrize(
    ("body", "marker", "message"),
    [
        (details("a") + details("b"), NEWS, r"there 2 times \(line 1, column 1; line 1, column \d+\)"),
        (details("a" + details("b")), NEWS, "there 2 times"),
        (details(details("b", "wikibot-status")), NEWS, "'wikibot-status'.*move one out"),
        (details(details("b"), "wikibot-status"), NEWS, "'wikibot-status'.*move one out"),
        (details(f"{BEGIN}<p>x</p>{END}", "wikibot-status"), NEWS_ANCHORS, "move one out"),
        (details("a") + BEGIN + END, NEWS, "marked in two ways"),
        (details("a") + BEGIN, NEWS_ANCHORS, "marked in two ways"),
        (BEGIN + END + "<h2>News</h2>", NEWS_HEADING, "marked in two ways"),
        (details("a") + "<h2>News</h2>", NEWS_HEADING, "marked in two ways"),
        (BEGIN, NEWS_ANCHORS, "'wikibot-news-end' is gone"),
        ("<p>x</p>" + END, NEWS_ANCHORS, "'wikibot-news-begin' is gone"),
        (BEGIN + BEGIN + END, NEWS_ANCHORS, "'wikibot-news-begin' is there 2 times"),
        (BEGIN + END + END, NEWS_ANCHORS, "'wikibot-news-end' is there 2 times"),
        (END + BEGIN, NEWS_ANCHORS, r"swapped: its end \(line 1, column 4\)"),
        (
            f"<p>{anchor('wikibot-news-begin')} x {anchor('wikibot-news-end')}</p>",
            NEWS_ANCHORS,
            "both anchors on one line",
        ),
        (f"<ul><li>{BEGIN}</li><li>{END}</li></ul>", NEWS_ANCHORS, "different parts"),
        (f"<div>{BEGIN}<p>x</p></div>{END}", NEWS_ANCHORS, "different parts"),
        (BEGIN + details("a", "wikibot-status") + END, NEWS_ANCHORS, "'wikibot-status'"),
        (BEGIN + f"<p>{anchor('wikibot-links-begin')}</p>" + END, NEWS_ANCHORS, "'wikibot-links-begin'"),
        ("<h2>News</h2><p>a</p><h3> News </h3>", NEWS_HEADING, "2 headings say 'News'"),
        ("<h2>News</h2>" + details("a", "wikibot-status"), NEWS_HEADING, "'wikibot-status'"),
    ],
)
def test_an_ambiguous_region_is_refused(body: str, marker: Marker, message: str) -> None:
    with pytest.raises(RegionError, match=message) as caught:
        find_region(body, marker)

    assert caught.value.region == "news"


@pytest.mark.parametrize(("stated", "actual"), [(NEWS, NEWS_ANCHORS), (NEWS_ANCHORS, NEWS)])
def test_a_region_is_found_as_the_page_marks_it(stated: Marker, actual: Marker) -> None:
    region = find_region(render_marked(actual, "<p>x</p>"), stated)

    assert region is not None
    assert region.marker == actual


def test_a_pair_of_anchors_within_another_pair_is_refused() -> None:
    outer = Marker("status", MarkerKind.ANCHORS)
    body = render_marked(outer, f"<p>a</p>{BEGIN}<p>x</p>{END}")

    for marker in (outer, NEWS_ANCHORS):
        with pytest.raises(RegionError, match="are inside each other"):
            find_region(body, marker)


EXTENSION = "<ac:adf-extension><ac:adf-node><ac:adf-content>{}</ac:adf-content></ac:adf-node></ac:adf-extension>"


@pytest.mark.parametrize(
    ("body", "marker", "message"),
    [
        (
            details("a") + "\n" + details("b"),
            NEWS,
            (
                "region 'news': the Page Properties block 'wikibot-news' is there 2 times (line 1, column 1; line 2, "
                "column 1); remove all but one"
            ),
        ),
        (
            f"{BEGIN}\n{BEGIN}{END}",
            NEWS_ANCHORS,
            (
                "region 'news': the anchor 'wikibot-news-begin' is there 2 times (line 1, column 4; line 2, column 4); "
                "remove all but one"
            ),
        ),
        (
            BEGIN,
            NEWS_ANCHORS,
            (
                "region 'news': the anchor 'wikibot-news-end' is gone while 'wikibot-news-begin' is still there; "
                "put it back, or remove the other one too"
            ),
        ),
        (
            END,
            NEWS_ANCHORS,
            (
                "region 'news': the anchor 'wikibot-news-begin' is gone while 'wikibot-news-end' is still there; "
                "put it back, or remove the other one too"
            ),
        ),
        (
            f"<div>{BEGIN}</div>\n{END}",
            NEWS_ANCHORS,
            (
                "region 'news' begins at line 1, column 9 and ends at line 2, column 4 in different parts of the page "
                "(cells, list items or blocks); move both anchors into the same one"
            ),
        ),
        (
            "<h2>News</h2>\n<h3> News </h3>",
            NEWS_HEADING,
            (
                "region 'news': 2 headings say 'News' (line 1, column 1; line 2, column 1); rename all but one, or "
                "mark the region with a Page Properties block"
            ),
        ),
        (
            EXTENSION.format("<h2>News</h2>"),
            NEWS_HEADING,
            (
                "region 'news': the heading 'News' is in a panel of the new editor (line 1, column 48), which the "
                "bot cannot edit; move it out"
            ),
        ),
        (
            EXTENSION.format(details("a")),
            NEWS,
            (
                "region 'news': the Page Properties block 'wikibot-news' is in a panel of the new editor "
                "(line 1, column 48), which the bot cannot edit; move it out"
            ),
        ),
        (
            details("a") + BEGIN + END,
            NEWS,
            (
                "region 'news' is marked in two ways on the page, of Page Properties block, anchors and heading; "
                "remove the markers of one of them, or set the marker in the settings to the one that is left"
            ),
        ),
        (
            details("a\n" + details("b", "wikibot-status")),
            NEWS,
            (
                "region 'news' and the marker 'wikibot-status' (line 2, column 1) are inside each other; "
                "move one out of the other"
            ),
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_where_and_what_to_do(body: str, marker: Marker, message: str) -> None:
    with pytest.raises(RegionError) as caught:
        find_region(body, marker)

    assert str(caught.value) == message
    assert caught.value.region == "news"


def test_macros_and_anchors_that_mark_no_region_are_nobodys_business() -> None:
    theirs = f"<p>{anchor('chapter')}</p>" + details("x", "other").replace("other", "summary")
    unnamed = '<ac:structured-macro ac:name="details"><ac:rich-text-body>x</ac:rich-text-body></ac:structured-macro>'

    assert content_of(details(theirs + unnamed)) == theirs + unnamed


def test_only_a_region_whose_markers_are_all_missing_is_absent() -> None:
    assert is_absent("<p>x</p>", NEWS)
    assert not is_absent(details("x"), NEWS)
    assert not is_absent(details("x") + details("y"), NEWS)
    assert not is_absent(BEGIN, NEWS_ANCHORS)


def test_a_malformed_body_is_refused() -> None:
    with pytest.raises(MalformedBodyError):
        find_region(details("<p>x"), NEWS)


def test_words_typed_on_the_line_of_an_anchor_are_not_the_bots() -> None:
    body = (
        f"<p>{anchor('wikibot-news-begin')}Dear all,</p><p>x</p><p><strong>PS</strong>{anchor('wikibot-news-end')}</p>"
    )

    region = find_region(body, NEWS_ANCHORS)

    assert region is not None
    assert region.text(body) == "<p>x</p>"
    assert region.remarks == tuple(
        f"other content on the line of the anchor 'wikibot-news-{end}' is not part of region 'news' and is kept"
        for end in ("begin", "end")
    )
    changed = replace_regions(body, [(region, "<p>y</p>")])
    assert changed == body.replace("<p>x</p>", "<p>y</p>")


def test_anchors_without_a_paragraph_or_within_bold_are_found() -> None:
    body = f"{anchor('wikibot-news-begin')}<p>x</p><p><strong>{anchor('wikibot-news-end')}</strong></p>"

    assert content_of(body, NEWS_ANCHORS) == "<p>x</p>"


def test_a_heading_region_ends_at_the_next_heading_of_its_level() -> None:
    body = "<h2>N<em>ew</em>s&nbsp;</h2><p>a</p><h3>More</h3><p>b</p><h2>Links</h2><p>c</p>"

    assert content_of(body, NEWS_HEADING) == "<p>a</p><h3>More</h3><p>b</p>"


@pytest.mark.parametrize("following", ["<h2>Next</h2>", "<h1>Next</h1>", "<div><h2>Next</h2></div>"])
def test_a_heading_region_is_empty_where_the_next_heading_touches_its_own(following: str) -> None:
    body = f"<h2>News</h2>{following}<p>not ours</p>"

    region = find_region(body, NEWS_HEADING)

    assert region is not None
    assert region.text(body) == ""
    assert replace_regions(body, [(region, "<p>new</p>")]) == f"<h2>News</h2><p>new</p>{following}<p>not ours</p>"


def test_a_heading_region_ends_before_a_block_that_contains_a_heading_of_its_level() -> None:
    body = "<h2>News</h2><p>a</p><div><p>x</p><h2>Links</h2></div><p>c</p>"

    assert content_of(body, NEWS_HEADING) == "<p>a</p>"


def test_a_heading_region_stays_within_its_cell() -> None:
    body = "<table><tbody><tr><td><h2>News</h2><p>a</p></td><td><p>b</p></td></tr></tbody></table><p>c</p>"

    assert content_of(body, NEWS_HEADING) == "<p>a</p>"


@pytest.mark.parametrize("emptied", ["<ac:rich-text-body />", "<ac:rich-text-body></ac:rich-text-body>", ""])
def test_an_emptied_block_can_be_filled_again(emptied: str) -> None:
    body = f"<p>a</p>{details('x')}<p>b</p>".replace("<ac:rich-text-body>x</ac:rich-text-body>", emptied)
    region = find_region(body, NEWS)

    assert region is not None
    assert region.text(body) == ""
    assert replace_regions(body, [(region, "<p>y</p>")]) == f"<p>a</p>{details('<p>y</p>')}<p>b</p>"


def test_several_regions_are_found_by_name_and_absent_ones_left_out() -> None:
    body = details("a") + details("b", "wikibot-quick-links")

    for markers in ([Marker("status"), NEWS, LINKS], [LINKS, NEWS]):
        regions = find_regions(body, markers)

        assert {name: region.text(body) for name, region in regions.items()} == {"news": "a", "quick_links": "b"}


def test_regions_that_overlap_are_refused() -> None:
    markers = [
        Marker("a", MarkerKind.HEADING, heading="News"),
        Marker("b", MarkerKind.HEADING, heading="Older"),
    ]

    for order in (markers, markers[::-1]):
        with pytest.raises(RegionError, match=f"'{order[1].name}' and '{order[0].name}' overlap") as caught:
            find_regions("<h2>News</h2><p>x</p><h3>Older</h3>", order)

        assert caught.value.region == order[1].name


@pytest.mark.parametrize("name", ["", "News", "a b", "x<y", "-a"])
def test_a_name_that_no_anchor_can_bear_is_refused(name: str) -> None:
    with pytest.raises(RegionError, match="cannot name a region"):
        Marker(name)


def test_a_heading_marker_needs_its_text() -> None:
    with pytest.raises(RegionError, match="text is not given"):
        Marker("news", MarkerKind.HEADING)
