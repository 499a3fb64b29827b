"""confluence-markdown-exporter writes a space and a page as Markdown files, and keeps them up to date."""

import re
from pathlib import Path

import pytest

from tests.clients.images import png
from tests.clients.programs import configure_exporter, run_program
from wikiserver.testing import Wiki

BODY = """\
<h1>What it is</h1>
<p>A <strong>bold</strong> and <em>slanted</em> word, 3 &lt; 4 &amp; more, <code>x = 1</code>.</p>
<p>See <ac:link><ri:page ri:content-title="Child" /><ac:link-body>the child</ac:link-body></ac:link>
and <a href="https://example.org/a?b=1&amp;c=2">outside</a>.</p>
<ul><li><p>one</p></li><li><p>two</p></li></ul>
<table><tbody><tr><th><p>Name</p></th><th><p>Count</p></th></tr><tr><td><p>apples</p></td><td><p>3</p></td></tr></tbody></table>
<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">python</ac:parameter>
<ac:plain-text-body><![CDATA[if a < b:
    print("tea & caf\u00e9")]]></ac:plain-text-body></ac:structured-macro>
<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Mind the gap.</p></ac:rich-text-body></ac:structured-macro>
<ac:image ac:alt="red"><ri:attachment ri:filename="red.png" /></ac:image>
<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status>
<ac:task-body>ring Li</ac:task-body></ac:task>
<ac:task><ac:task-id>2</ac:task-id><ac:task-status>complete</ac:task-status>
<ac:task-body>write Omar</ac:task-body></ac:task></ac:task-list>
"""


MARKDOWN = """\
# Guide

# What it is

A **bold** and *slanted* word, 3 < 4 & more, `x = 1`.

See [the child](Guide/Child.md)
and [outside](https://example.org/a?b=1&c=2).

- one
- two

| Name   |   Count |
|:-------|--------:|
| apples |       3 |

```python
if a < b:
    print("tea & caf\u00e9")
```

> [!IMPORTANT]
> Mind the gap.

![red](../attachments/PICTURE)

- [ ] ring Li
- [x] write Omar
"""


def export(wiki: Wiki, home: Path, kind: str, path: str) -> Path:
    """Run the exporter on the address *path* of the wiki; return the folder it wrote."""
    wiki.server.app.is_also_at_root = True  # the exporter adds `/wiki` for hosts at atlassian.net only
    connection = {"max_workers": 2, "backoff_and_retry": False}
    environment = configure_exporter(home, wiki.server.url, is_cloud=wiki.flavour == "cloud", connection=connection)
    run_program("cme", kind, f"{wiki.server.url}{path}", home=home, environment=environment)
    return home / "export"


def markdown_files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*.md")}


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_a_space_is_exported_as_it_reads_and_followed(wiki: Wiki, tmp_path: Path) -> None:
    wiki.add_space("WS2", "Second workspace")
    wiki.add_page("Home", "<p>Welcome</p>")
    guide = wiki.add_page("Guide", BODY, labels=("how-to", "setup"))
    child = wiki.add_page("Child", '<p>Up to <ac:link><ri:page ri:content-title="Guide" /></ac:link></p>', parent=guide)
    leaf = wiki.add_page("Leaf: a/b", "<p>deep</p>", parent=child)
    red = png(200, 0, 0)
    wiki.store.attachments.add(int(guide), "red.png", red, media_type="image/png", author=wiki.account("ana"))

    out = export(wiki, tmp_path, "spaces", "/spaces/WS2")

    place = "Second workspace/Home"
    assert markdown_files(out) == {
        f"{place}/Home.md",
        f"{place}/Guide.md",
        f"{place}/Guide/Child.md",
        f"{place}/Guide/Child/Leaf_ a_b.md",
    }
    check_guide(out, (out / place / "Guide.md").read_text(encoding="utf-8"), red)
    text = (out / place / "Guide/Child.md").read_text(encoding="utf-8")
    assert text.endswith("# Child\n\nUp to [Guide](../Guide.md)\n")
    assert "confluence_last_modified_by: Ana Souza\n" in text

    wiki.edit(child, "<p>changed</p>", "li")
    wiki.store.pages.trash(int(leaf))
    untouched = (out / place / "Home.md").stat().st_mtime_ns
    export(wiki, tmp_path, "spaces", "/spaces/WS2")

    assert markdown_files(out) == {f"{place}/Home.md", f"{place}/Guide.md", f"{place}/Guide/Child.md"}
    text = (out / place / "Guide/Child.md").read_text(encoding="utf-8")
    assert text.endswith("# Child\n\nchanged\n")
    assert "confluence_version: 2\n" in text
    assert (out / place / "Home.md").stat().st_mtime_ns == untouched


def check_guide(out: Path, text: str, picture: bytes) -> None:
    found = re.search(r"\(\.\./attachments/([^)]+)\)", text)
    assert found, text
    _, front_matter, body = text.split("---\n", 2)
    assert body.lstrip() == MARKDOWN.replace("PICTURE", found[1])
    assert "tags:\n  - how-to\n  - setup\n" in front_matter
    assert (out / "Second workspace/attachments" / found[1]).read_bytes() == picture


@pytest.mark.parametrize(
    ("flavour", "path"), [("cloud", "/spaces/WS2/pages/{id}/Guide"), ("datacenter", "/display/WS2/Guide")]
)
def test_one_page_is_exported_by_its_address(wiki: Wiki, tmp_path: Path, path: str) -> None:
    wiki.add_page("Home")
    guide = wiki.add_page("Guide", "<p>alone</p>")

    out = export(wiki, tmp_path, "pages", path.format(id=guide))

    assert markdown_files(out) == {"WS2/Home/Guide.md"}
    assert (out / "WS2/Home/Guide.md").read_text(encoding="utf-8").endswith("# Guide\n\nalone\n")


@pytest.mark.parametrize("seed", ["demo"])
def test_all_that_the_account_may_read_of_the_demonstration_is_exported(wiki: Wiki, tmp_path: Path) -> None:
    space = wiki.store.spaces.get_by_key("WS2")
    assert space.homepage_id is not None
    below = wiki.store.hierarchy.descendants(space.homepage_id)
    pages = [wiki.page(space.homepage_id), *(page for page, _ in below)]
    bot = wiki.store.people.get("bot")
    readable = [page for page in pages if wiki.store.restrictions.may_read(bot, page.id)]

    out = export(wiki, tmp_path, "spaces", f"/spaces/{space.key}")

    assert sorted(title_of(path) for path in out.rglob("*.md")) == sorted(page.title for page in readable)
    assert 50 < len(readable) < len(pages)


def title_of(path: Path) -> str:
    found = re.search(r"^# (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, path
    return found[1]
