"""Characters that nobody sees are shown, and those that change what people see stay."""

import json

import pytest

from bot.escape import visible, visible_in_json

UNSEEN = {
    "joiner between letters": "a\u200db",
    "non-joiner at the end": "admin\u200c",
    "zero width space": "a\u200bb",
    "word joiner": "a\u2060b",
    "soft hyphen": "a\u00adb",
    "grapheme joiner": "a\u034fb",
    "Hangul filler": "\u3164",
    "half width filler": "\uffa0",
    "Khmer vowel": "a\u17b4",
    "variant of a letter": "a\ufe0f",
    "variants that carry a message": "\u2764\ufe0f\U000e0151",
    "tag": "\U0001f3f4\U000e0067",
    "not assigned tag": "a\U000e0002",
    "mark of direction": "a\u061cb",
}
SEEN = {
    "family of emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "key": "1\ufe0f\u20e3",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Persian plural of a Latin word": "CD\u200c\u0647\u0627",
    "form of a Japanese name": "\u845b\U000e0100\u57ce",
    "accent": "e\u0301",
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_what_nobody_sees_is_shown(text: str) -> None:
    assert visible(text) != text
    assert visible_in_json(json.dumps(text, ensure_ascii=False)).count("\\u")
    assert json.loads(visible_in_json(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_what_people_see_stays(text: str) -> None:
    assert visible(text) == text
    assert visible_in_json(text) == text
