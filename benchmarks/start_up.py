"""CPU time of short commands, beside a Python that does nothing and the libraries that a command cannot do without.

python -m benchmarks.start_up [RUNS]
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.large_workspace import write_workspace
from wikiserver.testing import running_wiki

_LIMITS = {"--help": 8, "news add": 13, "sync": 23}
"""How many times the CPU time of `python -c pass`: that is 0.25, 0.4 and 0.7 s where the latter takes 0.03 s."""
_LIBRARIES = {"click": "click", "pydantic": "pydantic", "requests": "requests", "atlassian": "atlassian"}


def main(runs: int) -> int:
    """Print a line for each command and library; return 1 if a command takes more than its limit."""
    with running_wiki("cloud") as wiki, tempfile.TemporaryDirectory() as folder:
        wiki.add_page("Home", "<p>Home.</p>")
        data = write_workspace(Path(folder), wiki.url, 5)
        os.environ |= {"WIKIBOT_CONFIG": str(data.with_name("bot.yaml")), "WIKIBOT_WIKI__TOKEN": "bot-secret"}
        os.environ["PYTHONPYCACHEPREFIX"] = folder  # an installed program has its bytecode, too
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        wikibot = [sys.executable, "-m", "bot"]
        subprocess.run([*wikibot, "apply", "--yes"], check=True, capture_output=True)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            **{name: [sys.executable, "-c", f"import {module}"] for name, module in _LIBRARIES.items()},
            "--help": [*wikibot, "--help"],
            "news add": [*wikibot, "news", "add", "Words without a link", "--dry-run"],
            "sync": [*wikibot, "sync"],
        }
        took = _measure(commands, runs)
    bare = took["python -c pass"]
    for name, seconds in took.items():
        limit = f", at most {_LIMITS[name]} wanted" if name in _LIMITS else ""
        print(f"{name:<15} {seconds:.3f} s of CPU, {seconds / bare:5.1f} times{limit}")
    return int(any(took[name] > limit * bare for name, limit in _LIMITS.items()))


def _measure(commands: dict[str, list[str]], runs: int) -> dict[str, float]:
    """Return the median CPU time of each command. The commands take turns, so that other work delays all alike."""
    measured: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            seconds = _cpu_seconds(command)
            if number:  # the first run writes the bytecode
                measured[name].append(seconds)
    return {name: median(each) for name, each in measured.items()}


def _cpu_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
