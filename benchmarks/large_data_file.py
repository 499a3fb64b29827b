"""How long commands take with a large data file, beside a bare parse of it by ruamel.yaml and a start of `wikibot`.

python -m benchmarks.large_data_file [ITEMS] [RUNS]
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.large_workspace import write_workspace
from wikiserver.testing import running_wiki

_LIMITS = {"news add": 1.0, "sync": 2.0}
"""Seconds of CPU for 5,000 items."""


def main(items: int, runs: int) -> int:
    """Print a line for each command; return 1 if one takes longer than its limit."""
    with running_wiki("cloud") as wiki, tempfile.TemporaryDirectory() as folder:
        wiki.add_page("Home", "<p>Home.</p>")
        data = write_workspace(Path(folder), wiki.url, items)
        os.environ |= {"WIKIBOT_CONFIG": str(data.with_name("bot.yaml")), "WIKIBOT_WIKI__TOKEN": "bot-secret"}
        os.environ["PYTHONPYCACHEPREFIX"] = folder  # an installed program has its bytecode, too
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        wikibot = [sys.executable, "-m", "bot"]
        _seconds([*wikibot, "apply", "--yes"])
        bare = _report("start", [*wikibot, "--version"], runs, 0)
        load = f"from ruamel.yaml import YAML; YAML(typ='safe', pure=True).load(open({str(data)!r}).read())"
        _report("bare parse", [sys.executable, "-c", load], runs, bare)
        took = {
            "news list": _report("news list", [*wikibot, "news", "list"], runs, bare),
            "plan": _report("plan", [*wikibot, "plan"], runs, bare),
            "sync": _report("sync", [*wikibot, "sync"], runs, bare),
            "news add": _report("news add", [*wikibot, "news", "add", "Fresh [news](page:Home)"], runs, bare),
        }
    return int(any(took[name] > limit for name, limit in _LIMITS.items()))


def _report(name: str, command: list[str], runs: int, bare: float) -> float:
    measured = [_seconds(command) for _ in range(runs)]
    wall, cpu = median(each[0] for each in measured), median(each[1] for each in measured)
    ratio = f", {cpu / bare:.1f} times a start" if bare else ""
    print(f"{name:<11} {wall:.2f} s, {cpu:.2f} s of CPU (medians of {runs}){ratio}")
    return cpu


def _seconds(command: list[str]) -> tuple[float, float]:
    """Return wall time and CPU time of *command*."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, cpu


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [5_000, 3][len(numbers) :])))
