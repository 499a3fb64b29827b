"""Moving, archiving, removing, labelling and watching pages."""

from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browse, Browser


def test_a_page_is_moved_by_title(wiki: Wiki, ana: Browser) -> None:
    one, two = wiki.add_page("One"), wiki.add_page("Two")
    ana.open(f"/pages/{two}/move")

    ana.submit("form.box", status=400, target="Nowhere")
    assert "no page called" in ana.page.text
    ana.submit("form.box", target="one")

    assert wiki.page(two).parent_id == int(one)


def test_a_page_cannot_be_moved_under_itself(wiki: Wiki, ana: Browser) -> None:
    one = wiki.add_page("One")
    below = wiki.add_page("Below", parent=one)
    ana.open(f"/pages/{one}/move")

    ana.submit("form.box", status=400, target="Below")

    assert wiki.page(below).parent_id == int(one)


def test_a_page_is_archived_and_brought_back_and_trashed(wiki: Wiki, ana: Browser) -> None:
    one = wiki.add_page("One")
    ana.open(f"/spaces/WS2/pages/{one}")

    ana.submit("form[action$=archive]")
    assert wiki.page(one).status == "archived"
    ana.submit("form[action$=unarchive]")
    assert wiki.page(one).status == "current"
    ana.submit("form[action$=trash]")
    assert wiki.page(one).status == "trashed"
    ana.open(f"/spaces/WS2/pages/{one}", status=404)
    ana.open("/spaces/WS2/pages?status=trashed")
    ana.submit("form[action$=untrash]")
    assert wiki.page(one).status == "current"
    assert ana.title == "One"


def test_a_page_is_watched_and_watched_no_longer(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit("form[action$=watch]")
    assert wiki.store.watches.watchers("content", home) == [wiki.account("ana")]
    ana.submit("form[action$=watch]")
    assert wiki.store.watches.watchers("content", home) == []


def test_the_home_page_stays(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.post(f"/pages/{home}/archive", status=400)
    ana.open("/spaces/WS2")
    ana.post(f"/pages/{home}/trash", status=400)

    assert wiki.page(home).status == "current"


def test_labels_are_put_on_and_taken_off(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".add-label", labels="Risk, plan-2024")
    assert [label.name for label in wiki.store.labels.of(int(home))] == ["risk", "plan-2024"]
    ana.submit(".label-list li form")
    assert [label.name for label in wiki.store.labels.of(int(home))] == ["plan-2024"]
    ana.open("/label/WS2/plan-2024")
    assert [a.text for a in ana.page.select(".hits a")] == ["Home"]


def test_the_first_space_of_an_empty_wiki_is_made_in_the_browser(wiki: Wiki, browse: Browse) -> None:
    browser = browse()
    browser.open("/")

    browser.submit(".new-space form", status=400, key="not a key", name="Team")
    assert "letters and digits" in browser.page.text
    browser.submit(".new-space form", key="TEAM", name="Team & friends")

    space = wiki.store.spaces.get_by_key("TEAM")
    assert (space.name, wiki.page(space.homepage_id or 0).title) == ("Team & friends", browser.title)
    browser.open("/spaces")
    browser.submit(".new-space form", status=400, key="team", name="Again")
    assert "already exists" in browser.page.text
