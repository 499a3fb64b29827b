import datetime as dt
import random

from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.adopt.proposal import Adopted, Proposal, read_region
from bot.adopt.values import Value
from bot.config.data_model import (
    Icon,
    Lozenge,
    LozengeColour,
    News,
    NewsItem,
    NewsPoint,
    QuickLink,
    QuickLinks,
    StatusBanner,
    StatusLine,
)
from bot.config.news_selection import day_of, older_news, shown_news
from bot.inline import PageTarget, escape, plain_text
from bot.splice import splice
from bot.storage.meaning import is_same
from bot.storage.place import Place, Side
from bot.storage.placement import insert_region
from bot.storage.reader import read_strictly
from bot.storage.regions import Marker, find_regions
from tests.adopt.adopting import NOW, PAGES, adopt, reads_same, render, workspace_of
from tests.storage.corpus import real_bodies
from tests.storage.fragments import fragments
from tests.storage.inverses import remove_region
from tests.sync.known_pages import KnownPages

SECTIONS = [
    '<p><strong>Project Status:</strong></p><p><ac:emoticon ac:name="tick" /> Done &amp; dusted.</p><p><br /></p>',
    (
        '<h2>Quick links</h2>\n<ul>\n<li><ac:link><ri:page ri:content-title="A" /></ac:link></li><li>B'
        '<ul><li><a href="https://x.org/?a=1&amp;b=2">C</a></li></ul></li></ul><p>Not a link</p>'
    ),
    "<h3><span>Latest news</span></h3><ul><li>On 22 February 2024: <em>this</em></li></ul><hr />",
    (
        '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">News</ac:parameter><ac:rich-text-body>'
        "<ul><li>é 😀</li></ul><p>Contact us</p></ac:rich-text-body></ac:structured-macro>"
    ),
    "<table><tbody><tr><th>Status</th><td>On <strong>hold</strong></td></tr></tbody></table>",
]


def assert_only_claims_changed(adoption: Proposal, adopted: Adopted) -> None:
    regions = find_regions(adopted.body, [claim.marker for claim in adopted.claims])
    without_regions = splice(adopted.body, {region.span: "" for region in regions.values()})
    assert len(regions) == len(adopted.claims)
    assert without_regions == splice(adoption.body, {claim.span: "" for claim in adopted.claims})


def test_no_adoption_on_a_real_page_changes_a_byte_outside_its_claims() -> None:
    chance = random.Random(20240222)  # noqa: S311 -- a choice of samples
    spot = Marker("spot")
    claimed = 0
    for number, (name, body) in enumerate(real_bodies()):
        section, place = chance.choice(SECTIONS), Place(chance.choice([Side.START, Side.END]))
        seeded = remove_region(insert_region(body, spot, section, place), spot, keep_content=True)
        page = seeded if number % 3 == 0 else body
        adoption, adopted = adopt(page)
        assert_only_claims_changed(adoption, adopted)
        assert reads_same(page, adopted.body, PAGES), name
        claimed += len(adopted.claims)
    assert claimed > 30


labels = st.sampled_from(
    ["<h2>News</h2>", "<p><strong>Quick links:</strong></p>", "<h3>Project status</h3>", "<p><b>Status:</b> x</p>"]
)


@given(st.lists(st.tuples(fragments, labels, fragments).map("".join), min_size=1, max_size=3))
def test_no_adoption_on_any_page_changes_a_byte_outside_its_claims(pieces: list[str]) -> None:
    body = "".join(pieces)

    adoption, adopted = adopt(body)

    assert_only_claims_changed(adoption, adopted)
    assert reads_same(body, adopted.body, PAGES)


plain = st.text(
    st.one_of(st.sampled_from("ab  *_`[]()<>&\\!#:-.\"'~^|é日😀"), st.characters(exclude_categories=["C", "Z"])),
    min_size=1,
    max_size=12,
).filter(lambda text: bool(text.strip()))
captioned = plain.map(str.strip)
urls = st.sampled_from(["https://x.org/a_b?c=(d)&e=*", "mailto:ana@x.org", "http://x.org/~é"])
titles = st.sampled_from(["A", "Plan (2024)", "a_b *c*", "Q & A", "C:\\", "12", "“x”"])
_linked = st.builds("[{}]({})".format, st.just("link"), st.one_of(urls, titles.map(lambda title: f"page:{title}")))
_styled = st.sampled_from(
    ["**bold**", "*it*", "`co de`", "**a *b* c**", "_x_", "***both***", "[**b** c](attachment:x)"]
)
markdown = st.lists(st.one_of(plain, _linked, _styled), min_size=1, max_size=4).map(" ".join)
captions = st.none() | st.sampled_from(["Project Status:", "News & more", "<b>"])
headed = st.fixed_dictionaries({"heading": captions, "heading_level": st.integers(0, 6)})

_inserted = st.sampled_from(
    [
        "[2024-05-05](date:2024-05-05)",
        "[@712020:7](user:712020:7)",
        "[ON (1)](status:red)",
        "[a **b**](colour:rgb(0,128,0))",
        "[x](highlight:#ff0)",
        ":tick:",
        "[c](card:https://x.org/a(b))",
        "[:own:](emoji:0a-1b)",
    ]
)
rich = st.one_of(markdown, st.lists(st.one_of(plain, _inserted), min_size=1, max_size=3).map(" ".join))
_cells = st.tuples(st.one_of(st.just(""), markdown), markdown)
_lozenges = st.none() | st.builds(Lozenge, text=captioned, colour=st.sampled_from(LozengeColour))
_paints = st.none() | st.sampled_from(["rgb(0,128,0)", "#ff0000"])


@st.composite
def statuses(draw: st.DrawFn) -> StatusBanner:
    head = draw(headed)
    layout = draw(st.sampled_from(["paragraphs", "breaks", "list", "numbered", "table", "board", "line"]))
    if layout == "line":
        head = {"heading": "Now:", "heading_level": 0}
    lines = []
    for _ in range(draw(st.integers(2 if layout == "board" else 1, 3))):
        fields = {
            "icon": draw(st.none() | st.sampled_from(Icon)),
            "lozenge": draw(_lozenges),
            "text": draw(rich.filter(lambda text: bool(plain_text(text).strip()))),
        }
        if layout in ("table", "board"):
            fields |= {"label": draw(captioned.map(escape)), "highlight": draw(st.none() | st.just("#fff0f0"))}
        if layout == "table":
            fields["cells"] = draw(_cells)
        lines.append(StatusLine(**fields))
    columns = ("A", "B", "C", "D") if layout == "table" else ()
    return StatusBanner(lines=tuple(lines), layout=layout, columns=columns, **head)


_targets: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    titles.map(lambda title: {"page": title}),
    urls.map(lambda url: {"url": url}),
    st.just({"attachment": "a b.pdf"}),
)
_links = st.recursive(
    st.builds(lambda text, target: QuickLink(text=text, **target), captioned, _targets),
    lambda below: st.builds(
        lambda text, target, links: QuickLink(text=text, links=tuple(links), **target),
        captioned,
        _targets,
        st.lists(below, max_size=2),
    ),
    max_leaves=4,
)


@st.composite
def quick_links(draw: st.DrawFn) -> QuickLinks:
    layout = draw(st.sampled_from(["list", "numbered", "line", "paragraphs", "table"]))
    groups = draw(st.sampled_from([(None, None, None), ("G", "G", "H"), (None, "G", "H")]))
    if layout in ("list", "numbered"):
        links = draw(st.lists(_links, min_size=1, max_size=3))
    else:
        linked = st.builds(lambda text, target: QuickLink(text=text, **target), captioned, _targets.filter(bool))
        links = draw(st.lists(linked, min_size=1, max_size=3))
    parts = []
    for link, group in zip(links, groups, strict=False):
        fields: dict[str, object] = {"group": group, "colour": draw(_paints)}
        if layout != "line" and (link.page or link.url or link.attachment):
            fields |= {"remark": draw(st.none() | st.sampled_from([" – *so*", ", x", " :tick:"]))}
            fields |= {"remark_before": draw(st.none() | st.sampled_from(["See ", "(", ":star: "]))}
        if layout == "table":
            fields |= {"cells_before": ("a",), "cells": draw(_cells)}
        parts.append(link.model_copy(update=fields))
    columns = ("A", "B", "C", "D") if layout == "table" else ()
    separator = draw(st.sampled_from([" | ", " · ", "line break", ", "])) if layout == "line" else " | "
    return QuickLinks(
        links=tuple(parts),
        layout=layout,
        columns=columns,
        separator=separator,
        bullet=draw(st.sampled_from(["", "• "])) if layout == "line" else "",
        group_level=draw(st.integers(1, 6)) if any(groups) else 3,
        intro="Here:" if draw(st.booleans()) and layout not in ("line", "paragraphs") and not any(groups) else None,
        **draw(headed),
    )


_moments = st.none() | st.sampled_from([NOW - dt.timedelta(days=9), NOW + dt.timedelta(days=9)])


@st.composite
def news(draw: st.DrawFn) -> News:
    items = []
    layout = draw(st.sampled_from(["list", "numbered", "paragraphs", "breaks", "table"]))
    for number in range(draw(st.integers(1, 5))):
        expires = draw(_moments)
        items.append(
            NewsItem(
                id=f"item-{number}",
                date=draw(st.none() | st.dates(dt.date(2023, 1, 1), dt.date(2024, 12, 31))),
                text=f"{number} " + draw(rich),
                **_parts_of_news(draw, layout),
                publish_at=draw(_moments) if expires is None else None,
                expires_at=expires,
                pinned=draw(st.booleans()),
            )
        )
    head = draw(headed)
    show = draw(st.none() | st.integers(1, 4))
    dates = draw(st.sampled_from(["hidden", "before", *(["by_day"] if layout == "list" else [])]))
    older = draw(st.sampled_from([{}, {"older": "Older"}]))  # the data file has no empty target
    columns = ("A", "B", "C", "D", "E")[: 4 + (dates == "before")] if layout == "table" else ()
    return News(items=tuple(items), show=show, dates=dates, layout=layout, columns=columns, **older, **head)


def _parts_of_news(draw: st.DrawFn, layout: str) -> dict[str, object]:
    if layout == "table":
        return {"cells_before": ("a",), "cells": draw(_cells)}
    return {"items": draw(st.sampled_from([(), ("p", NewsPoint(text="q", items=("r",)))]))} if layout == "list" else {}


NAMES = {StatusBanner: "status", QuickLinks: "quick_links", News: "news"}


@example(
    StatusBanner(
        columns=("A", "B", "C", "D"),
        layout="table",
        lines=(
            StatusLine(label="0", text="0", cells=("", "0")),
            StatusLine(label="0", text="0", cells=("", "[")),
        ),
    )
)
@example(
    value=QuickLinks(
        columns=("A", "B", "C", "D"),
        layout="table",
        links=(
            QuickLink(cells_before=("a",), text="0", page="A", cells=("", "* ")),
            QuickLink(cells_before=("a",), text="0", page="A", cells=("", "0")),
        ),
    )
)
@given(st.one_of(statuses(), quick_links(), news()))
def test_an_untouched_region_is_read_back_as_the_data_file_has_it(value: Value) -> None:
    name = NAMES[type(value)]
    live = render(workspace_of(**{name: value}), name)

    reading = read_region(name, live, PAGES, base=value, now=NOW)

    assert reading.value == value


@given(st.one_of(statuses(), quick_links(), news()))
def test_what_is_read_off_a_region_renders_as_the_region(value: Value) -> None:
    assume(not (isinstance(value, News) and value.older and older_news(value, NOW)))  # the page does not show those
    name = NAMES[type(value)]
    live = render(workspace_of(**{name: value}), name)

    reading = read_region(name, live, PAGES)

    written = render(workspace_of(**{name: reading.value}), name)
    assert_same(written, live, {value.layout})


def assert_same(written: str, live: str, layouts: set[str]) -> None:
    """Assert that *written* shows what *live* shows; in the layouts of always also in the same markup."""
    assert reads_same(written, live, PAGES)
    assert layouts - {"paragraphs", "list"} or is_same(written, live) or has_mark_within_its_like(live)


def has_mark_within_its_like(fragment: str) -> bool:
    """Return whether marks can be nested, joined or dropped without a change that a reader sees."""
    root = read_strictly(fragment).root
    styled = [each for each in root.elements() if each.name in ("em", "strong", "code")]
    return any(root.elements("span")) or any(
        not each.text.strip() or any(up.name == each.name for up in each.ancestors()) for each in styled
    )


@given(news(), st.lists(markdown, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_what_people_make_of_the_news_goes_into_the_data_and_nothing_else_is_lost(
    base: News, texts: list[str], chance: random.Random
) -> None:
    shown = shown_news(base, NOW)
    days = {item.id: day_of(item, dt.UTC) if base.dates == "by_day" else item.date for item in shown}
    live_items = [NewsItem(id=item.id, date=days[item.id], text=item.text) for item in shown if chance.random() < 0.8]
    for number, text in enumerate(texts):
        new = NewsItem(id=f"new-{number}", date=None, text=f"by hand {number} {text}")
        live_items.insert(chance.randint(0, len(live_items)), new)
    if chance.random() < 0.3:
        chance.shuffle(live_items)
    edited = News(items=tuple(live_items), dates=base.dates, heading=base.heading, heading_level=base.heading_level)
    live = render(workspace_of(news=edited), "news")

    value = read_region("news", live, PAGES, base=base, now=NOW).value

    assert isinstance(value, News)
    written = render(workspace_of(news=value), "news")
    assert_same(written, live, {base.layout, edited.layout})
    kept = {item.id: item for item in value.items}
    assert all(kept.get(item.id) == item for item in base.items if item not in shown)
    assert {item.id for item in live_items if not item.id.startswith("new-")} <= kept.keys()


@given(statuses(), statuses())
def test_what_people_make_of_the_status_goes_into_the_data(base: StatusBanner, edited: StatusBanner) -> None:
    assume(edited.layout == base.layout or edited.layout not in ("line", "board", "table"))
    live = render(workspace_of(status=edited), "status")

    value = read_region("status", live, PAGES, base=base, now=NOW).value

    written = render(workspace_of(status=value), "status")
    assert_same(written, live, {base.layout, edited.layout})


@given(quick_links(), quick_links())
@example(
    QuickLinks(layout="paragraphs", links=tuple(QuickLink(group="G", text=text, page="12") for text in "ab")),
    QuickLinks(layout="line", links=tuple(QuickLink(group=group, text=group, page="12") for group in "GGH")),
)
def test_what_people_make_of_the_links_goes_into_the_data(base: QuickLinks, edited: QuickLinks) -> None:
    assume(edited.layout == base.layout or edited.layout != "table")
    live = render(workspace_of(quick_links=edited), "quick_links")

    value = read_region("quick_links", live, PAGES, base=base, now=NOW).value

    written = render(workspace_of(quick_links=value), "quick_links")
    assert_same(written, live, {base.layout, edited.layout})


def test_a_page_keeps_the_name_that_the_data_file_has_for_it() -> None:
    pages = KnownPages({"12": PageTarget("Renamed")}, prefer_ids=True)
    base = QuickLinks(links=(QuickLink(text="Old words", page="12"),))
    live = render(workspace_of(quick_links=base), "quick_links", pages).replace("Old words", "New words")

    value = read_region("quick_links", live, pages, base=base, now=NOW).value

    assert value == QuickLinks(links=(QuickLink(text="New words", page="12"),))


def test_a_link_alone_in_its_group_is_a_paragraph_as_those_of_the_other_groups() -> None:
    base = QuickLinks(heading="Links:", layout="line", bullet="• ", links=(QuickLink(text="k", page="Report"),))
    links = [
        ("A", "https://example.org/a", "G"),
        ("B", "https://example.org/b", "G"),
        ("C", "https://example.org/c", "H"),
    ]
    edited = QuickLinks(
        heading="Links:",
        layout="paragraphs",
        group_level=3,
        links=tuple(QuickLink(text=text, url=url, group=group) for text, url, group in links),
    )
    live = render(workspace_of(quick_links=edited), "quick_links")

    value = read_region("quick_links", live, PAGES, base=base, now=NOW).value

    assert isinstance(value, QuickLinks)
    assert value.layout == "paragraphs"
    assert [(link.text, link.url, link.group) for link in value.links] == links
