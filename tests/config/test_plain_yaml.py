"""The fast reader gives the same nodes, places and values as ruamel.yaml, or leaves the text to it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.config.plain_yaml import read_plain
from bot.config.yaml_source import YamlSource, parse_yaml
from bot.errors import ContentError

PATH = Path("ws2.yaml")
EXAMPLE = (Path(__file__).parents[2] / "config" / "example" / "ws2.yaml").read_text()
FRAGMENTS = (
    *(
        "a",
        "b",
        "key",
        "- ",
        "-",
        ": ",
        ":",
        "? ",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n  - ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "#",
    ),
    *(" # c", "'", '"', "|", "|-\n    x\n", "|2\n   y\n", ">\n   z\n\n", "~", "null", "1", "007", "0x1F", "2024-02-22"),
    *(
        "true",
        "yes",
        "no",
        "1.5",
        "é",
        "🚀",
        "http://x/y?z=1#q",
        "\\n",
        "''",
        "%",
        "@",
        "`",
        "!",
        "&a",
        "*a",
        "---",
        "...",
    ),
    *(
        "<<",
        "=",
        "a: 1",
        'text: "x: y"',
        "\r\n",
        "\t",
        "\u2028",
        " ",
        "  ",
        "key:\n",
        "page:T",
        "2024-01-01T10:00:00Z",
        "+1",
    ),
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)


@st.composite
def damaged_examples(draw: st.DrawFn) -> str:
    text = EXAMPLE
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(FRAGMENTS)) + text[at + draw(st.integers(0, 2)) :]
    return text


def read(text: str, monkeypatch: pytest.MonkeyPatch, *, fast: bool) -> YamlSource | str:
    with monkeypatch.context() as patched:
        if not fast:
            patched.setattr("bot.config.plain_yaml.CParser", None)  # as without libyaml
        try:
            return parse_yaml(text, path=PATH, error=ContentError)
        except ContentError as error:
            return str(error)


def described(node: Node | None) -> object:
    """What the program uses of a node: the end of a block collection is not among it."""
    match node:
        case ScalarNode():
            return node.tag, node.value, place(node.start_mark), place(node.end_mark)
        case MappingNode() | SequenceNode():
            end = place(node.end_mark) if node.flow_style else None
            pairs = node.value if isinstance(node, SequenceNode) else [each for pair in node.value for each in pair]
            return node.tag, bool(node.flow_style), place(node.start_mark), end, list(map(described, pairs))
        case _:
            return None


def place(mark: object) -> tuple[int, int, int]:
    return mark.index, mark.line, mark.column  # type: ignore[attr-defined]  # two classes of marks


def assert_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow = (read(text, monkeypatch, fast=fast) for fast in (True, False))
    if isinstance(quick, str) or isinstance(slow, str):
        assert quick == slow
        return
    assert repr(quick.value) == repr(slow.value)
    assert described(quick.root) == described(slow.root)


@given(text=TEXTS | damaged_examples())
def test_both_readers_agree_on_every_text(text: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert_same(text, monkeypatch)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "a: 1\nb: [x, {c: 'd'}]\n",
        "a:\n",
        "a: &x 1\nb: *x\n",
        "a: !!int\n",
        "%YAML 9.9\n---\na: 1\n",
        "a: 1\na: 2\n",
        "1: x\ntrue: y\n",
        "a: |# no comment\n  x\n",
        "a: 2024-13-01\n",
        "- " * 100 + "x",
        "a: x\u2028b: y\n",
    ],
)
def test_both_readers_agree_on_the_unusual(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(text, monkeypatch)


def test_this_machine_has_the_fast_reader() -> None:
    assert read_plain("a: b\n", lambda text: ("text", text), max_values=10) is not None
