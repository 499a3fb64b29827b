"""The static site opens from a folder, leads nowhere else, runs nothing of the wiki, and is the same at every build."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from benchmarks.fidelity_markdown import READERS
from bot.errors import SnapshotError
from bot.operations.archive import report_period
from bot.operations.archive_reader import read_folder
from bot.operations.site import WrittenSite, write_site
from bot.present.period_report import report_as_html
from bot.present.rendered_page import split_rendition
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.query.period import Period
from bot.snapshot.query.site_map import file_name, site_name
from bot.wiki.dialect import Flavour
from tests.chromium import browser, chromium
from tests.snapshot.capturing import run_capture
from tests.snapshot.small_tree import CLOCK, SOFTWARE, copy_snapshots, state_of, tree_bytes
from tests.snapshot.small_wiki import ANA, WHEN, SmallWiki, small_wiki
from wikiserver.store.people import account_id_of

__all__ = ["browser", "chromium"]
BOT = account_id_of("bot")
MARCH = "Sitzung März <script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
BODY = (
    '<p>Der Haushalt: siehe <ac:link><ri:page ri:content-title="Minutes"/></ac:link>.</p>'
    '<p><ac:image><ri:attachment ri:filename="Grundriß.png"/></ac:image></p>'
    '<p><a href="javascript:alert(1)">x</a> <a href="https://outside.example/">out</a></p>'
    '<ac:structured-macro ac:name="html"><ac:plain-text-body><![CDATA[<script>alert(2)</script><img src="https://outside'
    '.example/p.png" onerror="alert(3)">]]></ac:plain-text-body></ac:structured-macro>'
)


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallWiki, Path]]:
    """A wiki that was captured twice: a page with two versions and files, one gone, one restricted, one deep down."""
    root = tmp_path_factory.mktemp("site") / "snapshots"
    with small_wiki(Flavour.CLOUD) as wiki:
        wiki.add(MARCH, BODY, under="Final report")
        for name, data in {"Grundriß.png": PNG, "run me.html": b"<script>alert(4)</script>"}.items():
            wiki.store.attachments.add(wiki.ids[MARCH], name, data, author=ANA, media_type="text/html", when=WHEN)
        wiki.add("Secret plan", "<p>hush-hush</p>", under="Home")
        wiki.store.restrictions.add(wiki.ids["Secret plan"], "read", "user", BOT)
        wiki.add("Soon gone", "<p>bye</p>", under="Home")
        run_capture(wiki, root)
        wiki.edit(MARCH, BODY.replace("Haushalt", "Etat"))
        wiki.store.pages.trash(wiki.ids["Soon gone"])
        run_capture(wiki, root, day=1)
        yield wiki, root


@pytest.fixture(scope="module")
def site(captured: tuple[SmallWiki, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("built") / "site"
    made = write(captured[1], target)
    assert (made.findings, made.unreadable) == (0, 0)
    return target


def write(root: Path, target: Path) -> WrittenSite:
    reader = read_folder(root, clock=lambda: CLOCK + dt.timedelta(days=9), cache=root.with_name("cache"))
    return write_site(reader, target)


def documents(site: Path) -> dict[Path, html.HtmlElement]:
    return {path: html.fromstring(path.read_bytes()) for path in sorted(site.rglob("*.html"))}


def path_of(site: Path, title: str) -> Path:
    (found,) = [path for path in site.glob("WS2/*.html") if path.name.startswith(f"{title}--")]
    return found


def test_every_link_leads_to_a_file_of_the_site_or_is_an_address(site: Path) -> None:
    links = [
        (path, target)
        for path, document in documents(site).items()
        for element in document.iter()
        for name in ("href", "src")
        if (target := element.get(name)) is not None
    ]

    for path, target in links:
        parts = urlsplit(target)
        if parts.scheme:
            assert parts.scheme in ("http", "https"), target
        elif parts.path:
            assert (path.parent / unquote(parts.path)).resolve().is_file(), f"{path}: {target}"
        else:
            assert documents(site)[path].get_element_by_id(parts.fragment) is not None
    assert len(links) > 100


@pytest.mark.parametrize("reader", READERS)
def test_every_page_is_there_as_markdown_whose_links_lead_to_files_of_the_site(site: Path, reader: str) -> None:
    texts = {path: path.read_text("utf-8") for path in sorted(site.rglob("*.md"))}
    assert sorted(path.name.rpartition("--")[0] for path in texts if path.parent != site) == sorted(
        path.name.rpartition("--")[0] for path in site.glob("WS2/*.html")
    )

    for path, text in texts.items():
        body = split_rendition(text)[1]
        shown = html.fragment_fromstring(READERS[reader](body), create_parent="div")
        targets = [element.get(name) for element in shown.iter() for name in ("href", "src") if element.get(name)]
        for parts in map(urlsplit, targets):
            assert parts.scheme or not parts.path or (path.parent / unquote(parts.path)).is_file(), f"{path}: {parts}"
        assert path.parent == site or any(target == "../README.md" for target in targets)

    march = next(text for path, text in texts.items() if path.name.startswith("Sitzung-März"))
    assert 'evidence: "WS2/data/_source/' in march
    assert march.count("/files/Grundri%C3%9F.png") == 2
    readme = texts[site / "README.md"]
    assert readme.startswith("# WS2\n")
    assert "  - [Minutes](WS2/Minutes--" in readme
    assert "- Home (not captured)" in readme


def test_no_path_is_too_long_for_windows() -> None:
    longest = file_name("Ä" * 200 + ".pdf"), site_name("Ä" * 200)

    assert sum(map(len, longest)) < 140
    assert all(len(name.encode()) < 220 for name in longest)


def test_nothing_of_the_wiki_runs_and_nothing_is_loaded_from_outside(site: Path) -> None:
    for path, document in documents(site).items():
        (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'none'; ")
        assert [Path(each).name for each in document.xpath("//script/@src")] == ["site.js"], path
        assert document.xpath("//script[not(@src)] | //style | //iframe | //form | //*[@style]") == []
        assert not [name for element in document.iter() for name in element.attrib if name.startswith("on")]
        assert all(not urlsplit(each).scheme for each in document.xpath("//img/@src | //link/@href | //script/@src"))
    assert b"alert(4)" not in b"".join(path.read_bytes() for path in site.rglob("*.html"))


def test_a_page_has_its_place_its_versions_and_its_files(site: Path) -> None:
    path = path_of(site, "Sitzung-März-script-alert-1-script")
    page = documents(site)[path]

    assert [each.text_content() for each in page.xpath("//nav[@class='crumbs']//li")] == ["WS2", "Home", "Final report"]
    assert page.xpath("string(//h1)") == MARCH
    assert page.xpath("//article//img/@src") == [f"{path.stem}/files/Grundri%C3%9F.png".replace("ä", "%C3%A4")]
    assert sorted(each.name for each in (site / "WS2" / path.stem).rglob("*") if each.is_file()) == [
        "Grundriß.png",
        "changes-2.html",
        "run-me.html.download",
        "version-1.html",
    ]
    changes = html.fromstring((site / "WS2" / path.stem / "changes-2.html").read_bytes())
    assert (changes.xpath("string(//article//del)"), changes.xpath("string(//article//ins)")) == ("Haushalt", "Etat")
    neighbours = page.xpath("//nav[@class='around']/a/@rel")
    assert "prev" in neighbours


def test_the_lists_have_every_page_once_and_what_is_missing_is_said(site: Path) -> None:
    titles = [each.text_content() for each in documents(site)[site / "titles.html"].xpath("//ul[@class='lines']//a")]
    assert sorted(titles) == sorted(["Final report", "Minutes", MARCH, "Soon gone", "会议记录"])
    dates = documents(site)[site / "dates.html"].xpath("//ul[@class='lines']//a")
    assert len(dates) == len(titles)
    tree = documents(site)[site / "index.html"]
    assert [each.text_content() for each in tree.xpath("//ul[@class='tree']//a")][:2] == ["Final report", "会议记录"]
    labels = documents(site)[site / "labels.html"]
    assert labels.xpath("//section[h2='board']//a/text()") == ["Minutes"]
    missing = documents(site)[site / "missing.html"].text_content()
    assert "Soon gone" in missing
    assert "1 page that only some people may read is not in this archive" in missing


def test_a_restricted_page_is_nowhere(site: Path) -> None:
    for path in site.rglob("*"):
        assert "Secret" not in path.name
        assert not path.is_file() or not re.search(rb"Secret plan|hush-hush", path.read_bytes())


def test_the_same_snapshots_give_the_same_site(captured: tuple[SmallWiki, Path], site: Path, tmp_path: Path) -> None:
    write(captured[1], tmp_path / "again")

    assert tree_bytes(tmp_path / "again") == tree_bytes(site)


def test_a_renamed_page_keeps_its_address_and_a_redacted_one_loses_its_name(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    with small_wiki(Flavour.CLOUD) as wiki:
        run_capture(wiki, root)
        report = wiki.store.pages
        report.update(
            wiki.ids["Minutes"], author=ANA, title="Protocol", body="<p>x</p>", when=WHEN + dt.timedelta(days=3)
        )
        run_capture(wiki, root, day=1)
    write(root, tmp_path / "renamed")
    now = CLOCK + dt.timedelta(days=2)
    with open_writer(state_of(root), origin="https://wiki.test", software=SOFTWARE, clock=lambda: now) as writer:
        redact(writer, find_traces(writer.library, "Protocol"), reason="a request", by="Ana")
    write(root, tmp_path / "redacted")

    assert html.fromstring(path_of(tmp_path / "renamed", "Minutes").read_bytes()).xpath("string(//h1)") == "Protocol"
    assert "was redacted on" in path_of(tmp_path / "redacted", "redacted").read_text("utf-8")
    for path in (tmp_path / "redacted").rglob("*"):
        assert not re.search("Minutes|Protocol", path.name)
        if path.is_file() and path.name != "check.html":
            assert b"Protocol" not in path.read_bytes() or path.suffix != ".md"
            assert b"version three" not in path.read_bytes()


def test_a_changed_file_is_not_shown_and_is_said(captured: tuple[SmallWiki, Path], tmp_path: Path) -> None:
    root = copy_snapshots(captured[1], tmp_path / "snapshots")
    (rendition,) = root.glob("WS2/data/*/minutes--*.md")
    rendition.write_text("forged", "utf-8")

    made = write(root, tmp_path / "site")

    assert (made.findings, made.unreadable) == (1, 1)
    written = b"".join(path.read_bytes() for path in (tmp_path / "site").rglob("*.html"))
    assert b"forged" not in written
    assert str(tmp_path).encode() not in written
    page = path_of(tmp_path / "site", "Minutes").read_text("utf-8")
    assert "A file of this page is not what was captured" in page
    assert rendition.name in (tmp_path / "site/check.html").read_text("utf-8")


def test_a_site_is_written_to_a_new_folder_outside_the_snapshots(captured: tuple[SmallWiki, Path], site: Path) -> None:
    for target in (site, captured[1] / "site"):
        with pytest.raises(SnapshotError, match="name a"):
            write(captured[1], target)


@pytest.mark.browser
def test_the_search_finds_words_in_a_browser_without_a_server(site: Path, browser: WebDriver) -> None:
    browser.get((site / "index.html").as_uri())
    field = browser.find_element(By.CSS_SELECTOR, ".search input")

    def found() -> list[str]:
        return [each.text for each in browser.find_elements(By.CSS_SELECTOR, ".found p.soft, .found a")]

    def search(words: str, expected: list[str]) -> None:
        field.clear()
        field.send_keys(words)
        WebDriverWait(browser, 10, ignored_exceptions=[StaleElementReferenceException]).until(
            lambda _page: found() == expected
        )

    search("ETAT märz", ["1 page", MARCH])
    search("通过", ["1 page", "会议记录"])
    search("resume etat", ["No page has “resume etat”."])
    field.clear()
    field.send_keys("etat")
    WebDriverWait(browser, 10).until(lambda page: page.find_elements(By.CSS_SELECTOR, ".found mark"))
    browser.find_element(By.CSS_SELECTOR, ".found a").click()
    assert browser.find_element(By.CSS_SELECTOR, "h1").text == MARCH
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]  # selenium left it out


@pytest.mark.browser
def test_no_page_of_the_site_and_no_report_scrolls_sideways_on_a_phone(
    captured: tuple[SmallWiki, Path], site: Path, browser: WebDriver, tmp_path: Path
) -> None:
    reader = read_folder(captured[1], clock=lambda: CLOCK + dt.timedelta(days=9), cache=tmp_path / "cache")
    report = tmp_path / "report.html"
    report.write_text(report_as_html(report_period(reader, Period())), "utf-8")
    metrics = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    wide = []
    for path in [report, *sorted(site.rglob("*.html"))]:
        browser.get(path.as_uri())
        if browser.execute_script("return document.documentElement.scrollWidth") > metrics["width"]:
            wide.append(path.name)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert wide == []


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Vorstandssitzung März 2026", "Vorstandssitzung-März-2026"),
        ("会議の議事録 第3回", "会議の議事録-第3回"),
        ('Plan A/B: \\ * ? " < > | .. end.', "Plan-A-B-end"),
        ("../../etc/passwd", "etc-passwd"),
        ("\u202egnp.exe\x00\x1b[2J", "gnp-exe-2J"),
        (" . ", "page"),
        ("Ä" * 200, "Ä" * 60),
        ("e\u0301", "é"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_a_name_keeps_its_script_and_is_safe_on_every_system(title: str, name: str) -> None:
    assert site_name(title) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Résumé (v2).pdf", "Résumé-v2.pdf"),
        ("a.PNG", "a.png"),
        ("page.html", "page.html.download"),
        ("drawing.svg", "drawing.svg.download"),
        ("run.exe", "run.exe.download"),
        ("no ending", "no-ending.download"),
        ("x.tar.gz", "x-tar.gz"),
        ("con", "con-file.download"),
        ("COM¹.pdf", "COM¹-file.pdf"),
        ("Nul.txt", "Nul-file.txt"),
    ],
)
def test_a_file_that_could_run_something_is_only_downloaded(name: str, written: str) -> None:
    assert file_name(name) == written
