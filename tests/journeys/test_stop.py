"""A person stops the bot on its own machine, and lets it go on."""

import pytest

from bot.sync.stop_order import StopOrders
from tests.journeys.conftest import Desk, both_flavours

pytestmark = pytest.mark.parametrize("seed", ["demo"])


@both_flavours
def test_after_stop_nothing_is_written_until_resume(adopted: Desk) -> None:
    adopted.ran("news", "add", "We have moved.")
    before = adopted.home_body

    adopted.ran("stop", "the site moves", "--by", "li")
    ran = adopted.ran("sync", code=6)
    assert "li stopped it" in ran.out
    assert "the site moves" in ran.out
    assert "wikibot resume" in ran.out
    assert adopted.home_body == before
    adopted.ran("plan", code=2)

    adopted.ran("resume")
    adopted.ran("sync")
    assert "We have moved." in adopted.home_body


@both_flavours
def test_an_order_that_cannot_be_read_stops_the_bot_too(adopted: Desk) -> None:
    adopted.ran("news", "add", "We have moved.")
    adopted.ran("stop", "the site moves")
    (path,) = (adopted.folder / ".wikibot" / "stops").iterdir()
    path.write_text("{")
    before = adopted.home_body

    ran = adopted.ran("sync", code=6)
    assert str(path) in ran.out + ran.err
    assert adopted.home_body == before

    adopted.ran("resume")
    assert StopOrders(adopted.folder / ".wikibot").find("ws2") is None


@both_flavours
def test_an_adoption_is_a_write_too(adopted: Desk) -> None:
    body = adopted.home_body
    adopted.wiki.edit(adopted.home_id, body.replace("</ac:link>", "</ac:link> and more", 1))
    adopted.ran("stop", "the site moves")
    data, changed = adopted.data.read_text(), adopted.home_body

    ran = adopted.ran("adopt", "--yes", code=6)

    assert "the site moves" in ran.err
    assert (adopted.data.read_text(), adopted.home_body) == (data, changed)
