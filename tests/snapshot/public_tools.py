"""Judge snapshots as an auditor would: `VERIFY.md` run unchanged, and `bagit.py --validate` on every bag."""

import os
import re
import subprocess
import sys
from pathlib import Path

from bot.snapshot.archive.instructions import INSTRUCTIONS

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_instructions(
    root: Path, *, allowed_signers: Path | None = None, witness: str = "", text: str = INSTRUCTIONS
) -> subprocess.CompletedProcess[str]:
    script = "\n".join(_BLOCK.findall(text))
    assert "sha256sum" in script
    environment = {"PATH": os.environ["PATH"], "WITNESS": witness}
    if allowed_signers:
        environment["ALLOWED_SIGNERS"] = str(allowed_signers)
    return subprocess.run(
        ["sh", "-c", script], cwd=root, env=environment, capture_output=True, text=True, errors="replace", check=False
    )


def bagit_accepts(root: Path) -> bool:
    bags = sorted(path.parent for path in root.glob("*/bagit.txt"))
    command = [sys.executable, "-m", "bagit", "--validate", "--quiet", *map(str, bags)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
