from hypothesis import given
from hypothesis import strategies as st

from bot.storage.comment_markers import keep_comment_markers
from bot.storage.meaning import is_same
from bot.storage.reader import read_strictly
from tests.storage.corpus import real_bodies
from tests.storage.fragments import fragments
from tests.storage.inverses import strip_inline_comments


def refs_of(fragment: str) -> set[str]:
    markers = (each for each in read_strictly(fragment).elements() if each.name == "ac:inline-comment-marker")
    return {each.attributes.get("ac:ref", "") for each in markers if each.text.strip()}


def test_remarks_on_every_real_page_find_their_words_again() -> None:
    pages = 0
    for name, body in real_bodies():
        bare = strip_inline_comments(body)
        if bare == body:
            continue
        pages += 1
        kept = keep_comment_markers(body, bare)
        assert is_same(body, bare), name
        assert is_same(kept.text, bare), name
        assert strip_inline_comments(kept.text) == bare, name
        assert refs_of(kept.text) | set(kept.lost_by_ref) >= refs_of(body), name
        assert not any(kept.lost), name
    assert pages > 6


@given(fragments, fragments)
def test_keeping_remarks_changes_nothing_but_markers(old: str, new: str) -> None:
    kept = keep_comment_markers(old, new)

    assert is_same(kept.text, new)
    assert strip_inline_comments(kept.text) == strip_inline_comments(new)
    assert refs_of(old) <= refs_of(kept.text) | set(kept.lost_by_ref) | refs_of(new)


@given(fragments)
def test_remarks_on_an_unchanged_text_are_all_kept(old: str) -> None:
    kept = keep_comment_markers(old, strip_inline_comments(old))

    assert not any(kept.lost)
    assert refs_of(kept.text) == refs_of(old)


@given(st.lists(fragments, min_size=2, max_size=4))
def test_remarks_survive_what_is_written_above_them(pieces: list[str]) -> None:
    remark = '<ac:inline-comment-marker ac:ref="mine">quite unique</ac:inline-comment-marker>'
    old = "".join(pieces[1:]) + f"<p>{remark}</p>"

    kept = keep_comment_markers(old, "".join(pieces) + "<p>quite unique</p>")

    assert f"<p>{remark}</p>" in kept.text
