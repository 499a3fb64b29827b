"""The paths of the shared material: real page bodies and OpenAPI documents, which are never committed."""

from pathlib import Path

from tests.machine import ROOT, skip_for_want_of


def shared_dir(name: str) -> Path:
    """Return the shared folder *name*; skip the test where it is absent, except in CI, where that is a failure."""
    folder = ROOT.parent / "shared" / name
    if not folder.is_dir():
        skip_for_want_of(f"../shared/{name}", "put that folder next to the checkout")
    return folder
