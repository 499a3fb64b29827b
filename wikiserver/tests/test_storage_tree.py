"""The offsets of elements in the body from which they were read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_dir
from wikiserver.storage_tree import BadBody, parse, serialise


@pytest.mark.parametrize(
    ("body", "spans"),
    [
        ("<p>é</p><br/><p></p>", ["<p>é</p>", "<br/>", "<p></p>"]),
        ("<p><br /></p>", ["<p><br /></p>", "<br />"]),
        ("<p><p></p></p >", ["<p><p></p></p >", "<p></p>"]),
        ("<p a='>/'/>x", ["<p a='>/'/>"]),
        ("<p a='/'>\n</p>", ["<p a='/'>\n</p>"]),
        ("<p a='/'></p><p><!-- c --></p>", ["<p a='/'></p>", "<p><!-- c --></p>"]),
    ],
)
def test_elements_know_where_they_stand(body: str, spans: list[str]) -> None:
    source = body.encode()

    assert [source[one.start : one.end].decode() for one in parse(body).walk()] == spans


def test_elements_of_real_pages_know_where_they_stand() -> None:
    for path in sorted(shared_dir("corpus").rglob("*.xhtml")):
        body = path.read_text(encoding="utf-8")
        try:
            root = parse(body)
        except BadBody:
            continue
        source = body.encode()
        for one in root.walk():
            tag = source[one.start : one.end]
            assert tag.startswith(f"<{one.name}".encode()), path
            assert tag.endswith((b"/>", f"</{one.name}>".encode(), f"</{one.name} >".encode())), path


@settings(max_examples=80)
@given(st.text(st.sampled_from("<>/p &;ab'\"=\n!-[]CDAT"), max_size=30))
def test_whatever_is_read_prints_the_same_words(body: str) -> None:
    try:
        root = parse(body)
    except BadBody:
        return

    assert parse(serialise(root.children)).text == root.text
