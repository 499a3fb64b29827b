import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.inline import PageTarget, TitlesAsWritten, escape, link_destinations, plain_text, to_storage
from bot.storage.reader import read_strictly

TITLES = TitlesAsWritten()
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("*_`[]()<>\\&!#~|"), max_size=40)


@given(TEXT)
def test_any_text_renders_as_well_formed_storage_format(text: str) -> None:
    read_strictly(to_storage(text, TITLES))


@given(TEXT)
def test_escaped_text_comes_out_as_just_that_text(text: str) -> None:
    assert unescape(to_storage(escape(text), TITLES)) == text.strip()


PIECES = (
    "[",
    "]",
    "(",
    ")",
    "](page:",
    "](https://e.org",
    "[a](page:B)",
    "[c](http://e.org/?a=b)",
    "[d](card:https://e.org)",
    "\\",
    "`",
    "<",
    "&amp;",
    "*",
    "_",
    "!",
    " ",
    "\n",
    "word",
    ":star:",
    "[e](page:F G)",
    "(paren)",
    "é",
)


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_links_of_any_text_are_those_that_are_rendered(text: str) -> None:
    rendered = read_strictly(to_storage(text, TITLES))

    targets = {"a": "href", "ri:page": "ri:content-title"}
    rendered_links = [each.attributes[targets[each.name]] for each in rendered.elements() if each.name in targets]
    assert [each.removeprefix("page:") for each in link_destinations(text)] == rendered_links


def test_markup_becomes_elements() -> None:
    assert to_storage("**b** *i* _i_ `c<d`", TITLES) == "<strong>b</strong> <em>i</em> <em>i</em> <code>c&lt;d</code>"


def test_html_macros_and_cdata_ends_come_out_as_words() -> None:
    hostile = '<script>alert(1)</script> ]]> <ac:structured-macro ac:name="html"/> </ac:rich-text-body> &nbsp;'

    storage = to_storage(hostile, TITLES)

    assert "<" not in storage
    assert unescape(storage) == hostile


def test_links_of_dangerous_kinds_stay_text() -> None:
    for address in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "//host/x",
        "JaVaScRiPt:x",
    ):
        assert "<a" not in to_storage(f"[x]({address})", TITLES)


def test_an_address_stays_as_it_was_written() -> None:
    assert to_storage("[x](https://e.org/ä?a=1&b=%20#f)", TITLES) == '<a href="https://e.org/ä?a=1&amp;b=%20#f">x</a>'


def test_a_page_link_may_hold_spaces_and_brackets() -> None:
    link = to_storage("see [the *group*](page:Group (WS2 CCG)), soon", TITLES)

    assert link == (
        'see <ac:link><ri:page ri:content-title="Group (WS2 CCG)" />'
        "<ac:link-body>the <em>group</em></ac:link-body></ac:link>, soon"
    )


def test_a_page_link_by_id_is_written_with_the_title_and_space_of_that_page() -> None:
    class Wiki:
        def find_target(self, reference: str) -> PageTarget | None:
            return PageTarget('A & "B"', "OTHER") if reference == "17" else None

    link = to_storage("[x](page:17)", Wiki())

    assert '<ri:page ri:space-key="OTHER" ri:content-title="A &amp; &quot;B&quot;" />' in link


def test_an_attachment_link_names_the_file() -> None:
    assert '<ri:attachment ri:filename="final report.pdf" />' in to_storage("[x](attachment:final report.pdf)", TITLES)


def test_links_do_not_nest() -> None:
    storage = to_storage("[a [b](page:x) c](https://e.org)", TITLES)

    assert len(re.findall("<a |<ac:link>", storage)) == 1


def test_destinations_and_words_can_be_read_without_rendering() -> None:
    text = "**Read** [this](page:A) and [that](https://e.org) `now`"

    assert link_destinations(text) == ("page:A", "https://e.org")
    assert plain_text(text) == "Read this and that now"


@pytest.mark.parametrize(
    ("markdown", "storage"),
    [
        (
            "[@Ana (chair)](user:712020:675ab738)",
            '<ac:link><ri:user ri:account-id="712020:675ab738" /></ac:link>',
        ),
        (
            "[@Ana](user:24d4b96f58da6d4a8512313bbd02a28e)",
            '<ac:link><ri:user ri:userkey="24d4b96f58da6d4a8512313bbd02a28e" /></ac:link>',
        ),
        ("[@ana](username:ana)", '<ac:link><ri:user ri:username="ana" /></ac:link>'),
        ("[5 May](date:2024-05-05)", '<time datetime="2024-05-05" />'),
        (
            "[R & D](status:green)",
            (
                '<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">R &amp; D</ac:parameter>'
                '<ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro>'
            ),
        ),
        ("[a *b*](colour:rgb(0,128,0))", '<span style="color: rgb(0,128,0);">a <em>b</em></span>'),
        ("[a](highlight:#ff0)", '<span style="background-color: #ff0;">a</span>'),
        (
            "[:parrot:](emoji:0a1b)",
            (
                '<ac:emoticon ac:name="blue-star" ac:emoji-shortname=":parrot:" ac:emoji-id="0a1b" '
                'ac:emoji-fallback=":parrot:" />'
            ),
        ),
        (":tick: done, :star:", '<ac:emoticon ac:name="tick" /> done, <ac:emoticon ac:name="yellow-star" />'),
        (
            "[x](card:https://e.org/?a=(1)&b)",
            '<a href="https://e.org/?a=(1)&amp;b" data-card-appearance="inline">x</a>',
        ),
        (
            "[a [b](https://e.org)](colour:red)",
            '<span style="color: red;">a <a href="https://e.org">b</a></span>',
        ),
    ],
)
def test_what_the_editor_inserts_has_a_link_scheme(markdown: str, storage: str) -> None:
    assert to_storage(markdown, TITLES) == storage


@pytest.mark.parametrize(
    "markdown",
    [
        "[x](date:2024-02-30)",
        "[x](date:5 May)",
        "[x](status:pink)",
        "[x](colour:red;position:fixed)",
        '[x](colour:red" onclick="x)',
        "[x](highlight:url(https://e.org))",
        "[x](card:javascript:x)",
        "[x](user:)",
        ":rocket:",
        r"\:tick:",
    ],
)
def test_a_scheme_with_a_value_that_is_none_stays_text(markdown: str) -> None:
    assert "<" not in to_storage(markdown, TITLES)


def test_the_text_of_an_inserted_thing_is_its_label() -> None:
    assert plain_text("[R **x**](status:red) on [5 May](date:2024-05-05), [@Ana](user:1) :tick:") == (
        "R x on 5 May, @Ana "
    )
    assert link_destinations("[@Ana](user:1) [x](card:https://e.org) [y](page:A)") == ("https://e.org", "page:A")
