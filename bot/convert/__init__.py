"""Storage format → GitHub-flavoured Markdown, with a record of what Markdown could not say.

`read_leniently` (of `bot.storage`) gives the elements of a body; one table of handlers (`elements`, `macro_table`)
turns each into blocks and inline content (`document`); one walk (`markdown_writer`) writes them. HTML that an author
or the wiki wrote is read by beautifulsoup4 and written by markdownify (`html`).

Pure: no clock, no settings, no files; values in and out can be pickled. This room may import `bot.storage` and
`bot.errors`; others import from here only what `__all__` names.
"""

from bot.convert.context import (
    CONVERTER_VERSION,
    Conversion,
    IncludedPage,
    InlineComment,
    Listing,
    Loss,
    PageContext,
    PageLink,
    ReportRow,
)
from bot.convert.html import html_to_markdown
from bot.convert.page_conversion import convert_page

__all__ = [
    "CONVERTER_VERSION",
    "Conversion",
    "IncludedPage",
    "InlineComment",
    "Listing",
    "Loss",
    "PageContext",
    "PageLink",
    "ReportRow",
    "convert_page",
    "html_to_markdown",
]
