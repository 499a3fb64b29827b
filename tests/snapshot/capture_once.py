"""Capture every page of a wiki once, in parts; tests start it as a process and kill it."""

import sys
from pathlib import Path

from bot.config.policy import ArchivedSettings
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.run import capture
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.wiki.dialect import Flavour
from tests.snapshot.small_tree import CLOCK, ORIGIN, SOFTWARE, state_of
from tests.snapshot.small_wiki import make_gateway


def main(root: Path, url: str, flavour: Flavour) -> None:
    with open_writer(state_of(root), origin=ORIGIN, software=SOFTWARE, clock=lambda: CLOCK) as writer:
        requests = [SpaceRequest("WS2", ArchivedSettings(), everything=True)]
        capture(make_gateway(url, flavour), writer, requests, CaptureOptions(SerialExecutor()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Flavour(sys.argv[3]))
