"""Other people's command-line programs, run as a user runs them, each with a home directory of its own."""

import json
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
        env=environment_of(home) | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def program_path(name: str) -> Path:
    """Return the path of the program *name* of `.venv-clients`."""
    return _VENV / name


def environment_of(home: Path) -> dict[str, str]:
    """Return the variables for a program whose home directory is *home*."""
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


def configure_exporter(home: Path, url: str, *, is_cloud: bool, connection: Mapping[str, object]) -> dict[str, str]:
    """Write settings of confluence-markdown-exporter, which then writes to `export`; return the variables for it."""
    config = {
        "auth": {"confluence": {url: {"username": "bot", "api_token": "bot-secret"}}, "jira": {}},
        "export": {
            "output_path": str(home / "export"),
            "enable_jira_enrichment": False,
            "page_metadata_in_frontmatter": True,
        },
        "connection_config": {**connection, "use_v2_api": is_cloud},
    }
    path = home / "cme.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return {"CI": "true", "CME_NON_INTERACTIVE": "1", "CME_CONFIG_PATH": str(path)}


def md2conf_at_cloud(host: str, url: str) -> tuple[str, ...]:
    """Return the options that lead md2conf to a wiki of the flavour Cloud: *host* with its port, and its address."""
    return "--api-version", "v2", "-d", host, "-p", "/wiki/", "--api-url", f"{url}/"


def md2conf_account(space: str) -> tuple[str, ...]:
    """Return the options of md2conf that name the account and the space."""
    return "-u", "bot", "-a", "bot-secret", "-s", space, "--no-generated-by"
