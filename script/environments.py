"""Make virtual environments from the hashed locks; `script/bootstrap` and `script/install` run this file.

The locks are complete. pip installs exactly what they name (`--no-deps`), and `pip check` proves that nothing is
missing. A resolver would ask the index again, and could choose a release that is newer than the lock.
Only the standard library is imported: nothing is installed yet when this runs.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = ".complete.json"
"""Written last. An environment without it was left by a run that did not end, and is made again."""

ENVIRONMENTS = {
    "demo": (".venv", True),
    "dev": (".venv", True),
    "clients": (".venv-clients", False),
    "dask": (".venv-dask", False),
    "fidelity": (".venv-fidelity", False),
    "docs": (".venv-docs", False),
    "audit": (".venv-audit", False),
    "manifests": (".venv-manifests", False),
}
"""Each lock, the environment that it is installed in, and whether the projects of this checkout are installed too."""

_LEAST_ROOM = 8 * 1024 * 1024
_FULL = re.compile(r"no space left on device|disk quota exceeded|errno 28\b", re.IGNORECASE)
_OFFLINE = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|Connection(?:Reset|Refused)"
    r"|name resolution|Network is unreachable|No matching distribution found",
    re.IGNORECASE,
)


class SetUpError(Exception):
    """An environment could not be made; the message says why and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Run `bootstrap [KIND]` or `install PREFIX`; print a failure in one or two lines."""
    try:
        match list(arguments):
            case ["bootstrap"]:
                bootstrap(ROOT, "demo")
            case ["bootstrap", kind] if kind in ENVIRONMENTS:
                bootstrap(ROOT, kind)
            case ["install", prefix] if not prefix.startswith("-"):
                install_program(ROOT, Path(prefix).absolute())
            case _:
                print(
                    f"usage: script/bootstrap [{'|'.join(ENVIRONMENTS)}]\n   or: script/install FOLDER", file=sys.stderr
                )
                return 1
    except SetUpError as failure:
        print(failure, file=sys.stderr)
        return 1
    except OSError as error:
        print(_explain_os_error(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run the command again", file=sys.stderr)
        return 130
    return 0


def bootstrap(root: Path, kind: str) -> None:
    """Make or renew the environment of *kind*; do nothing when it is complete and made from the present lock."""
    name, has_projects = ENVIRONMENTS[kind]
    folder = root / name
    with _only_one(root / ".venv.lock"):
        stamp = _load_stamp(folder)
        if kind == "demo" and stamp.get("kind") == "dev":
            kind = "dev"  # its lock contains all packages of the demo's lock
        lock = root / "requirements" / f"{kind}.txt"
        projects = [folder for folder in (root, root / "wikiserver") if (folder / "pyproject.toml").is_file()]
        projects = projects if has_projects else []
        wanted = _describe(folder, kind, lock, projects)
        if stamp == wanted:
            return
        if {**stamp, "projects": ""} == {**wanted, "projects": ""}:
            (folder / STAMP).unlink()
            _install_projects(folder, projects)
        else:
            with _replacing(folder):
                make_environment(folder, lock)
                _install_projects(folder, projects)
        _write_stamp(folder, wanted)


def install_program(root: Path, prefix: Path) -> None:
    """Build the wheel of this checkout and install it in *prefix* over what production needs, and nothing else."""
    if prefix.exists() and not _is_ours(prefix):
        raise SetUpError(f"{prefix} exists and was not made by script/install; name a new folder")
    prefix.parent.mkdir(parents=True, exist_ok=True)
    runtime = root / "requirements" / "runtime.txt"
    with (
        _only_one(prefix.with_name(f".{prefix.name}.lock")),
        tempfile.TemporaryDirectory(prefix="wikibot-") as temporary,
    ):
        wheel = build_wheel(root, Path(temporary))
        with _replacing(prefix):
            make_environment(prefix, runtime)
            _pip(prefix, "install", "--no-deps", "--no-index", str(wheel))
            _pip(prefix, "check")
            _write_stamp(prefix, _describe(prefix, "runtime", runtime, [root]))
    program = prefix / "bin" / "wikibot"
    print(f"installed {program}\nto call it by its name: export PATH={prefix / 'bin'}:$PATH")


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of *root* in *folder* with the locked build backend."""
    tools = folder / "tools"
    make_environment(tools, root / "requirements" / "build.txt")
    _pip(tools, "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(root))
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_environment(folder: Path, lock: Path) -> None:
    """Make a virtual environment in *folder* and install *lock* in it."""
    print(f"installing {lock.parent.name}/{lock.name} in {folder} …", file=sys.stderr)
    python = getattr(sys, "_base_executable", None) or sys.executable
    _run(folder, [python, "-m", "venv", str(folder)])
    install_lock(folder, lock)


def install_lock(folder: Path, lock: Path) -> None:
    """Install exactly what *lock* names, and check that nothing it needs is missing."""
    _pip(folder, "install", "--no-deps", "--require-hashes", "-r", str(lock))
    _pip(folder, "check")


def _install_projects(folder: Path, projects: Sequence[Path]) -> None:
    for project in projects:
        _pip(folder, "install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", str(project))
    _pip(folder, "check")


def _pip(folder: Path, *arguments: str) -> None:
    # -I: what PYTHONPATH names must not count as installed.
    python = str(folder / "bin" / "python")
    _run(folder, [python, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])


def _run(folder: Path, command: Sequence[str]) -> None:
    """Run *command*, which writes in *folder*.

    It inherits the open lock file: a pip that outlives a killed run makes the next run wait.
    """
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        close_fds=False,
        check=False,
    )
    if done.returncode:
        raise SetUpError(_explain(folder, command, done.stdout))


def _explain(folder: Path, command: Sequence[str], output: str) -> str:
    errors = [line for line in output.splitlines() if re.match(r"(?:ERROR|error|Error):? ", line)]
    last = (errors or output.strip().splitlines() or ["no output"])[-1]
    if _FULL.search(output) or _is_full(folder):
        return _full_disk(folder.parent, last)
    if _OFFLINE.search(output):
        return (
            f"the packages could not be fetched: {last}\n"
            "Check the network and the proxy (HTTPS_PROXY, PIP_INDEX_URL), then run this again."
        )
    return f"{output.strip()}\n`{' '.join(command)}` failed; mend what it names and run this again."


def _is_full(folder: Path) -> bool:
    """Return whether there is hardly any room left; `venv` does not say why it failed."""
    return any(shutil.disk_usage(place).free < _LEAST_ROOM for place in (folder.parent, tempfile.gettempdir()))


def _explain_os_error(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _full_disk(ROOT, str(error))
    return f"{error}; mend that and run this again."


def _full_disk(folder: Path, detail: str) -> str:
    return (
        f"the disk is full: {detail}\n"
        f"Free about 600 MB in {folder} and in {tempfile.gettempdir()} (TMPDIR), then run this again."
    )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Let one run at a time go on; the system releases the lock when the processes that have it end."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run is at work here; waiting for it …", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        os.set_inheritable(file.fileno(), True)
        yield


@contextmanager
def _replacing(folder: Path) -> Iterator[None]:
    """Put an earlier complete environment aside, and put it back when the new one cannot be made."""
    earlier = folder.with_name(f"{folder.name}-earlier")
    if _load_stamp(folder):
        shutil.rmtree(earlier, ignore_errors=True)
        folder.rename(earlier)
    elif folder.exists():
        shutil.rmtree(folder)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if earlier.exists():
            earlier.rename(folder)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def _describe(folder: Path, kind: str, lock: Path, projects: Sequence[Path]) -> dict[str, str]:
    """Return what the environment in *folder* is made from; any difference means that it must be made again."""
    definitions = b"".join((project / "pyproject.toml").read_bytes() for project in projects)
    return {
        "kind": kind,
        "lock": hashlib.sha256(lock.read_bytes()).hexdigest(),
        "projects": hashlib.sha256(definitions).hexdigest(),
        "python": f"{sys.version} {sys.base_prefix}",
        "folder": str(folder),
    }


def _load_stamp(folder: Path) -> dict[str, str]:
    """Return what *folder* was made from; nothing when it is not complete or its Python no longer runs."""
    try:
        stamp: dict[str, str] = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        subprocess.run([folder / "bin" / "python", "-c", "import pip"], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return stamp


def _write_stamp(folder: Path, stamp: dict[str, str]) -> None:
    draft = folder / f"{STAMP}.new"
    draft.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / STAMP)


def _is_ours(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file() or not any(folder.iterdir())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
