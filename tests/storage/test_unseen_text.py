"""What a reader sees nothing of."""

import pytest

from bot.storage.unseen_text import is_unseen


@pytest.mark.parametrize(
    "text", ["", " \t", "\u00a0", "\u200b", "\u200b \u2060", "\ufeff", "\u00ad", "\u3164", "\u200e", "\U000e0041"]
)
def test_blanks_and_shapeless_characters_are_unseen(text: str) -> None:
    assert is_unseen(text)


@pytest.mark.parametrize("text", ["a", "\u200ba", ".", "é", "👩\u200d🚀", "❤\ufe0f", "می\u200cخواهم"])
def test_words_and_pictures_are_seen(text: str) -> None:
    assert not is_unseen(text)
