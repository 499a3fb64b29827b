"""A person who opens and saves a page in an editor changes the spelling of our regions; a reader sees no difference."""

import datetime as dt
import hashlib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.config.data_model import WorkspaceData
from bot.config.policy import DriftPolicy
from bot.render import Index, IndexEntry, Renderer, has_region
from bot.resources import templates_dir
from bot.storage.meaning import is_same
from bot.storage.regions import Marker, MarkerKind, find_region, render_marked
from bot.sync.apply import Result
from bot.sync.drift import LastApplied, Verdict, digest_of, judge
from bot.sync.plan import Action
from bot.sync.wanted import Assignment, TargetPage, WantedRegion
from tests.sync.world import Bot, World
from wikiserver.editor.resave import resave
from wikiserver.normalise import Flavour, normalise
from wikiserver.person_saves import open_and_save

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
EDITORS: list[Flavour] = ["cloud", "datacenter"]
REGIONS = ("status", "quick_links", "news", "older_news", "page_index")
LAYOUTS = ("breaks", "list", "numbered")
LOZENGE = {"text": "ON", "colour": "green"}
TICK, FILE = {"icon": "tick"}, {"text": "f", "attachment": "a.pdf"}
ICONS = ("tick", "cross", "warning", "light-on", "star", "star-blue", "smile", "information", "heart")
A, B = {"text": "A & B", "url": "https://e.org/a?b=1&c=2"}, {"text": "Report", "page": "Report"}
LINKED = "See **[it](page:Report) now**, [*the* file](attachment:a.pdf) and `a  b`, [x](https://e.org) 5 > 4"
NEWS: list[dict[str, Any]] = [
    {"id": "a", "date": "2024-02-22", "text": LINKED},
    {"id": "b", "text": "*slanted* and ***both***", "items": ["below", {"text": "and", "items": ["deeper"]}]},
    {"id": "c", "date": "2024-01-05", "text": "older"},
]
FLAT_NEWS = [{key: value for key, value in item.items() if key != "items"} for item in NEWS]
DATA: list[dict[str, Any]] = [
    {"status": {"heading": "Status:", "lines": [{"icon": icon, "text": "All *good*."} for icon in ICONS]}},
    {"status": {"heading": "S", "heading_level": 2, "lines": [{"text": LINKED, "colour": "red"}]}},
    *(
        {"status": {"layout": layout, "lines": [{"text": "a"}, {"text": "b"}]}}
        for layout in ("breaks", "list", "numbered")
    ),
    {
        "status": {
            "layout": "line",
            "heading": "S:",
            "lines": [{"lozenge": {"text": "ON", "colour": "green"}, "text": "x"}],
        }
    },
    {
        "status": {
            "layout": "table",
            "columns": ["Of", ""],
            "lines": [{"label": "A", "text": "*b*", "cells": ["", "c"]}],
        }
    },
    {
        "status": {
            "layout": "board",
            "lines": [{"label": "A", "text": "a", "highlight": "#fff"}, {"label": "B", "icon": "tick"}],
        }
    },
    {
        "quick_links": {
            "heading": "Links:",
            "links": [A | {"links": [B, {"text": "plain"}]}, {"text": "f", "attachment": "a.pdf"}],
        }
    },
    {"quick_links": {"layout": "line", "links": [A, B]}},
    {"quick_links": {"layout": "line", "separator": "line break", "bullet": "• ", "links": [A, B]}},
    {"quick_links": {"layout": "paragraphs", "intro": "See:", "links": [A, B]}},
    {"quick_links": {"layout": "numbered", "links": [A | {"links": [B]}]}},
    {
        "quick_links": {
            "layout": "table",
            "header_column": True,
            "links": [A | {"cells_before": ["Plan"], "cells": ["x"]}],
        }
    },
    {"quick_links": {"links": [A | {"group": "X", "remark": ", *soon*"}, B | {"group": "Y", "colour": "#00f"}]}},
    {
        "quick_links": {
            "links": [{"image": {"attachment": "b.png", "height": 40, "alt": "Go"}, "url": "https://e.org/a"}]
        }
    },
    {"news": {"heading": "News:", "show": 2, "older": "Archive", "dates": "before", "items": NEWS}},
    {"news": {"dates": "by_day", "items": NEWS, "show": 1, "older": "Archive"}},
    {"news": {"layout": "numbered", "items": NEWS, "show": 1, "older": "Archive"}},
    {"news": {"layout": "paragraphs", "items": FLAT_NEWS}},
    {"news": {"layout": "table", "dates": "before", "date_format": "calendar", "items": FLAT_NEWS}},
    {"news": {"items": []}},
    {"page_index": {"heading": "All pages", "snapshots": "https://example.org/s"}},
    {"page_index": {}},
]
INDEX = Index(
    active=(IndexEntry("Report", (IndexEntry("Annex & more"),)), IndexEntry("Team")),
    archived=(IndexEntry("Old", snapshot="WS2/a b.md"), IndexEntry("Older")),
)


def texts_of(data: Mapping[str, Any], flavour: str) -> dict[str, str]:
    """Render every region of *data* with the templates of the program."""
    workspace = WorkspaceData.model_validate({"workspace": {"space": "WS2", "home": "Home"}} | dict(data))
    renderer = Renderer([templates_dir() / "wiki"], is_cloud=flavour == "cloud")
    return {
        region: renderer.render(region, workspace, now=NOW, index=INDEX)
        for region in REGIONS
        if has_region(workspace, region)
    }


def saves(body: str, editor: Flavour, count: int = 4) -> Iterator[str]:
    """Yield a body after each of several saves, as the wiki stores it."""
    ids = itertools.count(1)
    for seed in range(count):
        body = resave(body, editor, seed=seed, space_key="WS2")
        body = normalise(body, flavour=editor, level="full", new_id=lambda: f"id-{next(ids)}")
        yield body


@pytest.mark.parametrize("editor", EDITORS)
@pytest.mark.parametrize("data", DATA)
def test_any_number_of_saves_leaves_every_template_in_sync(data: dict[str, Any], editor: Flavour) -> None:
    for region, text in texts_of(data, editor).items():
        for marker in (Marker(region), Marker(region, MarkerKind.ANCHORS)):
            for page in saves(f"<p>before</p>{render_marked(marker, text)}<p>after</p>", editor):
                found = find_region(page, marker)
                assert found is not None
                assert judge(text, found.text(page), None, space_key="WS2") is Verdict.IN_SYNC


class MarkedBot(Bot):
    """A bot that wants rendered regions, each with a marker of the kind."""

    def __init__(self, world: World, page: str, texts: dict[str, str], kind: MarkerKind, **settings: Any) -> None:
        super().__init__(world, [page], dict(texts), **settings)
        self.markers = {name: Marker(name, kind, name if kind is MarkerKind.HEADING else None) for name in texts}

    def assignment(self) -> Assignment:
        wanted = tuple(WantedRegion(self.markers[name], text, **self.settings) for name, text in self.texts.items())
        return Assignment("ws2", self.revision, (TargetPage(self.pages[0], "Home", wanted, is_home=True),))


def start(world: World, kind: MarkerKind, texts: dict[str, str], **settings: Any) -> MarkedBot:
    """Make a page with the regions, written by the bot."""
    page = world.add_page("Home", "<p>before</p>")
    bot = MarkedBot(world, page, texts, kind, **settings)
    regions = "".join(render_marked(marker, "<p>x</p>") for marker in bot.markers.values())
    world.edit(page, f"<p>before</p>{regions}<h2>after</h2><p>end</p>")
    report = bot.run(take_over=frozenset({"all"}))
    assert report.count(Result.WRITTEN) == 1
    return bot


def open_and_save_home(bot: MarkedBot, seed: object, person: str = "ana") -> None:
    open_and_save(bot.world.server.site, int(bot.pages[0]), person, seed=seed)


def all_texts(flavour: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for data in (DATA[0], DATA[8], DATA[16], DATA[22]):
        found |= texts_of(data, flavour)
    return found


@pytest.mark.parametrize("kind", MarkerKind)
def test_saves_of_people_who_change_nothing_are_no_drift_and_make_no_version(
    either_world: World, kind: MarkerKind
) -> None:
    world = either_world
    texts = all_texts(world.flavour)
    if kind is MarkerKind.HEADING:
        texts = {"news": texts["news"].replace("<p><strong>News:</strong></p>", "")}
    bot = start(world, kind, texts, policy=DriftPolicy.REPAIR)
    page = bot.pages[0]

    for seed in range(8):
        open_and_save_home(bot, seed)
        plan = bot.plan()
        assert (plan.pages, plan.problems) == ((), ())
        assert bot.apply(plan).pages == ()
    assert [author for _, author, _ in world.versions(page)].count("bot") == 1

    bot.texts["news"] = f"{texts['news']}<p>Fresh</p>"
    (planned,) = bot.plan().pages
    assert {each.region: each.verdict for each in planned.changes if each.verdict is not Verdict.IN_SYNC} == {
        "news": Verdict.BEHIND
    }
    before = world.body(page)
    assert bot.run().count(Result.WRITTEN) == 1
    found = find_region(world.body(page), bot.markers["news"])
    old = find_region(before, bot.markers["news"])
    assert found is not None
    assert old is not None
    assert is_same(found.text(world.body(page)), bot.texts["news"] or "", space_key="WS2")
    assert world.body(page)[: found.content.start] == before[: old.content.start]
    assert world.body(page)[found.content.end :] == before[old.content.end :]


def test_a_person_who_looks_after_each_write_of_the_bot_causes_no_further_write(either_world: World) -> None:
    bot = start(either_world, MarkerKind.DETAILS, all_texts(either_world.flavour), policy=DriftPolicy.REPAIR)
    either_world.server.faults.add("editor@put")

    for number in range(4):
        bot.texts["news"] = f"<p>News {number}</p><ul><li>one</li></ul>"
        assert bot.run().count(Result.WRITTEN) == 1
        assert bot.plan().pages == ()

    authors = [author for _, author, _ in either_world.versions(bot.pages[0])]
    assert authors.count("omar") == 4
    assert authors.count("bot") == 5


def test_a_person_who_saves_between_reading_and_writing_does_not_stop_the_write(either_world: World) -> None:
    bot = start(either_world, MarkerKind.DETAILS, all_texts(either_world.flavour))
    bot.texts["news"] = "<p>Fresh</p>"
    plan = bot.plan()
    either_world.server.faults.add("editor@get*once")

    report = bot.apply(plan)

    assert report.count(Result.WRITTEN) == 1
    assert bot.plan().pages == ()


def test_an_edit_in_a_saved_page_is_still_drift_and_names_its_author(either_world: World) -> None:
    bot = start(either_world, MarkerKind.DETAILS, all_texts(either_world.flavour), policy=DriftPolicy.REPAIR)
    open_and_save_home(bot, 1, "omar")
    either_world.replace(bot.pages[0], "both", "Both", user="li")
    open_and_save_home(bot, 2, "omar")

    (planned,) = bot.plan().pages
    (drifted,) = (each for each in planned.changes if each.verdict is not Verdict.IN_SYNC)

    assert (drifted.region, drifted.verdict, drifted.action) == ("news", Verdict.DRIFTED, Action.WRITE)
    assert [each.author for each in drifted.edits] == ["Li Wei"]
    bot.apply(bot.plan())
    assert bot.plan().pages == ()


OLD_SPELLING = (
    '<p><ac:emoticon ac:name="tick" /> x</p><ul><li><ac:link><ri:page ri:content-title="Report" /></ac:link></li></ul>'
)


def written_by_an_older_release(world: World, text: str, body: str) -> str:
    """Return a page whose region was written by a release that recorded the digest of the bytes."""
    page = world.add_page("Home", "<p>x</p>")
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    world.edit(
        page, render_marked(Marker("news"), text), user="bot", message=f"wikibot news={digest} r=r0: updated news"
    )
    if body:
        world.edit(page, render_marked(Marker("news"), body), user="ana")
    return page


def test_a_page_in_an_older_spelling_is_not_written_for_its_spelling(either_world: World) -> None:
    page = written_by_an_older_release(either_world, OLD_SPELLING, "")
    text = OLD_SPELLING.replace("<li>", "<li><p>").replace("</li>", "</p></li>")

    assert Bot(either_world, [page], {"news": text}).plan().pages == ()


def test_an_edit_of_a_page_with_the_digest_of_an_older_release_waits_for_a_person(either_world: World) -> None:
    page = written_by_an_older_release(either_world, OLD_SPELLING, OLD_SPELLING.replace(" x", " y"))
    text = OLD_SPELLING.replace("<li>", "<li><p>").replace("</li>", "</p></li>")

    (planned,) = Bot(either_world, [page], {"news": text}).plan().pages

    assert [each.verdict for each in planned.changes] == [Verdict.UNMANAGED]


def test_an_open_comment_survives_a_save_and_the_next_write(either_world: World) -> None:
    bot = start(either_world, MarkerKind.DETAILS, {"news": "<ul><li>one two three</li><li>four</li></ul>"})
    store = either_world.store
    store.comments.add_inline(
        int(bot.pages[0]), "<p>?</p>", author=either_world.account("li"), selection="one two three"
    )
    for seed in range(4):
        open_and_save_home(bot, seed)
    bot.texts["news"] = "<ul><li>new</li><li>one two three</li><li>four</li></ul>"

    (planned,) = bot.plan().pages
    bot.run()

    assert [each.lost_comments for each in planned.changes] == [()]
    assert "<ac:inline-comment-marker" in either_world.body(bot.pages[0])


PIECES = {
    "heading": "<h2>News</h2>",
    "banner": '<p><ac:emoticon ac:name="tick" /> All <strong>good</strong> news.</p>',
    "gap": "<p>first</p><p>second</p>",
    "list": "<ul><li>one</li><li>two<ul><li>below</li></ul></li><li>three</li></ul>",
    "numbers": "<ol><li>first</li><li>last</li></ol>",
    "page": '<p>See <ac:link><ri:page ri:content-title="Report" /><ac:link-body>it</ac:link-body></ac:link>.</p>',
    "title": '<p>Or <ac:link><ri:page ri:content-title="Team" /></ac:link></p>',
    "file": '<p><ac:link><ri:attachment ri:filename="a.pdf" /><ac:link-body>file</ac:link-body></ac:link></p>',
    "web": '<p><a href="https://e.org/a">web</a> and <em>more</em></p>',
    "code": "<p>Run <code>make all</code> now</p>",
    "block": (
        '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
        "<ac:plain-text-body><![CDATA[a  = 1]]></ac:plain-text-body></ac:structured-macro>"
    ),
    "status": (
        '<p><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">ON</ac:parameter>'
        '<ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro></p>'
    ),
    "day": '<p><time datetime="2024-05-05" /> begins</p>',
    "person": '<p>Ask <ac:link><ri:user ri:account-id="1" /></ac:link></p>',
    "table": (
        "<table><tbody><tr><th><p>Who</p></th><td><p>Ana</p></td></tr><tr><td>x</td><td>y</td></tr></tbody></table>"
    ),
    "coloured": '<p><span style="color: rgb(255,0,0);">red</span> line</p>',
    "lines": "<p>up<br />down</p>",
    "picture": '<p><ac:image ac:width="40"><ri:attachment ri:filename="a.png" /></ac:image></p>',
    "panel": (
        '<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">Note</ac:parameter>'
        "<ac:rich-text-body><p>inside</p></ac:rich-text-body></ac:structured-macro>"
    ),
    "emoji": '<p><ac:emoticon ac:name="blue-star" ac:emoji-shortname=":tada:" ac:emoji-id="1f389" /> party</p>',
}
CHANGES = [
    ("heading", "News", "New"),
    ("heading", "News", "news"),
    ("heading", "h2", "h3"),
    ("heading", "<h2>News</h2>", "<p>News</p>"),
    ("heading", "<h2>News</h2>", ""),
    ("banner", "news.", "news"),
    ("banner", "good", "bad"),
    ("banner", "All", "ALL"),
    ("banner", "All <strong>good</strong>", "<strong>good</strong> All"),
    ("banner", "<strong>good</strong>", "good"),
    ("banner", "<strong>good</strong>", "<em>good</em>"),
    ("banner", "<strong>good</strong> news", "<strong>good news</strong>"),
    ("banner", '"tick"', '"cross"'),
    ("banner", '"tick"', '"blue-star" ac:emoji-id="2705"'),
    ("banner", '<ac:emoticon ac:name="tick" /> ', ""),
    ("banner", '<ac:emoticon ac:name="tick" /> ', '<ac:emoticon ac:name="tick" /><ac:emoticon ac:name="tick" /> '),
    ("banner", "<p>", '<p style="text-align: center;">'),
    ("banner", "<p>", '<p style="text-align: right;">'),
    ("banner", "<p>", '<p style="margin-left: 30.0px;">'),
    ("banner", "good", '<span style="color: rgb(0,128,0);">good</span>'),
    ("banner", "good", '<span style="background-color: rgb(255,240,0);">good</span>'),
    ("banner", "good", "<u>good</u>"),
    ("banner", "good", "<s>good</s>"),
    ("banner", "good", "goo<sup>d</sup>"),
    ("banner", "good", '<span style="font-size: 20.0px;">good</span>'),
    ("gap", "</p><p>", "</p><p><br /></p><p>"),
    ("gap", "</p><p>", "<br />"),
    ("gap", "</p><p>", " "),
    ("gap", "<p>first</p><p>second</p>", "<p>second</p><p>first</p>"),
    ("gap", "</p><p>", "</p><hr /><p>"),
    ("gap", "<p>first</p>", "<blockquote><p>first</p></blockquote>"),
    ("gap", "<p>first</p>", "<ul><li>first</li></ul>"),
    ("gap", "</p><p>", "</p><p>between</p><p>"),
    ("list", "<li>one</li>", ""),
    ("list", "<li>one</li>", "<li>one</li><li>one</li>"),
    ("list", "<li>three</li>", "<li>three</li><li></li>"),
    ("list", "<li>one</li>", "<li>one</li></ul><ul>"),
    ("list", "<ul><li>below</li></ul></li>", "</li><li>below</li>"),
    ("list", "<ul><li>below</li></ul>", "<ol><li>below</li></ol>"),
    ("list", "<li>one</li>", "<li><p>one</p><p>more</p></li>"),
    ("numbers", "ol>", "ul>"),
    ("numbers", "<ol>", '<ol start="3">'),
    ("numbers", "<li>first</li><li>last</li>", "<li>last</li><li>first</li>"),
    ("page", '"Report"', '"Reports"'),
    ("page", "<ri:page", '<ri:page ri:space-key="OTHER"'),
    ("page", "<ac:link>", '<ac:link ac:anchor="top">'),
    ("page", "-body>it<", "-body>this<"),
    ("page", "<ac:link-body>it</ac:link-body>", ""),
    ("page", 'ri:page ri:content-title="Report"', 'ri:attachment ri:filename="Report"'),
    ("title", '"Team"', '"Teams"'),
    ("title", "</ac:link>", "<ac:link-body>us</ac:link-body></ac:link>"),
    ("file", '"a.pdf"', '"b.pdf"'),
    ("web", "e.org/a", "e.org/A"),
    ("web", "https:", "http:"),
    ("web", '<a href="https://e.org/a">web</a>', "web"),
    ("web", '<a href="https://e.org/a">web</a> and', '<a href="https://e.org/a">web and</a>'),
    ("web", "<em>more</em>", '<a href="https://e.org/b">more</a>'),
    ("code", "make all", "make  all"),
    ("code", "make all", "make ALL"),
    ("code", "<code>make all</code>", "make all"),
    ("code", "<code>make all</code>", "<code>make</code> <code>all</code>"),
    ("block", "a  = 1", "a = 1"),
    ("block", "a  = 1", "a  = 1\n"),
    ("block", ">py<", ">sh<"),
    ("status", ">ON<", ">OFF<"),
    ("status", ">Green<", ">Red<"),
    ("day", "2024-05-05", "2024-05-06"),
    ("person", 'account-id="1"', 'account-id="2"'),
    ("table", "<th><p>Who</p></th>", "<td><p>Who</p></td>"),
    ("table", "<td><p>Ana</p></td>", '<td data-highlight-colour="#ffebe6"><p>Ana</p></td>'),
    ("table", "<td><p>Ana</p></td>", "<td><p>Li</p></td>"),
    ("table", "<tr><td>x</td><td>y</td></tr>", ""),
    ("table", "<td>x</td><td>y</td>", "<td>y</td><td>x</td>"),
    ("table", "<td>x</td><td>y</td>", '<td colspan="2">xy</td>'),
    ("coloured", "255,0,0", "0,0,255"),
    ("coloured", ' style="color: rgb(255,0,0);"', ""),
    ("coloured", "</span> line", " line</span>"),
    ("lines", "<br />", "<br /><br />"),
    ("lines", "<br />", " "),
    ("picture", '"a.png"', '"b.png"'),
    ("picture", '"40"', '"80"'),
    ("panel", '"info"', '"warning"'),
    ("panel", ">Note<", ">Notes<"),
    ("panel", "inside", "outside"),
    ("emoji", "1f389", "1f680"),
    ("emoji", ' ac:emoji-shortname=":tada:" ac:emoji-id="1f389"', ""),
]


@pytest.mark.parametrize("editor", EDITORS)
@pytest.mark.parametrize(("piece", "old", "new"), CHANGES)
def test_every_change_that_a_reader_sees_is_drift_before_and_after_saves(
    piece: str, old: str, new: str, editor: Flavour
) -> None:
    assert old in PIECES[piece]
    text = "".join(PIECES.values())
    changed = "".join((PIECES | {piece: PIECES[piece].replace(old, new)}).values())
    last = LastApplied(1, text, digest_of(text))

    assert judge(text, changed, last, space_key="WS2") is Verdict.DRIFTED
    for saved in saves(changed, editor, 3):
        assert judge(text, saved, last, space_key="WS2") is Verdict.DRIFTED
    for saved in saves(text, editor, 3):
        assert judge(text, saved, last, space_key="WS2") is Verdict.IN_SYNC


def test_more_than_sixty_kinds_of_changes_are_tried() -> None:
    assert len(CHANGES) >= 60
    assert {piece for piece, _, _ in CHANGES} == set(PIECES)
