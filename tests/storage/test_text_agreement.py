"""Plan, adoption, reports and converter show the same text for a fragment."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from bot.adopt.impression import impression_of, words_of
from bot.convert import PageContext, convert_page
from bot.storage.reader import read_strictly
from bot.storage.visible_text import lines_of, text_of

FILE = '<ri:attachment ri:filename="a.doc" />'
TITLE = '<ac:parameter ac:name="title">Hint</ac:parameter>'
MENTION = '<ac:link><ri:user ri:account-id="ana-1" /></ac:link>'


def macro(name: str, content: str) -> str:
    return f'<ac:structured-macro ac:name="{name}">{content}</ac:structured-macro>'


FRAGMENTS = {
    "a mention": (f"<p>Ask {MENTION} today</p>", "Ask @ana-1 today"),
    "a date": ('<p>Due <time datetime="2024-02-22" />!</p>', "Due 2024-02-22!"),
    "a link with a text": ('<p>See <a href="https://x.test/">the plan</a>.</p>', "See the plan."),
    "a link without a text": (
        '<p>See <ac:link><ri:page ri:content-title="Plan A" /></ac:link></p>',
        "See Plan A",
    ),
    "a link with a code text": (
        (
            '<p><ac:link><ri:page ri:content-title="P" /><ac:plain-text-link-body><![CDATA[a < b]]>'
            "</ac:plain-text-link-body></ac:link></p>"
        ),
        "a < b",
    ),
    "an attachment": ('<p>In <ac:link><ri:attachment ri:filename="a.pdf" /></ac:link></p>', "In a.pdf"),
    "an emoticon": ('<p><ac:emoticon ac:name="tick" /> Done</p>', "✅ Done"),
    "an emoji": (
        '<p>Go <ac:emoticon ac:name="blue-star" ac:emoji-shortname=":rocket:" ac:emoji-id="1f680" /></p>',
        "Go 🚀",
    ),
    "a task": (
        (
            "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-uuid>u-9</ac:task-uuid>"
            "<ac:task-status>complete</ac:task-status><ac:task-body>Plan it</ac:task-body></ac:task></ac:task-list>"
        ),
        "[x] Plan it",
    ),
    "an open task": (
        (
            "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>incomplete</ac:task-status>"
            "<ac:task-body>Plan it</ac:task-body></ac:task></ac:task-list>"
        ),
        "[ ] Plan it",
    ),
    "a status": (
        (
            '<p>is <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">LATE</ac:parameter>'
            '<ac:parameter ac:name="colour">Red</ac:parameter>'
            "</ac:structured-macro></p>"
        ),
        "is 🔴 LATE",
    ),
    "code": ("<p>run <code>ls -l</code> now</p>", "run ls -l now"),
    "a code block": (
        (
            '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[if a < b]]></ac:plain-text-body>'
            "</ac:structured-macro>"
        ),
        "if a < b",
    ),
    "a picture": (
        '<p>see <ac:image ac:alt="the bridge"><ri:attachment ri:filename="b.png" /></ac:image></p>',
        "see the bridge",
    ),
    "breaks and blocks": ("<p>one<br />two</p><p>three</p>", "one two three"),
    "a comment marker": ('<p>a<ac:inline-comment-marker ac:ref="r-1">b</ac:inline-comment-marker>c</p>', "abc"),
    "entities": ("<p>5&nbsp;&euro; &lt; 6 &eacute;</p>", "5 € < 6 é"),
}

_PAGES = SimpleNamespace(
    base_url="https://wiki.test",
    addresses=("https://wiki.test",),
    space_key="WS2",
    name_page=lambda *_: None,
    find_target=lambda _: None,
)


def _plan(fragment: str) -> str:
    """Return a plan's lines without the targets of links that have a text, bullets and names of macros."""
    text = re.sub(
        r"‹(?:file )?([^›]*)›", lambda match: "" if "://" in match[1] else match[1], " ".join(lines_of(fragment))
    )
    return re.sub(r"\[code\]|• ", "", text)


def _adoption(fragment: str) -> str:
    return words_of(impression_of(fragment, _PAGES))


def _search(fragment: str) -> str:
    return convert_page(fragment, PageContext(space_key="WS2")).markdown


CALLERS: dict[str, Callable[[str], str]] = {
    "text": text_of,
    "text of a part": lambda fragment: text_of(read_strictly(fragment).root),
    "plan": _plan,
    "adoption": _adoption,
    "search": _search,
}


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+|[✅🚀🔴€<]", re.sub(r"22 February 2024", "2024-02-22", text.replace("&lt;", "<")))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(("fragment", "text"), FRAGMENTS.values(), ids=FRAGMENTS)
def test_each_shows_the_text_of_a_fragment(fragment: str, text: str, caller: str) -> None:
    shown = words(CALLERS[caller](fragment))

    at = 0
    for word in words(text):
        assert word in shown[at:], (word, shown)
        at = shown.index(word, at) + 1
    assert not {"7", "u", "9", "complete", "incomplete", "r", "tick"} & set(shown)


@pytest.mark.parametrize(("fragment", "text"), FRAGMENTS.values(), ids=FRAGMENTS)
def test_the_text_is_exactly_what_a_reader_sees(fragment: str, text: str) -> None:
    assert text_of(fragment) == text


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<p>5 &euros;</p>", "5 &euros;"),
        ("<p>a<ac:placeholder>type here</ac:placeholder></p>", "a"),
        ("<p>a<br>b</p> c", "a b c"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "a b"),
        ('<p>x<ac:emoticon ac:name="tick" />y</p>', "x ✅ y"),
        ('<p><ac:emoticon ac:name="blue-star" ac:emoji-shortname=":party:" ac:emoji-id="u-1" /></p>', ":party:"),
        ('<p><ac:link ac:anchor="end" /></p>', "end"),
        ('<p><ac:link><ri:space ri:space-key="WS2" /></ac:link></p>', "WS2"),
        ('<p><ac:link><ri:shortcut ri:key="jira" ri:parameter="A-1" /></ac:link></p>', "A-1@jira"),
        ('<p><ac:link><ri:content-entity ri:content-id="12" /></ac:link></p>', "page 12"),
        ("<p><ac:link><ri:user /></ac:link></p>", "@unknown user"),
        ('<p><time datetime="2024-02-22">Thursday</time></p>', "Thursday"),
        ('<p><img src="https://x.test/a/b.png?x=1" /></p>', "b.png"),
        ('<ac:structured-macro ac:name="toc" />', "[toc]"),
        ("<p>a" + macro("anchor", '<ac:parameter ac:name="">x</ac:parameter>') + "</p>", "a"),
        (macro("view-file", f'<ac:parameter ac:name="name">{FILE}</ac:parameter>'), "a.doc"),
        (macro("panel", f"{TITLE}<ac:rich-text-body><p>text</p></ac:rich-text-body>"), "Hint text"),
        (macro("jira", '<ac:parameter ac:name="key">A-1</ac:parameter>'), "A-1"),
        ("", ""),
    ],
)
def test_other_things_are_named_by_what_the_wiki_shows(fragment: str, text: str) -> None:
    assert text_of(fragment) == text


def test_a_person_is_named_where_the_name_is_known() -> None:
    assert text_of(f"<p>Ask{MENTION}, or wait</p>", {"ana-1": "Ana Lima"}) == "Ask @Ana Lima, or wait"


def test_a_finished_task_is_ticked_in_a_plan() -> None:
    fragment, _ = FRAGMENTS["a task"]

    assert lines_of(fragment) == ["• [x] Plan it"]
