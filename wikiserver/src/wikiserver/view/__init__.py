"""Render storage format as HTML for the REST API and the pages.

Pure: referenced data comes from `ViewContext`. May import `storage_tree`.
"""

# Importing the modules below fills the tables of elements and macros.
from wikiserver.view import blocks, elements, html, links, macro_files, macro_includes, macro_navigation, macro_text
from wikiserver.view.context import LinkedFile, LinkedPage, LinkedUser, PageName, UserKey, ViewContext
from wikiserver.view.render import Rendering, Representation

__all__ = [
    "LinkedFile", "LinkedPage", "LinkedUser", "PageName", "Representation", "UserKey", "ViewContext", "render_view",
]  # fmt: skip

_FILLED_BY = (blocks, elements, links, macro_files, macro_includes, macro_navigation, macro_text)

_STYLES = """
body { font: 14px/1.5 sans-serif; color: #172b4d; margin: 2em; } table { border-collapse: collapse; }
.confluenceTd, .confluenceTh { border: 1px solid #c1c7d0; padding: 5px 8px; vertical-align: top; text-align: left; }
.confluenceTh { background: #f4f5f7; }
.panel, .confluence-information-macro { border: 1px solid #c1c7d0; padding: 8px; }
.aui-lozenge { font-weight: bold; font-size: 11px; border: 1px solid #c1c7d0; padding: 0 4px; border-radius: 3px; }
""".strip()


def render_view(body: str, context: ViewContext, *, representation: Representation = "view") -> str:
    """Return *body* (storage format) as safe HTML.

    `view` is for the wiki's own pages, `export_view` has absolute addresses and nothing collapsed,
    `styled_view` is `export_view` as a document with styles, `page` is for a browser. Raises BadBody for a
    malformed body.
    """
    rendered = Rendering(context, representation).document(body)
    if representation != "styled_view":
        return rendered
    head = f'<meta charset="UTF-8"/>{html.tag("title", {}, html.text(context.title))}<style>{_STYLES}</style>'
    return f'<!DOCTYPE html><html><head>{head}</head><body><div class="wiki-content">{rendered}</div></body></html>'
