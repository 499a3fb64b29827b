"""A news item with a link and a time, from its form to the wiki and back; and two people at once, in real windows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from bot.cli.serve_command import make_desk
from bot.config.policy import DeskSettings
from bot.desk.desk import Desk
from bot.desk.server import DeskServer, open_port
from bot.jobs import make_jobs
from tests.chromium import started_chromium
from tests.desk.conftest import PASSWORD, DeskWorld, desk_world, home_body, sign_in_browser
from tests.desk.test_write_journeys import NEWS, click, find, follow, frame_of, wait
from tests.journeys.conftest import both_flavours

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium", "chromedriver")]


@dataclass
class OpenDesk:
    """A desk that a browser reaches, whose time the test sets."""

    world: DeskWorld
    now: datetime
    desk: Desk

    @property
    def address(self) -> str:
        return self.desk.address.base

    def move_to(self, moment: datetime) -> None:
        """Set the clocks of the desk and of the wiki."""
        self.now = moment
        self.world.wiki.faults.add(f"clock={(moment - datetime.now(UTC)).total_seconds():.0f}")

    def run_sync(self) -> None:
        """Do what the scheduled job does, at the time of the desk."""
        make_jobs(self.desk.runtime)["sync"](lambda: False)


@contextmanager
def open_desk(folder: Path, flavour: str) -> Iterator[OpenDesk]:
    folder.mkdir(exist_ok=True)
    with desk_world(folder, flavour=flavour) as world, open_port("127.0.0.1", 0) as listener:
        opened = OpenDesk(world, datetime.now(UTC), world.desk)
        runtime = replace(world.desk.runtime, clock=lambda: opened.now)
        opened.desk = make_desk(runtime, DeskSettings(), "127.0.0.1", listener.getsockname()[1])
        with DeskServer(opened.desk, listener):
            yield opened


def fill(browser: WebDriver, name: str, value: str) -> None:
    """Choose a day or a time; what keys a browser takes for them depends on its language."""
    script = "arguments[0].value = arguments[1]; for (const kind of ['input', 'change'])"
    script += " arguments[0].dispatchEvent(new Event(kind, {bubbles: true}));"
    browser.execute_script(script, find(browser, f"[name={name}]"), value)


def element(browser: WebDriver, selector: str) -> WebElement:
    found = find(browser, selector)
    assert isinstance(found, WebElement)
    return found


def wait_for_words(browser: WebDriver, words: str) -> None:
    wait(browser, lambda driver: words in driver.find_element(By.TAG_NAME, "main").text)


@both_flavours
def test_a_newcomer_schedules_news_with_a_link_corrects_it_and_takes_it_back(
    browser: WebDriver, tmp_path: Path, flavour: str
) -> None:
    with open_desk(tmp_path, flavour) as opened:
        before = home_body(opened.world)
        moment = (opened.now + timedelta(hours=3)).replace(second=0, microsecond=0)
        opened.world.client_as("editor")
        browser.get(opened.address)
        element(browser, "[name=name]").send_keys("editor")
        element(browser, "[name=password]").send_keys(PASSWORD + Keys.ENTER)
        wait(browser, lambda driver: element(driver, "h1").text == "News")

        follow(browser, "Add news")
        element(browser, "#text").send_keys("Comments close soon: ")
        follow(browser, "Link to a page or file")
        element(browser, "#find").send_keys("implement")
        click(browser, "[data-insert='[Implementation](page:Implementation)']")
        fill(browser, "day", f"{moment:%Y-%m-%d}")
        fill(browser, "time", f"{moment:%H:%M}")
        wait(browser, lambda driver: "Comments close soon" in frame_of(driver))
        wait(browser, lambda driver: "Schedule: appears" in element(driver, "[data-main]").text)
        assert "Drawn by the wiki" in frame_of(browser)
        follow(browser, "Schedule: appears")
        wait_for_words(browser, "Scheduled: it appears")
        opened.run_sync()
        assert home_body(opened.world) == before

        opened.move_to(moment + timedelta(minutes=1))
        opened.run_sync()
        assert home_body(opened.world).count("Comments close soon: ") == 1
        assert 'ri:content-title="Implementation"' in home_body(opened.world)

        browser.get(f"{opened.address}{NEWS}")
        follow(browser, "Comments close soon")
        text = element(browser, "#text")
        text.clear()
        text.send_keys("Comments close on [Friday](page:Implementation)")
        browser.find_element(By.CSS_SELECTOR, "input[name=appears][value=now]").click()
        follow(browser, "Save, then look at what is published")
        follow(browser, "Publish this change")
        wait_for_words(browser, "On the wiki since")
        assert "Comments close on " in home_body(opened.world)
        assert "Comments close soon" not in home_body(opened.world)

        follow(browser, "History and undo")
        browser.find_element(By.CSS_SELECTOR, "main tbody a").click()
        follow(browser, "Undo this change")
        wait_for_words(browser, "Undone")
        follow(browser, "Publish now")
        follow(browser, "Publish this change")
        wait_for_words(browser, "On the wiki since")
        assert home_body(opened.world).count("Comments close soon: ") == 1
        assert "Comments close on " not in home_body(opened.world)


@both_flavours
def test_two_editors_at_once_lose_no_word(browser: WebDriver, tmp_path: Path, flavour: str) -> None:
    ana = browser
    with open_desk(tmp_path / "bot", flavour) as opened, started_chromium(tmp_path / "profile") as max_:
        for name in ("alpha", "beta"):
            opened.world.run("news", "add", f"{name.title()} as it was.", "--id", name)
        sign_in_browser(ana, opened.world, opened.address, "editor", f"{NEWS}/beta")
        sign_in_browser(max_, opened.world, opened.address, "maintainer", f"{NEWS}/alpha")

        element(ana, "#text").send_keys(" Beta by Ana.")
        element(max_, "#text").send_keys(" Alpha by Max.")
        click(max_, "[data-main]")
        wait_for_words(max_, "Saved.")
        click(ana, "[data-main]")
        wait_for_words(ana, "both changes are kept")

        for window in (ana, max_):
            window.get(f"{opened.address}{NEWS}/alpha")
        wait_for_words(max_, "editor (since")
        element(max_, "#text").send_keys(" Max adds this.")
        click(max_, "[data-main]")
        wait_for_words(max_, "Saved.")
        element(ana, "#text").send_keys(" Ana adds that.")
        click(ana, "[data-main]")
        wait_for_words(ana, "Somebody else changed the same")
        assert "Max adds this." in element(ana, ".versus").text
        follow(ana, "Put both texts together")
        wait(ana, lambda driver: "Max adds" in str(element(driver, "#text").get_property("value")))
        click(ana, "[data-main]")
        wait_for_words(ana, "Saved.")
        opened.run_sync()

        for place in (home_body(opened.world), opened.world.desk.workspaces[0].data_path.read_text("utf-8")):
            for words in ("Beta by Ana.", "Alpha by Max.", "Max adds this.", "Ana adds that."):
                assert words in place
