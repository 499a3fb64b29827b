"""Measure how the time to read hostile storage format grows with its length: a ratio of four stands for proportion.

python -m benchmarks.hostile_bodies
"""

import sys
import time
from typing import Final

from bot.storage.reader import read_leniently
from tests.storage.hostile_bodies import HOSTILE, hostile_body

_SHORT, _LONG = 30_000, 120_000  # characters
_LIMIT: Final = 12


def main() -> int:
    """Print a line for each kind of body; return 1 when a body of four times the length takes 12 times as long."""
    failed = False
    for name, piece in HOSTILE.items():
        short, long = _best_seconds(piece, _SHORT), _best_seconds(piece, _LONG)
        ratio = long / short
        failed |= ratio > _LIMIT
        print(f"{name:28} {short * 1000:7.1f} ms {long * 1000:7.1f} ms {ratio:5.1f}")
    return int(failed)


def _best_seconds(piece: str, length: int) -> float:
    return min(_seconds(hostile_body(piece, length)) for _ in range(5))


def _seconds(body: str) -> float:
    start = time.process_time()
    read_leniently(body, max_depth=80)
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
