"""Journeys of people who write, in a real browser."""

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from tests.desk.conftest import HOME, DeskWorld, sign_in_browser

NEWS = "/w/ws2/news"


def wait(browser: WebDriver, condition: object, seconds: float = 20) -> object:
    ignored = (NoSuchElementException, StaleElementReferenceException)  # the next page comes at any moment
    patient = WebDriverWait(browser, seconds, poll_frequency=0.1, ignored_exceptions=ignored)
    return patient.until(condition)  # type: ignore[arg-type]


def find(browser: WebDriver, selector: str) -> object:
    return wait(browser, lambda driver: next(iter(driver.find_elements(By.CSS_SELECTOR, selector)), None))


def click(browser: WebDriver, selector: str) -> None:
    find(browser, selector).click()  # type: ignore[attr-defined]


def follow(browser: WebDriver, words: str) -> None:
    """Click on the link or button with these words, as somebody does who reads the page."""
    path = f"//main//*[self::a or self::button or self::summary][contains(normalize-space(.), '{words}')]"

    def click_it(driver: WebDriver) -> bool:
        shown = [each for each in driver.find_elements(By.XPATH, path) if each.is_displayed()]
        if shown:
            shown[0].click()
        return bool(shown)

    wait(browser, click_it)


def home_of(world: DeskWorld) -> str:
    return world.wiki.body(world.wiki.find(HOME).id)


def frame_of(browser: WebDriver) -> str:
    frames = browser.find_elements(By.CSS_SELECTOR, "iframe.wiki-frame")
    if not frames:
        return ""
    browser.switch_to.frame(frames[0])
    try:
        return browser.page_source
    finally:
        browser.switch_to.default_content()


def test_items_are_ordered_with_the_keyboard(browser: WebDriver, world: DeskWorld, live: str) -> None:
    world.run("news", "add", "First of two")
    world.run("news", "add", "Second of two")
    sign_in_browser(browser, world, live, "editor", NEWS)

    find(browser, ".entry-text").send_keys(Keys.ALT, Keys.ARROW_DOWN)  # type: ignore[attr-defined]

    wait(browser, lambda driver: driver.find_element(By.CSS_SELECTOR, ".entry-text").text == "First of two")
    wait(browser, lambda driver: driver.switch_to.active_element.text == "Second of two")


def test_a_phone_without_scripts_schedules_news(browser: WebDriver, world: DeskWorld, live: str) -> None:
    sign_in_browser(browser, world, live, "editor", f"{NEWS}/new")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.get(f"{live}{NEWS}/new")

    find(browser, "#text").send_keys("Sent from a phone")  # type: ignore[attr-defined]
    click(browser, "button[value=look]")
    wait(browser, lambda driver: "Sent from a phone" in frame_of(driver))
    size = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    click(browser, ".acts .btn.main")
    wait(browser, lambda driver: driver.find_elements(By.CSS_SELECTOR, ".notice.ok"))

    assert size["width"] <= 390
    assert "Sent from a phone" in (world.folder / "ws2.yaml").read_text()
