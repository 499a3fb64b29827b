"""Convert storage format to GitHub-flavoured Markdown, and record what could not be converted.

`read_leniently` (of `bot.storage`) parses a body; tables of handlers (`elements`, `macro_handlers`) convert each
element to blocks and inline content (`document`); `markdown_writer` writes these in one pass. HTML from an author
or from the wiki is parsed by beautifulsoup4 and written by markdownify (`html`).

Pure: no clock, no settings, no files; arguments and results can be pickled. May import `bot.inline`,
`bot.storage` and `bot.errors`; other packages import from here only the names in `__all__`.
"""

from bot.convert.context import (
    CONVERTER_VERSION,
    Conversion,
    IncludedPage,
    InlineComment,
    ListedPage,
    Listing,
    Loss,
    PageContext,
    ReportRow,
    ShownView,
)
from bot.convert.html import html_to_markdown
from bot.convert.live_views import find_fragments, find_live_macros
from bot.convert.page_conversion import convert_page

__all__ = [
    "CONVERTER_VERSION",
    "Conversion",
    "IncludedPage",
    "InlineComment",
    "ListedPage",
    "Listing",
    "Loss",
    "PageContext",
    "ReportRow",
    "ShownView",
    "convert_page",
    "find_fragments",
    "find_live_macros",
    "html_to_markdown",
]
