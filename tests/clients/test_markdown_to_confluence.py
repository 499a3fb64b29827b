"""markdown-to-confluence (md2conf) publishes a folder of Markdown and publishes it again."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from tests.clients.images import png
from tests.clients.programs import md2conf_account, md2conf_at_cloud, run_program
from wikiserver.testing import Wiki

INDEX = """\
---
title: Handbook
---

Start with [the guide](guide/index.md).
"""
GUIDE = """\
---
title: Guide
tags: [setup, how-to]
properties:
  review: {by: li}
---

# What it is

A **bold** and *slanted* word, 3 < 4 & more. See [tips](tips.md) and [outside](https://example.org/a?b=1&c=2).

```python
if a < b and "]]>":
    print("tea & café")
```

| Name   | Count |
| ------ | ----- |
| apples | 3     |

![red](red.png)

- [ ] ring Li
- [x] write Omar

> [!NOTE]
> Mind the gap.
"""
TIPS = """\
---
title: Tips
---

Be kind.
"""


@pytest.fixture
def address(wiki: Wiki, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Return the options that lead md2conf to the wiki: to Data Center it speaks HTTPS only."""
    host = f"{wiki.server.host}:{wiki.server.port}"
    if wiki.flavour == "cloud":
        yield md2conf_at_cloud(host, wiki.url)
        return
    run_program("python", "-m", "trustme", "-i", wiki.server.host, "-q", home=tmp_path)
    keys = str(tmp_path / "server.pem"), str(tmp_path / "server.key")
    server = make_server(wiki.server.host, 0, wiki.server.app, threaded=True, ssl_context=keys)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield "--api-version", "v1", "-d", f"{wiki.server.host}:{server.port}", "-p", "/"
    server.shutdown()
    thread.join()
    server.server_close()


def write_sources(home: Path, pages: dict[str, str]) -> Path:
    sources = home / "docs"
    for name, text in pages.items():
        path = sources / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sources


def publish(home: Path, address: tuple[str, ...], *options: str) -> None:
    certificates = {"SSL_CERT_FILE": str(home / "client.pem"), "REQUESTS_CA_BUNDLE": str(home / "client.pem")}
    run_program("md2conf", *address, *md2conf_account("WS2"), *options, "docs", home=home, environment=certificates)


def check_guide(wiki: Wiki) -> None:
    guide = wiki.find("Guide")
    body = wiki.body(guide.id)
    (picture,) = wiki.store.attachments.of(guide.id)

    assert body.startswith(
        "<h1>What it is</h1><p>A <strong>bold</strong> and <em>slanted</em> word, 3 &lt; 4 &amp; more."
    )
    assert '<a href="https://example.org/a?b=1&amp;c=2">outside</a>' in body
    assert '<![CDATA[if a < b and "]]]]><![CDATA[>":\n    print("tea & caf\u00e9")]]>' in body
    assert "<tr><td><p>apples</p></td><td><p>3</p></td></tr>" in body
    assert '<ri:attachment ri:filename="red.png"' in body
    assert "<ac:task-status>complete</ac:task-status><ac:task-body> write Omar</ac:task-body>" in body
    assert body.endswith("<ac:rich-text-body><p>Mind the gap.</p></ac:rich-text-body></ac:structured-macro>")
    assert (picture.title, wiki.store.attachments.data(picture.id)) == ("red.png", png(200, 0, 0))
    assert sorted(label.name for label in wiki.store.labels.of(guide.id)) == ["how-to", "setup"]
    assert json.loads(wiki.store.properties.get(guide.id, "review").value) == {"by": "li"}


def versions(wiki: Wiki) -> dict[str, int]:
    space = wiki.store.spaces.get_by_key("WS2")
    below = wiki.store.hierarchy.descendants(space.homepage_id or 0)
    pages = {page.title: page.version for page, _ in below}
    files = {file.title: file.version for page, _ in below for file in wiki.store.attachments.of(page.id)}
    return pages | files


def test_a_folder_is_published_again_and_again_on_cloud(wiki: Wiki, tmp_path: Path, address: tuple[str, ...]) -> None:
    wiki.add_page("Home", "<p>Welcome</p>")
    sources = write_sources(tmp_path, {"index.md": INDEX, "guide/index.md": GUIDE, "guide/tips.md": TIPS})
    (sources / "guide" / "red.png").write_bytes(png(200, 0, 0))

    publish(tmp_path, address)

    handbook, guide, tips = wiki.find("Handbook"), wiki.find("Guide"), wiki.find("Tips")
    assert [wiki.page(page.parent_id or 0).title for page in (handbook, guide, tips)] == ["Home", "Handbook", "Guide"]
    check_guide(wiki)
    assert f'/wiki/spaces/WS2/pages/{guide.id}/Guide">the guide</a>' in wiki.body(handbook.id)
    assert f'/wiki/spaces/WS2/pages/{tips.id}/Tips">tips</a>' in wiki.body(guide.id)
    first = versions(wiki)

    publish(tmp_path, address)
    assert versions(wiki) == first

    file = sources / "guide" / "tips.md"
    file.write_text(file.read_text(encoding="utf-8").replace("Be kind.", "Be brief."), encoding="utf-8")
    publish(tmp_path, address)
    assert versions(wiki) == first | {"Tips": first["Tips"] + 1}
    assert wiki.body(tips.id) == "<p>Be brief.</p>"

    wiki.edit(tips.id, "<p>by a person</p>")
    file.write_text(file.read_text(encoding="utf-8").replace("brief", "bold"), encoding="utf-8")
    publish(tmp_path, address, "--no-overwrite")
    assert wiki.body(tips.id) == "<p>by a person</p>"


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_a_page_is_published_again_on_data_center(wiki: Wiki, tmp_path: Path, address: tuple[str, ...]) -> None:
    """One page only: the client asks seven seconds long for a property that a new page does not have."""
    wiki.add_page("Home", "<p>Welcome</p>")
    sources = write_sources(tmp_path, {"index.md": GUIDE.replace(" See [tips](tips.md) and", " See")})
    (sources / "red.png").write_bytes(png(200, 0, 0))

    publish(tmp_path, address)

    assert wiki.page(wiki.find("Guide").parent_id or 0).title == "Home"
    check_guide(wiki)
    first = versions(wiki)

    publish(tmp_path, address)
    assert versions(wiki) == first

    file = sources / "index.md"
    file.write_text(file.read_text(encoding="utf-8").replace("Mind the gap.", "Mind it."), encoding="utf-8")
    publish(tmp_path, address)
    assert versions(wiki) == first | {"Guide": first["Guide"] + 1}
    assert "<p>Mind it.</p>" in wiki.body(wiki.find("Guide").id)
