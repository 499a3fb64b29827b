"""Two hosts share a data file, each with a state of its own: do both know whether it has what one of them adopted?"""

from datetime import UTC, datetime
from itertools import product

import pytest

from bot.config.data_file import revision_of
from bot.config.data_history import DataHistoryFile, PastRevision
from bot.sync.adopted_words import AdoptedWords, entry_texts
from bot.sync.drift import LastApplied
from tests.machine import IS_NIGHTLY

HOSTS = ("first", "second")
STEPS = (
    *((host, what) for host in HOSTS for what in ("reads", "adds", "rewords", "removes another")),
    *(("another program", what) for what in ("adds", "rewords", "rolls back", "returns")),
)
ANA = "Ana wrote this"
LENGTH = 3 if IS_NIGHTLY else 2


class Two:
    """A data file as a list of items, the histories of two hosts, and what is true of it."""

    def __init__(self) -> None:
        self.items = ["One", "Two"]
        self.old, self.has_adopted = list(self.items), False
        self.newest = list(self.items)
        self.histories: dict[str, list[PastRevision]] = {host: [] for host in HOSTS}
        for host in HOSTS:
            self._note(host, "read")
        self._count = 0

    @property
    def text(self) -> str:
        return "\n".join(self.items)

    def adopt(self, host: str) -> LastApplied:
        """Take what Ana wrote; an item that she put back stays out, because somebody had removed it before."""
        self._note(host, "read")
        self.items = [ANA, *self.items]
        self.newest, self.has_adopted = list(self.items), True
        self._note(host, "adopted")
        page = "<ul>" + "".join(f"<li>{item}</li>" for item in (*self.items, "Put back")) + "</ul>"
        left_out = self._words(None).find_missing(page)
        return LastApplied(7, page, "0", adopted=revision_of(self.text), left_out=left_out)

    def step(self, who: str, what: str) -> None:
        if who in HOSTS and what != "reads":
            self._note(who, "read")  # a command records what it replaces
        self._count += 1
        if what == "adds":
            self.items.append(f"New {self._count}")
        elif what == "rewords":
            self.items = [f"{item} again{self._count}" for item in self.items]
        elif what == "removes another":
            self.items = [item for item in self.items if not item.startswith("New")]
        elif what == "rolls back":
            self.items, self.has_adopted = list(self.old), False
        elif what == "returns":
            self.items, self.has_adopted = list(self.newest), True
        if who in HOSTS:
            self._note(who, "read" if what == "reads" else "saved")

    def knows_loss(self, host: str, adopted: LastApplied) -> bool:
        """Return whether *host* takes the words for lost when it reads the file now."""
        self._note(host, "read")
        return self._words(host).lacks(adopted)

    def _words(self, host: str | None) -> AdoptedWords:
        history = DataHistoryFile(path="ws2.yaml", revisions=tuple(self.histories[host]) if host else ())
        value = {"news": {"items": [{"id": f"i{number}", "text": item} for number, item in enumerate(self.items)]}}
        return AdoptedWords(
            (), lambda: entry_texts(value), lambda adopted: history.has_lost_adoption(adopted, revision_of(self.text))
        )

    def _note(self, host: str, origin: str) -> None:
        past, revision = self.histories[host], revision_of(self.text)
        if origin == "read" and past and past[-1].revision == revision:
            return
        past.append(
            PastRevision.model_validate({"revision": revision, "origin": origin, "first_seen": datetime.now(UTC)})
        )


def hides_the_roll_back(steps: tuple[tuple[str, str], ...], host: str) -> bool:
    """Return whether somebody else edits the file after a roll-back that *host*, which adopted, has not seen.

    Then the file looks as if a person had removed the words in an editor, which is no loss.
    """
    is_unseen, knows = False, host == "first"
    for who, what in steps:
        if is_unseen and knows and who != host and what not in ("reads", "rolls back", "returns"):
            return True
        knows |= who == host and not is_unseen
        is_unseen = what != "returns" and (what == "rolls back" or (is_unseen and who != host))
    return False


@pytest.mark.parametrize("length", range(LENGTH + 1))
def test_both_hosts_know_after_any_few_steps_whether_adopted_words_are_lost(length: int) -> None:
    wrong = []
    for steps in product(STEPS, repeat=length):
        two = Two()
        adopted = two.adopt("first")
        for step in steps:
            two.step(*step)
        hosts = [host for host in HOSTS if not hides_the_roll_back(steps, host)]
        wrong += [(host, steps) for host in hosts if two.knows_loss(host, adopted) is two.has_adopted]

    assert wrong == []
