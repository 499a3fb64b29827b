"""The desk in a real browser: judged by axe-core, at three widths, light and dark, by keyboard, without scripts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from bot.desk.roles import Role
from tests.desk.conftest import (
    PASSWORD,
    DeskWorld,
    checked,
    desk_world,
    home_body,
    listening,
    make_conflict,
    sign_in_browser,
)
from tests.machine import IS_NIGHTLY, need_npm

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium", "chromedriver")]

PAGES = (
    *("/w/ws2/edits/news", "/runs/1", "/health"),
    *("/a/p/NUMBER", *(f"/a/p/NUMBER?tab={name}" for name in ("changes", "source", "markdown", "files", "events"))),
    *("/a/checkpoints/1", "/a/runs/1", "/a?view=tree"),
    *("/", "/account", "/accounts", "/audit", "/no-such-page"),
    *(f"/w/ws2/{name}" for name in ("news", "news/new", "links", "banner", "drafts", "history")),
    *("/w/ws2/plan", "/w/ws2/edits", "/w/ws2/pages", "/runs", "/settings"),
    *("/a", "/a/search?q=final", "/a/checkpoints", "/a/report"),
    "/w/ws2/drafts/1",
)
PAGES_OF_THE_NIGHT = (
    *("/w/ws2/drafts/2", "/w/ws2/history/1", "/w/ws2/publish", "/w/ws2/news/alpha", "/w/ws2/find?q=imp"),
    *("/w/ws2/links/new", "/w/ws2/links/1", "/w/ws2/banner/new", "/w/ws2/banner/1", "/w/ws2/news?q=no-such-word"),
    *("/a/search?q=no-such-word", "/a/search?q=", "/runs/2", "/a?view=tree&space=WS2"),
)
_UNSEEN_SHIFT = 0.001  # a hundredth of what browsers call good; one icon by three pixels is 0.000003
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES_OF_LOOK = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
_RUN = """
const [type, values, done] = arguments;
axe.run(document, {runOnly: {type, values}}).then(found => done(
  found.violations.map(each => each.id + ": " + each.nodes.map(node => node.target.join(" ")).join(", "))));
"""


def violations(browser: WebDriver, scheme: str) -> list[str]:
    """Return what axe-core finds on the page; on a dark page only what colours and widths change."""
    if not browser.execute_script("return Boolean(window.axe)"):
        browser.execute_script((need_npm("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    wanted = ("tag", _TAGS) if scheme == "light" else ("rule", _RULES_OF_LOOK)
    found: list[str] = browser.execute_async_script(_RUN, *wanted)
    return found


def show(browser: WebDriver, *, width: int, scheme: str) -> None:
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def read_when_shown(browser: WebDriver, selector: str, words: str) -> str:
    """Return the text of an element as soon as it has *words*; until then the page before may still be there."""

    def find_text(each: WebDriver) -> str:
        text: str = each.find_element(By.CSS_SELECTOR, selector).text
        return text if words in text else ""

    ignored = (StaleElementReferenceException, NoSuchElementException)
    found: str = WebDriverWait(browser, 30, ignored_exceptions=ignored).until(find_text)
    return found


@pytest.fixture(autouse=True)
def _plain_media(browser: WebDriver) -> Iterator[None]:
    yield
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.fixture(scope="module", params=["datacenter", *(["cloud"] if IS_NIGHTLY else [])])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    """A world with captured pages, a conflict, and a run that found it."""
    with desk_world(tmp_path_factory.mktemp("desk"), flavour=request.param) as made:
        make_conflict(made)
        made.run("news", "add", "A draft that is complete.", "--draft")
        editor = made.client_as(Role.EDITOR)
        editor.post("/w/ws2/news/new", {"action": "draft", "text": "A form to finish", "appears": "at"})
        made.run("snapshot")
        checked(made, made.client_as(Role.ADMIN))
        yield made


def look_at(browser: WebDriver, path: str, found: dict[tuple[str, str], list[str]]) -> None:
    """Add what is wrong with the page that is shown: for axe-core in both themes, and at three widths.

    A page about work that goes on loads itself again, so that first the work has to end.
    """
    WebDriverWait(browser, 30).until(lambda each: not each.find_elements(By.CSS_SELECTOR, "[data-going-on]"))
    for scheme, width in (("light", 1280), ("dark", 390)):
        show(browser, width=width, scheme=scheme)
        found[path, scheme] = violations(browser, scheme)
    for width in (320, 390, 640):
        show(browser, width=width, scheme="light")
        if browser.execute_script("return document.documentElement.scrollWidth") > width:
            found[path, f"scrolls sideways at {width}"] = [path]


def test_no_page_has_a_fault_for_screen_readers_weak_eyes_or_phones(
    browser: WebDriver, world: DeskWorld, live: str
) -> None:
    found: dict[tuple[str, str], list[str]] = {}
    browser.get(f"{live}/sign-in")
    look_at(browser, "/sign-in", found)
    sign_in_browser(browser, world, live, Role.ADMIN)
    number = re.search(r'/a/p/([^"?]+)"', world.client_as(Role.ADMIN).get("/a").text)
    assert number

    for path in (*PAGES, *(PAGES_OF_THE_NIGHT if IS_NIGHTLY else ())):
        browser.get(f"{live}{path.replace('NUMBER', number[1])}")
        look_at(browser, path, found)
    show(browser, width=1280, scheme="light")
    browser.get(f"{live}/w/ws2/edits/news")
    browser.find_element(By.CSS_SELECTOR, "input[value=page]").click()
    browser.find_element(By.CSS_SELECTOR, "button[value=show]").click()
    look_at(browser, "what the choices lead to", found)

    assert {place: faults for place, faults in found.items() if faults} == {}


def test_the_first_load_is_below_100_kb_and_nothing_moves_or_comes_from_elsewhere(
    browser: WebDriver, world: DeskWorld, live: str
) -> None:
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    sign_in_browser(browser, world, live, Role.ADMIN)

    script = """
    const [done] = arguments;
    const parts = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    let shift = 0;
    new PerformanceObserver(list => { for (const each of list.getEntries()) shift += each.value; })
      .observe({type: "layout-shift", buffered: true});
    const size = parts.reduce((sum, part) => sum + part.transferSize, 0);
    setTimeout(() => done([size, shift, parts.map(part => part.name)]), 300);
    """
    size, shift, names = browser.execute_async_script(script)

    assert 0 < size < 100_000
    assert shift < _UNSEEN_SHIFT
    assert [name for name in names if not name.startswith(live)] == []
    errors = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]  # type: ignore[no-untyped-call]
    assert [each for each in errors if "favicon" not in each] == []


def test_signing_in_and_out_works_without_scripts(browser: WebDriver, world: DeskWorld, live: str) -> None:
    world.client_as(Role.MAINTAINER)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})

    browser.get(f"{live}/account")
    browser.find_element(By.NAME, "name").send_keys("maintainer")
    browser.find_element(By.NAME, "password").send_keys(PASSWORD + Keys.ENTER)
    read_when_shown(browser, "h1", "Your account")

    browser.find_element(By.CSS_SELECTOR, ".side form button").click()
    read_when_shown(browser, "h1", "Sign in")
    browser.get(f"{live}/account")
    read_when_shown(browser, "h1", "Sign in")


def test_everything_is_reached_by_keyboard(browser: WebDriver, world: DeskWorld, live: str) -> None:
    sign_in_browser(browser, world, live, Role.ADMIN, "/audit")

    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to content"
    browser.find_element(By.TAG_NAME, "body").send_keys("g", "o")
    assert browser.current_url == f"{live}/"
    browser.find_element(By.TAG_NAME, "body").send_keys("?")
    assert browser.find_element(By.ID, "keys").is_displayed()
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not browser.find_element(By.ID, "keys").is_displayed()


def test_a_maintainer_settles_a_conflict_without_losing_a_word_of_either_side(
    browser: WebDriver, world: DeskWorld, tmp_path: Path
) -> None:
    words = [f"{name} news, as {who}." for name in ("Alpha", "Beta") for who in ("Ana says", "the file says")]
    with desk_world(tmp_path, flavour=world.wiki.flavour) as own, listening(own) as live:
        make_conflict(own)
        checked(own, own.client_as(Role.MAINTAINER))
        outside = home_body(own).split("wikibot-news")[0]
        sign_in_browser(browser, own, live, Role.MAINTAINER)

        browser.find_element(By.LINK_TEXT, "Decide").click()
        browser.find_element(By.CSS_SELECTOR, "main a[href$='/edits/news']").click()
        for choice in browser.find_elements(By.CSS_SELECTOR, "input[value=both]"):
            choice.click()
        browser.find_element(By.CSS_SELECTOR, "button[value=show]").click()
        shown = read_when_shown(browser, "main", "What your choices lead to")
        assert [each for each in words if each not in shown] == []
        browser.find_element(By.CSS_SELECTOR, "button[value=settle]").click()

        read_when_shown(browser, "[role=status]", "Settled")
        body, data = home_body(own), (own.folder / "ws2.yaml").read_text(encoding="utf-8")
        assert [each for each in words if body.count(each) != 1 or data.count(each) != 1] == []
        assert body.split("wikibot-news")[0] == outside


def test_what_is_typed_comes_back_after_a_sign_out_and_to_nobody_else(
    browser: WebDriver, world: DeskWorld, live: str
) -> None:
    texts = []
    for role in (Role.EDITOR, Role.MAINTAINER, Role.EDITOR):
        world.client_as(role)
        sign_in_browser(browser, world, live, role, "/w/ws2/news/new")
        text = browser.find_element(By.ID, "text")
        texts.append(text.get_attribute("value"))
        if role is Role.EDITOR:
            text.send_keys("Words.")
            read_when_shown(browser, "[data-kept]", "✓")
        world.desk.sessions.end_all(world.desk.accounts.get(role.word).id)

    assert texts == ["", "", "Words."]
