"""At a terminal, `adopt` lists what page and data file disagree on, and takes a decision about each."""

import os

import pytest

from tests.journeys.conftest import Desk
from tests.journeys.test_merge import ana_changes, body, news, ready
from tests.terminal import Terminal

__all__ = ["ready"]

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["empty"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]


@pytest.fixture
def disputed(ready: Desk) -> Desk:
    """Ana corrected one item, reworded another and removed a line; the data file has another wording of the second."""
    ana_changes(ready, "Read ", "Please read ")
    ana_changes(ready, "Vote now.", "Vote before Friday.")
    page = body(ready)
    at = page.index("<p", page.index("All good."))
    ready.wiki.edit(ready.wiki.find("Home").id, page[:at] + page[page.index("</p>", at) + 4 :], by="ana")
    ready.ran("news", "edit", "b", "--text", "Vote today.")
    return ready


def terminal(desk: Desk, *words: str) -> Terminal:
    kept = {name: value for name, value in os.environ.items() if name.startswith("WIKIBOT_")}
    return Terminal("adopt", *words, folder=desk.folder, environment=kept)


def test_every_disagreement_is_a_list_of_choices_and_enter_decides_nothing(disputed: Desk) -> None:
    with terminal(disputed) as person:
        shown = person.answer("Choice [3]", "")
        assert "On time." in shown
        assert "removed by people" in shown
        shown = person.answer("Choice [4]", "")
        assert "Vote before Friday." in shown
        assert "Vote today." in shown
        person.answer("Write this", "y")
        assert person.end() == 3

    assert news(disputed)["a"] == "Please read [it](page:Report)."
    assert news(disputed)["b"] == "Vote today."
    assert "On time." in disputed.data.read_text()
    assert "Vote before Friday." in body(disputed)
    assert "On time." not in body(disputed)


def test_the_decisions_are_carried_out(disputed: Desk) -> None:
    with terminal(disputed) as person:
        person.answer("Choice [3]", "2")
        shown = person.answer("Choice [4]", "3")
        assert "keep both" in shown
        person.answer("Write this", "y")
        assert person.end() == 0
    disputed.ran("sync")

    assert {"Vote before Friday.", "Vote today."} <= set(news(disputed).values())
    page = body(disputed)
    for words in ("On time.", "Vote before Friday.", "Vote today.", "Please read"):
        assert words in page


@pytest.mark.parametrize(
    ("number", "words", "gone"),
    [("1", "Vote before Friday.", "Vote today."), ("2", "Vote today.", "Vote before Friday.")],
)
def test_one_side_is_taken(disputed: Desk, number: str, words: str, gone: str) -> None:
    with terminal(disputed) as person:
        person.answer("Choice [3]", "1")
        person.answer("Choice [4]", number)
        person.answer("Write this", "y")
        assert person.end() == 0
    disputed.ran("sync")

    assert words in body(disputed)
    assert gone not in body(disputed)
    assert news(disputed)["b"] == words
    assert "On time." not in disputed.data.read_text()


def test_yes_takes_the_safe_part_and_asks_nothing(disputed: Desk) -> None:
    with terminal(disputed, "--yes") as person:
        assert person.end() == 3
        assert "--in-clash" in person.shown
        assert "Choice" not in person.shown

    assert news(disputed)["a"] == "Please read [it](page:Report)."
    assert news(disputed)["b"] == "Vote today."
    assert "On time." in disputed.data.read_text()
