import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sync.ledger import Tag, TagEntry, parse_tag

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
MARKS = st.builds(TagEntry, st.from_regex(r"[0-9a-f]{10}", fullmatch=True), st.booleans())


@given(
    regions=st.dictionaries(NAMES, MARKS, min_size=1, max_size=4),
    revision=st.from_regex(r"[0-9a-f]{0,12}", fullmatch=True),
    words=st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=300),
)
def test_a_tag_is_read_back_whatever_words_follow_it(regions: dict[str, TagEntry], revision: str, words: str) -> None:
    tag = Tag(regions, revision)

    message = tag.message(words)

    assert parse_tag(message) == tag
    assert len(message) <= 255


def test_a_message_says_first_what_the_machine_needs_and_then_what_people_read() -> None:
    tag = Tag({"status": TagEntry("5b4c3d2e1f", is_repair=True), "news": TagEntry("1f2e3d4c5b")}, "9c0ffee12345")

    message = tag.message("updated news")

    assert message == "wikibot news=1f2e3d4c5b,status=5b4c3d2e1f! r=9c0ffee12345: updated news"
    parsed = parse_tag(message)
    assert parsed is not None
    assert (parsed.seal, parsed.is_sealed_for(1)) == ("", False)


def test_a_message_is_cut_where_the_wiki_would_refuse_it_and_has_no_space_at_its_end() -> None:
    tag = Tag({"news": TagEntry("1f2e3d4c5b")})
    start = "wikibot news=1f2e3d4c5b: "

    assert tag.message("x" * 300) == start + "x" * (255 - len(start))
    assert tag.message("x " * 300) == (start + "x " * 300)[:255].rstrip(" ")
    assert tag.message("") == "wikibot news=1f2e3d4c5b:"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "fixed a typo",
        "wikibot",
        "wikibot: updated",
        "wikibot news=: updated",
        "wikibot news=XYZ r=1: updated",
        "Reverted wikibot news=1f2e3d4c5b r=1: updated",
        "wikibot news=1f2e3d4c5b,: updated",
    ],
)
def test_other_messages_bear_no_tag(message: str) -> None:
    assert parse_tag(message) is None
