import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.storage.regions import Marker
from bot.sync.drift import LastApplied, ManualEdit, digest_of
from bot.sync.ledger import PageLedger, Tag, TagEntry, parse_tag, restored_message
from tests.scripted_proxy import scripted_proxy
from tests.sync.world import World, page_body
from wikiserver.store.people import account_id_of

NEWS = Marker("news")
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
A, B, C = "a" * 10, "b" * 10, "c" * 10


@pytest.fixture
def page(world: World) -> str:
    """A page that a person created."""
    return world.add_page("Home", page_body({"status": "<p>s</p>", "news": "<p>0</p>"}))


def save(world: World, page: str, news: str, *, user: str = "ana", message: str = "") -> None:
    world.shift += dt.timedelta(minutes=1)
    world.edit(page, page_body({"status": "<p>s</p>", "news": news}), user=user, message=message)


def record(world: World, page: str, news: str, tag: str) -> None:
    save(world, page, news, user="bot", message=sealed(world, page, tag))


def sealed(world: World, page: str, tag: str) -> str:
    """Return the message of the next version with its seal."""
    parsed = parse_tag(f"wikibot {tag}: updated")
    assert parsed is not None
    return parsed.message("updated", base=world.gateway().fetch_page(page))


def opened(world: World, page: str) -> PageLedger:
    gateway = world.gateway()
    return PageLedger(gateway.fetch_page(page), gateway)


def moments(world: World, page: str) -> dict[int, dt.datetime]:
    return {version.number: version.when for version in world.gateway().fetch_versions(page)}


def reading(world: World, act: Callable[[], object]) -> int:
    before = len(world.server.requests)
    act()
    return len(world.server.requests) - before


def test_the_newest_record_of_a_region_is_what_was_last_applied(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    record(world, page, "<p>2</p>", f"news={B}!,status={A} r=r2")
    record(world, page, "<p>2</p>", f"status={C} r=r3")
    save(world, page, "<p>by ana</p>")

    assert opened(world, page).find_last_applied(NEWS) == LastApplied(3, "<p>2</p>", B)
    assert opened(world, page).find_last_applied(Marker("status")) == LastApplied(4, "<p>s</p>", C)
    assert opened(world, page).find_last_applied(Marker("quick_links")) is None


@pytest.mark.parametrize("broken", ["<p>no region</p>", page_body({"news": "1"}) + page_body({"news": "2"})])
def test_a_record_without_a_readable_region_is_no_state(world: World, page: str, broken: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    world.edit(page, broken, user="bot", message=sealed(world, page, f"news={B} r=r2"))

    assert opened(world, page).find_last_applied(NEWS) is None


def test_a_version_that_is_purged_after_the_history_was_read_is_no_state(world: World, page: str) -> None:
    save(world, page, "<p>1</p>")
    save(world, page, "<p>2</p>")
    record(world, page, "<p>3</p>", f"news={A} r=r1")
    save(world, page, "<p>by ana</p>")
    ledger = opened(world, page)
    assert ledger.has_any_record()

    for number in (3, 2):
        world.store.pages.delete_version(int(page), number)

    assert ledger.find_last_applied(NEWS) is None
    assert reading(world, lambda: ledger.find_last_applied(NEWS)) == 0
    assert ledger.find_body(4) is None


def test_history_account_and_bodies_are_read_once(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    save(world, page, "<p>by ana</p>")
    record(world, page, "<p>1</p>", f"news={A}! r=r1")
    gateway = world.gateway()
    first, second = (PageLedger(gateway.fetch_page(page), gateway) for _ in range(2))

    history = reading(world, lambda: list(gateway.fetch_versions(page)))

    assert reading(world, first.has_any_record) == history + 1, "the history, and the account of the bot"
    assert reading(world, second.has_any_record) == history, "the account is known"
    assert reading(world, lambda: first.find_last_applied(NEWS)) == 0, "the current body is known"
    applied = LastApplied(1, "<p>0</p>", A)
    assert reading(world, lambda: first.find_edits(NEWS, applied)) == 2, "the bodies of two earlier versions"
    assert reading(world, lambda: first.find_edits(NEWS, applied)) == 0


def test_the_regions_of_an_earlier_version_are_read_at_once(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A},status={B} r=r1")
    save(world, page, "<p>by ana</p>")
    gateway, status = world.gateway(), Marker("status")
    ledger = PageLedger(gateway.fetch_page(page), gateway, [NEWS, status])

    assert ledger.find_last_applied(NEWS) == LastApplied(2, "<p>1</p>", A)
    assert reading(world, lambda: ledger.find_last_applied(status)) == 0
    assert ledger.find_last_applied(status) == LastApplied(2, "<p>s</p>", B)


def test_only_the_bots_own_tagged_versions_are_records(world: World, page: str) -> None:
    save(world, page, "<p>1</p>", message=f"wikibot news={A} r=r1: a copy")
    save(world, page, "<p>2</p>", user="bot", message="a version without a tag")

    assert not opened(world, page).has_any_record()
    assert opened(world, page).find_last_applied(NEWS) is None

    record(world, page, "<p>3</p>", f"status={A}")
    save(world, page, "<p>4</p>")

    assert opened(world, page).has_any_record()


def test_the_first_version_of_a_page_can_be_a_record(world: World) -> None:
    message = f"wikibot news={digest_of('<p>1</p>')} r=r1: created"
    ref = world.gateway().create_page(
        "WS2", title="New", body=page_body({"news": "<p>1</p>"}), parent_id=None, message=message
    )

    assert opened(world, ref.id).has_any_record()
    assert opened(world, ref.id).find_last_applied(NEWS) == LastApplied(1, "<p>1</p>", digest_of("<p>1</p>"))


def test_repairs_are_counted_from_a_moment_on(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A}! r=r1")
    record(world, page, "<p>1</p>", f"news={A}! r=r1")
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    record(world, page, "<p>1</p>", f"news={A},status={B}! r=r1")
    save(world, page, "<p>1</p>", message=f"wikibot news={A}! r=r1: a copy")
    record(world, page, "<p>1</p>", f"news={A}! r=r1")
    when = moments(world, page)

    ledger = opened(world, page)

    assert ledger.count_repairs("news", since=LONG_AGO) == 3
    assert ledger.count_repairs("news", since=when[3]) == 2
    assert ledger.count_repairs("news", since=when[3] + dt.timedelta(microseconds=1)) == 1
    assert ledger.count_repairs("news", since=when[7] + dt.timedelta(days=1)) == 0
    assert ledger.count_repairs("status", since=LONG_AGO) == 1


def undone(world: World, page: str, digest: str, revision: str, since: dt.datetime = LONG_AGO) -> bool:
    return opened(world, page).is_undone_by_another_bot("news", digest, revision=revision, since=since)


def test_a_text_that_another_revision_overwrote_was_undone(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    record(world, page, "<p>2</p>", f"news={B} r=r1")
    record(world, page, "<p>3</p>", f"news={C} r=r2")
    when = moments(world, page)

    assert undone(world, page, A, "r1")
    assert undone(world, page, B, "r1")
    assert not undone(world, page, C, "r1"), "written from the other revision only"
    assert not undone(world, page, A, "r3"), "never written from this revision"
    assert not undone(world, page, A, "r2"), "the newest write is from the same revision"
    assert not undone(world, page, C, "r2")
    assert undone(world, page, A, "r1", when[2])
    assert not undone(world, page, A, "r1", when[2] + dt.timedelta(microseconds=1))


def test_a_version_from_several_data_files_counts_for_the_revision_of_each(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1+r2")
    assert not undone(world, page, B, "r1"), "the newest write is from this revision"
    record(world, page, "<p>3</p>", f"news={C} r=r3+r4")

    assert [revision for revision in ("r1", "r2", "r", "r1+r2") if undone(world, page, A, revision)] == ["r1", "r2"]
    assert not undone(world, page, C, "r1")
    record(world, page, "<p>1</p>", f"news={A} r=r3+r5")
    assert [revision for revision in ("r3", "r4", "r5") if undone(world, page, C, revision)] == ["r4"]


def test_a_region_without_records_was_not_undone(world: World, page: str) -> None:
    assert undone(world, page, A, "r1") is False


def test_edits_are_the_versions_that_changed_the_region_oldest_first(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    save(world, page, "<p>by ana</p>", message="small fix")
    save(world, page, "<p>by  ana</p>")
    world.replace(page, "before", "long before")
    world.edit(page, "<p>region removed</p>", user="li")
    world.edit(page, "<p>region still removed</p>", user="omar")
    save(world, page, "<p>by li</p>", user="li")
    when = moments(world, page)
    names = {each.name: each.display_name for each in world.store.people.all()}

    edits = opened(world, page).find_edits(NEWS, LastApplied(2, "<p>1</p>", A))

    assert edits == (
        ManualEdit(3, when[3], names["ana"], "small fix", is_certain=True),
        ManualEdit(6, when[6], names["li"]),
        ManualEdit(8, when[8], names["li"]),
    )
    since_ana = opened(world, page).find_edits(NEWS, LastApplied(3, "<p>by ana</p>", A))
    assert [edit.version for edit in since_ana] == [6, 8]


def test_edits_made_after_the_page_was_read_do_not_count(world: World, page: str) -> None:
    save(world, page, "<p>1</p>")
    ledger = opened(world, page)
    save(world, page, "<p>2</p>")

    assert [edit.version for edit in ledger.find_edits(NEWS, LastApplied(1, "<p>0</p>", A))] == [2]


def test_of_more_than_twenty_versions_the_newest_are_named_without_reading_them(world: World, page: str) -> None:
    for number in range(20):
        save(world, page, f"<p>{number // 2}</p>")
    last = LastApplied(1, "<p>start</p>", A)

    edits = opened(world, page).find_edits(NEWS, last)

    assert [edit.version for edit in edits] == list(range(2, 22, 2))
    assert all(edit.is_certain for edit in edits)

    save(world, page, "<p>10</p>")
    ledger = opened(world, page)
    history = reading(world, lambda: list(world.gateway().fetch_versions(page)))
    found: list[ManualEdit] = []

    assert reading(world, lambda: found.extend(ledger.find_edits(NEWS, last))) == history
    assert [edit.version for edit in found] == list(range(3, 23))
    assert {edit.is_certain for edit in found} == {False}


def test_the_newest_version_and_the_newest_record_have_their_numbers(world: World, page: str) -> None:
    assert (opened(world, page).newest_number(), opened(world, page).find_record("news")) == (1, None)
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    record(world, page, "<p>1</p>", f"status={A} r=r1")
    save(world, page, "<p>by ana</p>")

    ledger = opened(world, page)

    assert (ledger.newest_number(), ledger.find_record("news"), ledger.find_record("status")) == (4, 2, 3)


def test_a_history_that_the_wiki_lists_as_empty_has_no_version_and_no_record(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    with scripted_proxy(world.url) as proxy:
        proxy.change("GET", r"/version\?", lambda answer: setattr(answer, "json", answer.json | {"results": []}))
        gateway = world.gateway(url=proxy.url)
        ledger = PageLedger(gateway.fetch_page(page), gateway)

        assert (ledger.newest_number(), ledger.find_record("news"), ledger.find_last_applied(NEWS)) == (0, None, None)


def test_another_account_that_wrote_a_region_as_a_bot_is_found(world: World, page: str) -> None:
    assert opened(world, page).find_other_writer(NEWS) is None
    save(world, page, "<p>1</p>", user="li", message=sealed(world, page, f"news={A} r=r1"))
    save(world, page, "<p>2</p>")

    found = opened(world, page).find_other_writer(NEWS)

    assert found is not None
    _, written, *_ = world.gateway().fetch_versions(page)
    assert found.id == written.author.id
    assert opened(world, page).find_other_writer(Marker("status")) is None
    record(world, page, "<p>3</p>", f"news={B} r=r2")
    assert opened(world, page).find_other_writer(NEWS) is None


def test_a_tag_without_a_seal_is_believed_if_its_digest_fits_the_text_of_its_version(world: World, page: str) -> None:
    tag = f"wikibot news={digest_of('<p>1</p>')} r=r1: updated"
    save(world, page, "<p>1</p>", user="bot", message=tag)
    save(world, page, "<p>2</p>")

    assert opened(world, page).find_last_applied(NEWS) == LastApplied(2, "<p>1</p>", digest_of("<p>1</p>"))

    save(world, page, "<p>1</p>", user="li", message=tag)
    save(world, page, "<p>2</p>", user="omar", message=tag)

    found = opened(world, page).find_other_writer(NEWS)

    assert found is not None
    assert found.display_name == world.store.people.get(account_id_of("li")).display_name


def test_the_newest_version_that_put_the_text_of_people_back_is_found(world: World, page: str) -> None:
    save(world, page, "<p>1</p>", user="ana", message=restored_message("news", "the text of version 1"))
    assert opened(world, page).find_restored("news", since=0) is None
    save(world, page, "<p>2</p>", user="bot", message=restored_message("news", "x" * 1_000))
    save(world, page, "<p>3</p>")

    found = opened(world, page).find_restored("news", since=2)

    assert found is not None
    assert found.number == 3
    assert opened(world, page).find_restored("news", since=3) is None
    assert opened(world, page).find_restored("status", since=0) is None


def test_the_message_of_a_restored_text_has_no_space_at_its_end(world: World, page: str) -> None:
    assert restored_message("news", "version 1 ") == "wikibot restored news: version 1"
    assert restored_message("news", "x" * 300) == "wikibot restored news: " + "x" * 232
    save(world, page, "<p>1</p>", user="bot", message=restored_message("news", ""))

    found = opened(world, page).find_restored("news", since=1)

    assert found is not None
    assert (found.number, found.message) == (2, "wikibot restored news:")


def test_a_merge_that_left_entries_open_is_found_and_is_no_last_applied_state(world: World, page: str) -> None:
    record(world, page, "<p>0</p>", f"news={C}?7 r=r1")
    assert opened(world, page).find_partials(NEWS) == (), "nothing was applied before"
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    assert opened(world, page).find_partials(NEWS) == (), "older than the last applied state"
    record(world, page, "<p>2</p>", f"news={B}?1+3 r=r2")
    save(world, page, "<p>by ana</p>")
    record(world, page, "<p>3</p>", f"news={C}?2 r=r3")

    ledger = opened(world, page)

    assert ledger.find_last_applied(NEWS) == LastApplied(3, "<p>1</p>", A)
    assert ledger.find_partials(NEWS) == (
        LastApplied(4, "<p>2</p>", B, open_entries=(1, 3)),
        LastApplied(6, "<p>3</p>", C, open_entries=(2,)),
    )
    assert ledger.find_partials(Marker("status")) == ()


def test_an_adopted_text_has_the_revision_that_it_came_into(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1 adopted")

    assert opened(world, page).find_last_applied(NEWS) == LastApplied(2, "<p>1</p>", A, adopted="r1")


def test_a_seal_fits_the_next_version_also_after_up_to_199_earlier_versions_were_deleted(world: World) -> None:
    page = world.gateway().fetch_page(world.add_page("Home", "<p>x</p>"))
    tag = parse_tag(
        Tag({"news": TagEntry(A)}).message(
            "updated", base=replace(page, ref=replace(page.ref, version=replace(page.ref.version, number=999)))
        )
    )

    assert tag is not None
    assert [number for number in range(1_100) if tag.is_sealed_for(number)] == list(range(801, 1_001))


def test_a_seal_of_another_tag_or_of_an_earlier_version_is_not_believed(world: World, page: str) -> None:
    old = sealed(world, page, f"news={A} r=r1")
    save(world, page, "<p>1</p>", user="bot", message=old)
    save(world, page, "<p>2</p>", user="bot", message=old.replace(A, B))
    save(world, page, "<p>3</p>", user="bot", message=old)

    assert opened(world, page).find_last_applied(NEWS) == LastApplied(2, "<p>1</p>", A)


def test_the_key_of_the_own_space_in_a_link_is_no_edit(world: World, page: str) -> None:
    link = '<p><ac:link><ri:page{} ri:content-title="B" /></ac:link></p>'
    record(world, page, link.format(""), f"news={A} r=r1")
    key = world.gateway().fetch_page(page).ref.space_key
    save(world, page, link.format(f' ri:space-key="{key}"'))

    assert opened(world, page).find_edits(NEWS, LastApplied(2, link.format(""), A)) == ()


def test_a_merge_by_the_bot_is_no_edit(world: World, page: str) -> None:
    record(world, page, "<p>1</p>", f"news={A} r=r1")
    record(world, page, "<p>2</p>", f"news={B}?1 r=r2")
    save(world, page, "<p>3</p>", user="li", message=sealed(world, page, f"news={C}?1 r=r3"))

    edits = opened(world, page).find_edits(NEWS, LastApplied(2, "<p>1</p>", A))

    assert [each.version for each in edits] == [4]


def test_a_tag_names_the_lines_that_an_adoption_left_out(world: World, page: str) -> None:
    tag = Tag({"news": TagEntry(A, left_out=(1, 4, 900))}, "r1", is_adoption=True)
    assert tag.message("news").startswith(f"wikibot news={A}~12 r=r1 adopted")
    record(world, page, "<p>1</p>", f"news={A}~12 r=r1 adopted")

    last = opened(world, page).find_last_applied(NEWS)

    assert last == LastApplied(2, "<p>1</p>", A, adopted="r1", left_out=(1, 4))
