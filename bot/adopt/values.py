"""Convert blocks of a page into values of the data model; unsupported content is refused, never dropped."""

from collections.abc import Sequence

from pydantic import ValidationError

from bot.adopt.blocks import PageBlock, words_of
from bot.adopt.data_targets import CannotSayError
from bot.adopt.link_values import read_quick_links
from bot.adopt.news_values import read_news
from bot.adopt.phrases import Context, Fields
from bot.adopt.status_values import read_status
from bot.config.data_model import News, QuickLinks, StatusBanner

Value = StatusBanner | QuickLinks | News
ADOPTABLE = ("status", "quick_links", "news")
"""The regions whose content people write; the bot generates the content of the others."""
NO_STATUS = "There is no status at the moment."
NO_LINKS = "There are no links at the moment."
"""The texts that the templates render if nothing is shown."""


def to_value(
    region: str, blocks: Sequence[PageBlock], context: Context, *, heading: str | None = None, heading_level: int = 0
) -> Value:
    """Return the value of a region with the content *blocks*, without its heading; raises `CannotSayError`."""
    title: Fields = {"heading": heading, "heading_level": heading_level}
    words = [words_of(block) for block in blocks]
    if isinstance(context.base, StatusBanner) and words == [NO_STATUS]:
        return StatusBanner.model_construct(heading=heading, heading_level=heading_level, lines=())
    if isinstance(context.base, QuickLinks) and words == [NO_LINKS]:
        return QuickLinks.model_construct(heading=heading, heading_level=heading_level, links=())
    try:
        match region:
            case "status":
                return StatusBanner.model_validate(title | read_status(blocks, context))
            case "quick_links":
                return QuickLinks.model_validate(title | read_quick_links(blocks, context))
            case "news":
                return News.model_validate(title | read_news(blocks, context))
            case _:
                raise CannotSayError(f"the region {region!r}, which no data file has")
    except ValidationError as error:
        first = error.errors()[0]
        value = f" ({first['input']!r})" if isinstance(first["input"], str) else ""
        message = first["msg"].removeprefix("Value error, ")
        raise CannotSayError(f"a value that the data file does not take: {message}{value}") from error
