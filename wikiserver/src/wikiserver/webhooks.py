"""Webhooks: a request to another program after each new version of a page.

Data Center signs the body: `X-Hub-Signature: sha256=…`, an HMAC
(https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html). Cloud has no webhooks for administrators; the
action "Send web request" of a rule sends headers and a body that people wrote.
"""

import hashlib
import hmac
import http.client
import json
import queue
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from wikiserver.site import Site

_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a request goes after each new version; *secret* signs it (Data Center), or is a header (Cloud)."""

    url: str
    secret: str


@dataclass
class Webhooks:
    """Sends to all *hooks*, in a thread of its own; *answers* are the statuses of the answers, 0 for none."""

    site: Site
    hooks: list[Webhook] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    _waiting: "queue.Queue[tuple[Webhook, bytes] | None]" = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    def add(self, url: str, secret: str) -> None:
        """Send requests to *url* from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
            self._thread.start()
            self.site.store.pages.watchers.append(self._saved)
        self.hooks.append(Webhook(url, secret))

    def stop(self) -> None:
        """Send what waits, and end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def wait(self) -> None:
        """Return when all requests so far were answered."""
        self._waiting.join()

    def _saved(self, page_id: int, version: int) -> None:
        store = self.site.store
        moment = int(store.clock().timestamp() * 1000)
        page = store.contents.get(page_id)
        space = store.spaces.get(page.space_id)
        if self.site.is_cloud:
            event: dict[str, object] = {"page": str(page_id), "space": space.key, "timestamp": moment}
        else:
            about = {"id": page_id, "title": page.title, "spaceKey": space.key, "version": version}
            event = {"timestamp": moment, "event": "page_updated", "userKey": page.updater, "page": about}
        body = json.dumps(event).encode()
        for hook in self.hooks:
            self._waiting.put((hook, body))

    def _work(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            hook, body = waiting
            self.answers.append(self._send(hook, body))
            self._waiting.task_done()
        self._waiting.task_done()

    def _send(self, hook: Webhook, body: bytes) -> int:
        headers = {"Content-Type": "application/json"}
        if self.site.is_cloud:
            headers["X-Wikibot-Secret"] = hook.secret
        else:
            digest = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature"] = f"sha256={digest}"
        address = urlsplit(hook.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=_SECONDS)
        try:
            connection.request("POST", address.path or "/", body, headers)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()
