"""Draw the pictures of the documents that show the embedded wiki.

docs/mark-by-hand.png: its editor, with a region that a person marked by two anchors. docs/notice.png: a region with a
notice, as people see it.
"""

import subprocess
import tempfile
from pathlib import Path

from wikiserver.testing import running_wiki

_DOCS = Path(__file__).resolve().parent.parent / "docs"
_ANCHOR = (
    '<p><ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">wikibot-news-{}</ac:parameter>'
    "</ac:structured-macro></p>"
)
_BODY = (
    "<p>Welcome to the workspace.</p><h2>What moves us</h2>"
    f"{_ANCHOR.format('begin')}<ul><li>Release 2.0 is out</li><li>The beta is open</li></ul>{_ANCHOR.format('end')}"
    "<p>Questions? Ask in the chat.</p>"
)
_STYLE = "header, nav, form > :last-child { display: none !important }" + "".join(
    f'[id$="wikibot-news-{end}"]::after {{ content: "Anchor | wikibot-news-{end}"; font: 13px sans-serif;'
    " padding: 2px 8px; background: #dfe8f5; border-radius: 3px }"
    for end in ("begin", "end")
)
"""The editors of Confluence show the name of an anchor; the embedded wiki shows only its place."""


_NOTICED = (
    '<p>Welcome to the workspace.</p><ac:structured-macro ac:name="details"><ac:parameter ac:name="id">wikibot-news'
    "</ac:parameter><ac:rich-text-body><h2>News</h2><ul><li>Release 2.0 is out</li><li>The beta is open</li></ul>"
    '<p><em>Kept by a bot. To change it, <a href="https://git.example.org/">edit the data file</a>.</em></p>'
    "</ac:rich-text-body></ac:structured-macro>"
)


def main() -> None:
    """Write the pictures."""
    _draw("mark-by-hand.png", _BODY, "/pages/editpage.action", height=460)
    _draw("notice.png", _NOTICED, "/pages/viewpage.action", height=460)


def _draw(name: str, body: str, path: str, *, height: int) -> None:
    with running_wiki("datacenter") as wiki, tempfile.TemporaryDirectory() as folder:
        page = wiki.add_page("Team home", body)
        with wiki.session("ana") as session:
            answer = session.get(f"{wiki.url}{path}", params={"pageId": page}, timeout=30)
        answer.raise_for_status()
        copy = Path(folder) / "page.html"
        head = f'<head><base href="{wiki.url}/"><style>{_STYLE}</style>'
        copy.write_text(answer.text.replace("<head>", head, 1), encoding="utf-8")
        options = ["--no-sandbox", "--headless", "--disable-gpu", "--hide-scrollbars", f"--window-size=720,{height}"]
        subprocess.run(["chromium", *options, f"--screenshot={_DOCS / name}", copy.as_uri()], check=True, timeout=120)


if __name__ == "__main__":
    main()
