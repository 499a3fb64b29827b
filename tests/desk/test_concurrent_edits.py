"""Random pairs of edits by two people at once, sent as their browsers send them: whatever they do, no word is lost."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from werkzeug.test import TestResponse

from bot.desk.roles import Role
from tests.desk.conftest import DeskClient, DeskWorld
from tests.desk.test_write_news import NEW, NEWS, data_of, digest_in, fields_of
from tests.machine import IS_NIGHTLY

_PAIRS = 200 if IS_NIGHTLY else 10
_ITEMS, _PAIRS_OF_ITEMS = 4, 10
Send = Callable[[], TestResponse]


class Editor:
    """A person with a browser: opens a form, and sends it later."""

    def __init__(self, client: DeskClient, chance: random.Random) -> None:
        self.client, self.chance = client, chance
        self.place, self.fields = "", dict[str, str]()
        self.items: tuple[str, ...] = ()

    def open(self, words: str) -> Send:
        """Open a form and type; return what sends it."""
        kind = self.chance.choice(("add", "edit", "edit", "edit", "pin", "move"))
        item = self.chance.choice(self.items)
        if kind in ("pin", "move"):
            self.place = ""
            action = f"pin:{item}" if kind == "pin" else f"place:{item}"
            sent = {
                "digest": digest_in(self.client.get(NEWS).text),
                "do": action,
                "before": self.chance.choice(self.items),
            }
            return lambda: self.client.post(NEWS, sent)
        self.place = NEW if kind == "add" else f"{NEWS}/{item}"
        self.fields = fields_of(self.client.get(self.place).text)
        self.fields["text"] = self.chance.choice((f"{self.fields['text']} {words}", f"{words} {self.fields['text']}"))
        if self.chance.random() < 0.3:
            self.fields["date"] = f"2026-10-{self.chance.randrange(10, 29)}"
        return lambda: self.client.post(self.place, self.fields)

    def settle(self, answer: TestResponse) -> bool:
        """Answer the question about two texts by taking both; return whether words were saved."""
        for _ in range(4):
            if answer.status_code in (302, 303):
                return bool(self.place)
            question = fields_of(answer.text)
            if answer.status_code == 409 and 'value="both"' in answer.text:
                question = fields_of(self.client.post(self.place, question | {"action": "both"}).text)
            answer = self.client.post(self.place, question)  # also the second press that a warning asks for
        raise AssertionError(answer.text)


def test_of_random_pairs_of_edits_at_once_no_word_is_lost(own_world: DeskWorld) -> None:
    chance, kept = random.Random(14), list[str]()  # noqa: S311 -- the same pairs each time
    people = [Editor(own_world.client_as(role), chance) for role in (Role.EDITOR, Role.MAINTAINER)]

    with ThreadPoolExecutor(2) as both:
        for pair in range(_PAIRS):
            if pair % _PAIRS_OF_ITEMS == 0:  # a text has 2,000 characters at most, and each question doubles it
                names = tuple(f"item{pair}-{number}" for number in range(_ITEMS))
                for name in names:
                    kept.append(f"First-{name}")
                    own_world.run("news", "add", f"First-{name} words.", "--id", name)
                for each in people:
                    each.items = names
            words = [f"Pair{pair}by{person}" for person in range(2)]
            sends = [each.open(word) for each, word in zip(people, words, strict=True)]
            answers = [sent.result() for sent in [both.submit(send) for send in sends]]
            for each, word, answer in zip(people, words, answers, strict=True):
                if each.settle(answer):
                    kept.append(word)
            text = data_of(own_world)
            assert [word for word in kept if word not in text] == [], f"after pair {pair}"

    assert len(kept) > _PAIRS
