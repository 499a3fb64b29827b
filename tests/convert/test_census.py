"""Every element, attribute and parameter of real pages is in the Markdown, a loss, or has no meaning in an archive."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.convert.census import Key, shared_bodies, take_census

_KNOWN = Path(__file__).with_name("census.txt")


def render_census(census: Mapping[Key, str]) -> str:
    """Return a line for each thing: what becomes of it, what it is, and its names."""
    return "".join(
        sorted(f"{became}\t{kind}\t{owner}\t{name}".rstrip() + "\n" for (kind, owner, name), became in census.items())
    )


def test_nothing_of_real_pages_is_silently_dropped_and_nothing_is_new() -> None:
    found = render_census(take_census(shared_bodies()))

    assert "silent" not in found
    assert found == _KNOWN.read_text("utf-8"), f"decide what becomes of what is new, and add the lines to {_KNOWN.name}"


def _macro(name: str, parameter: str) -> str:
    written = f'<ac:parameter ac:name="{parameter}">3</ac:parameter>'
    return f'<ac:structured-macro ac:name="{name}">{written}</ac:structured-macro>'


@pytest.mark.parametrize(
    ("body", "key", "became"),
    [
        ("<p><new-one/></p>", ("element", "new-one", ""), "said"),
        ("<p new='1'>x</p>", ("attribute", "p", "new"), "loss"),
        ("<p class='1'>x</p>", ("attribute", "p", "class"), "meaningless"),
        (_macro("toc", "new"), ("parameter", "toc", "new"), "loss"),
        (_macro("new", "new"), ("parameter", "new", "new"), "said"),
        (f"<h3>x</h3>{_macro('toc', 'minLevel')}", ("parameter", "toc", "minLevel"), "silent"),
        (f"<div><h2>x</h2>{_macro('toc', 'minLevel')}</div>", ("parameter", "toc", "minLevel"), "said"),
    ],
)
def test_the_census_sees_what_becomes_of_a_new_thing(body: str, key: Key, became: str) -> None:
    assert take_census([body])[key] == became
