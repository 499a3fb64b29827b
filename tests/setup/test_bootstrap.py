"""`script/bootstrap` unchanged, over a small project and an index that is a folder."""

import ensurepip
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from script import environments
from tests.machine import IS_NIGHTLY
from tests.setup.checkout import Checkout, make_checkout, write_lock
from tests.setup.wheels import make_wheel, pack_installed_pip


@pytest.fixture(scope="module")
def shared_checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return make_checkout(tmp_path_factory.mktemp("made"))


@pytest.fixture
def made(shared_checkout: Checkout) -> Checkout:
    """A checkout whose environment is complete; several tests work on it, each made good here."""
    write_lock(
        shared_checkout, *(shared_checkout.index / f"{name}-1.0-py3-none-any.whl" for name in ("reader", "cover"))
    )
    ran = shared_checkout.bootstrap("dev")
    assert ran.returncode == 0, ran.stderr
    return shared_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path)


@pytest.mark.parametrize("pip", ["bundled", "newest"])
def test_a_release_newer_than_the_lock_changes_nothing(
    checkout: Checkout, tmp_path: Path, pip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(checkout.index, "cover", "2.0", extras=["toml"])
    for name, value in checkout.environment.items():
        monkeypatch.setenv(name, value)
    wheel = bundled_pip() if pip == "bundled" else pack_installed_pip(tmp_path / "pip")
    ours = make_environment(tmp_path / "ours", pip=wheel)
    lock = checkout.folder / "requirements" / "dev.txt"

    if pip == "bundled":  # resolving fails with pip 23; pip 26 chooses the pinned release by itself
        command = [str(ours / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "-r", str(lock)]
        resolved = subprocess.run(command, capture_output=True, text=True, check=False)
        assert resolved.returncode != 0
        assert "cover[toml]" in resolved.stderr
    environments.install_lock(ours, lock)

    shown = [str(ours / "bin" / "python"), "-c", "import cover, reader; print(cover.version, reader.version)"]
    assert subprocess.run(shown, capture_output=True, text=True, check=True).stdout == "1.0 1.0\n"


def make_environment(folder: Path, *, pip: Path) -> Path:
    """Make a virtual environment that has the pip of the wheel *pip*."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    with zipfile.ZipFile(pip) as archive:
        archive.extractall(site)
    return folder


def bundled_pip() -> Path:
    """Return the wheel of the pip that comes with this Python."""
    (wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    return wheel


def test_a_lock_that_lacks_what_its_packages_need_is_refused(made: Checkout) -> None:
    write_lock(made, made.index / "reader-1.0-py3-none-any.whl")

    ran = made.bootstrap("dev")

    assert ran.returncode == 1
    assert "reader 1.0 requires cover, which is not installed" in ran.stderr
    assert_earlier_environment_is_back(made)


def assert_earlier_environment_is_back(made: Checkout) -> None:
    assert made.run(".venv/bin/wikibot").stdout == "reader 1.0\n"
    assert not (made.folder / ".venv-earlier").exists()


def test_a_second_run_does_nothing(made: Checkout) -> None:
    born = made.python.lstat().st_ctime_ns

    again = made.bootstrap("dev")

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert made.python.lstat().st_ctime_ns == born
    assert made.run(".venv/bin/wikibot").stdout == "reader 1.0\n"


def test_the_environment_of_the_tests_serves_the_demo_too(made: Checkout) -> None:
    assert made.bootstrap("demo").stderr == ""


@pytest.mark.parametrize("missing", ["bin/python"] + [".complete.json", "lib", "bin"] * IS_NIGHTLY)
def test_an_environment_that_is_not_complete_is_made_again(made: Checkout, missing: str) -> None:
    (made.folder / ".venv" / missing).rename(made.folder / f"taken-{Path(missing).name}")

    ran = made.bootstrap("dev")

    assert ran.returncode == 0, ran.stderr
    assert made.run(".venv/bin/wikibot").stdout == "reader 1.0\n"


@pytest.mark.parametrize(
    "moment", [".venv/lib/*/site-packages/reader.py"] + [".venv/pyvenv.cfg", ".venv/bin/pip"] * IS_NIGHTLY
)
def test_a_run_that_is_killed_is_made_good_by_the_next(checkout: Checkout, moment: str) -> None:
    process = checkout.start("script/bootstrap")
    while process.poll() is None and not list(checkout.folder.glob(moment)):
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    ran = checkout.bootstrap()

    assert ran.returncode == 0, ran.stderr
    assert checkout.run(".venv/bin/wikibot").stdout == "reader 1.0\n"


@pytest.mark.slow
def test_a_pip_that_outlives_its_run_is_waited_for(checkout: Checkout) -> None:
    process = checkout.start("script/bootstrap")
    while process.poll() is None and not (checkout.folder / ".venv" / "bin" / "pip").exists():
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)  # pip goes on

    ran = checkout.bootstrap()
    process.communicate()

    assert ran.returncode == 0, ran.stderr
    assert checkout.run(".venv/bin/wikibot").stdout == "reader 1.0\n"


def test_several_runs_at_once_make_one_environment(checkout: Checkout) -> None:
    runs = [checkout.start("script/bootstrap") for _ in range(3)]

    ended = [process.communicate(timeout=120) for process in runs]

    assert [process.returncode for process in runs] == [0] * 3, ended
    assert sum("installing" in err for _, err in ended) == 1
    assert sum("waiting for it" in err for _, err in ended) == 2
    assert checkout.run(".venv/bin/wikibot").stdout == "reader 1.0\n"


def test_another_python_makes_another_environment(made: Checkout) -> None:
    stamp = made.folder / ".venv" / ".complete.json"
    ours = stamp.read_text()
    stamp.write_text(ours.replace(json.dumps(sys.version)[1:-1], "3.10.0 (of another day)"))
    assert stamp.read_text() != ours

    ran = made.bootstrap("dev")

    assert ran.returncode == 0, ran.stderr
    assert "installing" in ran.stderr
    assert stamp.read_text() == ours


def test_a_python_without_ensurepip_is_named(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "ensurepip.py").write_text("raise ModuleNotFoundError(\"No module named 'ensurepip'\")\n")

    ran = checkout.bootstrap(PYTHONPATH=str(tmp_path / "bare"))

    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        f"{sys.executable} cannot make virtual environments: its modules venv and ensurepip are missing.",
        (
            "Install them (Debian and Ubuntu: apt-get install python3-venv), or set PYTHON to another Python 3.11 or "
            "newer."
        ),
    ]


def test_no_python_and_an_old_python_are_named(checkout: Checkout, tmp_path: Path) -> None:
    old = tmp_path / "python2"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo Python 2.7.18 >&2; exit; }\nexit 1\n')
    old.chmod(0o755)

    assert "there is no python-of-nowhere here" in checkout.bootstrap(PYTHON="python-of-nowhere").stderr
    assert "Python 2.7.18 is too old" in checkout.bootstrap(PYTHON=str(old)).stderr


@pytest.mark.needs("unshare")
def test_a_full_disk_is_named(checkout: Checkout) -> None:
    full = (
        "mkdir full && mount -t tmpfs -o size=6m small full && cp -r script requirements pyproject.toml full/ && "
        "cd full && script/bootstrap"
    )

    ran = checkout.run("unshare", "-rm", "sh", "-c", full)

    assert ran.returncode == 1
    first, second = ran.stderr.splitlines()[-2:]
    assert first.startswith("the disk is full: ")
    assert second.startswith("Free about 600 MB in ")
    assert len(ran.stderr.splitlines()) == 3


def test_an_index_that_does_not_answer_is_named_and_the_earlier_environment_stays(made: Checkout) -> None:
    write_lock(made, make_wheel(made.folder / "elsewhere", "reader", "3.0"))

    ran = made.bootstrap(
        "dev", PIP_NO_INDEX="0", PIP_FIND_LINKS="", PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="0"
    )

    assert ran.returncode == 1
    _, first, second = ran.stderr.splitlines()
    assert first.startswith("the packages could not be fetched: ERROR: ")
    assert second == "Check the network and the proxy (HTTPS_PROXY, PIP_INDEX_URL), then run this again."
    assert_earlier_environment_is_back(made)


def test_an_unknown_environment_shows_the_usage(checkout: Checkout) -> None:
    ran = checkout.bootstrap("prod")

    assert ran.returncode == 1
    assert ran.stderr.startswith("usage: script/bootstrap [demo|dev|clients|dask|fidelity|docs|audit|manifests]\n")


# The last one, since the environment that it leaves would have to be made again for the next.
def test_a_lock_that_changed_is_installed_and_what_it_dropped_is_gone(made: Checkout) -> None:
    reader = make_wheel(made.index, "reader", "2.0")
    write_lock(made, reader)

    assert made.bootstrap("dev").returncode == 0
    assert made.run(".venv/bin/wikibot").stdout == "reader 2.0\n"
    assert made.ask("import importlib.util; print(importlib.util.find_spec('cover'))") == "None"
