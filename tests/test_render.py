import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot import inline
from bot.config.data_model import Icon, LozengeColour, WorkspaceData
from bot.errors import SettingsError
from bot.inline import EMOTICONS
from bot.render import Index, IndexEntry, Renderer
from bot.resources import templates_dir
from bot.storage.markers import Marker, MarkerKind, render_marked
from bot.storage.meaning import is_same

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def macro(name: str, body: str = "<p>x</p>") -> str:
    body = f"<ac:rich-text-body>{body}</ac:rich-text-body>"
    return f'<ac:structured-macro ac:name="{name}">{body}</ac:structured-macro>'


@pytest.fixture
def renderer() -> Renderer:
    return Renderer([templates_dir() / "wiki"])


def workspace(**regions: object) -> WorkspaceData:
    return WorkspaceData.model_validate({"workspace": {"space": "WS2", "home": "Home"}} | regions)


def news(*items: Mapping[str, object], **options: object) -> WorkspaceData:
    return workspace(news=options | {"items": [{"id": f"n{i}", **item} for i, item in enumerate(items)]})


def test_status_lines_are_paragraphs_with_icons(renderer: Renderer) -> None:
    data = workspace(status={"heading": "Now: <b>", "lines": [{"icon": "star", "text": "Go *on*"}, {"text": "x & y"}]})

    assert renderer.render("status", data, now=NOW) == (
        '<p><strong>Now: &lt;b&gt;</strong></p><p><ac:emoticon ac:name="yellow-star" /> Go <em>on</em></p>'
        "<p>x &amp; y</p>"
    )


def test_every_icon_has_a_storage_name() -> None:
    assert set(EMOTICONS) == set(Icon)


def test_links_nest_and_lead_to_pages_files_and_addresses(renderer: Renderer) -> None:
    below = [{"text": "u", "url": 'https://e.org/?a=1&b="'}, {"text": "f", "attachment": "a b.pdf"}]
    data = workspace(
        quick_links={
            "heading": "L",
            "heading_level": 2,
            "links": [{"text": "A&B", "page": "P", "links": below}, {"text": "x"}],
        }
    )

    assert renderer.render("quick_links", data, now=NOW) == (
        '<h2>L</h2><ul><li><ac:link><ri:page ri:content-title="P" /><ac:link-body>A&amp;B</ac:link-body></ac:link>'
        '<ul><li><a href="https://e.org/?a=1&amp;b=&#34;">u</a></li>'
        '<li><ac:link><ri:attachment ri:filename="a b.pdf" /><ac:link-body>f</ac:link-body></ac:link></li></ul></li>'
        "<li>x</li></ul>"
    )


def test_news_are_shown_in_their_time_pinned_first_and_no_more_than_wanted(renderer: Renderer) -> None:
    data = news(
        {"text": "future", "publish_at": "2026-03-01T12:00:01Z"},
        {"text": "one"},
        {"text": "over", "expires_at": "2026-03-01T12:00:00Z"},
        {"text": "two", "pinned": True},
        {"text": "three"},
        show=2,
        older="All news",
    )

    assert renderer.render("news", data, now=NOW) == (
        '<ul><li>two</li><li>one</li></ul><p><ac:link><ri:page ri:content-title="All news" />'
        "<ac:link-body>Older news</ac:link-body></ac:link></p>"
    )


def test_news_can_be_grouped_by_day(renderer: Renderer) -> None:
    day = {"date": "2024-02-22"}
    data = news({"text": "a"} | day, {"text": "b"} | day, {"text": "c", "date": "2024-02-01"}, dates="by_day")

    assert renderer.render("news", data, now=NOW) == (
        "<p><em>22 February 2024</em></p><ul><li>a</li><li>b</li></ul>"
        "<p><em>1 February 2024</em></p><ul><li>c</li></ul>"
    )


def test_no_news_is_said(renderer: Renderer) -> None:
    assert renderer.render("news", news(), now=NOW) == "<p>There is no news at the moment.</p>"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ region.nonsense }}", "nonsense"),
        ("{% if %}", r"status\.xml\.j2:1: "),
        ("<p>{{ region.heading }}", "not storage format"),
        ("<p>&nosuch;</p>", "not storage format"),
    ],
)
def test_a_broken_template_is_named(tmp_path: Path, template: str, message: str) -> None:
    (tmp_path / "status.xml.j2").write_text(template)
    data = workspace(status={"heading": "x", "lines": [{"text": "y"}]})

    with pytest.raises(SettingsError, match=message):
        Renderer([tmp_path]).render("status", data, now=NOW)


@pytest.mark.parametrize("expression", ["{{ nope.x }}", "{{ 1 / 0 }}", "{{ region.lines + 1 }}", "{{ region.nope }}"])
def test_what_fails_in_a_template_is_reported_with_its_line(tmp_path: Path, expression: str) -> None:
    template = tmp_path / "status.xml.j2"
    template.write_text(f"<p>\n{expression}</p>")

    with pytest.raises(SettingsError, match="cannot be rendered") as caught:
        Renderer([tmp_path]).render("status", workspace(status={"lines": [{"text": "y"}]}), now=NOW)

    assert (caught.value.path, caught.value.line) == (str(template), 2)


def test_a_template_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "status.xml.j2").write_bytes(b"\xff")

    with pytest.raises(SettingsError, match=r"status\.xml\.j2: cannot be rendered"):
        Renderer([tmp_path]).render("status", workspace(status={"lines": [{"text": "y"}]}), now=NOW)


@pytest.mark.parametrize(
    ("markup", "misfit"),
    [
        (macro("expand"), "the macro 'expand' with a body"),
        (macro("info", macro("expand")), "the macro 'expand' with a body"),
        (macro("details"), "the macro 'details' with a body"),
        ('<ac:layout><ac:layout-section ac:type="single" /></ac:layout>', "a layout"),
        (render_marked(Marker("news", MarkerKind.ANCHORS), ""), "the marker 'wikibot-news-begin'"),
    ],
)
def test_a_template_may_not_emit_what_no_region_can_hold(tmp_path: Path, markup: str, misfit: str) -> None:
    (tmp_path / "status.xml.j2").write_text(markup)

    with pytest.raises(SettingsError, match=misfit):
        Renderer([tmp_path]).render("status", workspace(status={"lines": [{"text": "y"}]}), now=NOW)


@pytest.mark.parametrize(
    "markup",
    [
        macro("info"),
        '<ac:structured-macro ac:name="toc" />',
        macro("code").replace("rich-text", "plain-text"),
    ],
)
def test_a_template_may_emit_panels_code_and_macros_without_a_body(tmp_path: Path, markup: str) -> None:
    (tmp_path / "status.xml.j2").write_text(markup)

    assert Renderer([tmp_path]).render("status", workspace(status={"lines": [{"text": "y"}]}), now=NOW) == markup


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no template status\.xml\.j2"):
        Renderer([tmp_path]).render("status", workspace(status={"lines": [{"text": "y"}]}), now=NOW)


def test_a_template_of_ones_own_hides_the_one_that_comes_with_the_program(tmp_path: Path) -> None:
    (tmp_path / "status.xml.j2").write_text("<p>{{ region.lines[0].text }}</p>")
    data = workspace(status={"lines": [{"text": "<own>"}]})

    rendered = Renderer([tmp_path, templates_dir() / "wiki"]).render("status", data, now=NOW)

    assert rendered == "<p>&lt;own&gt;</p>"


def test_news_without_a_date_are_under_the_day_they_were_published_on_in_the_workspaces_zone(
    renderer: Renderer,
) -> None:
    data = WorkspaceData.model_validate(
        {
            "workspace": {"space": "WS2", "home": "Home", "timezone": "America/Los_Angeles"},
            "news": {
                "dates": "by_day",
                "items": [{"id": "a", "text": "a", "publish_at": "2026-02-22T03:00:00Z"}],
            },
        }
    )

    assert renderer.render("news", data, now=NOW) == "<p><em>21 February 2026</em></p><ul><li>a</li></ul>"


def test_older_news_are_those_that_have_no_room(renderer: Renderer) -> None:
    data = news({"text": "a"}, {"text": "b"}, {"text": "c", "publish_at": "2999-01-01T00:00:00Z"}, show=1)

    assert renderer.render("older_news", data, now=NOW) == "<ul><li>b</li></ul>"
    assert renderer.render("older_news", news({"text": "a"}, show=1), now=NOW) == "<p>There is no older news.</p>"


def test_the_page_index_links_active_pages_and_names_archived_ones_with_their_snapshots(renderer: Renderer) -> None:
    active = (IndexEntry("A & B", (IndexEntry("C"),)),)
    index = Index(active, (IndexEntry("Old <x>", snapshot="WS2/a b.md"), IndexEntry("Older")))

    def page(title: str) -> str:
        link = f'<ac:link><ri:page ri:content-title="{title}" />'
        return f"{link}<ac:link-body>{title}</ac:link-body></ac:link>"

    head = (
        f"<ul><li>{page('A &amp; B')}<ul><li>{page('C')}</li></ul></li></ul><p><strong>Archived pages</strong></p><ul>"
    )
    assert renderer.render("page_index", workspace(page_index={}), now=NOW, index=index) == (
        f"{head}<li>Old &lt;x&gt; (snapshot <code>WS2/a b.md</code>)</li><li>Older</li></ul>"
    )
    published = workspace(page_index={"snapshots": "https://s.test/x/"})
    assert renderer.render("page_index", published, now=NOW, index=index) == (
        f'{head}<li>Old &lt;x&gt; (<a href="https://s.test/x/WS2/a%20b.md">snapshot</a>)</li><li>Older</li></ul>'
    )


@pytest.mark.parametrize(("number", "words"), [(7, "7 more"), (19_037, "More than 19000 other")])
def test_the_page_index_says_what_it_leaves_out(renderer: Renderer, number: int, words: str) -> None:
    index = Index((IndexEntry("A"),), (IndexEntry("Old"),), number, number)

    shown = renderer.render("page_index", workspace(page_index={}), now=NOW, index=index)

    note = f"</ul><p><em>{words} pages are not listed. The page tree of the space has all of them.</em></p><p>"
    assert note in shown
    assert shown.endswith(f"</ul><p><em>{words} archived pages are not listed.</em></p>")


TICK = '<ac:emoticon ac:name="tick" />'
GREEN = inline.lozenge("ON", LozengeColour.GREEN)


def table(*rows: str) -> str:
    return f"<table><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"


def cells(*texts: str, tag: str = "td") -> str:
    return "".join(f"<{tag}><p>{text}</p></{tag}>" for text in texts)


@pytest.mark.parametrize(
    ("value", "markup"),
    [
        ({"lines": [{"lozenge": {"text": "ON", "colour": "green"}}]}, f"<p>{GREEN}</p>"),
        (
            {"lines": [{"icon": "tick", "lozenge": {"text": "ON", "colour": "green"}, "text": "a", "colour": "red"}]},
            f'<p>{TICK} {GREEN} <span style="color: red;">a</span></p>',
        ),
        ({"layout": "breaks", "lines": [{"text": "a"}, {"text": "b"}]}, "<p>a<br />b</p>"),
        ({"layout": "list", "lines": [{"text": "a"}, {"text": "b"}]}, "<ul><li>a</li><li>b</li></ul>"),
        ({"layout": "numbered", "lines": [{"text": "a"}]}, "<ol><li>a</li></ol>"),
        (
            {"layout": "line", "heading": "Status:", "lines": [{"text": "a"}, {"text": "b"}]},
            "<p><strong>Status:</strong> a</p><p>b</p>",
        ),
        (
            {"layout": "table", "columns": ["Of", ""], "lines": [{"label": "A", "text": "*b*", "cells": ["", "c"]}]},
            table(cells("Of", "", tag="th"), cells("A", "<em>b</em>", "", "c")),
        ),
        (
            {
                "layout": "board",
                "lines": [{"label": "A", "text": "a", "highlight": "#fff"}, {"label": "B", "icon": "tick"}],
            },
            table(
                cells("A", "B", tag="th"),
                f'<td class="highlight-#fff" data-highlight-colour="#fff"><p>a</p></td>{cells(TICK)}',
            ),
        ),
    ],
)
def test_a_banner_has_the_layout_of_the_data_file(renderer: Renderer, value: dict[str, object], markup: str) -> None:
    assert renderer.render("status", workspace(status=value), now=NOW) == markup


A, B = {"text": "A", "url": "https://e.org/a"}, {"text": "B", "url": "https://e.org/b"}
LINK_A, LINK_B = '<a href="https://e.org/a">A</a>', '<a href="https://e.org/b">B</a>'


@pytest.mark.parametrize(
    ("value", "markup"),
    [
        ({"layout": "line", "links": [A, B]}, f"<p>{LINK_A} | {LINK_B}</p>"),
        (
            {"layout": "line", "separator": "line break", "bullet": "• ", "links": [A, B]},
            f"<p>• {LINK_A}<br />• {LINK_B}</p>",
        ),
        ({"layout": "paragraphs", "intro": "See:", "links": [A, B]}, f"<p>See:</p><p>{LINK_A}</p><p>{LINK_B}</p>"),
        (
            {"layout": "numbered", "links": [A | {"links": [B]}]},
            f"<ol><li>{LINK_A}<ol><li>{LINK_B}</li></ol></li></ol>",
        ),
        (
            {"links": [A | {"remark_before": "see ", "remark": ", *soon*"}]},
            f"<ul><li>see {LINK_A}, <em>soon</em></li></ul>",
        ),
        (
            {"links": [A | {"group": "X"}, B | {"group": "Y"}], "group_level": 0},
            f"<p><strong>X</strong></p><ul><li>{LINK_A}</li></ul><p><strong>Y</strong></p><ul><li>{LINK_B}</li></ul>",
        ),
        (
            {"layout": "table", "header_column": True, "links": [A | {"cells_before": ["Plan"], "cells": ["x"]}]},
            table(cells("Plan", tag="th") + cells(LINK_A, "x")),
        ),
        (
            {"links": [{"image": {"attachment": "b&.png", "height": 40, "alt": "Go"}, "url": "https://e.org/a"}]},
            (
                '<ul><li><a href="https://e.org/a"><ac:image ac:alt="Go" ac:height="40">'
                '<ri:attachment ri:filename="b&amp;.png" /></ac:image></a></li></ul>'
            ),
        ),
        (
            {"links": [A | {"card": "inline", "colour": "red"}]},
            (
                '<ul><li><a href="https://e.org/a" data-card-appearance="inline">'
                '<span style="color: red;">A</span></a></li></ul>'
            ),
        ),
    ],
)
def test_links_have_the_layout_of_the_data_file(renderer: Renderer, value: dict[str, object], markup: str) -> None:
    assert renderer.render("quick_links", workspace(quick_links=value), now=NOW) == markup


def test_news_have_the_layout_of_the_data_file(renderer: Renderer) -> None:
    def written(*items: dict[str, object], **fields: object) -> str:
        return renderer.render("news", news(*items, **fields), now=NOW)

    day = dt.date(2024, 5, 5)
    assert written({"text": "a"}, {"text": "b"}, layout="breaks") == "<p>a<br />b</p>"
    assert written({"text": "a"}, {"text": "b"}, layout="paragraphs", intro="i") == "<p>i</p><p>a</p><p>b</p>"
    assert written({"text": "a", "items": ["b", {"text": "c", "items": ["d"]}]}) == (
        "<ul><li>a<ul><li>b</li><li>c<ul><li>d</li></ul></li></ul></li></ul>"
    )
    assert written({"text": "a", "group": "May"}, {"text": "b", "group": "May"}, {"text": "c"}, group_level=4) == (
        "<h4>May</h4><ul><li>a</li><li>b</li></ul><ul><li>c</li></ul>"
    )
    assert written(
        {"text": "a", "date": day, "cells": ["x"]},
        layout="table",
        columns=["D", "W", ""],
        dates="before",
        date_format="d. MMMM y",
        language="de",
    ) == table(cells("D", "W", "", tag="th"), cells("5. Mai 2024", "a", "x"))
    assert written({"text": "a"}, layout="table", columns=["W", "", ""]) == table(
        cells("W", "", "", tag="th"), cells("a", "", "")
    )
    assert written({"text": "a", "date": day}, dates="before", date_format="calendar") == (
        '<ul><li><time datetime="2024-05-05" />: a</li></ul>'
    )


@pytest.mark.parametrize(
    ("region", "value", "words"),
    [
        ("status", {"lines": [{"text": ""}]}, "needs a text, an icon or a lozenge"),
        ("status", {"lines": [{"text": "a", "colour": "red;x"}]}, "is not a colour"),
        ("quick_links", {"links": [{"page": "A"}]}, "needs a text or an image"),
        ("quick_links", {"links": [A | {"image": {"url": "https://e.org/a.png"}}]}, "has a text and an image"),
        ("quick_links", {"links": [A | {"links": [B]}], "layout": "line"}, "cannot show; use `list`"),
        ("quick_links", {"links": [{"text": "a", "card": "inline"}]}, "is a card without `url`"),
        ("news", {"items": [], "date_format": "X"}, "prints no day"),
        ("news", {"items": [], "language": "xx-yy"}, "is not a known language"),
        ("news", {"items": [{"id": "a", "text": "a", "items": ["b"]}], "layout": "table"}, "cannot show; use `list`"),
    ],
)
def test_data_that_no_layout_can_show_is_refused(region: str, value: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        workspace(**{region: value})


def test_for_cloud_the_text_is_spelled_as_its_editor_stores_it() -> None:
    below = [{"text": "b", "url": "https://example.org/"}]
    data = workspace(
        status={"heading": "Now", "lines": [{"icon": "tick", "text": "See [it](page:P)"}]},
        quick_links={"heading": "L", "links": [{"text": "a", "page": "P", "links": below}]},
    )
    plain, cloud = (Renderer([templates_dir() / "wiki"], is_cloud=is_cloud) for is_cloud in (False, True))

    assert (
        '<ac:emoticon ac:name="tick" ac:emoji-shortname=":check_mark:" ac:emoji-id="atlassian-check_mark" '
        'ac:emoji-fallback=":check_mark:" /> See <ac:link><ri:page ri:content-title="P" ri:space-key="WS2" />'
    ) in cloud.render("status", data, now=NOW)
    assert cloud.render("quick_links", data, now=NOW).endswith(
        "<ul><li><p>"
        '<ac:link><ri:page ri:content-title="P" ri:space-key="WS2" /><ac:link-body>a</ac:link-body></ac:link></p>'
        '<ul><li><p><a href="https://example.org/">b</a></p></li></ul></li></ul>'
    )
    for region in ("status", "quick_links"):
        before, after = (each.render(region, data, now=NOW) for each in (plain, cloud))
        assert is_same(before, after, space_key="WS2")
