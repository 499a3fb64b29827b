"""An account that may not see the space, may look but not edit, or may not create pages: `check` names each."""

import pytest

from bot.snapshot.witness.wiki_page import MARKER
from bot.storage.regions import render_marked
from tests.journeys.conftest import Desk
from wikiserver.store import Operation

both = pytest.mark.parametrize(("flavour", "seed"), [("cloud", "demo"), ("datacenter", "demo")])
EDIT, READ = Operation("create", "page"), Operation("read", "space")


def revoke(desk: Desk, operation: Operation) -> None:
    store = desk.wiki.store
    users = store.people.get_group("confluence-users")
    store.space_permissions.revoke(store.spaces.get_by_key("WS2").id, users.id, (operation,))


@both
def test_check_names_a_space_that_the_account_may_not_see(adopted: Desk) -> None:
    revoke(adopted, READ)

    ran = adopted.ran("check", code=1)

    assert "there is no space WS2, or 'Workspace Bot' may not see it" in ran.out
    assert "ask an administrator of the space" in ran.out


@both
def test_check_names_an_account_that_may_look_and_not_edit(adopted: Desk) -> None:
    assert "ok      rights" in adopted.ran("check").out
    revoke(adopted, EDIT)

    ran = adopted.ran("check", code=1)

    assert "rights: 'Workspace Bot' may read the pages of space WS2, but not edit them" in ran.out
    assert "the permission to add pages, which includes editing" in ran.out


@both
def test_a_write_that_is_not_allowed_says_so_and_changes_nothing(adopted: Desk) -> None:
    adopted.ran("news", "add", "Hello again.")
    before = adopted.home_body
    revoke(adopted, EDIT)

    ran = adopted.ran("apply", "--yes", code=None)

    assert ran.code != 0
    assert "may read it, not edit it" in ran.out + ran.err
    assert adopted.home_body == before


@both
def test_check_names_the_page_of_the_snapshots_that_the_account_may_not_create(adopted: Desk) -> None:
    settings = adopted.folder / "bot.yaml"
    settings.write_text(
        settings.read_text().replace("path: snapshots", "path: snapshots, witnesses: [{kind: page, title: Heads}]")
    )
    adopted.ran("check")
    revoke(adopted, EDIT)
    store = adopted.wiki.store
    space, bot = store.spaces.get_by_key("WS2"), adopted.wiki.account("bot")
    store.space_permissions.grant(space.id, "user", bot, (READ, Operation("update", "page")))

    ran = adopted.ran("check", code=1)

    assert "may not create pages in space WS2, which `snapshots.witnesses` needs" in ran.out
    adopted.wiki.add_page("Heads", render_marked(MARKER, "<p> </p>"), by="ana", parent=adopted.home_id)
    assert "ok      rights" in adopted.ran("check").out


@pytest.mark.parametrize(("flavour", "seed"), [("cloud", "demo")])
def test_check_says_what_is_wrong_with_an_address_without_wiki(adopted: Desk) -> None:
    settings = adopted.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace(adopted.wiki.url, adopted.wiki.server.url))

    ran = adopted.ran("check", code=1)

    address = f"there is no wiki at {adopted.wiki.server.url}, but one at {adopted.wiki.url}; write that address"
    assert address in ran.out


@pytest.mark.parametrize(("flavour", "seed"), [("datacenter", "demo")])
def test_check_says_what_is_wrong_with_an_address_with_wiki(adopted: Desk) -> None:
    settings = adopted.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace(adopted.wiki.url, f"{adopted.wiki.url}/wiki"))

    ran = adopted.ran("check", code=1)

    address = f"there is no wiki at {adopted.wiki.url}/wiki, but one at {adopted.wiki.url}; write that address"
    assert address in ran.out


@pytest.mark.parametrize(("flavour", "seed"), [("cloud", "demo")])
@pytest.mark.parametrize(("mebibytes", "code"), [(4.5, 0), (5.5, 1)])
def test_check_warns_before_a_page_is_too_large_for_the_wiki(adopted: Desk, mebibytes: float, code: int) -> None:
    adopted.ran("news", "add", "Hello.")
    filler = "<p>" + "x" * int(mebibytes * 2**20) + "</p>"
    adopted.wiki.edit(adopted.home_id, adopted.home_body + filler)

    ran = adopted.ran("check", code=code)

    assert f"would have {mebibytes:.1f} MiB; wikis refuse pages over 5 MiB" in ran.out
    assert "The largest region is news" in ran.out
