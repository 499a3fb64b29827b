"""Build the files of a release from a committed tree; `script/release` runs this file.

Wheel and sdist are built with the locked build backend (requirements/build.txt) and with the time of the commit, so
that the same commit gives the same bytes. The wheel is made from the sdist: a release that cannot be built from its own
sources does not come out. Only the standard library is imported: nothing is installed yet when this runs.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from script.environments import SetUpError, make_environment

ROOT = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"


def release(root: Path, folder: Path, python: Path | None = None) -> list[Path]:
    """Write wheel, sdist, lock and checksums of the commit in *root* to the new folder *folder*; return the files.

    *python* has the build backend; without it, an environment is made from the lock. Raises `SetUpError`.
    """
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    moment = _check_tree(root, version)
    if folder.exists() and any(folder.iterdir()):
        raise SetUpError(f"{folder} is not empty; name a new folder, or remove it")
    with tempfile.TemporaryDirectory(prefix="wikibot-release-") as temporary:
        draft = Path(temporary) / "draft"
        if python is None:
            make_environment(Path(temporary) / "tools", root / "requirements" / "build.txt")
            python = Path(temporary) / "tools" / "bin" / "python"
        _build(python, root, "sdist", draft, moment)
        (sdist,) = draft.glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            archive.extractall(temporary, filter="data")
        _build(python, Path(temporary) / sdist.name.removesuffix(".tar.gz"), "wheel", draft, moment)
        shutil.copyfile(root / "requirements" / "runtime.txt", draft / f"wikibot-{version}-requirements.txt")
        files = sorted(draft.iterdir())
        lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
        (draft / SUMS).write_text("".join(lines), encoding="ascii")
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copyfile(file, folder / file.name)) for file in (*files, draft / SUMS)]


def _check_tree(root: Path, version: str) -> str:
    """Return the moment of the commit in seconds; raise `SetUpError` if this commit is not what would be released."""
    changed = _git(root, "status", "--porcelain")
    if changed:
        raise SetUpError(f"not committed:\n{changed}\nCommit it or put it away: a release is made from a commit.")
    tags = [tag for tag in _git(root, "tag", "--points-at", "HEAD").split() if re.match(r"v\d", tag)]
    if tags and f"v{version}" not in tags:
        raise SetUpError(
            f"the commit has the tag {tags[0]}, and pyproject.toml the version {version}; mend one of them"
        )
    return _git(root, "log", "-1", "--format=%ct")


def _build(python: Path, source: Path, kind: str, folder: Path, moment: str) -> None:
    _run(
        [str(python), "-I", "-m", "hatchling", "build", "-t", kind, "-d", str(folder)], source, SOURCE_DATE_EPOCH=moment
    )


def _git(root: Path, *words: str) -> str:
    return _run(["git", *words], root).strip()


def _run(command: list[str], folder: Path, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise SetUpError(f"{(done.stderr or done.stdout).strip()}\n`{' '.join(command)}` failed in {folder}.")
    return done.stdout


def main(arguments: list[str]) -> int:
    """Run `release FOLDER`; print the names of the files, or a failure."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: script/release FOLDER", file=sys.stderr)
        return 1
    try:
        for file in release(ROOT, Path(arguments[0]).absolute()):
            print(file)
    except (SetUpError, OSError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
