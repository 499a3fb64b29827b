"""Capture in a loop until killed, with a message after each run; tests start it as a process."""

import sys
from pathlib import Path

from bot.snapshot.archive.writer import open_writer
from tests.snapshot.small_tree import CLOCK, ORIGIN, PAGES, SOFTWARE, finish, put_page, state_of


def main(root: Path) -> None:
    while True:
        with open_writer(state_of(root), origin=ORIGIN, software=SOFTWARE, clock=lambda: CLOCK) as writer:
            for page_id, title in PAGES.items():
                put_page(writer, page_id, title, f"<p>run {writer.sequence}</p>", version=writer.sequence)
            head = finish(writer, *PAGES)
        sys.stdout.write(f"{head.sequence}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
