import datetime as dt
from pathlib import Path

import pytest

from bot.adopt.proposal import propose, read_region
from bot.config.data_model import Icon, News, QuickLinks, StatusBanner
from bot.inline import PageTarget
from bot.storage.meaning import is_same
from bot.storage.regions import Marker, MarkerKind, find_region, find_regions, render_marked
from tests.adopt.adopting import MARKERS, PAGES, adopt, reads_same, render, workspace_of
from tests.sync.known_pages import KnownPages

TICK, STAR = '<ac:emoticon ac:name="tick" />', '<ac:emoticon ac:name="yellow-star" />'
LINK = '<ac:link><ri:page ri:content-title="{}" /></ac:link>'
_WORLDS = Path(__file__).resolve().parents[2] / "wikiserver" / "src" / "wikiserver" / "worlds"
HOME = _WORLDS / "demo" / "WS2" / "home.xhtml"


def status_of(body: str) -> StatusBanner:
    (claim,) = propose(body, [Marker("status")], PAGES).claims
    assert isinstance(claim.value, StatusBanner)
    return claim.value


def links_of(body: str, pages: KnownPages = PAGES) -> QuickLinks:
    (claim,) = propose(body, [Marker("quick_links")], pages).claims
    assert isinstance(claim.value, QuickLinks)
    return claim.value


def news_of(body: str, pages: KnownPages = PAGES) -> News:
    (claim,) = propose(body, [Marker("news")], pages).claims
    assert isinstance(claim.value, News)
    return claim.value


def reason(body: str, region: str, pages: KnownPages = PAGES) -> str:
    _, adopted = adopt(body, [Marker(region)], pages)
    assert adopted.body == body
    (refusal,) = adopted.refusals
    return refusal.reason


def test_the_home_page_of_the_demonstration_is_adopted_whole() -> None:
    body = HOME.read_text(encoding="utf-8")

    adoption, adopted = adopt(body)

    assert [claim.region for claim in adopted.claims] == ["status", "quick_links", "news"]
    assert adopted.refusals == ()
    assert reads_same(body, adopted.body, PAGES)
    assert body.count("inline-comment-marker") == adopted.body.count("inline-comment-marker")
    status, links, news = (claim.value for claim in adoption.claims)
    assert isinstance(status, StatusBanner)
    assert isinstance(links, QuickLinks)
    assert isinstance(news, News)
    assert status.heading == "Project Status:"
    assert [(line.icon, line.text) for line in status.lines] == [
        (Icon.TICK, "Adopted by the Board in November 2019."),
        (
            Icon.STAR,
            "Implementation ongoing - refer to the [implementation page](page:Implementation) for more information.",
        ),
    ]
    assert [link.page for link in links.links] == [
        "WS2 Final Report",
        "Org WS2 Implementation At A Glance",
        "Community WS2 Implementation",
    ]
    assert links.links[2].links[0].text == "WS2 Community Coordination Group (WS2 CCG)"
    assert news.items[0].date == dt.date(2024, 2, 22)
    assert news.items[0].text.startswith("Listen to the [ICANN 79 - ICANN Reviews Updates](https://")


def test_after_adoption_each_region_says_what_is_desired() -> None:
    adoption, adopted = adopt(HOME.read_text(encoding="utf-8"))
    workspace = workspace_of(**{claim.region: claim.value for claim in adoption.claims})

    regions = find_regions(adopted.body, [claim.marker for claim in adopted.claims])

    for name, region in regions.items():
        assert is_same(region.text(adopted.body), render(workspace, name))


def test_a_managed_page_has_nothing_to_adopt() -> None:
    _, adopted = adopt(HOME.read_text(encoding="utf-8"))

    again = propose(adopted.body, MARKERS, PAGES)

    assert again.managed == ("status", "quick_links", "news")
    assert again.claims == ()
    assert again.refusals == ()


@pytest.mark.parametrize(
    "body",
    [
        f"<p>Hi</p><h2>Project status</h2><p>{TICK} Done.</p><p>{STAR} Ongoing.</p><h2>Next</h2><p>x</p>",
        f"<p><b>Current Status</b></p><p><br /></p><p>{TICK} Done.<br />{STAR} Ongoing.</p><p>&nbsp;</p><p>Other</p>",
        f"<p><strong>Status:</strong> {TICK} Done.</p><p>{STAR} Ongoing.</p><p>Other words</p>",
        f"<p><strong>STATUS</strong></p><ul><li>{TICK} Done.</li><li><p>{STAR}Ongoing.</p></li></ul><p>Other</p>",
        (
            f'<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">Project Status</ac:parameter>'
            f"<ac:rich-text-body><p>{TICK} Done.</p><p>{STAR} Ongoing.</p></ac:rich-text-body></ac:structured-macro>"
        ),
        f"<table><tbody><tr><th>Project Status</th><td>{TICK} Done.<br />{STAR} Ongoing.</td></tr></tbody></table>",
        (
            f"<table><tbody><tr><th>Status</th><th>Who</th></tr><tr><td><p>{TICK} Done.</p><p>{STAR} Ongoing.</p></td>"
            "<td>Ana</td></tr></tbody></table>"
        ),
        (
            f"<h3>Status</h3><table><tbody><tr><td>{TICK}</td><td>Done.</td></tr><tr><td>{STAR}</td><td>Ongoing.</td></tr>"
            "</tbody></table>"
        ),
        (
            f'<ac:structured-macro ac:name="excerpt"><ac:parameter ac:name="name">project-status</ac:parameter>'
            f"<ac:rich-text-body><p>{TICK} Done.</p><p>{STAR} Ongoing.</p></ac:rich-text-body></ac:structured-macro>"
        ),
    ],
)
def test_a_status_is_found_however_it_is_set_apart(body: str) -> None:
    adoption, adopted = adopt(body, [Marker("status")])

    (claim,) = adoption.claims
    assert isinstance(claim.value, StatusBanner)
    assert [(line.icon, line.text) for line in claim.value.lines] == [(Icon.TICK, "Done."), (Icon.STAR, "Ongoing.")]
    assert adopted.refusals == ()
    assert reads_same(body, adopted.body, PAGES)
    assert adopted.body.startswith(body[: claim.span.start])
    assert adopted.body.endswith(body[claim.span.end :])


@pytest.mark.parametrize("box", ["panel", "info", "expand"])
def test_a_frame_around_a_region_stays_and_anchors_mark_it(box: str) -> None:
    body = (
        f'<ac:structured-macro ac:name="{box}"><ac:parameter ac:name="title">News</ac:parameter>'
        "<ac:rich-text-body><ul><li>One</li></ul></ac:rich-text-body></ac:structured-macro>"
    )

    _, adopted = adopt(body, [Marker("news")])

    (claim,) = adopted.claims
    assert claim.marker == Marker("news", MarkerKind.ANCHORS)
    assert adopted.body == body.replace("<ul><li>One</li></ul>", render_marked(claim.marker, "<ul><li>One</li></ul>"))


def test_a_region_under_a_heading_marker_takes_no_markup() -> None:
    marker = Marker("news", MarkerKind.HEADING, heading="News")
    body = "<h2>News</h2><ul><li>One</li></ul><h2>Else</h2>"

    adoption, adopted = adopt(body, [marker])

    assert adopted.body == body
    assert adoption.claims[0].value.heading is None
    assert adopted.claims == adoption.claims


def test_a_section_ends_where_another_begins() -> None:
    body = "<h2>Links</h2><ul><li>{}</li></ul><p>See also the wiki.</p><h2>News</h2><ul><li>One</li></ul><p>Bye</p>"

    _, adopted = adopt(body.format(LINK.format("A")), [Marker("quick_links"), Marker("news")])

    assert [claim.region for claim in adopted.claims] == ["quick_links", "news"]
    assert "</ac:structured-macro><p>See also the wiki.</p><ac:structured-macro" in adopted.body
    assert adopted.body.endswith("</ac:structured-macro><p>Bye</p>")


OTHER_SPACE = KnownPages({"77": PageTarget("Plan", "OPS"), "12": PageTarget("Mine")})


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (LINK.format("A &amp; B"), {"page": "A & B"}),
        (
            (
                '<ac:link><ri:page ri:space-key="WS2" ri:content-title="X" />'
                "<ac:link-body><em>A</em> &amp; B</ac:link-body></ac:link>"
            ),
            {"page": "X"},
        ),
        (LINK.replace("ri:content", 'ri:space-key="OPS" ri:content').format("Plan"), {"page": "77"}),
        (
            '<ac:link><ri:content-entity ri:content-id="12" /><ac:link-body>A &amp; B</ac:link-body></ac:link>',
            {"page": "Mine"},
        ),
        ('<ac:link><ri:attachment ri:filename="a.pdf" /></ac:link>', {"attachment": "a.pdf"}),
        ('<a href="https://example.org/?a=1&amp;b=(2)">A &amp; B</a>', {"url": "https://example.org/?a=1&b=(2)"}),
        ('<a href="https://wiki.example.org/wiki/spaces/WS2/pages/12/Old+title">A</a>', {"page": "Mine"}),
        ('<a href="/wiki/pages/viewpage.action?pageId=12">A</a>', {"page": "Mine"}),
        ('<a href="https://wiki.example.org/wiki/display/WS2/Some+Page">A</a>', {"page": "Some Page"}),
        ('<a href="https://wiki.example.org/wiki/x/DAAAAA">A</a>', {"page": "Mine"}),
        ('<a href="https://wiki.example.org/wiki/x/D">A</a>', {"page": "Mine"}),
        (
            '<a href="https://wiki.example.org/wiki/spaces/WS2/pages/99/Gone">A</a>',
            {"url": "https://wiki.example.org/wiki/spaces/WS2/pages/99/Gone"},
        ),
        (
            '<a href="https://wiki.example.org/wiki/display/WS2/Page#place">A</a>',
            {"url": "https://wiki.example.org/wiki/display/WS2/Page#place"},
        ),
        ('<a href="https://example.org/a file.pdf ">A</a>', {"url": "https://example.org/a%20file.pdf"}),
        ("Only words", {}),
    ],
)
def test_a_link_keeps_where_it_leads(link: str, expected: dict[str, str]) -> None:
    body = f"<h2>Quick links</h2><ul><li>{link}<ul><li>{LINK.format('Below')}</li></ul></li></ul>"

    value = links_of(body, OTHER_SPACE)

    (first,) = value.links
    assert first.model_dump(include={"page", "url", "attachment"}, exclude_none=True) == expected
    assert first.links[0].page == "Below"
    _, adopted = adopt(body, [Marker("quick_links")], OTHER_SPACE)
    assert adopted.refusals == ()
    assert reads_same(body, adopted.body, OTHER_SPACE)


@pytest.mark.parametrize(
    ("item", "day"),
    [
        ("Held on 22 February 2024.", dt.date(2024, 2, 22)),
        ("Held on February 22nd, 2024.", dt.date(2024, 2, 22)),
        ("22 Feb 2024 - held", dt.date(2024, 2, 22)),
        ("2024-02-22: held", dt.date(2024, 2, 22)),
        ('<time datetime="2024-02-22" />: held', dt.date(2024, 2, 22)),
        ('<time datetime="2024-02-22" /> held', dt.date(2024, 2, 22)),
        ("From 22 February 2024 to 1 March 2024", None),
        ("On 31 February 2024", None),
        ("Some day", None),
    ],
)
def test_news_bear_the_day_that_they_speak_of(item: str, day: dt.date | None) -> None:
    body = f"<h2>News</h2><ul><li>{item}</li></ul>"

    assert news_of(body).items[0].date == day
    _, adopted = adopt(body, [Marker("news")])
    assert adopted.refusals == ()
    assert reads_same(body, adopted.body, PAGES)


@pytest.mark.parametrize(
    ("content", "dates", "days"),
    [
        ("<ul><li>22 February 2024: A</li><li>B</li></ul>", "before", [dt.date(2024, 2, 22), None]),
        (
            "<p><em>2 March 2024</em></p><ul><li>A</li></ul><h4>22 February 2024</h4><ul><li>B</li></ul>",
            "by_day",
            [dt.date(2024, 3, 2), dt.date(2024, 2, 22)],
        ),
        ("<ul><li>A on 2 March 2024</li><li>B</li></ul>", "hidden", [dt.date(2024, 3, 2), None]),
        ("<p>A</p><p>B, 2 March 2024</p>", "hidden", [None, dt.date(2024, 3, 2)]),
        (
            "<table><tr><td>2 March 2024</td><td>A</td></tr><tr><td>1 March 2024</td><td>B</td></tr></table>",
            "before",
            [dt.date(2024, 3, 2), dt.date(2024, 3, 1)],
        ),
    ],
)
def test_news_print_their_days_as_the_page_did(content: str, dates: str, days: list[dt.date | None]) -> None:
    body = f"<h2>News</h2>{content}<p><br /></p>"

    value = news_of(body)

    assert value.dates == dates
    assert [item.date for item in value.items] == days
    _, adopted = adopt(body, [Marker("news")])
    assert adopted.refusals == ()


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("<strong>Bold </strong>word", "**Bold** word"),
        ("<em>it</em><strong>bo<em>th</em></strong>", None),
        ("a <code>x = `y`</code> b", "a `` x = `y` `` b"),
        ("1 * 2 * 3 _x_ [y](z) &lt;b&gt; \\ `q`", None),
        ('see <a href="https://x.org/a_b_c?d=(e)">th<strong>is</strong></a>!', None),
        ("one<br />two", "one\\\ntwo"),
        (LINK.format("Odd (title) \\ here"), None),
    ],
)
def test_formatting_survives_as_markdown(text: str, markdown: str | None) -> None:
    body = f"<h2>News</h2><ul><li>{text}</li></ul>"

    value = news_of(body)
    written = render(workspace_of(news=value), "news")

    assert markdown is None or value.items[0].text == markdown
    assert is_same(f"<h2>News</h2><ul><li>{text}</li></ul>".replace("Bold </strong>", "Bold</strong> "), written) or (
        "<ac:link>" in text and reads_same(body, written, PAGES)
    )


@pytest.mark.parametrize(
    ("body", "region", "message"),
    [
        ("<p>Hello</p>", "news", "nothing on the page looks like it"),
        ('<h2>News</h2><ac:structured-macro ac:name="blog-posts" />', "news", "the macro 'blog-posts'"),
        ("<h2>News</h2><ul><li>m<sup>2</sup></li></ul>", "news", "<sup>"),
        (
            '<h2>News</h2><ul><li><ac:image><ri:attachment ri:filename="a.png" /></ac:image></li></ul>',
            "news",
            "the picture 'a.png' in a text",
        ),
        (
            "<h2>News</h2><ul><li>A</li></ul><h2>Latest news</h2><ul><li>B</li></ul>",
            "news",
            "several places look like it",
        ),
        ("<h2>Quick links</h2><p>Here they are</p>", "quick_links", "'Here they are' between the links"),
        (
            '<h2>Quick links</h2><ul><li><ac:link ac:anchor="top"><ri:page ri:content-title="A" /></ac:link></li></ul>',
            "quick_links",
            "the place 'top'",
        ),
        (
            '<h2>Links</h2><ul><li><ac:link><ri:page ri:space-key="NO" ri:content-title="A" /></ac:link></li></ul>',
            "quick_links",
            "a page that was not found ('A' in space NO)",
        ),
        ("<h2>Quick links</h2><ul><li><a href='javascript:x()'>x</a></li></ul>", "quick_links", "javascript:x()"),
        ("<h2>Status</h2><p>a</p><p>" + TICK + "</p>", "status", "an icon without words"),
        (
            '<h2>Status</h2><p><ac:emoticon ac:name="blue-star" ac:emoji-shortname=":rocket:" /> Go</p>',
            "status",
            "the emoji ':rocket:', which has no identifier",
        ),
    ],
)
def test_what_the_data_cannot_say_is_refused_and_left_alone(body: str, region: str, message: str) -> None:
    assert message in reason(body, region)


@pytest.mark.parametrize(
    "body",
    [
        "<p><ac:placeholder>x<h2>News</h2><ul><li>A</li></ul></ac:placeholder></p>",
        (
            "<ac:adf-extension><ac:adf-node><ac:adf-content><h2>News</h2><ul><li>A</li></ul></ac:adf-content></ac:adf-node>"
            "<ac:adf-fallback><div><h2>News</h2><ul><li>A</li></ul></div></ac:adf-fallback></ac:adf-extension>"
        ),
        "<pre><h2>News</h2></pre>",
        (
            '<ac:structured-macro ac:name="code"><ac:parameter ac:name="title">News</ac:parameter>'
            "<ac:plain-text-body><![CDATA[<h2>News</h2><ul><li>A</li></ul>]]></ac:plain-text-body></ac:structured-macro>"
        ),
        render_marked(Marker("status"), "<h2>News</h2><ul><li>A</li></ul>"),
    ],
)
def test_copies_quotations_and_managed_regions_are_not_adopted(body: str) -> None:
    assert propose(body, [Marker("status"), Marker("news")], PAGES).claims == ()


def test_a_region_that_the_bot_makes_is_passed_over() -> None:
    body = render_marked(Marker("page_index"), "<ul><li>x</li></ul>")

    adoption = propose(body, [Marker("page_index")], PAGES)

    assert (adoption.claims, adoption.refusals, adoption.managed) == ((), (), ())


def test_remarks_inside_an_adopted_region_stay_with_their_words() -> None:
    remark = '<ac:inline-comment-marker ac:ref="r1">{}</ac:inline-comment-marker>'
    body = f"<p><strong>News</strong></p><ul><li>Read {remark.format('the report')}</li></ul>"

    _, adopted = adopt(body, [Marker("news")])

    assert remark.format("the report") in adopted.body
    assert adopted.lost_comments == ()
    assert find_region(adopted.body, Marker("news")) is not None


def test_an_emptied_list_of_news_is_read_back_as_empty() -> None:
    base = News(heading="News:", items=())

    reading = read_region("news", render(workspace_of(news=base), "news"), PAGES)

    assert reading.value == base


@pytest.mark.parametrize(
    ("body", "region", "expected"),
    [
        (
            f"<h2>Links</h2><p>{LINK.format('A')}</p><p>{LINK.format('B')} (x)</p><p>Else</p>",
            "quick_links",
            {
                "layout": "paragraphs",
                "links": [{"text": "A", "page": "A"}, {"text": "B", "page": "B", "remark": " (x)"}],
            },
        ),
        (
            "<h2>News</h2><h3>Release</h3><p>It is out.</p><h3>Beta</h3><p>Before.</p><h2>Else</h2>",
            "news",
            {
                "layout": "paragraphs",
                "items": [
                    {"id": "it-is-out", "group": "Release", "text": "It is out."},
                    {"id": "before", "group": "Beta", "text": "Before."},
                ],
            },
        ),
        (
            f"<p><strong>Status:</strong> {TICK} a<br />{STAR} b</p><p>Else</p>",
            "status",
            {"layout": "line", "lines": [{"icon": "tick", "text": "a"}, {"icon": "star", "text": "b"}]},
        ),
    ],
)
def test_a_section_is_taken_to_its_end_in_its_own_layout(body: str, region: str, expected: dict[str, object]) -> None:
    adoption, adopted = adopt(body, [Marker(region)])

    assert adopted.refusals == ()
    (claim,) = adoption.claims
    value = claim.value.model_dump(mode="json", exclude_defaults=True, exclude={"heading", "heading_level"})
    assert value == expected
    assert "Else" not in claim.span.of(body)
    assert reads_same(body, adopted.body, PAGES)


@pytest.mark.parametrize("box", ["info", "panel", "excerpt"])
def test_a_panel_below_the_heading_keeps_its_frame(box: str) -> None:
    frame = f'<h2>Status</h2><ac:structured-macro ac:name="{box}"><ac:rich-text-body>{{}}</ac:rich-text-body>'

    _, adopted = adopt(frame.format("<p>On track</p>") + "</ac:structured-macro>", [Marker("status")])

    (claim,) = adopted.claims
    assert adopted.body == frame.format(render_marked(claim.marker, "<p>On track</p>")) + "</ac:structured-macro>"


def test_the_colour_of_a_lozenge_is_never_lost_and_its_outline_is_named() -> None:
    lozenge = (
        '<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">ON</ac:parameter>{}'
        '<ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro>'
    )
    subtle = '<ac:parameter ac:name="subtle">true</ac:parameter>'

    _, adopted = adopt(f"<h2>Status</h2><p>{lozenge.format(subtle)} a</p>", [Marker("status")])

    assert adopted.claims[0].notes == ("“🟢 ON”: the outline of the lozenge is not kept",)
    assert not reads_same(f"<p>{lozenge.format('')}</p>", "<p>🟢 ON</p>", PAGES)


def test_every_change_of_looks_is_named_with_its_words() -> None:
    body = "<h2><strong>Status</strong></h2><p style='text-align: center;'>a <u>b c</u></p><p>d</p>"

    _, adopted = adopt(body, [Marker("status")])

    assert adopted.claims[0].notes == (
        "“Status”: bold is not kept",
        "“a b c”: its alignment (center) is not kept",
        "“b c”: underlining is not kept",
    )


def test_a_heading_without_a_section_below_is_not_said_to_be_absent() -> None:
    assert "nothing that looks like it right below" in reason("<h2>News</h2><h2>Else</h2><p>x</p>", "news")


def expand(title: str, words: str) -> str:
    return (
        f'<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">{title}</ac:parameter>'
        f"<ac:rich-text-body><ul><li>{words}</li></ul></ac:rich-text-body></ac:structured-macro>"
    )


def test_news_in_a_panel_for_each_month_are_not_taken_from_the_first_panel_alone() -> None:
    body = f"<h2>News</h2>{expand('May 2024', 'Release 2.0')}{expand('April 2024', 'Beta')}"

    assert "the macro 'expand' around 'May 2024 Release 2.0'" in reason(body, "news")


def test_one_of_several_panels_is_taken_when_a_person_names_it() -> None:
    body = f"<h2>News</h2>{expand('May 2024', 'Release 2.0')}{expand('April 2024', 'Beta')}"

    (claim,) = propose(body, [Marker("news")], PAGES, named={"news": "May 2024"}).claims

    assert isinstance(claim.value, News)
    assert [item.text for item in claim.value.items] == ["Release 2.0"]


def test_the_panel_of_another_section_does_not_continue_the_news() -> None:
    body = f"<h2>News</h2>{expand('May 2024', 'Release 2.0')}{expand('Quick links', 'Plan')}"

    assert [item.text for item in news_of(body).items] == ["Release 2.0"]


def test_what_follows_a_section_and_is_left_out_is_named() -> None:
    body = (
        "<h2>Status</h2><ul><li>On track.</li></ul><p>Note: it is reviewed on each Monday of a month.</p><h2>Team</h2>"
    )

    (claim,) = propose(body, [Marker("status")], PAGES).claims

    assert claim.notes == ("ends before “Note: it is reviewed on each …”, which is left as it is",)


def test_a_section_that_ends_at_a_heading_has_no_such_note() -> None:
    (claim,) = propose("<h2>Status</h2><p>On track.</p><h2>Team</h2><p>We.</p>", [Marker("status")], PAGES).claims

    assert claim.notes == ()


def test_a_refusal_of_tasks_names_their_words_without_their_ids() -> None:
    state = "<ac:task-id>7</ac:task-id><ac:task-status>complete</ac:task-status>"
    tasks = f"<ac:task-list><ac:task>{state}<ac:task-body>Plan</ac:task-body></ac:task></ac:task-list>"

    assert "<ac:task-list> around '[x] Plan'" in reason(f"<h2>Status</h2>{tasks}", "status")


@pytest.mark.parametrize(
    ("section", "note"),
    [
        ('<ol start="3"><li>On track.</li></ol>', "“On track.”: numbering from 3 is not kept"),
        ('<ul style="list-style-type: square;"><li>On track.</li></ul>', "its list style (square) is not kept"),
        ('<p align="right">On track.</p>', "its alignment (right) is not kept"),
        ('<p dir="rtl">On track.</p>', "its direction (rtl) is not kept"),
    ],
)
def test_a_look_that_is_lost_is_named(section: str, note: str) -> None:
    _, adopted = adopt(f"<h2>Status</h2>{section}", [Marker("status")])

    (claim,) = adopted.claims
    assert note in "; ".join(claim.notes)


def test_a_colour_of_the_theme_is_kept_as_the_colour_that_a_reader_sees() -> None:
    body = '<h2>Status</h2><p><span style="color: var(--ds-text-accent-red, #AE2A19);">Late</span></p>'

    (claim,) = adopt(body, [Marker("status")])[1].claims

    assert isinstance(claim.value, StatusBanner)
    assert "ae2a19" in claim.value.lines[0].text.lower() + str(claim.value.lines[0].colour).lower()


def test_the_colour_of_words_without_a_colour_is_none() -> None:
    body = '<h2>Status</h2><p><span style="color: var(--ds-text, #172B4D);">On track.</span></p>'

    assert status_of(body).lines[0].model_dump(exclude_defaults=True) == {"text": "On track."}


def test_a_column_with_the_name_of_the_region_is_part_of_the_section_above_it() -> None:
    lozenge = (
        '<ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Green</ac:parameter>'
        '<ac:parameter ac:name="title">OK</ac:parameter></ac:structured-macro>'
    )
    table = (
        f"<table><tbody><tr><th>Area</th><th>Status</th></tr><tr><td>Budget</td><td>{lozenge}</td></tr></tbody></table>"
    )

    proposal, _ = adopt(f"<h2>Project status</h2>{table}")

    assert [(claim.region, claim.how) for claim in proposal.claims] == [("status", "the heading 'Project status'")]


@pytest.mark.parametrize("label", ["바로 가기", "바로가기", "クイック リンク"])
def test_spaces_in_an_east_asian_label_make_no_difference(label: str) -> None:
    proposal, _ = adopt(f'<h2>{label}</h2><ul><li><a href="https://example.org/">A</a></li></ul>')

    assert [claim.region for claim in proposal.claims] == ["quick_links"]
