"""A small copy of the project: our own scripts over a small lock, a small program and an index that is a folder."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.setup.wheels import lock_line, make_wheel

ROOT = Path(__file__).resolve().parents[2]

# A build backend in the tree, so that no build tool must be in the index.
_BACKEND = """
import base64, hashlib, os, zipfile


def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _build(folder, {"small_program.py": open("small_program.py").read()})


def build_editable(folder, config_settings=None, metadata_directory=None):
    return _build(folder, {"small_program.pth": os.getcwd() + "\\n"})


def _build(folder, files):
    info = "small_program-1.0.dist-info"
    files |= {
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: small-program\\nVersion: 1.0\\nRequires-Dist: reader\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": "[console_scripts]\\nwikibot = small_program:main\\n",
    }
    name = "small_program-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        record = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
        archive.writestr(f"{info}/RECORD", record)
    return name
"""


@dataclass(frozen=True)
class Checkout:
    """The folder of a small project, and the index that its pip may ask."""

    folder: Path
    index: Path

    @property
    def python(self) -> Path:
        return self.folder / ".venv" / "bin" / "python"

    def start(self, *command: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        with self.start(*command, environment=environment) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def bootstrap(self, kind: str = "demo", **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.run("script/bootstrap", kind, environment=environment)

    def ask(self, code: str) -> str:
        """Run *code* in the environment that bootstrap made; return what it prints."""
        return subprocess.run(
            [self.python, "-c", code], env=self.environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHON": sys.executable,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.index.as_uri(),  # pip would take a path with a space for two
            "PIP_NO_CACHE_DIR": "1",
            "LANG": "C.UTF-8",
        }


def make_checkout(folder: Path) -> Checkout:
    """Make a small project whose lock names `reader`, which wants `cover[toml]`, and `cover`, the newest of its day."""
    checkout = Checkout(folder / "checkout", folder / "index")
    shutil.copytree(ROOT / "script", checkout.folder / "script", ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in {
        "backend/backend.py": _BACKEND,
        "small_program.py": 'import reader\n\n\ndef main():\n    print(f"reader {reader.version}")\n',
        "pyproject.toml": """
            [build-system]
            requires = []
            build-backend = "backend"
            backend-path = ["backend"]
            [project]
            name = "small-program"
            version = "1.0"
        """,
    }.items():
        (checkout.folder / path).parent.mkdir(exist_ok=True)
        (checkout.folder / path).write_text(textwrap.dedent(text))
    reader = make_wheel(checkout.index, "reader", needs=["cover[toml]>=1"])
    cover = make_wheel(checkout.index, "cover", extras=["toml"])
    write_lock(checkout, reader, cover)
    return checkout


def write_lock(checkout: Checkout, *wheels: Path) -> None:
    folder = checkout.folder / "requirements"
    folder.mkdir(exist_ok=True)
    for name in ("demo", "dev", "runtime"):
        (folder / f"{name}.txt").write_text("".join(map(lock_line, wheels)))
    (folder / "build.txt").write_text("")
