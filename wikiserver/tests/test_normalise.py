"""The changes that a save makes to a body, and the changes that it must never make."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.machine import IS_NIGHTLY
from tests.shared import shared_dir
from wikiserver.normalise import BadBody, Flavour, Level, normalise
from wikiserver.storage_tree import CData, Element, Node, Text, parse

FLAVOURS: list[Flavour] = ["cloud", "datacenter"]
LEVELS: list[Level] = ["none", "light", "full"]
CASES = list(itertools.product(LEVELS, FLAVOURS))


def save(body: str, *, flavour: Flavour = "cloud", level: Level = "light") -> str:
    counter = itertools.count(1)
    return normalise(body, flavour=flavour, level=level, new_id=lambda: f"id-{next(counter)}")


def words_and_code(nodes: list[Node]) -> Iterator[str]:
    """Text and code in order; the numbers and ids that a save puts into tasks left out."""
    for node in nodes:
        if isinstance(node, Element):
            if node.name not in {"ac:task-id", "ac:task-uuid", "ac:parameter"}:
                yield from words_and_code(node.children)
        elif isinstance(node, Text):
            yield node.value
        elif isinstance(node, CData):
            yield f"code:{node.value}"


def parameters(root: Element) -> list[tuple[str, str]]:
    return sorted((p.get("ac:name"), p.text) for p in root.walk() if p.name == "ac:parameter")


def test_none_stores_what_was_sent() -> None:
    body = "<p>a<b>b</b></p><p></p><ac:structured-macro ac:name='toc'/>"

    assert save(body, level="none") == body


def test_a_macro_gets_its_ids_and_spelling() -> None:
    body = "<ac:structured-macro ac:name='toc'/>"

    assert (
        save(body, flavour="datacenter")
        == '<ac:structured-macro ac:name="toc" ac:schema-version="1" ac:macro-id="id-1" />'
    )


def test_ids_that_are_there_are_kept() -> None:
    body = '<ac:structured-macro ac:name="toc" ac:schema-version="2" ac:macro-id="mine" />'

    assert save(body, flavour="datacenter") == body


def test_tables_and_links_get_cloud_ids_only_on_cloud() -> None:
    body = '<table><tbody><tr><td><ac:link><ri:page ri:content-title="A" /></ac:link></td></tr></tbody></table>'

    cloud = save(body, flavour="cloud")

    assert '<table ac:local-id="id-1">' in cloud
    assert '<ri:page ri:content-title="A" ri:version-at-save="1" />' in cloud
    assert save(body, flavour="datacenter") == body


def test_tasks_are_numbered_after_those_that_have_a_number() -> None:
    body = (
        "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>complete</ac:task-status></ac:task>"
        "<ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list>"
    )

    saved = save(body, flavour="datacenter")

    assert saved == (
        "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-uuid>id-1</ac:task-uuid>"
        "<ac:task-status>complete</ac:task-status></ac:task>"
        "<ac:task><ac:task-id>8</ac:task-id><ac:task-uuid>id-2</ac:task-uuid>"
        "<ac:task-status>incomplete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list>"
    )


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("<b>a</b> <i>b</i>", "<strong>a</strong> <em>b</em>"),
        ("<p></p><br/>", "<p /><br />"),
        ("<p>\"a\" > 'b' &apos;</p>", "<p>&quot;a&quot; &gt; 'b' '</p>"),
        ("<p class='x &quot;y&quot;'>a</p>", '<p class="x &quot;y&quot;">a</p>'),
        ('<span style="color: #Fa0">x</span>', '<span style="color: rgb(255,170,0)">x</span>'),
        ('<td style="background-color:#ff5630;">x</td>', '<td style="background-color:rgb(255,86,48);">x</td>'),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ("<p>a\r\nb\rc</p><x><![CDATA[d\r\ne]]></x>", "<p>a\nb\nc</p><x><![CDATA[d\ne]]></x>"),
    ],
)
def test_a_save_spells_things_its_own_way(typed: str, stored: str) -> None:
    assert save(typed, flavour="datacenter") == stored


def test_cloud_writes_entities_and_data_center_characters() -> None:
    body = "<p>\u00a0\u201cq\u201d &rarr; \u00e9 &#8217; \u4e2d</p>"

    assert save(body, flavour="cloud") == "<p>&nbsp;&ldquo;q&rdquo; &rarr; &eacute; &rsquo; \u4e2d</p>"
    assert save(body, flavour="datacenter") == "<p>\u00a0\u201cq\u201d \u2192 \u00e9 \u2019 \u4e2d</p>"


def test_full_reorders_parameters_and_drops_what_the_wiki_does_not_keep() -> None:
    body = (
        '<!-- note --><ac:structured-macro ac:name="code" ac:macro-id="m" ac:schema-version="1">'
        '<ac:parameter ac:name="title">t</ac:parameter> <ac:parameter ac:name="language">py</ac:parameter>'
        '</ac:structured-macro><p target="_blank" id="x" class="y">a</p>'
    )

    assert save(body, flavour="datacenter", level="full") == (
        '<ac:structured-macro ac:macro-id="m" ac:name="code" ac:schema-version="1">'
        '<ac:parameter ac:name="language">py</ac:parameter> <ac:parameter ac:name="title">t</ac:parameter>'
        '</ac:structured-macro><p class="y">a</p>'
    )


@pytest.mark.parametrize("level", LEVELS)
def test_code_is_never_touched(level: Level) -> None:
    code = '<![CDATA[<b>&nbsp; "x"\n\t]]]]><![CDATA[> <ac:structured-macro ac:name="toc"/>\n]]>'
    body = f'<ac:structured-macro ac:name="code"><ac:plain-text-body>{code}</ac:plain-text-body></ac:structured-macro>'

    assert code in save(body, level=level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<p>a</b>", r"mismatched tag at \[row,col \{unknown-source\}\]: \[1,7\]"),
        ("<p>a", "mismatched tag"),
        ("a & b", "not well-formed"),
        ("<p>a\n&nosuch;</p>", r'Undeclared general entity "nosuch".*\[2,1\]'),
        ('<p title="&nosuch;">a</p>', 'Undeclared general entity "nosuch"'),
        ("<p>\x00</p>", "not well-formed"),
        ("<p>\ud800</p>", "surrogate"),
        ("<!DOCTYPE a>", "not well-formed"),
        ("</storage-format><storage-format>", "junk after document element"),
        ("<p>" * 500 + "</p>" * 500, "nested deeper"),
    ],
)
def test_a_broken_body_is_refused_with_its_place(body: str, message: str, level: Level) -> None:
    with pytest.raises(BadBody, match=message):
        save(body, level=level)


def corpus_bodies() -> list[Path]:
    return sorted(path for path in shared_dir("corpus").rglob("*") if path.is_file() and path.name != "INDEX.tsv")


@pytest.mark.parametrize(("level", "flavour"), CASES)
def test_real_pages_keep_their_words_and_code(flavour: Flavour, level: Level) -> None:
    """By night every case tries all pages; by day the cases divide the pages among them."""
    step = 1 if IS_NIGHTLY else len(CASES)
    seen = 0
    for path in corpus_bodies()[CASES.index((level, flavour)) % step :: step]:
        body = path.read_text(encoding="utf-8")
        try:
            before = parse(body)
        except BadBody:
            continue
        saved = save(body, flavour=flavour, level=level)
        after = parse(saved)
        assert "".join(words_and_code(after.children)) == "".join(words_and_code(before.children)), path
        assert parameters(after) == parameters(before), path
        assert save(saved, flavour=flavour, level=level) == saved, path
        seen += 1
    assert seen > 450 // step


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
NAMES = st.sampled_from(
    ["p", "b", "i", "td", "table", "ac:link", "ri:page", "ac:structured-macro", "ac:task", "ac:parameter"]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["ac:name", "class", "id", "style", "ac:macro-id", "ri:content-title", "title"]), TEXTS, max_size=3
)


def _element(name: str, attributes: dict[str, str], children: list[str]) -> str:
    quoted = "".join(f" {key}='{_escaped(value)}'" for key, value in attributes.items())
    return f"<{name}{quoted}>{''.join(children)}</{name}>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;").replace("]]>", "]]&gt;")


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


BODIES = st.recursive(
    TEXTS.map(_escaped)
    | TEXTS.map(_cdata)
    | st.sampled_from(["&nbsp;", "&#160;", "&hearts;", "&#13;", "\r\n ", "<!-- c -->", "<?i c?>", "<![CDATA[]]>"]),
    lambda inner: st.builds(_element, NAMES, ATTRIBUTES, st.lists(inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=80)
@given(body=st.lists(BODIES, max_size=4).map("".join), flavour=st.sampled_from(FLAVOURS), level=st.sampled_from(LEVELS))
@example(body="<p><![CDATA[]]><!-- c --><![CDATA[]]></p>", flavour="cloud", level="full")
@example(body="<![CDATA[a]]]]><?i c?><![CDATA[>\r]]><!-- c --><![CDATA[\n]]>", flavour="datacenter", level="full")
def test_a_second_save_changes_nothing(body: str, flavour: Flavour, level: Level) -> None:
    saved = save(body, flavour=flavour, level=level)

    assert normalise(saved, flavour=flavour, level=level, new_id=lambda: pytest.fail("asked for an id")) == saved


@settings(max_examples=80)
@given(body=st.lists(BODIES, max_size=4).map("".join), level=st.sampled_from(LEVELS))
def test_no_word_is_lost_or_made_up(body: str, level: Level) -> None:
    before = "".join(words_and_code(parse(body).children))

    after = "".join(words_and_code(parse(save(body, level=level)).children))

    assert re.sub("code:|\r", "", after) == re.sub("code:|\r", "", before)
