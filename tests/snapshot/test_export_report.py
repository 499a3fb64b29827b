import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bot.errors import SnapshotError
from bot.present.period_report import report_as_html, report_as_markdown
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.signature import Signer
from bot.snapshot.query.export import Export, export
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import Report, build_report
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import run_capture
from tests.snapshot.small_tree import CLOCK, SOFTWARE, capture_first
from tests.snapshot.small_wiki import SmallWiki, small_wiki

FIRST, SECOND = CLOCK.date(), CLOCK.date() + dt.timedelta(days=1)


@pytest.fixture
def wiki() -> Iterator[SmallWiki]:
    """One kind of wiki suffices here: what is read lies on disk."""
    with small_wiki(Flavour.CLOUD) as wiki:
        yield wiki


@pytest.fixture
def root(wiki: SmallWiki, tmp_path: Path) -> Path:
    """Two runs on two days; on the second, Minutes changed and 会议记录 was deleted."""
    root = tmp_path / "snapshots"
    run_capture(wiki, root)
    wiki.edit("Minutes", "<p>version four</p>")
    wiki.store.pages.trash(wiki.ids["会议记录"])
    run_capture(wiki, root, day=1)
    return root


def export_to(root: Path, target: Path, period: Period, *wanted: str) -> Export:
    return export(load_library(root), target, period, wanted=wanted, software=SOFTWARE)


def report_of(root: Path, period: Period) -> Report:
    return build_report(load_library(root), verify(root), period)


def run_readme(folder: Path, allowed_signers: Path | None = None) -> subprocess.CompletedProcess[str]:
    text = (folder / "data/README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    environment = dict(os.environ) | ({"ALLOWED_SIGNERS": str(allowed_signers)} if allowed_signers else {})
    command = ["sh", "-euc", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_an_export_is_a_bag_that_proves_where_it_comes_from(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "export"

    made = export_to(root, target, Period(since=SECOND))

    assert made.pages == 2
    command = [sys.executable, "-m", "bagit", "--validate", "--quiet", str(target)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    judged = run_readme(target)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert list(target.glob("data/pages/WS2/data/2024/minutes--*.md"))
    assert not list(target.glob("data/pages/WS2/data/2024/final-report--*.md"))


def test_the_commands_in_an_export_check_the_signature_of_the_head(
    signer: Signer, stranger: Signer, tmp_path: Path
) -> None:
    root, target = tmp_path / "snapshots", tmp_path / "export"
    capture_first(root, Disk(), signer=signer)
    export_to(root, target, Period())
    ours, other = tmp_path / "ours", tmp_path / "other"
    limit = f'wikibot namespaces="wiki-snapshots",valid-before="{CLOCK + dt.timedelta(days=1):%Y%m%d}" '
    ours.write_text(limit + signer.allowed_signers().split(" ", 2)[2])  # expired since, valid at the time of the head
    other.write_text(stranger.allowed_signers())

    judged = run_readme(target, ours)

    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert 'Good "wiki-snapshots" signature for wikibot' in judged.stdout
    assert run_readme(target, other).returncode != 0


def test_a_report_calls_the_head_signed_only_if_a_key_was_named(signer: Signer, tmp_path: Path) -> None:
    capture_first(tmp_path, Disk(), signer=signer)
    library = load_library(tmp_path)

    unchecked, checked = (
        report_as_markdown(build_report(library, verify(tmp_path, allowed_signers=text), Period()))
        for text in (None, signer.allowed_signers())
    )

    assert "- **The head has a signature, but no key was given to check it: nothing proves who wrote it.**" in unchecked
    assert "- The head is signed.\n" in checked


def test_a_page_forged_in_an_export_does_not_fit_the_proof(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "export"
    export_to(root, target, Period())
    (page,) = target.glob("data/pages/WS2/data/2024/minutes--*.md")
    page.write_bytes(page.read_bytes() + b"forged\n")

    assert run_readme(target).returncode != 0


def test_an_export_of_named_pages_contains_only_them(root: Path, tmp_path: Path) -> None:
    assert export_to(root, tmp_path / "export", Period(), "Final report").pages == 1


def test_nothing_is_exported_over_something(root: Path, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export/mine.txt").write_text("mine")

    with pytest.raises(SnapshotError, match="not empty"):
        export_to(root, tmp_path / "export", Period())


def test_an_empty_period_exports_nothing(root: Path, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no captured page has an event"):
        export_to(root, tmp_path / "export", Period(until=FIRST - dt.timedelta(days=1)))

    assert not (tmp_path / "export").exists()


def test_a_report_counts_what_happened_in_its_period(root: Path) -> None:
    whole, second = report_of(root, Period()), report_of(root, Period(since=SECOND))

    assert (whole.captured, whole.changed, whole.gone) == (3, 1, 1)
    assert (second.captured, second.changed, second.gone) == (0, 1, 1)
    assert [line.run for line in second.runs] == [2]
    assert whole.is_consistent
    assert whole.is_complete


def test_a_report_says_when_the_chain_is_broken(root: Path) -> None:
    (page,) = root.glob("WS2/data/2024/minutes--*.md")
    page.write_bytes(b"forged")

    report = report_of(root, Period())

    assert not report.is_consistent
    assert "minutes--" in report_as_markdown(report)
    assert "badge bad" in report_as_html(report)


def test_a_report_as_markdown_shows_runs_and_changes(root: Path) -> None:
    text = report_as_markdown(report_of(root, Period()))

    assert "| 2 | 2026-11-25 | 2 | 1 | 1 | 1 | 0 |" in text
    assert "version 3 → 4" in text
    assert "CONSISTENT ONLY; not signed by a key you named" in text
    assert "intact" not in text.lower()


def test_a_report_as_html_is_one_file_with_its_chart(root: Path) -> None:
    html = report_as_html(report_of(root, Period()))

    (svg,) = re.findall(r'<svg class="chart".*?</svg>', html, re.DOTALL)
    bars = ET.fromstring(svg).findall("rect")  # noqa: S314 -- our own chart
    assert [bar.get("class") for bar in bars] == ["captured", "changed", "gone"]
    assert not re.search(r'(?:src|href)="', html)


def test_a_report_takes_titles_for_text(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("<script>alert(1)</script> | *x*")
    run_capture(wiki, tmp_path)

    report = report_of(tmp_path, Period())

    assert "<script>" not in report_as_html(report)
    assert "<script>" not in report_as_markdown(report)
