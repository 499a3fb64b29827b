import re
from html import escape
from html.parser import HTMLParser

import pytest
from cmarkgfm import Options, github_flavored_markdown_to_html

from bot.present.plan_view import plan_as_html, plan_as_markdown, plan_as_text
from bot.storage.regions import Marker
from bot.sync.drift import LastApplied, Verdict, digest_of
from bot.sync.plan import Action, PagePlan, Plan
from tests.sync.plans import change, drifted, page, plan, problem

EVIL = "<script>alert(1)</script>\"' & `x` **b** | ]]> \x9b31m \u202egnp.exe"


def evil_plan(evil: str = EVIL) -> Plan:
    evil_text = f"<p>{escape(evil, quote=False)}</p>"
    return plan(
        page(
            change(desired=evil_text, note=evil, lost_comments=(evil,)),
            drifted(live=evil_text),
            title=evil,
        ),
        PagePlan("ws2", "8", "x", f"javascript:{evil}", 1, (change(),)),
        problems=(problem(evil),),
        notices=(evil,),
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src")}


def test_nothing_from_the_page_becomes_markup_in_html() -> None:
    reader = Tags()
    reader.feed(plan_as_html(evil_plan()))

    assert "script" not in reader.tags
    assert all(address.startswith("http://wiki.test/") for address in reader.addresses)


def test_html_loads_nothing_from_anywhere() -> None:
    assert "default-src 'none'" in plan_as_html(evil_plan())
    assert not {"link", "img", "iframe"} & tags_of(plan_as_html(evil_plan()))


def tags_of(html: str) -> set[str]:
    reader = Tags()
    reader.feed(html)
    return reader.tags


@pytest.mark.parametrize("render", [plan_as_text, plan_as_markdown, plan_as_html])
def test_nothing_from_the_page_steers_a_terminal_or_the_direction_of_writing(render: object) -> None:
    assert callable(render)
    text = str(render(evil_plan()))

    assert not set(text) & set("\x9b\x1b\u202e")
    assert "\\u202e" in text


OF_THE_TEMPLATE = {"a", "code", "del", "details", "h2", "h3", "h4", "ins", "li", "p", "pre", "strong", "summary", "ul"}
MENTION = re.compile(r"[@#!]\w")


def unmarked_texts(markdown: str) -> list[str]:
    """Return the texts outside code and preformatted text, where a code host looks for mentions and commands."""
    reader = Texts()
    reader.feed(github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))
    return reader.texts


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.depth += tag in ("pre", "code", "a")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in ("pre", "code", "a")

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.texts.append(data)


@pytest.mark.parametrize("limit", [60_000, 100])
@pytest.mark.parametrize(
    "text", [EVIL, "@org/team #12 !3 \n/merge", "</pre>\n\n@ana\n</details>", "[x](http://e) ![i](http://e)"]
)
def test_nothing_from_the_page_becomes_markup_or_a_mention_in_a_comment(text: str, limit: int) -> None:
    comment = plan_as_markdown(evil_plan(text), limit=limit)

    assert tags_of(github_flavored_markdown_to_html(comment, options=Options.CMARK_OPT_UNSAFE)) <= OF_THE_TEMPLATE
    assert [each for each in unmarked_texts(comment) if MENTION.search(each)] == []
    assert not re.search(r"^\s*/", comment, re.MULTILINE)  # GitLab takes such a line for a command


def test_a_comment_marks_the_words_that_change() -> None:
    assert "~ <del>old</del><ins>new</ins> words" in plan_as_markdown(plan(page(change(), drifted())))


def test_a_comment_fits_the_code_host_and_says_what_is_left_out() -> None:
    made = plan(*(page(change(desired=f"<p>{'word ' * 500}</p>"), title=f"Page {number}") for number in range(100)))

    whole, comment = plan_as_markdown(made, limit=10**9), plan_as_markdown(made)

    assert len(comment) <= 60_000 < len(whole)
    shown = re.findall(r"^### (Page \d+)$", comment, re.MULTILINE)
    assert f"{100 - len(shown)} more pages" in comment
    assert "Too long" not in whole
    assert "Digest: `sha256:" in comment


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    text = plan_as_markdown(plan(page(change(desired="<p>````</p>"))))

    assert "`````diff" in text


def test_text_shows_words_verdict_and_what_it_comes_to() -> None:
    text = plan_as_text(plan(page(change(), drifted())))

    assert "~ news: behind the data file; will be written" in text
    assert "~ [-old-]{+new+} words" in text
    assert "! status: changed on the page" in text
    assert "by Ana Núñez, 2026-11-24 09:00 UTC, version 5: small fix" in text
    assert "1 of 3 regions to write on 1 page, 1 waiting for a person" in text


def test_colours_are_used_only_when_asked_for() -> None:
    made = plan(page(change()))

    assert "\x1b[31mold\x1b[0m\x1b[32mnew\x1b[0m words" in plan_as_text(made, has_colour=True)
    assert "\x1b" not in plan_as_text(made)


def test_a_change_that_no_reader_sees_is_shown_in_the_source() -> None:
    text = plan_as_text(plan(page(change(live="<p>x</p>", desired="<h2>x</h2>"))))

    assert "in the source:" in text
    assert "<[-p-]{+h2+}>x</[-p-]{+h2+}>" in text


def test_a_plan_in_sync_says_so() -> None:
    assert plan_as_text(plan()) == "in sync: 3 regions on 1 page\n"


def test_a_conflict_shows_what_each_side_changed_since_the_bot_wrote() -> None:
    written, live, desired = (f"<ul><li>{a}</li><li>{b}</li></ul>" for a, b in ("AB", "aB", "Ab"))
    last = LastApplied(3, written, digest_of(written))

    text = plan_as_text(plan(page(drifted(verdict=Verdict.CONFLICT, live=live, desired=desired, last_applied=last))))

    people, data = text.split("what people changed:")[1].split("what the data file changes:")
    assert "• [-A-]{+a+}" in people
    assert "  • B" in people
    assert "  • A" in data
    assert "• [-B-]{+b+}" in data


def test_a_missing_region_says_where_it_will_be_added() -> None:
    made = plan(page(change(live=None, action=Action.CREATE, place="end", marker=Marker("news")), is_first_run=True))

    assert "will be added at: end" in plan_as_text(made)
    assert "first write by the bot" in plan_as_text(made)
