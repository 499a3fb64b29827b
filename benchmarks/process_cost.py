"""What a command costs: wall time, CPU seconds and peak memory of a process with all its children."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

_ROUNDS = 9
_MEBIBYTE = 1 << 20
_STARTER = """
import json, os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    json.dump([used.ru_utime + used.ru_stime, used.ru_maxrss], file)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Starts the command from a small process, because Linux counts the memory of the starting process as its peak."""


@dataclass(frozen=True, slots=True)
class Cost:
    """*wall* and *cpu* are seconds, *peak* is the memory in MB of the largest process."""

    wall: float
    cpu: float
    peak: float


def run_measured(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], accepted: Sequence[int] = (0,)
) -> Cost:
    """Run *command* in *folder*; raises `RuntimeError` with its output if its exit code is not *accepted*."""
    log, used = folder / "output.txt", folder / "used.json"
    started = time.monotonic()
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _STARTER, used, *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    wall = time.monotonic() - started
    if done.returncode not in accepted:
        text = log.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}:\n{text[-4000:]}")
    cpu, kibibytes = json.loads(used.read_text())
    return Cost(wall, cpu, kibibytes * 1024 / _MEBIBYTE)


def describe_machine() -> dict[str, Any]:
    """Return what the figures of a run depend on: cores, the CPU time of `python -c pass`, Python, and other load."""
    return {
        "cores": os.cpu_count(),
        "pass_seconds": round(median(cpu_seconds([sys.executable, "-c", "pass"]) for _ in range(_ROUNDS)), 3),
        "python": ".".join(map(str, sys.version_info[:3])),
        "load": round(os.getloadavg()[0], 1),
    }


def cpu_seconds(command: Sequence[str]) -> float:
    """Run *command* without a look at its output; return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def size_of(root: Path) -> int:
    """Return the number of bytes of all files in *root*."""
    return sum(path.lstat().st_size for path in root.rglob("*") if path.is_file())
