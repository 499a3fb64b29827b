"""Storage format → GitHub-flavoured Markdown, with a record of what Markdown could not say.

parse (storage format → tree) → lowering (macros → what they show) → shape (blocks and lines) → navigation (contents,
links to headings) → writer (Markdown). Pure: no clock, no settings, no files; values in and out can be pickled.
"""

from bot.convert.context import (
    CONVERTER_VERSION,
    Comment,
    Conversion,
    IncludedPage,
    Listing,
    Loss,
    PageContext,
    PageLink,
    ReportRow,
)
from bot.convert.page_conversion import convert_page, words_of

__all__ = [
    "CONVERTER_VERSION",
    "Comment",
    "Conversion",
    "IncludedPage",
    "Listing",
    "Loss",
    "PageContext",
    "PageLink",
    "ReportRow",
    "convert_page",
    "words_of",
]
