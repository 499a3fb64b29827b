"""sphinxcontrib-confluencebuilder publishes a documentation tree, updates it and clears up after it."""

import re
from pathlib import Path

import pytest

from tests.clients.images import png
from tests.clients.programs import run_program
from wikiserver.store import Content
from wikiserver.testing import Wiki

CONF = """
project = "Manual"
extensions = ["sphinxcontrib.confluencebuilder"]
confluence_publish = True
confluence_space_key = "WS2"
confluence_parent_page = "Home"
confluence_server_url = "{url}/"
confluence_server_user = "bot"
confluence_api_token = "bot-secret"
confluence_cloud = {is_cloud}
confluence_global_labels = ["published"]
confluence_cleanup_{cleanup} = True
"""
INDEX = """
Manual
======

Read :doc:`install` first.

.. toctree::

   install
   guide/index
   old
"""
OLD = """
Old
===

No one needs this any more.
"""
INSTALL = """
Install
=======

.. confluence_metadata::
   :labels: setup

Run this ``now``:

.. code-block:: python

   if 1 < 2 and "]]>":
       print("caf\u00e9 & tea")

.. image:: red.png
   :alt: red

======  =====
Name    Count
======  =====
apples  3
======  =====

.. note:: Mind the *gap*.
"""
GUIDE = """
Guide
=====

.. toctree::

   tips
"""
TIPS = """
Tips
====

Be kind. See :doc:`/install`.
"""


def write_sources(home: Path, wiki: Wiki, *, cleanup: str) -> Path:
    sources = home / "docs"
    (sources / "guide").mkdir(parents=True)
    conf = CONF.format(url=wiki.url, is_cloud=wiki.flavour == "cloud", cleanup=cleanup)
    (sources / "conf.py").write_text(conf, encoding="utf-8")
    (sources / "index.rst").write_text(INDEX, encoding="utf-8")
    (sources / "install.rst").write_text(INSTALL, encoding="utf-8")
    (sources / "old.rst").write_text(OLD, encoding="utf-8")
    (sources / "guide" / "index.rst").write_text(GUIDE, encoding="utf-8")
    (sources / "guide" / "tips.rst").write_text(TIPS, encoding="utf-8")
    (sources / "red.png").write_bytes(png(200, 0, 0))
    return sources


def publish(home: Path) -> str:
    return run_program("sphinx-build", "-b", "confluence", "-E", "-d", "trees", "docs", "out", home=home)


@pytest.mark.parametrize(
    ("flavour", "cleanup", "status_of_dropped"), [("cloud", "archive", "archived"), ("datacenter", "purge", "trashed")]
)
def test_a_tree_is_published_updated_and_cleared_up(
    wiki: Wiki, tmp_path: Path, cleanup: str, status_of_dropped: str
) -> None:
    wiki.add_page("Home", "<p>Welcome</p>")
    sources = write_sources(tmp_path, wiki, cleanup=cleanup)

    publish(tmp_path)

    install, dropped = wiki.find("Install"), wiki.find("Old")
    assert parents(wiki) == {"Manual": "Home", "Install": "Manual", "Old": "Manual", "Guide": "Manual", "Tips": "Guide"}
    check_install_page(wiki, install)
    assert link_target(wiki.body(wiki.find("Tips").id)) == "Install"

    before = versions(wiki)
    rewrite(sources / "guide" / "tips.rst", "Be kind.", "Be brief.")
    rewrite(sources / "index.rst", "   old\n", "")
    (sources / "old.rst").unlink()
    publish(tmp_path)

    assert versions(wiki) == before | {"Tips": before["Tips"] + 1, "Manual": before["Manual"] + 1}
    assert "Be brief." in wiki.body(wiki.find("Tips").id)
    assert "Be kind." in wiki.body(wiki.find("Tips").id, before["Tips"])
    assert wiki.page(dropped.id).status == status_of_dropped
    assert wiki.body(wiki.find("Home").id) == "<p>Welcome</p>"


def check_install_page(wiki: Wiki, install: Content) -> None:
    body = wiki.body(install.id)
    picture = wiki.store.attachments.of(install.id)[0]

    assert 'ac:name="code"' in body
    assert 'if 1 < 2 and "]]]]><![CDATA[>":' in body
    assert 'print("café & tea")' in body
    assert f'<ri:attachment ri:filename="{picture.title}"' in body
    assert wiki.store.attachments.data(picture.id) == png(200, 0, 0)
    assert wiki.store.attachments.file(picture.id).media_type == "image/png"
    assert sorted(label.name for label in wiki.store.labels.of(install.id)) == ["published", "setup"]


def parents(wiki: Wiki) -> dict[str, str]:
    pages = {title: wiki.find(title) for title in ("Manual", "Install", "Old", "Guide", "Tips")}
    return {title: wiki.page(page.parent_id or 0).title for title, page in pages.items()}


def versions(wiki: Wiki) -> dict[str, int]:
    return {title: wiki.find(title).version for title in ("Manual", "Install", "Guide", "Tips")}


def link_target(body: str) -> str:
    found = re.search(r'<ri:page [^>]*ri:content-title="([^"]*)"', body)
    assert found, body
    return found[1]


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
