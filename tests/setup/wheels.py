"""Small distributions, built in the test as wheels: a package index that is a folder."""

import base64
import hashlib
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path


def make_wheel(
    folder: Path, name: str, version: str = "1.0", *, needs: Sequence[str] = (), extras: Sequence[str] = ()
) -> Path:
    """Write the wheel of a package of one module; each of *extras* is an extra that needs nothing more."""
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {requirement}" for requirement in needs),
        *(f"Provides-Extra: {extra}" for extra in extras),
    ]
    module = name.replace("-", "_")
    files = {f"{module}.py": f"version = {version!r}\n".encode()}
    return _write_wheel(folder, module, version, files, "\n".join(metadata) + "\n")


def pack_installed_pip(folder: Path) -> Path:
    """Make a wheel of the pip that is installed with pytest: the newest, as requirements/dev.txt pins it."""
    pip = distribution("pip")
    files = {
        str(path): Path(str(pip.locate_file(path))).read_bytes()
        for path in pip.files or ()
        if path.parts[0] == "pip" and path.suffix != ".pyc"
    }
    return _write_wheel(folder, "pip", pip.version, files, str(pip.read_text("METADATA")))


def lock_line(wheel: Path) -> str:
    """Return what a lock says of *wheel*."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def _write_wheel(folder: Path, name: str, version: str, files: dict[str, bytes], metadata: str) -> Path:
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    record.append(f"{info}/RECORD,,")
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(f"{info}/RECORD", "\n".join(record) + "\n")
    return wheel


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
