"""CPU time of short commands, next to a Python that does nothing and the libraries that a command cannot do without.

python -m benchmarks.start_up [RUNS]
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import load_bounds
from benchmarks.process_cost import cpu_seconds
from tests.large_workspace import write_workspace
from wikiserver.testing import running_wiki

BARE = "python -c pass"
COMMANDS = {
    "--help": ["--help"],
    "news add": ["news", "add", "Words without a link", "--dry-run"],
    "sync": ["sync"],
}
_STAGES = {
    "Python without work of its own": "",
    "click and the list of commands": "from bot.cli.lean_imports import prepare_imports; prepare_imports()\n"
    "import bot.cli.main",
    "pydantic": "import pydantic.main, pydantic.fields",
    "PyYAML and ruamel.yaml": "import yaml.cyaml, ruamel.yaml",
    "the models of the data file, and to read it": "from pathlib import Path\n"
    "from bot.config.data_file import DataFile; DataFile.load(Path(DATA))",
    "pydantic-settings, the models of the settings, and to read them": "from bot.config.settings import load_settings\n"
    "load_settings(None)",
    "requests and urllib3": "import requests",
    "Jinja2 and markdown-it-py": "import jinja2, bot.inline_parser",
}
"""Programs that do what a command cannot do without; each of them also does what is above it.

`news add` needs all but the last two, `sync` needs all.
"""


def main(runs: int) -> int:
    """Print a line for each command and library; return 1 if a command takes more than its limit."""
    took = measure(runs)
    limits = load_bounds()["targets"]
    for name, seconds in took.items():
        limit = f", at most {limits[name]} wanted" if name in limits else ""
        print(f"{name:<15} {seconds:.3f} s of CPU, {seconds / took[BARE]:5.1f} times{limit}")
    return int(any(took[name] > limits[name] * took[BARE] for name in COMMANDS))


def measure(runs: int) -> dict[str, float]:
    """Return the CPU seconds of `BARE`, of each of the stages, and of the `COMMANDS`."""
    with running_wiki("cloud") as wiki, tempfile.TemporaryDirectory() as folder:
        wiki.add_page("Home", "<p>Home.</p>")
        data = write_workspace(Path(folder), wiki.url, 5)
        os.environ |= {"WIKIBOT_CONFIG": str(data.with_name("bot.yaml")), "WIKIBOT_WIKI__TOKEN": "bot-secret"}
        os.environ["PYTHONPYCACHEPREFIX"] = folder  # an installed program has its bytecode, too
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        wikibot = [sys.executable, "-m", "bot"]
        subprocess.run([*wikibot, "apply", "--yes"], check=True, capture_output=True)
        stages = {
            name: [sys.executable, "-c", "\n".join([f"DATA = {str(data)!r}", *list(_STAGES.values())[: number + 1]])]
            for number, name in enumerate(_STAGES)
        }
        commands = {name: [*wikibot, *arguments] for name, arguments in COMMANDS.items()}
        found = _measure({BARE: [sys.executable, "-c", "pass"], **stages, **commands}, runs)
        del os.environ["PYTHONPYCACHEPREFIX"]
        return found


def list_stages(took: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return what each stage adds, in multiples of `BARE`."""
    seconds = [0.0, *(took[name] for name in _STAGES)]
    return [
        {"name": name, "adds": round((after - before) / took[BARE], 1)}
        for name, (before, after) in zip(_STAGES, pairwise(seconds), strict=True)
    ]


def _measure(commands: dict[str, list[str]], runs: int) -> dict[str, float]:
    """Return the median CPU time of each command. The commands take turns, so that other work delays all alike."""
    measured: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            seconds = cpu_seconds(command)
            if number:  # the first run writes the bytecode
                measured[name].append(seconds)
    return {name: median(each) for name, each in measured.items()}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
