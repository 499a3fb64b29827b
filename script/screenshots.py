"""Draw the pictures of the web desk in docs/images, light and dark, on the embedded wiki with the demo workspace."""

import base64
import re
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from bot.cli.serve_command import make_desk
from bot.config.policy import DeskSettings
from bot.desk.roles import Role
from bot.desk.server import DeskServer, open_port
from tests.desk.conftest import HOME, DeskWorld, desk_world, edit_home, sign_in_browser, wait_for_run

_IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
_SIZE = {"width": 1120, "height": 660, "deviceScaleFactor": 1, "mobile": False}
_PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
_PAGES = 10
"""Number of captured pages with a picture."""
_FRAMES_ARE_DRAWN = """
return [...document.querySelectorAll("iframe")].every(frame => frame.contentDocument?.querySelector(".page"));
"""


def main() -> None:
    """Write the pictures."""
    _IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, desk_world(Path(folder)) as world:
        _fill(world)
        with open_port("127.0.0.1", 0) as listener:
            desk = make_desk(world.desk.runtime, DeskSettings(), "127.0.0.1", listener.getsockname()[1])
            with DeskServer(desk, listener):
                _draw_all(world, desk.address.base)


def _fill(world: DeskWorld) -> None:
    """Let the workspace have something to show: a news item to publish, an edit on the wiki, a capture."""
    client = world.client_as(Role.ADMIN)
    for job in ("sync", "snapshot"):
        wait_for_run(world, client.post("/runs", {"job": job}).location)
    world.run("news", "add", "The **final report** is open for comment until 11 May.", "--id", "report")
    edit_home(world, "Adopted", "Approved")
    wait_for_run(world, client.post("/w/ws2/plan/check").location)


def _draw_all(world: DeskWorld, address: str) -> None:
    page = re.search(r'href="(/a/p/[^"]+)"', world.client_as(Role.ADMIN).get("/a?q=notice").text)
    if page is None:
        raise AssertionError(f"no page below {HOME} was captured")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _SIZE)
        sign_in_browser(browser, world, address, Role.ADMIN)
        paths = {"overview": "/", "news": "/w/ws2/news/report", "plan": "/w/ws2/plan", "captured-page": page[1]}
        for name, path in paths.items():
            for scheme in ("light", "dark"):
                _draw(browser, f"{address}{path}", scheme, _IMAGES / f"desk-{name}-{scheme}.png")
        _draw_site(browser, world)
    finally:
        browser.quit()


def _draw_site(browser: WebDriver, world: DeskWorld) -> None:
    """Draw the static site: its lists, ten pages, the check, and what changed in a page; some dark or on a phone."""
    notice = world.wiki.find("Avis - Notice in six languages").id
    body = world.wiki.body(notice).replace("is open for public comment until 11 May", "was open until 11 May")
    world.wiki.edit(notice, body)
    world.run("snapshot")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        world.run("site", str(site))
        longest = sorted(site.glob("*/*.html"), key=lambda page: page.stat().st_size, reverse=True)
        changes = next(site.glob("*/*/changes-*.html"))
        diff = Path(folder) / "diff.html"
        diff.write_text(world.run("diff", str(notice), "--format", "html"), "utf-8")
        shown = {"tree": site / "index.html", "titles": site / "titles.html", "check": site / "check.html"}
        shown |= {"changes": changes, "diff": diff, "page": longest[0]}
        for name, page in shown.items():
            _draw(browser, page.as_uri(), "light", _IMAGES / f"site-{name}-light.png")
        for number, page in enumerate(longest[:_PAGES], 1):
            _draw(browser, page.as_uri(), "light", _IMAGES / f"archived-{number:02}-light.png")
        for name in ("tree", "page", "diff"):
            _draw(browser, shown[name].as_uri(), "dark", _IMAGES / f"site-{name}-dark.png")
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _PHONE)
        for name in ("tree", "page"):
            _draw(browser, shown[name].as_uri(), "light", _IMAGES / f"site-{name}-phone.png")


def _draw(browser: WebDriver, address: str, scheme: str, path: Path) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(address)
    WebDriverWait(browser, 20).until(lambda each: each.execute_script(_FRAMES_ARE_DRAWN))
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    path.write_bytes(base64.b64decode(taken["data"]))


if __name__ == "__main__":
    main()
