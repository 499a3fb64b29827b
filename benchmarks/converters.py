"""CPU seconds for a page and memory of converters to Markdown: wikibot and three others, on the same pages.

script/bench converters [CORPUS] [--rounds N] [--write]
"""

import argparse
import sys
from pathlib import Path
from statistics import median

from benchmarks.fidelity import CORPUS, RIVALS, PageBody, load_corpus, measure_speed
from benchmarks.figures import write_section
from benchmarks.page_world import make_body
from benchmarks.process_cost import describe_machine

_GENERATED = 300


def main() -> int:
    """Print a line for each converter."""
    parser = argparse.ArgumentParser(prog="script/bench converters", description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args()
    machine = describe_machine()
    pages = load_corpus(options.corpus) if options.corpus.is_dir() else []
    corpus = "real pages"
    if not pages:
        print(f"no page bodies under {options.corpus}; these are generated pages", file=sys.stderr)
        pages, corpus = [PageBody(str(number), make_body(number)) for number in range(_GENERATED)], "generated pages"
    rounds = [[measure_speed(tool, pages) for tool in ("wikibot", *RIVALS)] for _ in range(options.rounds)]
    rows = [
        {
            name: value if name == "tool" else round(median(row[name] for row in rows), 2)
            for name, value in rows[0].items()
        }
        for rows in zip(*rounds, strict=True)
    ]
    size = sum(len(page.body.encode()) for page in pages)
    print(f"{len(pages)} {corpus}, {size / 1024:,.0f} kB")
    for row in rows:
        print(
            f"{row['tool']:<30} {row['milliseconds']:8.2f} ms of CPU for a page {row['peak']:6.0f} MB at most", end=""
        )
        print(f" {row['failed']:5.0f} pages that end with an error")
    if options.write:
        found = {"machine": machine, "corpus": corpus, "pages": len(pages), "kilobytes": round(size / 1024)}
        write_section("converters", found | {"rounds": options.rounds, "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
