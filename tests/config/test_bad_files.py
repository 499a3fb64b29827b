"""Invalid data files are refused with file and line, or their text is shown as text."""

import datetime as dt
import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.data_file import DataFile
from bot.errors import ContentError
from bot.inline import plain_text
from bot.render import Renderer
from bot.resources import templates_dir
from bot.storage.reader import read_strictly

HEAD = "workspace: {space: WS2, home: Home}\n"
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
RENDERER = Renderer([templates_dir() / "wiki"])

BAD = {
    "empty": "",
    "only a comment": "# nothing\n",
    "a list": "- a\n- b\n",
    "a word": "hello\n",
    "no workspace": "news: {items: []}\n",
    "duplicate key": HEAD + "news: {items: []}\nnews: {items: []}\n",
    "duplicate key in flow": HEAD + "news: {items: [{id: a, text: x, text: y}]}\n",
    "tab": HEAD + "news:\n\titems: []\n",
    "NUL": HEAD + "news: {items: [{id: a, text: 'x\0y'}]}\n",
    "control character": HEAD + 'news: {items: [{id: a, text: "x\\x07y"}]}\n',
    "surrogate": HEAD + 'news: {items: [{id: a, text: "x\\ud800y"}]}\n',
    "not a character": HEAD + 'news: {items: [{id: a, text: "x\\uffffy"}]}\n',
    "bidi override": HEAD + 'news: {items: [{id: a, text: "x\\u202ey"}]}\n',
    "bidi isolate": HEAD + 'news: {items: [{id: a, text: "x\\u2066y"}]}\n',
    "alias bomb": HEAD
    + "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(97 + i)}: &{chr(97 + i)} [{','.join(['*' + chr(96 + i)] * 10)}]\n" for i in range(1, 9)),
    "an alias of itself": HEAD + "news: &n {items: [*n]}\n",
    "unknown key": HEAD + "newz: {items: []}\n",
    "unknown key below": HEAD + "news: {items: [{id: a, txet: x}]}\n",
    "python tag": HEAD + "news: !!python/object/apply:os.system ['true']\n",
    "second document": HEAD + "---\n" + HEAD,
    "unclosed quote": HEAD + 'news: {items: [{id: a, text: "x}]}\n',
    "unclosed bracket": HEAD + "news: {items: [\n",
    "second colon": HEAD + "status: {lines: [{text: a: b}]}\nx: y: z\n",
    "text is a number": HEAD + "news: {items: [{id: a, text: 2024}]}\n",
    "text is a list": HEAD + "news: {items: [{id: a, text: [x]}]}\n",
    "text is empty": HEAD + "news: {items: [{id: a, text: ''}]}\n",
    "text is blank": HEAD + "news: {items: [{id: a, text: '  '}]}\n",
    "an empty !!int": HEAD + "page_index: !!int \n",
    "an empty !!float": HEAD + "page_index: !!float \n",
    "a directive in the middle": HEAD + "%YAML 9.9\n",
    "a list as a key": HEAD + "news: {? [a, b] : c}\n",
    "a merge of a complex key": HEAD + "news:\n  <<: {[a]: 1}\n",
    "no such day": HEAD + "news: {items: [{id: a, text: x, date: 2024-02-31}]}\n",
    "no time zone": HEAD + "news: {items: [{id: a, text: x, publish_at: 2024-02-01 09:00:00}]}\n",
    "expires first": HEAD
    + "news: {items: [{id: a, text: x, publish_at: 2024-02-02T00:00Z, expires_at: 2024-02-01T00:00Z}]}\n",
    "same id twice": HEAD + "news: {items: [{id: a, text: x}, {id: a, text: y}]}\n",
    "bad id": HEAD + "news: {items: [{id: 'A b', text: x}]}\n",
    "show nothing": HEAD + "news: {show: 0, items: []}\n",
    "unknown icon": HEAD + "status: {lines: [{icon: unicorn, text: x}]}\n",
    "no lines": HEAD + "status: {lines: []}\n",
    "two targets": HEAD + "quick_links: {links: [{text: x, page: y, url: 'https://z'}]}\n",
    "script address": HEAD + "quick_links: {links: [{text: x, url: 'javascript:alert(1)'}]}\n",
    "data address": HEAD + "quick_links: {links: [{text: x, url: 'data:text/html,x'}]}\n",
    "address with a space": HEAD + "quick_links: {links: [{text: x, url: 'https://a b'}]}\n",
    "empty page": HEAD + "quick_links: {links: [{text: x, page: ~}]}\n",
    "empty address": HEAD + "quick_links: {links: [{text: x, url: }]}\n",
    "empty file name below": HEAD + "quick_links: {links: [{text: x, links: [{text: y, attachment: null}]}]}\n",
    "empty picture": HEAD + "quick_links: {links: [{image: {attachment: a.png, url: ~}}]}\n",
    "empty page for older news": HEAD + "news: {older: ~, items: []}\n",
    "page is a day": HEAD + "quick_links: {links: [{text: x, page: 2024-05-05}]}\n",
    "page is a fraction": HEAD + "quick_links: {links: [{text: x, page: 1.10}]}\n",
    "page is yes or no": HEAD + "quick_links: {links: [{text: x, page: true}]}\n",
    "number in base 16": HEAD + "quick_links: {heading_level: 0x2, links: [{text: x}]}\n",
    "heading level": HEAD + "quick_links: {heading_level: 7, links: [{text: x}]}\n",
    "bad space key": "workspace: {space: 'a/b', home: x}\n",
    "team space key with the characters of a personal one": "workspace: {space: 'a@b', home: x}\n",
    "personal space key that is an address": "workspace: {space: '~a/b?c', home: x}\n",
    "personal space key with a blank": "workspace: {space: '~a b', home: x}\n",
    "personal space key without a name": "workspace: {space: '~', home: x}\n",
    "bad time zone": "workspace: {space: A, home: x, timezone: Mars/Base}\n",
    "deep": HEAD + "news: " + "[" * 5000 + "]" * 5000 + "\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_with_its_name_and_a_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ws2.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(ContentError, match=r"ws2\.yaml") as caught:
        DataFile.load(path)

    assert path.read_bytes() == text.encode("utf-8", "surrogatepass")
    assert "\n  " not in str(caught.value)


CUT_OFF = HEAD + "news:\n  items:\n    - {id: a, text: x}\n    - {id: b, text: y}\n"


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "work", "workspace:", "workspace:\n"])
def test_a_file_without_content_is_said_to_be_cut_off_or_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "ws2.yaml").write_text(text)

    with pytest.raises(ContentError, match=r"ws2\.yaml:1: is cut off or empty.*put its content back from version"):
        DataFile.load(tmp_path / "ws2.yaml")


def test_a_file_that_ends_within_a_line_is_read_or_said_to_be_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "ws2.yaml"
    said = []
    for end in range(1, len(CUT_OFF)):
        path.write_text(CUT_OFF[:end])
        try:
            DataFile.load(path)
        except ContentError as error:
            said += [str(error)] if CUT_OFF[end - 1] != "\n" else []

    assert len(said) > len(CUT_OFF) // 2
    assert [message for message in said if not re.search(r"ws2\.yaml:\d+: .*cut off", message)] == []


@pytest.mark.parametrize("title", ["0x1F", "0o17", "007", "1_000", "+5", "2024"])
def test_a_page_reference_that_yaml_reads_as_a_number_stays_as_it_is_written(tmp_path: Path, title: str) -> None:
    (tmp_path / "ws2.yaml").write_text(HEAD + f"quick_links: {{links: [{{text: {title} a, page: {title}}}]}}\n")

    links = DataFile.load(tmp_path / "ws2.yaml").data.quick_links

    assert links is not None
    assert links.links[0].page == title


def test_an_empty_target_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "ws2.yaml").write_text(HEAD + "quick_links:\n  links:\n    - text: x\n      page: ~\n")

    with pytest.raises(ContentError, match=r"ws2\.yaml:5: quick_links\.links\.0\.page: is empty; name a target"):
        DataFile.load(tmp_path / "ws2.yaml")


@pytest.mark.parametrize("section", ["status: {lines: []}", "quick_links: {links: []}"])
def test_what_is_empty_and_may_not_be_is_said_in_plain_words(tmp_path: Path, section: str) -> None:
    (tmp_path / "ws2.yaml").write_text(HEAD + section + "\n")

    with pytest.raises(ContentError, match=r"ws2\.yaml:2: \w+\.\w+: must have at least one entry$"):
        DataFile.load(tmp_path / "ws2.yaml")


def test_a_file_that_is_too_large_or_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text(HEAD + "#" * 10_000_000)
    (tmp_path / "latin.yaml").write_bytes(HEAD.encode() + b"# caf\xe9\n")

    with pytest.raises(ContentError, match=r"large\.yaml: cannot be read: it is larger than 4 MB"):
        DataFile.load(tmp_path / "large.yaml")
    with pytest.raises(ContentError, match=r"latin\.yaml:2: is not UTF-8"):
        DataFile.load(tmp_path / "latin.yaml")
    with pytest.raises(ContentError, match=r"none\.yaml: does not exist; create it from a page with `wikibot adopt"):
        DataFile.load(tmp_path / "none.yaml")


def test_a_byte_order_mark_and_windows_line_ends_are_accepted_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ws2.yaml"
    path.write_bytes(("\ufeff" + HEAD + "news:\n  items:\n    - {id: a, text: x}\n").replace("\n", "\r\n").encode())

    DataFile.load(path).edit_news("a", {"text": "y"}).save()

    wanted = ("\ufeff" + HEAD + "news:\n  items:\n    - {id: a, text: y}\n").replace("\n", "\r\n")
    assert path.read_bytes() == wanted.encode()


HOSTILE = st.sampled_from(
    [
        "]]>",
        "</ac:structured-macro>",
        "</ac:rich-text-body>",
        '<ac:structured-macro ac:name="html">',
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "&nbsp;",
        "&#x202e;",
        "<!--",
        "{{ region }}",
        "{% raw %}",
        '"><img src=x onerror=alert(1)>',
        "<![CDATA[",
        "${jndi}",
        "\u200b",
    ]
)
TEXTS = st.lists(HOSTILE | st.text(max_size=12), min_size=1, max_size=4).map("".join)


@settings(max_examples=300)
@given(text=TEXTS)
def test_any_text_is_refused_or_comes_out_as_text(text: str) -> None:
    document = _document_or_refusal(HEAD + "status: {lines: [{text: " + _quoted(text) + "}]}\n")
    if isinstance(document, ContentError):
        assert str(document).startswith("ws2.yaml:2: ")
        return

    storage = RENDERER.render("status", document.data, now=NOW)

    read_strictly(storage)
    own = re.compile(
        r"</?(?:p|strong|em|code|ac:link|ac:link-body)>|<br />|</a>|<a href=\"(?:https?|mailto):[^\"<>]*\">"
    )
    words = own.sub("", storage)
    assert "<" not in words
    assert unescape(words).split() == plain_text(text).split()


def _document_or_refusal(text: str) -> DataFile | ContentError:
    try:
        return DataFile.parse(text, Path("ws2.yaml"))
    except ContentError as error:
        return error


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'
