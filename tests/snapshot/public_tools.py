"""Judge snapshots as an auditor would: `VERIFY.md` run unchanged, and `bagit.py --validate` on every bag."""

import os
import re
import subprocess
import sys
from pathlib import Path

from bot.snapshot.archive.instructions import load_instructions

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_instructions(
    root: Path,
    *,
    allowed_signers: Path | None = None,
    witness: str = "",
    now: str = "9999-12-31T23:59:59Z",
    tsa: Path | None = None,
    path: str = "",
    text: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the blocks of `VERIFY.md`; *path* is searched first for tools, such as another awk."""
    script = "\n".join(_BLOCK.findall(text if text is not None else load_instructions()))
    assert "sha256sum" in script
    environment = {"PATH": f"{path}:{os.environ['PATH']}".removeprefix(":"), "WITNESS": witness, "NOW": now}
    if allowed_signers:
        environment["ALLOWED_SIGNERS"] = str(allowed_signers)
    if tsa:
        environment["TSA_CA"] = str(tsa)
    return subprocess.run(
        ["sh", "-c", script], cwd=root, env=environment, capture_output=True, text=True, errors="replace", check=False
    )


def bagit_accepts(root: Path) -> bool:
    bags = sorted(path.parent for path in root.glob("*/bagit.txt"))
    command = [sys.executable, "-m", "bagit", "--validate", "--quiet", *map(str, bags)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
