"""An auditor at a real browser, on a folder that nobody can write to."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from bot.cli.serve_command import make_reading_desk
from bot.desk.desk import Desk
from bot.desk.server import DeskServer, open_port
from bot.operations.archive_reader import read_folder
from bot.wiki.dialect import Flavour
from tests.desk.archive_world import EVIL_TITLE, capture_world
from tests.snapshot.small_tree import AFTER, tree_bytes

pytestmark = [pytest.mark.browser, pytest.mark.either_flavour]
_LONGEST_SECONDS = 20


@pytest.fixture(scope="module", params=list(Flavour))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    root = tmp_path_factory.mktemp("journey") / "snapshots"
    ids = capture_world(root, request.param)
    for path in (root, *root.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    return root, ids


@pytest.fixture
def live(folder: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[tuple[Desk, Path]]:
    """A desk on a copy of the folder, with a port of its own."""
    root = Path(shutil.copytree(folder[0], tmp_path / "evidence"))
    reader = read_folder(root, clock=lambda: AFTER, cache=tmp_path / "cache")
    with open_port("127.0.0.1", 0) as listener:
        desk = make_reading_desk(reader, "127.0.0.1", listener.getsockname()[1])
        with DeskServer(desk, listener):
            yield desk, root


def open_desk(browser: WebDriver, desk: Desk) -> None:
    browser.get(desk.link)
    if "/sign-in/" in browser.current_url:
        browser.find_element(By.CSS_SELECTOR, "main button").click()
    wait_for(browser, "h1")


def wait_for(browser: WebDriver, selector: str, text: str = "") -> str:
    def found(browser: WebDriver) -> str | None:
        each = [element.text for element in browser.find_elements(By.CSS_SELECTOR, selector)]
        return next((shown for shown in each if text in shown), None)

    patient = WebDriverWait(browser, _LONGEST_SECONDS, ignored_exceptions=[StaleElementReferenceException])
    return str(patient.until(found, f"{selector} never says {text!r}"))


def test_an_auditor_finds_a_page_compares_two_versions_and_sees_that_the_evidence_holds(
    browser: WebDriver, live: tuple[Desk, Path]
) -> None:
    desk, root = live
    before = tree_bytes(root)

    open_desk(browser, desk)
    browser.find_element(By.CSS_SELECTOR, "[role=search] input").send_keys("nairobi", Keys.ENTER)
    assert wait_for(browser, "mark") == "Nairobi"
    browser.find_element(By.LINK_TEXT, "Council").click()
    assert "All 5 files match the manifest" in wait_for(browser, ".proof", "Unchanged since capture")
    browser.find_element(By.LINK_TEXT, "Compare two versions").click()
    assert wait_for(browser, ".read del", "Zanzibar")
    assert wait_for(browser, ".read ins", "Nairobi")
    browser.find_element(By.LINK_TEXT, "Checkpoints").click()
    browser.find_element(By.XPATH, "//button[contains(., 'Verify now')]").click()
    wait_for(browser, "[role=status], main", "Finished.")
    browser.find_element(By.CSS_SELECTOR, "main").find_element(By.LINK_TEXT, "Checkpoints").click()
    wait_for(browser, ".proof", "CONSISTENT ONLY")

    assert tree_bytes(root) == before


def test_an_auditor_sees_which_file_was_changed_by_one_byte(
    browser: WebDriver, live: tuple[Desk, Path], folder: tuple[Path, dict[str, str]]
) -> None:
    desk, root = live
    (path,) = root.glob(f"WS2/data/2024/*--{folder[1]['Council']}.md")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"Nairobi", b"Nairobo"))

    open_desk(browser, desk)
    browser.get(f"{desk.address.base}/a/p/{folder[1]['Council']}")

    assert wait_for(browser, ".proof .bad", "One file is not what was captured")
    shown = wait_for(browser, "[role=alert]", path.relative_to(root).as_posix())
    assert len(re.findall(r"\b[0-9a-f]{64}\b", shown)) == 2
    assert "Nairobo" not in browser.page_source


def test_a_hostile_page_runs_nothing_and_asks_nobody(
    browser: WebDriver, live: tuple[Desk, Path], folder: tuple[Path, dict[str, str]]
) -> None:
    desk = live[0]
    open_desk(browser, desk)

    for path in ("/a", f"/a/p/{folder[1][EVIL_TITLE]}", f"/a/p/{folder[1][EVIL_TITLE]}?tab=source", "/a/search?q=end"):
        browser.get(f"{desk.address.base}{path}")
        asked = browser.execute_script("return performance.getEntriesByType('resource').map(each => each.name)")
        assert [address for address in asked if not address.startswith(desk.address.base)] == []
        assert json.dumps(browser.get_log("browser")) == "[]"  # type: ignore[no-untyped-call]
    assert browser.find_elements(By.CSS_SELECTOR, "main script, [onerror], [onload], [style]") == []
