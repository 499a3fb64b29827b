"""Snapshots of a small wiki, captured over HTTP, and a desk that reads the folder alone."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from bot.cli.serve_command import make_reading_desk
from bot.config.policy import HistoryMode
from bot.desk.application import create_app
from bot.desk.desk import Desk
from bot.operations.archive_reader import ArchiveReader, read_folder
from bot.wiki.dialect import Flavour
from tests.desk.conftest import PORT, DeskClient
from tests.snapshot.capturing import run_capture
from tests.snapshot.small_tree import AFTER
from tests.snapshot.small_wiki import ANA, WHEN, small_wiki

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'
EVIL_TITLE = '<img src=x onerror=alert(1)> "\u202egnp.exe'
EVIL_BODY = """\
<p>before &lt;script&gt;alert(1)&lt;/script&gt; <a href="javascript:alert(2)">click</a>
<ac:image><ri:url ri:value="https://evil.example/pixel.png" /></ac:image>
<ac:image><ri:attachment ri:filename="evil.svg" /></ac:image>
<ac:image><ri:attachment ri:filename="dot.png" /></ac:image></p>
<ac:structured-macro ac:name="html"><ac:plain-text-body><![CDATA[<script src="https://evil.example/x.js"></script>
<iframe src="https://evil.example/"></iframe><form action="https://evil.example/"><input name="a"/></form>
<img src="https://evil.example/y.png" onerror="alert(3)"/><p style="background:url(https://evil.example/z)">end</p>]]>
</ac:plain-text-body></ac:structured-macro>"""
REPORT = """\
<h1>Findings</h1><p>The council met in {place} and agreed on <strong>{what}</strong>. See
<ac:link><ri:page ri:content-title="Minutes" /></ac:link>.</p>
<table><tbody><tr><th>Region</th><th>Sent</th></tr><tr><td>Africa</td><td>41</td></tr><tr><td>Europe</td><td>{sent}</td></tr>
</tbody></table><ac:structured-macro ac:name="poll"><ac:parameter ac:name="id">7</ac:parameter></ac:structured-macro>"""


@dataclass
class ArchiveWorld:
    """The folder, its pages by title, and a desk on the folder."""

    root: Path
    cache: Path
    ids: dict[str, str]
    reader: ArchiveReader
    desk: Desk
    app: Flask

    def client(self) -> DeskClient:
        """A browser that used the one-time link."""
        client = DeskClient(self.app.test_client())
        token = self.desk.sessions.begin(None, address="127.0.0.1", agent="test")
        client.client.set_cookie(f"wikibot-session-{PORT}", token, domain="127.0.0.1")
        return client


def capture_world(root: Path, flavour: Flavour = Flavour.DATA_CENTER) -> dict[str, str]:
    """Capture a wiki twice into *root*; return the ids of the pages by title."""
    with small_wiki(flavour) as wiki:
        wiki.add("Council", REPORT.format(place="Zanzibar", what="a draft", sent=90), under="Home")
        wiki.add(EVIL_TITLE, EVIL_BODY)
        for name, data, kind in (("dot.png", PNG, "image/png"), ("evil.svg", SVG, "image/svg+xml")):
            wiki.store.attachments.add(wiki.ids[EVIL_TITLE], name, data, author=ANA, media_type=kind, when=WHEN)
        run_capture(wiki, root, history=HistoryMode.ALL)
        wiki.edit("Council", REPORT.format(place="Nairobi", what="a final text", sent=91), message="moved")
        run_capture(wiki, root, day=1)
        return {title: str(page_id) for title, page_id in wiki.ids.items()}


@contextmanager
def archive_desk(root: Path, cache: Path, ids: dict[str, str], signers: Path | None = None) -> Iterator[ArchiveWorld]:
    """A desk that reads the folder *root*."""
    reader = read_folder(root, clock=lambda: AFTER, signers=signers, cache=cache)
    desk = make_reading_desk(reader, "127.0.0.1", PORT)
    yield ArchiveWorld(root, cache, ids, reader, desk, create_app(desk))
