"""The home page is moved to another space, or another page takes its title."""

import pytest

from tests.journeys.conftest import HOME, Desk, both_flavours
from tests.journeys.test_sync import add_news

pytestmark = pytest.mark.parametrize("seed", ["demo"])


def move(desk: Desk, page: int, space: str) -> None:
    target = desk.wiki.add_page("Start", space=space)
    desk.wiki.store.pages.move(page, int(target), "append")


@both_flavours
def test_a_home_page_in_another_space_is_not_written_until_the_data_file_says_so(adopted: Desk) -> None:
    page = adopted.home_id
    add_news(adopted)
    move(adopted, page, "OTHER")
    before = adopted.wiki.body(page)

    ran = adopted.ran("sync", code=1)

    line = next(n for n, text in enumerate(adopted.data.read_text().splitlines(), 1) if "space: WS2" in text)
    assert f"ws2.yaml:{line}: page {HOME!r} was moved to space OTHER" in ran.out
    assert adopted.wiki.body(page) == before
    adopted.data.write_text(adopted.data.read_text().replace("space: WS2", "space: OTHER"))
    adopted.ran("sync", code=None)
    assert "outlook" in adopted.wiki.body(page)


@both_flavours
def test_a_home_page_moved_after_the_review_is_not_written(adopted: Desk) -> None:
    page = adopted.home_id
    add_news(adopted, "No link.")
    adopted.ran("plan", "--out", "plan.json", code=2)
    move(adopted, page, "OTHER")
    before = adopted.wiki.body(page)

    ran = adopted.ran("apply", "--plan", "plan.json", code=None)

    assert ran.code != 0
    assert "plan again" in ran.out + ran.err
    assert adopted.wiki.body(page) == before


@both_flavours
def test_a_new_page_under_the_old_title_is_reported_by_every_run_until_settled(adopted: Desk) -> None:
    page = adopted.home_id
    adopted.wiki.store.pages.update(page, author=adopted.wiki.account("ana"), title="WS2 Home")
    adopted.wiki.add_page(HOME, "<p>Another page.</p>")

    for command in ("plan", "sync", "sync", "drift"):
        assert "another page has the old title" in adopted.ran(command, code=3).out
    assert "another page has the old title" in adopted.ran("check", code=1).out
    add_news(adopted)
    assert "another page has the old title" in adopted.ran("sync", code=3).out
    assert "outlook" in adopted.wiki.body(page)
    text = adopted.data.read_text()
    start = text.index("home:")
    adopted.data.write_text(text[:start] + f'home: "{page}"' + text[text.index("\n", start) :])
    assert "another page" not in adopted.ran("sync").out


@both_flavours
def test_the_scheduled_job_needs_attention_for_a_new_page_under_the_old_title(adopted: Desk) -> None:
    adopted.wiki.store.pages.update(adopted.home_id, author=adopted.wiki.account("ana"), title="WS2 Home")
    adopted.wiki.add_page(HOME, "<p>Another page.</p>")
    settings = adopted.folder / "bot.yaml"
    settings.write_text(settings.read_text() + "jobs: [{run: sync, every: 10 minutes}]\n")

    ran = adopted.ran("run", "--once", code=3)

    assert "another page has the old title" in ran.err


@both_flavours
def test_an_adoption_writes_nothing_on_a_home_page_in_another_space(adopted: Desk) -> None:
    page = adopted.home_id
    adopted.wiki.edit(page, adopted.home_body.replace("prep week", "preparation week"))
    move(adopted, page, "OTHER")
    versions = len(adopted.wiki.versions(page))

    ran = adopted.ran("adopt", "--yes", code=1)

    assert "was moved to space OTHER" in ran.err
    assert "ws2.yaml:" in ran.err
    assert len(adopted.wiki.versions(page)) == versions
