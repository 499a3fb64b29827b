"""Measure what a conversion to Markdown keeps of real pages; `script/fidelity` runs this."""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.fidelity_markdown import read_html, read_markdown
from benchmarks.fidelity_measure import ASPECTS, Tally, measure, measure_nothing
from benchmarks.fidelity_source import Content, named_files, read_source
from benchmarks.fidelity_view import ViewBody, view_body
from benchmarks.page_world import make_body
from bot.convert import IncludedPage, InlineComment, PageContext, convert_page
from bot.storage.reader import read_leniently
from wikiserver.storage_tree import BadBody

THRESHOLDS = {"words": 0.999}
"""The least share of each aspect that must be kept; all where nothing is said."""

RIVALS = ("confluence-markdown-exporter", "markdownify", "html-to-markdown")
_ROOT = Path(__file__).resolve().parent.parent
_GENERATED = 200
_KINDS = {"nomagic": "Data Center, one site", "querypie": "Cloud, one site", "xwiki-export": "space exports"}
_MADE, _WITH = "generated pages", "with an included page and a comment"
_SURROUNDED = (
    '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Other" />'
    "</ac:link></ac:parameter></ac:structured-macro>"
    '<p><ac:inline-comment-marker ac:ref="c">marked</ac:inline-comment-marker></p>'
)
_REMARKS = re.compile(r"^\*\(included page \[Other\].*\)\*$|(?<=\]: )\*\*Ana\*\*: ", re.MULTILINE)
"""What the converter writes about them."""
_BEGIN, _END = "<!-- script/fidelity --readme -->", "<!-- end -->"
CORPUS = _ROOT.parent / "shared" / "corpus"


@dataclass(frozen=True, slots=True)
class PageBody:
    """One page of the corpus."""

    name: str
    body: str


def load_corpus(folder: Path) -> list[PageBody]:
    """Read every page body under *folder*, in the order of their names."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".xhtml", ".xml", ".storage"))
    return [PageBody(str(path.relative_to(folder)), path.read_text("utf-8")) for path in paths]


def load_corpora(folder: Path) -> dict[str, list[PageBody]]:
    """Return the pages by where they are from: real wikis and exports, and generated ones."""
    corpora: dict[str, list[PageBody]] = {}
    for page in load_corpus(folder):
        corpora.setdefault(_KINDS.get(page.name.partition("/")[0], "test pages of other programs"), []).append(page)
    corpora[_MADE] = [PageBody(f"generated {number}", make_body(number)) for number in range(_GENERATED)]
    return corpora


def render_corpora(tallies: dict[str, Tally]) -> str:
    """Return a Markdown table with a row for each corpus: what was kept, and of how much."""
    lines = [f"| Pages | Number | {' | '.join(ASPECTS)} |", f"|---|--:|{'--:|' * len(ASPECTS)}"]
    for name, tally in tallies.items():
        cells = (
            f"{tally.share(aspect):.2%} of {tally.expected[aspect]:,}" if tally.expected[aspect] else "–"
            for aspect in ASPECTS
        )
        lines.append(f"| {name} | {tally.pages} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_readme(table: str, path: Path = _ROOT / "README.md") -> None:
    """Put *table* between the marks in the README."""
    before, begin, rest = path.read_text("utf-8").partition(_BEGIN)
    _old, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{path} does not have the marks {_BEGIN} and {_END}")
    path.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}", "utf-8")


def convert_ours(page: PageBody, reader: str = "markdown-it") -> Content:
    """Read back what wikibot's converter makes of *page*, whose files are captured, also those of other pages."""
    return read_markdown(convert_page(page.body, PageContext(attachments=_files(page.body))).markdown, reader)


def _files(body: str, own: str = "") -> dict[str, str]:
    """Return the files as a capture has them; *own* is the title of the page if it is another one."""
    files = {}
    for key, title, page_id, name in named_files(body):
        owner = f":{page_id}" if page_id else f"{key}:{title}" if key else title or own
        files[f"{owner}/{name}" if owner else name] = f"../_attachments/{name}"
    return files


def measure_surroundings(pages: list[PageBody]) -> tuple[Tally, list[str]]:
    """Return the tally of pages that include the next page and have the one after it as an inline comment."""
    total, lost = Tally(), []
    for number, page in enumerate(pages):
        included, comment = (pages[(number + step) % len(pages)].body for step in (1, 2))
        bodies = (page.body, included, comment)
        context = PageContext(
            attachments=_files(page.body) | _files(included, "Other") | _files(comment),
            included={"Other": IncludedPage("Other", included)},
            comments={"c": InlineComment("Ana", comment)},
        )
        markdown = convert_page(f"{page.body}{_SURROUNDED}", context).markdown
        result = read_markdown(_REMARKS.sub("", markdown), "cmark-gfm")
        source = Content()
        for body in bodies:
            source.add(read_source(body))
        tally = measure(source, result)
        lost += [f"{page.name} with others: {aspect}: {what}" for aspect, what in tally.lost]
        total.add(tally)
    return total, lost


def measure_corpus(pages: list[PageBody], convert: Callable[[PageBody], Content]) -> tuple[Tally, list[str]]:
    """Return the tally of all *pages*, and a line for each thing that was lost."""
    total, lost = Tally(), []
    for page in pages:
        source = read_source(page.body)
        try:
            tally = measure(source, convert(page))
        except Exception as error:  # noqa: BLE001 -- how often a converter fails is one of the measures
            tally = measure_nothing(source)
            lost.append(f"{page.name}: {type(error).__name__}: {error}")
        lost += [f"{page.name}: {aspect}: {what}" for aspect, what in tally.lost]
        total.add(tally)
    return total, lost


def is_good_enough(tally: Tally) -> bool:
    """Tell whether *tally* reaches the thresholds."""
    return not tally.exceptions and all(tally.share(aspect) >= THRESHOLDS.get(aspect, 1.0) for aspect in ASPECTS)


def render_table(tallies: dict[str, Tally]) -> str:
    """Return the results as a Markdown table: a row a converter."""
    head = ["converter", *ASPECTS, "exceptions"]
    rows = [
        [name, *(f"{tally.share(aspect):.2%}" for aspect in ASPECTS), str(tally.exceptions)]
        for name, tally in tallies.items()
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [_render_row(head, widths), "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
    return "\n".join([*lines, *(_render_row(row, widths) for row in rows)])


def _render_row(cells: list[str], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def compare(pages: list[PageBody], python: Path) -> dict[str, Tally]:
    """Measure the other converters on the same pages' view bodies; *python* has them installed."""
    tallies = {"(the view body itself)": measure_corpus(pages, lambda page: read_html(_view(page).html))[0]}
    for tool in RIVALS:
        answers = ask(python, tool, pages)
        tallies[tool] = measure_corpus(pages, partial(_read_answer, answers))[0]
    return tallies


def _view(page: PageBody) -> ViewBody:
    """Return the view body; an empty one where the wiki would have refused the page."""
    try:
        return view_body(page.body)
    except BadBody:
        return ViewBody("", "", {}, {})


def _read_answer(answers: Iterator[dict[str, Any]], _page: PageBody) -> Content:
    answer = next(answers)
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return read_markdown(answer["markdown"])


def ask(python: Path, tool: str, pages: list[PageBody]) -> Iterator[dict[str, Any]]:
    """Yield *tool*'s answer on each page; see `benchmarks.fidelity_rivals`."""
    command = [str(python), str(_ROOT / "benchmarks" / "fidelity_rivals.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes to the other interpreter")
        for page in pages:
            job = {"tool": tool, "storage": page.body} | asdict(_view(page))
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            yield json.loads(process.stdout.readline())
        process.stdin.close()


def measure_speed(tool: str, pages: list[PageBody], python: Path | None = None) -> dict[str, Any]:
    """Return the CPU time for a page, the peak memory (MB) and the number of failures of one converter."""
    own = Path(sys.executable) if tool == "wikibot" else python or _ROOT / ".venv-fidelity" / "bin" / "python"
    answers = list(ask(own, tool, [pages[0], *pages]))[1:]  # the first conversion loads the libraries
    return {
        "tool": tool,
        "milliseconds": 1_000 * sum(answer["seconds"] for answer in answers) / len(pages),
        "peak": max(answer["peak"] for answer in answers),
        "failed": sum("error" in answer for answer in answers),
    }


def render_speed(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table: the time of each converter for a page, and wikibot's as a share of it."""
    ours = rows[0]["milliseconds"]
    lines = ["| converter | CPU ms a page | wikibot takes | peak MB |", "|---|--:|--:|--:|"]
    for row in rows:
        share = f"{ours / row['milliseconds']:.0%} of it" if row is not rows[0] else "–"
        lines.append(f"| {row['tool']} | {row['milliseconds']:.2f} | {share} | {row['peak']:.0f} |")
    return "\n".join(lines)


def main() -> int:
    """Print the table; return 1 when wikibot's own converter falls short."""
    parser = argparse.ArgumentParser(prog="script/fidelity", description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument(
        "--compare", type=Path, metavar="PYTHON", help="also measure other converters, with this Python"
    )
    parser.add_argument("--readme", action="store_true", help="write the table of all corpora into README.md")
    parser.add_argument("--lost", action="store_true", help="list what was lost")
    arguments = parser.parse_args()
    pages = load_corpus(arguments.corpus) if arguments.corpus.is_dir() else []
    if not pages:
        print(f"no page bodies (*.xhtml, *.xml) under {arguments.corpus}", file=sys.stderr)
        return 1
    ours, lost = measure_corpus(pages, convert_ours)
    by_github, lost_there = measure_corpus(pages, partial(convert_ours, reader="cmark-gfm"))
    alone = [page for page in pages if not read_leniently(page.body).problems]
    by_others, lost_others = measure_surroundings(alone)
    tallies = {"wikibot": ours, "wikibot, read by cmark-gfm": by_github}
    if arguments.compare:
        tallies |= compare(pages, arguments.compare)
    print(f"{len(pages)} pages: " + ", ".join(f"{ours.expected[aspect]} {aspect}" for aspect in ASPECTS) + "\n")
    print(render_table(tallies))
    if arguments.compare:
        speed = [measure_speed(tool, pages, arguments.compare) for tool in ("wikibot", *RIVALS)]
        print(f"\n{render_speed(speed)}")
    corpora = {
        name: measure_corpus(bodies, partial(convert_ours, reader="cmark-gfm"))
        for name, bodies in load_corpora(arguments.corpus).items()
    }
    corpora[_WITH] = by_others, lost_others
    table = render_corpora({name: tally for name, (tally, _) in corpora.items()})
    print(f"\nwikibot, read by cmark-gfm:\n\n{table}")
    if arguments.readme:
        write_readme(table)
    if arguments.lost:
        lost += corpora[_MADE][1] + lost_others
        print("", *lost, *lost_there, sep="\n")
    return 0 if all(map(is_good_enough, (ours, by_github, by_others))) else 1


if __name__ == "__main__":
    sys.exit(main())
