import subprocess
import sys
from pathlib import Path

from bot.snapshot.archive.checkpoint import load_head
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.verification import verify
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import CLOCK, ORIGIN, SOFTWARE, state_of

_REPOSITORY = Path(__file__).resolve().parents[2]
_KILLS = 6


def test_a_killed_process_loses_no_run_that_it_said_was_done(tmp_path: Path) -> None:
    acknowledged = 0
    for kill in range(_KILLS):
        acknowledged = _capture_and_kill(tmp_path, after_runs=1 + kill % 3) or acknowledged
        with open_writer(state_of(tmp_path), origin=ORIGIN, software=SOFTWARE, clock=lambda: CLOCK):
            pass

        head = load_head(tmp_path)
        assert head is not None
        assert head.sequence >= acknowledged
        assert verify(tmp_path).findings == ()
    assert run_instructions(tmp_path).returncode == 0
    assert bagit_accepts(tmp_path)


def _capture_and_kill(root: Path, *, after_runs: int) -> int:
    """Kill the process in the midst of whatever it does after so many runs; returns the last run it called done."""
    command = [sys.executable, "-m", "tests.snapshot.capture_forever", str(root)]
    with subprocess.Popen(command, cwd=_REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        done = [process.stdout.readline() for _ in range(after_runs)]
        process.kill()
        done += process.stdout.readlines()
    return max(int(line) for line in done if line.endswith("\n"))
