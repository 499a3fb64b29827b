"""Real pages of other wikis: a region comes, changes and is judged without touching the rest."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config.data_model import WorkspaceData
from bot.render import Renderer
from bot.resources import templates_dir
from bot.storage.markers import Marker, MarkerKind, render_marked
from bot.storage.place import Place
from bot.storage.placement import insert_region
from bot.storage.reader import read_strictly
from bot.storage.regions import find_region
from bot.storage.visible_text import lines_of
from bot.sync.drift import LastApplied, Verdict, digest_of, judge
from bot.sync.plan import Action, Change
from bot.sync.rewrite import rewrite
from tests.storage.corpus import real_bodies
from tests.storage.inverses import remove_region

MARKERS = (Marker("status"), Marker("news", MarkerKind.ANCHORS))
TEXT = '<p>banner &amp; <strong>words</strong></p><ul><li>é 😀<ac:emoticon ac:name="tick" /></li></ul>'
OTHER = "<p>other</p>"
NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


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
        assert all(line.strip() for line in lines_of(body))


NASTY = st.sampled_from(
    [
        *(
            "]]>",
            "<![CDATA[",
            "</ac:rich-text-body>",
            "</ac:structured-macro>",
            "<script>alert(1)</script>",
            "&nbsp;",
            "&#x0;",
        ),
        *(
            "<!--",
            "-->",
            "<p>",
            "{{ 7 * 7 }}",
            "{% raw %}",
            "[x](javascript:alert(1))",
            "[x](page:A</ac:link>)",
            '"',
            "'",
        ),
        *("![x](https://x.test/a.png)", '[[x]](attachment:a"b)', "\u202e", "\ufeff", "😀", "`", "**", "\\", "a\nb"),
    ]
)
TEXTS = st.lists(NASTY | st.text(max_size=10), min_size=1, max_size=6).map("".join)


@settings(max_examples=300)
@given(status=TEXTS, caption=TEXTS, target=TEXTS, news=TEXTS)
def test_whatever_the_data_file_says_comes_out_as_text_inside_its_region(
    status: str, caption: str, target: str, news: str
) -> None:
    try:
        data = WorkspaceData.model_validate(
            {
                "workspace": {"space": "WS2", "home": "Home"},
                "status": {"heading": caption, "lines": [{"text": status}]},
                "quick_links": {"links": [{"text": caption, "page": target}, {"text": caption, "attachment": target}]},
                "news": {"items": [{"id": "a", "text": news}]},
            }
        )
    except ValidationError:
        return
    renderer = Renderer([templates_dir() / "wiki"])
    names = ("status", "quick_links", "news")
    body = "<p>before</p>" + "<hr />".join(render_marked(Marker(name), OTHER) for name in names) + "<p>after</p>"
    texts = {name: renderer.render(name, data, now=NOW) for name in names}
    changes = [change(Marker(name), live=OTHER, desired=texts[name], action=Action.WRITE) for name in names]

    written = rewrite(body, changes).body

    assert (
        written == "<p>before</p>" + "<hr />".join(render_marked(Marker(n), texts[n]) for n in names) + "<p>after</p>"
    )
    elements = {element.name for text in texts.values() for element in read_strictly(text).elements()}
    assert elements <= {
        *("p", "ul", "li", "strong", "em", "code", "a", "br"),
        *("ac:link", "ac:link-body", "ri:page", "ri:attachment"),
    }
    addresses = [
        element.attributes["href"]
        for text in texts.values()
        for element in read_strictly(text).elements()
        if element.name == "a"
    ]
    assert all(address.lower().startswith(("http:", "https:", "mailto:")) for address in addresses)
