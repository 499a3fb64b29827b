"""Fixtures: a real Chromium, one for the whole run, clean for each test. A `conftest.py` imports them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver

from tests.machine import need

_ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--window-size=1280,1000",
    # Pages name pictures on other hosts: nothing but the machine itself is ever asked.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextmanager
def started_chromium(profile: Path) -> Iterator[WebDriver]:
    """A browser of its own, which keeps what it knows in *profile* and ends with the block."""
    browser, driver = need("chromium"), need("chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    try:
        chrome.set_page_load_timeout(30)
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """A browser that stays open for the whole run."""
    with started_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(chromium: WebDriver) -> Iterator[WebDriver]:
    """The browser as a new visitor has it: no cookies, one window of 1280 by 1000, an empty console."""
    chromium.get("about:blank")
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.set_window_size(1280, 1000)
    chromium.get_log("browser")  # type: ignore[no-untyped-call]  # selenium left it out
    yield chromium
    # A page with unsaved text asks before it goes; the next test must not meet the question.
    chromium.execute_cdp_cmd("Page.navigate", {"url": "about:blank"})
