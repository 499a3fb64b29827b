"""Measure `wikibot plan` on the synced demo, compared with an interpreter that does nothing, and count its requests.

python -m benchmarks.plan [RUNS]
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.resources import demo_dir
from wikiserver.seed import seed_wiki
from wikiserver.server import WikiServer
from wikiserver.site import Flavour
from wikiserver.store import Store

_HOME = "WS2 - Enhancing ICANN Accountability Implementation"
_LIMIT_SECONDS = 1.5


def main(runs: int) -> int:
    """Print a line a flavour; return 1 when a plan takes too long or writes."""
    failed = False
    for flavour in ("cloud", "datacenter"):
        with tempfile.TemporaryDirectory() as folder, Store() as store, WikiServer(store, flavour=flavour) as server:
            seed_wiki(store, "demo")
            failed |= _measure(Path(folder), server, flavour, runs)
    return int(failed)


def _measure(folder: Path, server: WikiServer, flavour: Flavour, runs: int) -> bool:
    (folder / "bot.yaml").write_text((demo_dir() / "bot.yaml").read_text())
    is_cloud = flavour == "cloud"
    environment = os.environ | {
        "WIKIBOT_CONFIG": str(folder / "bot.yaml"),
        "WIKIBOT_WIKI__URL": server.url + ("/wiki" if is_cloud else ""),
        "WIKIBOT_WIKI__FLAVOUR": flavour,
        "WIKIBOT_WIKI__TOKEN": "bot-secret" if is_cloud else "bot-token",
    }
    if is_cloud:
        environment["WIKIBOT_WIKI__USER"] = "bot"
    wikibot = [sys.executable, "-m", "bot"]
    _seconds([*wikibot, "adopt", _HOME, "--space", "WS2", "--yes"], environment)
    before = len(server.requests)
    plans = [_seconds([*wikibot, "plan"], environment) for _ in range(runs)]
    asked = server.requests[before:]
    bare = [_seconds([sys.executable, "-c", "pass"], environment) for _ in range(runs)]
    writes = [request for request in asked if request[0] != "GET"]
    plan, nothing = statistics.median(plans), statistics.median(bare)
    print(
        f"{flavour:<11} plan {plan:.2f} s (median of {runs}), bare interpreter {nothing:.3f} s, "
        f"ratio {plan / nothing:.0f}; {len(asked) / runs:.0f} request(s) a plan, {len(writes)} write(s)"
    )
    return plan >= _LIMIT_SECONDS or bool(writes)


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
