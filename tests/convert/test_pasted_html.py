"""What people paste from Word, Google Docs and web pages, as the inline Markdown of the data file.

The files in `pastes` are what the clipboard had as `text/html`; those in `.md` are what the form shows.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.data_model import NewsItem
from bot.convert.pasted_html import MAX_PASTE, clean_paste
from bot.inline import TitlesAsWritten, link_destinations, plain_text, to_storage
from bot.storage.reader import check_syntax

PASTES = Path(__file__).parent / "pastes"
DROPPED = {
    "google_docs": ("the bullets of a list",),
    "web": (
        "1 picture",
        "2 links to an address that is not on the web",
        "the style of headings",
        "a table, of which the text is kept",
        "invisible characters",
    ),
    "word": ("2 pictures", "colours"),
}


@pytest.mark.parametrize("name", sorted(path.stem for path in PASTES.glob("*.html")))
def test_a_paste_becomes_what_the_golden_file_says(name: str) -> None:
    pasted = clean_paste((PASTES / f"{name}.html").read_text())

    assert pasted.markdown + "\n" == (PASTES / f"{name}.md").read_text()
    assert pasted.dropped == DROPPED[name]


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("2 * 3 * 4 [x](y) `z` \\ :tick:", "2 * 3 * 4 [x](y) `z` \\ :tick:"),
        ("snake_case and _edges_", "snake_case and _edges_"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
    ],
)
def test_plain_words_stay_what_they_are(html: str, words: str) -> None:
    assert plain_text(clean_paste(html).markdown) == words


def test_a_link_keeps_its_address_whatever_it_has() -> None:
    pasted = clean_paste('<a href="https://example.org/a_(b)/c)d?x=1&amp;y=2#z">it</a>')

    assert link_destinations(pasted.markdown) == ("https://example.org/a_(b)/c)d?x=1&y=2#z",)


def test_a_huge_paste_is_cut() -> None:
    assert len(clean_paste("x" * (2 * MAX_PASTE)).markdown) <= MAX_PASTE


TAGS = st.sampled_from(
    ["b", "i", "p", "a href='https://x.example'", "a href='javascript:x'", "ul", "li", "script", "img"]
)


@given(st.lists(st.tuples(TAGS, st.text(max_size=8)), max_size=6))
def test_any_paste_is_a_text_that_the_data_file_accepts(parts: list[tuple[str, str]]) -> None:
    html = "".join(f"<{tag}>{text}" for tag, text in parts)

    markdown = clean_paste(html).markdown

    if markdown.strip():
        NewsItem.model_validate({"id": "x", "text": markdown})
        check_syntax(to_storage(markdown, TitlesAsWritten()))
        assert not any(each.startswith("javascript") for each in link_destinations(markdown))
