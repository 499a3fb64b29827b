"""Convert one page body to Markdown, without a wiki and without settings."""

from bot.convert import Conversion, PageContext, convert_page


def convert_body(body: str, *, base_url: str = "") -> Conversion:
    """Return *body* as Markdown; links lead to the wiki at *base_url* where it is given."""
    return convert_page(body, PageContext(base_url=base_url))
