"""Where the shared material lies: real page bodies and OpenAPI documents that are read, never committed."""

import os
from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared_dir(name: str) -> Path:
    """Return the shared folder *name*; skip the test where it is absent, except in CI, where that is a failure."""
    folder = _SHARED / name
    if folder.is_dir():
        return folder
    if os.environ.get("CI"):
        pytest.fail(f"{folder} is absent, and CI must not skip the tests that read it")
    pytest.skip(f"{folder} is absent: real page bodies and OpenAPI documents are not part of the repository")
