"""CPU time of one gateway call, beside the same request by `http.client`; the wiki runs in another process.

python -m benchmarks.gateway_calls [CALLS]
"""

import base64
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from urllib.parse import urlsplit

from benchmarks.figures import load_bounds
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour

_ROUNDS = 40
_SERVE = """
import sys
from wikiserver.testing import running_wiki
with running_wiki("cloud") as wiki:
    page = wiki.add_page("Home", "<p>Home.</p>" * 100)
    print(wiki.url, page, flush=True)
    sys.stdin.read()
"""


def main(calls: int) -> int:
    """Print the CPU time of both; return 1 if the gateway takes more than the limit."""
    bare, ours, ratio = measure(calls)
    limit = load_bounds()["targets"]["gateway call"]
    print(f"http.client {bare:6.0f} µs of CPU for each call")
    print(f"gateway     {ours:6.0f} µs of CPU for each call, {ratio:.2f} times, at most {limit} wanted")
    return int(ratio > limit)


def measure(calls: int) -> tuple[float, float, float]:
    """Return the microseconds of both, and their ratio; they take turns, so that other work delays both alike."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as wiki:
        assert wiki.stdout is not None
        url, page_id = wiki.stdout.readline().split()
        gateway = ConfluenceGateway(url, flavour=Flavour.CLOUD, credentials=Credentials("bot-secret", user="bot"))
        call = _by_http_client(url, page_id)
        assert gateway.fetch_page(page_id).body == call()["body"]["storage"]["value"]
        each = max(1, calls // _ROUNDS)
        rounds = [
            (_cpu_seconds(call, each), _cpu_seconds(lambda: gateway.fetch_page(page_id), each)) for _ in range(_ROUNDS)
        ]
        wiki.terminate()
    bare, ours = (1e6 * median(seconds) / each for seconds in zip(*rounds, strict=True))
    return bare, ours, median(ours / bare for bare, ours in rounds)


def _by_http_client(url: str, page_id: str) -> Callable[[], dict[str, dict[str, dict[str, str]]]]:
    """Return a function that reads the page with a connection that stays open."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    account = base64.b64encode(b"bot:bot-secret").decode()
    headers = {"Authorization": f"Basic {account}", "Accept": "application/json"}
    path = f"{parts.path}/api/v2/pages/{page_id}?body-format=storage"

    def call() -> dict[str, dict[str, dict[str, str]]]:
        connection.request("GET", path, headers=headers)
        answer: dict[str, dict[str, dict[str, str]]] = json.loads(connection.getresponse().read())
        return answer

    return call


def _cpu_seconds(call: Callable[[], object], calls: int) -> float:
    started = time.process_time()
    for _ in range(calls):
        call()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_200))
