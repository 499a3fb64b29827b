"""What some tests need on the machine.

Without it they are skipped, with one line that says what to install; in CI they fail.
"""

import os
import shutil
from pathlib import Path
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

PACKAGES: Final = {
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "busybox": "busybox",
    "curl": "curl",
    "gawk": "gawk",
    "git": "git",
    "mawk": "mawk",
    "node": "nodejs",
    "npm": "npm",
    "openssl": "openssl",
    "original-awk": "original-awk",
    "ssh-keygen": "openssh-client",
    "systemd-analyze": "systemd",
    "unshare": "util-linux",
}
"""Each program that a test may need, and the Debian package that has it; `.ci/run` installs them all."""

_OTHER_NAMES: Final = {"chromium": ("chromium-browser", "google-chrome", "google-chrome-stable")}


IS_NIGHTLY: Final = bool(os.environ.get("WIKIBOT_NIGHTLY"))
"""Whether the suite runs at full size; what is marked `slow` runs only then (tests/conftest.py)."""

_SWITCHES: Final = {"WIKIBOT_NIGHTLY", "WIKIBOT_IMAGE", "WIKIBOT_WIKI_IMAGE"}  # of the suite itself
_OTHER_REPOSITORY: Final = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"}


def forget_own_settings() -> None:
    """Remove from the environment what this person set for a bot, and the repository that a hook of git names.

    Without this a test would meet another `bot.yaml`, or write to another repository.
    """
    for name in set(os.environ) - _SWITCHES:
        if name.startswith("WIKIBOT_") or name in _OTHER_REPOSITORY:
            del os.environ[name]


def need(program: str) -> str:
    """Return the path of *program*; skip the test where it is not installed."""
    path = next(filter(None, map(shutil.which, (program, *_OTHER_NAMES.get(program, ())))), None)
    if path is None:
        skip_for_want_of(program, f"install the package {PACKAGES[program]}")
    return path


def need_client(program: str) -> Path:
    """Return the path of *program* in `.venv-clients`; skip the test where it is not installed."""
    path = ROOT / ".venv-clients" / "bin" / program
    if not path.exists():
        skip_for_want_of(f".venv-clients/bin/{program}", "run script/bootstrap clients")
    return path


def need_dask() -> Path:
    """Return the Python of `.venv-dask`; skip the test where it is not installed."""
    path = ROOT / ".venv-dask" / "bin" / "python"
    if not path.exists():
        skip_for_want_of(".venv-dask", "run script/bootstrap dask")
    return path


def need_npm(package: str) -> Path:
    """Return the folder of an npm package that the tests of the desk use; skip the test where it is not installed."""
    path = ROOT / "tests" / "desk" / "npm" / "node_modules" / package
    if not path.is_dir():
        skip_for_want_of(f"the npm package {package}", "run npm ci --ignore-scripts --prefix tests/desk/npm")
    return path


def skip_for_want_of(thing: str, remedy: str) -> NoReturn:
    """Skip the running test; in CI, where nothing may be skipped, fail it."""
    message = f"needs {thing}, which is not here: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(f"{message} (CI skips no test)", pytrace=False)
    pytest.skip(message)
