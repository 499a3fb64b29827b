"""The canonical form of JSON stays JSON, whatever people wrote."""

import json

from bot.snapshot.archive.canonical_json import dump_json, dump_value


def test_a_mark_after_a_line_feed_does_not_join_its_escape() -> None:
    text = "n\n\u0303 \t\u0308 a\u0303"

    assert json.loads(dump_json({"body": text})) == {"body": "n\n\u0303 \t\u0308 \u00e3"}
    assert json.loads(dump_value([text])) == ["n\n\u0303 \t\u0308 \u00e3"]


def test_two_names_that_are_the_same_text_are_one() -> None:
    assert dump_json({"e\u0301": 1, "\u00e9": 2, "z": 3}) == '{\n "z": 3,\n "\u00e9": 2\n}\n'.encode()
