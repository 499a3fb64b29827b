"""Small snapshots: two spaces, a signing key, and a tree of two runs."""

import datetime as dt
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.signature import Signer
from bot.wiki.dialect import Flavour
from tests.machine import need
from tests.snapshot.forger import make_evidence
from tests.snapshot.small_tree import CLOCK, capture_first, capture_second
from tests.snapshot.small_wiki import SmallWiki, small_wiki


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return make_key(tmp_path_factory.mktemp("key") / "id_ed25519")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return make_key(tmp_path_factory.mktemp("strange") / "id_ed25519")


def make_key(path: Path) -> Signer:
    need("ssh-keygen")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return Signer(path)


@pytest.fixture(scope="session")
def signed_original(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Path:
    root = tmp_path_factory.mktemp("signed") / "snapshots"
    capture_first(root, Disk(), signer=signer)
    capture_second(root, Disk(), signer=signer)
    return root


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Path:
    """Signed snapshots of five runs; a test copies them before it changes them."""
    root = tmp_path_factory.mktemp("evidence") / "snapshots"
    make_evidence(root, signer)
    return root


@pytest.fixture
def clock() -> Callable[[], dt.datetime]:
    return lambda: CLOCK


@pytest.fixture(params=list(Flavour), ids=lambda flavour: flavour.value)
def wiki(request: pytest.FixtureRequest) -> Iterator[SmallWiki]:
    with small_wiki(request.param) as wiki:
        yield wiki
