"""The history of a page: comparing and restoring versions."""

import pytest

from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browser


def test_two_versions_are_compared_in_words_and_an_old_one_restored(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<h2>Aims</h2><p>Plain new words.</p><ul><li>item</li></ul>", message="more")

    ana.open(f"/pages/{home}/history")
    assert [row.get_text(" ", strip=True)[:3] for row in ana.page.select(".history tbody tr")] == ["2 c", "1 2"]
    ana.open(f"/pages/{home}/compare?from=1&to=2")
    assert [ins.text for ins in ana.page.select(".diff ins")] == ["new ", "• item"]
    ana.open(f"/pages/{home}/versions/1")
    ana.submit(".notice form")

    assert wiki.body(home) == wiki.body(home, 1)
    assert wiki.versions(home)[-1].number == 3


@pytest.mark.parametrize("address", ["versions/9", "compare?from=1&to=9", "compare"])
def test_versions_that_never_were_are_said_kindly(ana: Browser, home: str, address: str) -> None:
    ana.open(f"/pages/{home}/{address}", status=404)
