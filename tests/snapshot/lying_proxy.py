"""A proxy that lies in one answer of a capture, and that lets people act before an answer.

An answer is named by its address and by how often that address was requested before, because the bot reads in threads.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from tests.scripted_proxy import NO_ANSWER, Answer, Rule, ScriptedProxy

_NUMBER = re.compile(r"\d{2,}")
_IDS = re.compile(r"#(,\+?#)+")
_EVERY = re.compile("")


class Place(NamedTuple):
    """One answer: a path with its query, and the number of earlier answers to it."""

    path: str
    earlier: int

    @property
    def kind(self) -> str:
        """The path without ids, which the answers of one shape share."""
        return _NUMBER.sub("#", self.path)

    @property
    def shape(self) -> str:
        """The kind, however many ids it has."""
        return _IDS.sub("#", self.kind)


Answers = Sequence[tuple[Place, Answer]]


class Lie(StrEnum):
    """What happens to the answer."""

    DROP = "drop"  # the connection ends without an answer
    CUT = "cut"  # half of the bytes
    CUT_LIST = "cut list"  # half of the results, and no next page
    EMPTY = "empty"  # no results, or bodies without text
    SWAP = "swap"  # the answer to another request for the same kind of thing
    SWAP_BODIES = "swap bodies"  # the bodies of two results exchanged
    REPEAT = "repeat"  # the answer before, again
    STALE = "stale"  # the answer of an earlier capture
    HOLLOW = "hollow"  # each list in each result is empty


class LyingProxy(ScriptedProxy):
    """*told* has the places and the honest answers, in the order of the requests."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.told: list[tuple[Place, Answer]] = []
        self.lied = False
        self._counts: Counter[str] = Counter()
        self._lie: tuple[Place, Lie, Answers, Answers] | None = None

    def lie(self, place: Place, lie: Lie, honest: Answers, before: Answers = ()) -> None:
        """Lie once, in the answer at *place*; *honest* has the answers of an honest capture, *before* earlier ones."""
        self._lie = place, lie, honest, before

    def rules_for(self, method: str, path: str) -> list[Rule]:
        with self._lock:
            place = Place(path, self._counts[path])
            self._counts[path] += 1
        return [
            *super().rules_for(method, path),
            Rule(method, _EVERY, None, change=lambda answer: self._tell(place, answer)),
        ]

    def _tell(self, place: Place, answer: Answer) -> None:
        self.told.append((place, Answer(answer.status, answer.body, dict(answer.headers))))
        if self._lie is not None and self._lie[0] == place:
            true = (answer.status, answer.body)
            _distort(answer, *self._lie)
            self.lied = (answer.status, answer.body) != true


def _distort(answer: Answer, place: Place, lie: Lie, honest: Answers, before: Answers) -> None:
    match lie:
        case Lie.DROP:
            answer.status = NO_ANSWER
        case Lie.CUT:
            answer.body = answer.body[: len(answer.body) // 2]
        case Lie.SWAP | Lie.REPEAT:
            _replace(answer, place, lie, honest)
        case Lie.STALE:
            same = (old for told, old in before if told.path == place.path)
            alike = (old for told, old in before if told.shape == place.shape)
            if (other := next(same, None) or next(alike, None)) is not None:
                answer.status, answer.body = other.status, other.body
        case _:
            _distort_json(answer, lie)


def _replace(answer: Answer, place: Place, lie: Lie, honest: Answers) -> None:
    index = next((number for number, (told, _) in enumerate(honest) if told == place), 0)
    others = [other for told, other in honest if told.kind == place.kind and told.path != place.path]
    other = honest[index - 1][1] if lie is Lie.REPEAT or not others else others[0]
    answer.status, answer.body = other.status, other.body
    answer.headers |= {"Content-Type": other.headers.get("Content-Type", "")}


def _distort_json(answer: Answer, lie: Lie) -> None:
    try:
        data = answer.json
    except ValueError:
        answer.body = b"" if lie is Lie.EMPTY else answer.body
        return
    results = data.get("results") if isinstance(data, dict) else None
    if isinstance(results, list) and lie is Lie.CUT_LIST:
        data["results"] = results[: len(results) // 2]
        data.get("_links", {}).pop("next", None)
    elif lie is Lie.EMPTY:
        data = {**data, "results": []} if isinstance(results, list) else _without_text(data)
    elif isinstance(results, list) and lie is Lie.SWAP_BODIES and len(results) > 1 and "body" in results[0]:
        results[0]["body"], results[1]["body"] = results[1]["body"], results[0]["body"]
    elif lie is Lie.HOLLOW and isinstance(results, list):
        data["results"] = [_without_lists(result) for result in results]
    answer.json = data


def _without_text(value: Any) -> Any:
    """Return an answer with empty bodies, and without results at any depth."""
    if isinstance(value, dict):
        return {
            key: "" if key == "value" else [] if key == "results" else _without_text(inner)
            for key, inner in value.items()
        }
    return value


def _without_lists(value: Any) -> Any:
    """Return an answer without results at any depth."""
    if isinstance(value, dict):
        return {key: [] if key == "results" else _without_lists(inner) for key, inner in value.items()}
    return value


def listing_cut_after(number: int) -> Callable[[Answer], None]:
    """Return a lie that ends each listing after *number* results."""

    def cut(answer: Answer) -> None:
        data = answer.json
        data["results"] = data["results"][:number]
        data["_links"].pop("next", None)
        answer.json = data

    return cut


def without(page_id: object) -> Callable[[Answer], None]:
    """Return a lie that leaves a page out of each listing."""

    def leave_out(answer: Answer) -> None:
        data = answer.json
        if "results" in data:
            data["results"] = [item for item in data["results"] if str(item.get("id")) != str(page_id)]
            answer.json = data

    return leave_out


def text_of(page_id: object, text: str) -> Callable[[Answer], None]:
    """Return a lie that gives a page another text wherever its body is sent in storage format."""

    def change(answer: Answer) -> None:
        data = json.loads(answer.body)
        for item in (*data.get("results", ()), data):
            if str(item.get("id")) == str(page_id) and "storage" in item.get("body", {}):
                item["body"]["storage"]["value"] = text
        answer.json = data

    return change
