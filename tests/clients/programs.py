"""Other people's command-line programs, run as a user runs them, each with a home directory of its own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.machine import need_client

_VENV = Path(__file__).resolve().parent.parent.parent / ".venv-clients" / "bin"


def run_program(name: str, *arguments: str | Path, home: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run the program *name* of `.venv-clients` in *home*; return all it printed. The test fails where it does."""
    program = need_client(name)
    done = subprocess.run(
        [program, *arguments],
        cwd=home,
        env=_environment(home) | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": f"{_VENV}{os.pathsep}{os.defpath}",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Whatever a program asks beyond this machine is refused at once rather than waited for.
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
    }
