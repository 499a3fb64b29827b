"""Draw docs/mark-by-hand.png: the embedded wiki's editor, with a region that a person marked by two anchors."""

import subprocess
import tempfile
from pathlib import Path

from wikiserver.testing import running_wiki

_TARGET = Path(__file__).resolve().parent.parent / "docs" / "mark-by-hand.png"
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


def main() -> None:
    """Write the picture."""
    with running_wiki("datacenter") as wiki, tempfile.TemporaryDirectory() as folder:
        page = wiki.add_page("Team home", _BODY)
        with wiki.session("ana") as session:
            answer = session.get(f"{wiki.url}/pages/editpage.action", params={"pageId": page}, timeout=30)
        answer.raise_for_status()
        copy = Path(folder) / "edit.html"
        head = f'<head><base href="{wiki.url}/"><style>{_STYLE}</style>'
        copy.write_text(answer.text.replace("<head>", head, 1), encoding="utf-8")
        options = ["--no-sandbox", "--headless", "--disable-gpu", "--hide-scrollbars", "--window-size=720,460"]
        subprocess.run(["chromium", *options, f"--screenshot={_TARGET}", copy.as_uri()], check=True, timeout=120)


if __name__ == "__main__":
    main()
