"""The wiki's pages in a real browser: with scripts, without scripts, and with scripts that must never run."""

import json
import re
from collections.abc import Callable

import pytest
from selenium.common.exceptions import NoSuchWindowException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from wikiserver.testing import Wiki

pytestmark = pytest.mark.browser

CODE = (
    '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<b> & ]]></ac:plain-text-body>'
    "</ac:structured-macro>"
)


class Person:
    """Someone at the browser."""

    def __init__(self, browser: WebDriver, wiki: Wiki) -> None:
        self.browser, self.wiki = browser, wiki

    def sign_in(self, name: str = "ana") -> None:
        self.open("/login")
        self.find("[name=name]").send_keys(name)
        self.find("[name=password]").send_keys(f"{name}-secret")
        self.find("form.login button").click()
        self.wait(lambda: self.all(".user-menu"))

    def open(self, path: str) -> None:
        self.browser.get(self.wiki.url + path)

    def find(self, css: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def wait(self, condition: Callable[[], object]) -> None:
        WebDriverWait(self.browser, 30).until(lambda _: condition())

    def save(self) -> None:
        """Press Save and wait for the page, or for what the wiki has to say."""
        editor = self.find("form.editor")
        self.find(".save-bar .primary").click()
        self.wait(lambda: _is_gone(editor))

    def console(self) -> list[str]:
        lines = self.browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium left it out
        return [str(line["message"]) for line in lines if line["level"] == "SEVERE"]


def _is_gone(element: WebElement) -> bool:
    try:
        return not element.is_displayed()
    except (StaleElementReferenceException, NoSuchWindowException):
        return True
    except WebDriverException as error:
        # Chromium says so of a page that is being replaced while it is asked.
        return "does not belong to the document" in str(error)


@pytest.fixture(autouse=True)
def _typed_only(wiki: Wiki) -> None:
    """Store what is typed and nothing else; an editor would respell the rest of the page."""
    wiki.site.editor = "none"


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", f"<p>first words</p>{CODE}<p>last words</p>")


@pytest.fixture
def ana(browser: WebDriver, wiki: Wiki, home: str) -> Person:
    assert home
    person = Person(browser, wiki)
    person.sign_in()
    return person


def put_caret_at_end(person: Person, box: WebElement) -> None:
    box.click()
    person.browser.execute_script(
        "const r = document.createRange(); r.selectNodeContents(arguments[0].lastElementChild); r.collapse(false);"
        "getSelection().removeAllRanges(); getSelection().addRange(r);",
        box,
    )


def test_typing_into_the_page_saves_that_part_and_nothing_else(wiki: Wiki, ana: Person, home: str) -> None:
    before = wiki.body(home)
    ana.open(f"/pages/{home}/edit")
    box = ana.all("[data-run]")[1]

    put_caret_at_end(ana, box)
    box.send_keys(" and more", Keys.ENTER, "a new paragraph & <b>")
    ana.save()

    assert wiki.body(home) == before.replace(
        "<p>last words</p>", "<p>last words and more</p><p>a new paragraph &amp; &lt;b&gt;</p>"
    )
    assert ana.find("#content").text.endswith("a new paragraph & <b>")


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_words_typed_into_a_page_survive_the_spelling_of_the_editor(wiki: Wiki, ana: Person, home: str) -> None:
    wiki.site.editor = ""
    for word in ("one", "two", "three"):
        ana.open(f"/pages/{home}/edit")
        box = ana.all("[data-run]")[1]
        put_caret_at_end(ana, box)
        box.send_keys(f" {word}")
        ana.save()

    assert "last words one two three" in ana.find("#content").text.replace("\u00a0", " ")
    assert "first words" in ana.find("#content").text.replace("\u00a0", " ")
    assert CODE.split(">", 1)[1] in wiki.body(home)


def test_the_toolbar_makes_bold_and_lists(wiki: Wiki, ana: Person, home: str) -> None:
    ana.open(f"/pages/{home}/edit")
    box = ana.all("[data-run]")[0]

    put_caret_at_end(ana, box)
    ana.find("[data-command=bold]").click()
    box.send_keys("!")
    ana.find("[data-command=bold]").click()
    box.send_keys(Keys.ENTER, "item")
    ana.find("[data-command=insertUnorderedList]").click()
    ana.save()

    assert "<p>first words<strong>!</strong></p>" in wiki.body(home)
    assert re.search(r"<ul>\s*<li>item</li>\s*</ul>", wiki.body(home))
    assert CODE.split(">", 1)[1] in wiki.body(home)


def test_saving_without_typing_changes_no_byte(wiki: Wiki, ana: Person, home: str) -> None:
    before = wiki.body(home)
    ana.open(f"/pages/{home}/edit")

    ana.all("[data-run]")[0].click()
    ana.save()

    assert wiki.body(home) == before


@pytest.mark.parametrize("seed", ["demo"])
def test_every_demo_page_comes_back_whole_from_the_editor(browser: WebDriver, wiki: Wiki) -> None:
    person = Person(browser, wiki)
    person.sign_in("admin")
    space = wiki.store.spaces.get_by_key("WS2")
    home = wiki.page(space.homepage_id or 0)
    pages = [home, *(page for page, _ in wiki.store.hierarchy.descendants(home.id))]
    admin = wiki.store.people.get("admin")
    for page in [page for page in pages if wiki.store.restrictions.may_update(admin, page.id)][::5]:
        wiki.edit(page.id, wiki.body(page.id), by="admin")  # gives everything its ids
        before = wiki.body(page.id)
        person.open(f"/pages/{page.id}/edit")
        changed = person.browser.execute_script(
            "return [...document.querySelectorAll('[data-run]')].map((b) => [b.dataset.run, b.innerHTML])"
        )
        person.browser.execute_script(
            "const f = document.querySelector('form.editor'); const d = new FormData(f);"
            "d.set('edits', arguments[0]); return fetch(f.action, {method: 'POST', body: new URLSearchParams(d)})"
            ".then((r) => r.status)",
            json.dumps(dict(changed)),
        )
        assert wiki.body(page.id) == before, page.title
        assert wiki.page(page.id).version == page.version + 2


@pytest.mark.parametrize("seed", ["demo"])
def test_the_home_page_of_the_demo_can_be_typed_in(browser: WebDriver, wiki: Wiki) -> None:
    person = Person(browser, wiki)
    person.sign_in()
    home = wiki.page(wiki.store.spaces.get_by_key("WS2").homepage_id or 0)
    person.open(f"/pages/{home.id}/edit")
    box = next(box for box in person.all("[data-run]") if "News:" in box.text)

    put_caret_at_end(person, box)
    box.send_keys("A person was here.")
    person.save()

    assert "A person was here." in person.find("#content").text
    assert wiki.page(home.id).version == home.version + 1


def test_two_people_at_one_page_both_keep_their_words(wiki: Wiki, ana: Person, home: str) -> None:
    ana.open(f"/pages/{home}/edit")
    box = ana.all("[data-run]")[1]
    put_caret_at_end(ana, box)
    box.send_keys(" by Ana")
    wiki.edit(home, wiki.body(home).replace("first", "Li’s first"), by="li")

    ana.save()
    assert "saved this page while you were typing" in ana.find("h1").text
    ana.save()

    assert "Li’s first words" in ana.find("#content").text
    assert "last words by Ana" in ana.find("#content").text


def test_a_typing_error_in_the_source_is_selected(ana: Person, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")
    source = ana.find("#source")
    source.clear()
    source.send_keys("<p>fine</p>\n<p>not fine</b>\n<p>fine</p>")

    ana.save()

    chosen = ana.browser.execute_script(
        "const s = document.getElementById('source'); return s.value.slice(s.selectionStart, s.selectionEnd)"
    )
    assert chosen == "<p>not fine</b>"
    assert "line 2" in ana.find("[role=alert]").text


def test_what_is_typed_can_be_kept_as_a_draft(wiki: Wiki, ana: Person, home: str) -> None:
    ana.open(f"/pages/{home}/edit")
    box = ana.all("[data-run]")[0]
    put_caret_at_end(ana, box)
    box.send_keys(" half done")

    ana.find(".save-bar button[formaction$=draft]").click()
    ana.wait(lambda: ana.all("#content"))

    draft = wiki.store.contents.find_draft(int(home))
    assert draft is not None
    assert "first words half done" in draft.body
    assert wiki.page(home).version == 1


@pytest.mark.parametrize("mode", ["", "?mode=source"])
def test_a_pause_in_typing_keeps_a_draft(wiki: Wiki, ana: Person, home: str, mode: str) -> None:
    ana.open(f"/pages/{home}/edit{mode}")
    # The pause that the page waits for is cut short: the rule is that it is kept, not after how long.
    ana.browser.execute_script("const wait = window.setTimeout; window.setTimeout = (f) => wait(f, 0)")
    box = ana.find("#source" if mode else "[data-run]")

    box.click()
    box.send_keys("typed ")
    ana.wait(lambda: "Draft kept" in ana.find(".draft-state").text)

    draft = wiki.store.contents.find_draft(int(home))
    assert draft is not None
    assert "typed" in draft.body
    assert wiki.page(home).version == 1


def test_the_tree_opens_level_by_level(wiki: Wiki, ana: Person) -> None:
    one = wiki.add_page("One")
    two = wiki.add_page("Two", parent=one)
    wiki.add_page("Three", parent=two)
    ana.open("/spaces/WS2")
    assert "Two" not in ana.find(".side").text

    ana.find(".side details.tree-branch > summary").click()
    ana.wait(lambda: "Two" in ana.find(".side").text)
    ana.all(".side details.tree-branch > summary")[1].click()
    ana.wait(lambda: "Three" in ana.find(".side").text)
    ana.browser.find_element(By.LINK_TEXT, "Three").click()

    ana.wait(lambda: ana.find("h1").text == "Three")


def test_chosen_words_become_the_subject_of_a_comment(wiki: Wiki, ana: Person, home: str) -> None:
    ana.open("/spaces/WS2")
    ana.browser.execute_script(
        "const t = document.querySelector('#content p').firstChild; const r = document.createRange();"
        "r.setStart(t, 0); r.setEnd(t, 5); getSelection().removeAllRanges(); getSelection().addRange(r);"
        "document.dispatchEvent(new MouseEvent('mouseup', {bubbles: true}))"
    )

    ana.find("#new-comment").send_keys("which?")
    form = ana.find(".new-comment")
    ana.find(".new-comment button.primary").click()
    ana.wait(lambda: _is_gone(form))

    assert ana.find("#content .inline-comment-marker").text == "first"
    assert "<ac:inline-comment-marker" in wiki.body(home)


def test_a_question_is_asked_before_a_page_is_archived(wiki: Wiki, ana: Person) -> None:
    page = wiki.add_page("One")
    ana.open(f"/spaces/WS2/pages/{page}")
    ana.find(".page-actions .menu > summary").click()

    ana.find("form[action$=archive] button").click()
    ana.browser.switch_to.alert.dismiss()
    assert wiki.page(page).status == "current"
    ana.find("form[action$=archive] button").click()
    ana.browser.switch_to.alert.accept()

    ana.wait(lambda: "This page is archived" in ana.find("main").text)
    assert wiki.page(page).status == "archived"


def test_everything_but_typing_into_the_page_works_without_script(wiki: Wiki, browser: WebDriver, home: str) -> None:
    wiki.add_page("Below", parent=wiki.add_page("One"))
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    person = Person(browser, wiki)
    person.sign_in()

    person.open(f"/pages/{home}/edit?mode=source")
    person.find("#source").send_keys(Keys.END, "<p>typed</p>")
    person.find("[name=message]").send_keys("why")
    person.save()
    person.open("/spaces/WS2")
    person.find(".new-comment textarea").send_keys("a comment")
    person.find(".new-comment > button").click()
    person.wait(lambda: person.all(".comment"))

    assert "<p>typed</p>" in wiki.body(home)
    assert "a comment" in person.find(".comment").text
    person.open(f"/pages/{home}/edit")
    assert person.find("noscript").is_displayed() or "needs JavaScript" in person.find("main").text


HOSTILE = (
    '<p><img src="x" onerror="window.hacked=1" /></p><script>window.hacked=1</script>'
    '<p><a href="javascript:window.hacked=1">click</a></p><p onclick="window.hacked=1">click</p>'
    '<p><ac:structured-macro ac:name="html"><ac:plain-text-body><![CDATA[<script>window.hacked=1</script>]]>'
    "</ac:plain-text-body></ac:structured-macro></p>"
)


@pytest.mark.parametrize("path", ["/spaces/WS2/pages/{}", "/pages/{}/edit", "/pages/{}/compare?from=1&to=2"])
def test_nothing_that_somebody_put_on_a_page_runs(wiki: Wiki, ana: Person, path: str) -> None:
    page = wiki.add_page("</title><script>window.hacked=1</script>", "<p>before</p>")
    wiki.edit(page, HOSTILE)
    ana.open(path.format(page))

    for clickable in ana.all("main a, main p"):
        if clickable.text == "click":
            ana.browser.execute_script("arguments[0].click()", clickable)

    assert ana.browser.execute_script("return window.hacked") is None


@pytest.mark.parametrize("seed", ["demo"])
def test_the_demo_reads_well_in_wide_and_narrow_windows(browser: WebDriver, wiki: Wiki) -> None:
    person = Person(browser, wiki)
    person.sign_in()
    person.open("/spaces/WS2")
    pictures = browser.execute_script(
        "return [...document.querySelectorAll('#content img.emoticon')].map((i) => [i.alt, i.naturalWidth])"
    )
    assert {alt for alt, _ in pictures} >= {"(tick)", "(star)"}
    assert all(width > 0 for _, width in pictures)
    assert person.console() == []

    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    )
    space = wiki.store.spaces.get_by_key("WS2")
    pages = [page for page, _ in wiki.store.hierarchy.descendants(space.homepage_id or 0)]
    for page in pages[::4]:
        person.open(f"/spaces/WS2/pages/{page.id}")
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= 360, f"{page.title} is {width} wide"


UNNAMED = """
const named = "main input, main textarea, main select, main button, main img, header input";
return [...document.querySelectorAll(named)].filter((e) => e.type !== "hidden")
  .filter((e) => e.tagName === "IMG" ? !e.hasAttribute("alt")
    : !(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim() || e.title || e.type === "submit"))
  .map((e) => e.outerHTML.slice(0, 120));
"""


def test_every_field_picture_and_button_has_a_name(wiki: Wiki, ana: Person, home: str) -> None:
    wiki.store.comments.add(int(home), "<p>c</p>", author=wiki.account("ana"))
    for path in (
        "/spaces",
        "/spaces/WS2",
        "/spaces/WS2/pages",
        "/spaces/WS2/pages/new",
        f"/pages/{home}/edit",
        f"/pages/{home}/edit?mode=source",
        f"/pages/{home}/history",
        f"/pages/{home}/move",
        f"/pages/{home}/attachments",
        "/search?text=words",
    ):
        ana.open(path)
        assert ana.browser.execute_script(UNNAMED) == [], path
        assert ana.all("main h1, .title-input"), path
