"""Filters of the templates for writing."""

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.config.data_model import Icon
from bot.desk.write import blueprint
from bot.desk.write.emoticon_drawings import draw, draw_icons
from bot.inline import EMOTICONS, plain_text


@blueprint.app_template_filter("in_zone")
def in_zone(moment: datetime, zone: str) -> str:
    """Return the time of the day of *moment* in another zone, with the day if it is another."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M}" if local.date() == moment.date() else f"{local:%Y-%m-%d %H:%M}"


@blueprint.app_template_filter("safe_html")
def safe_html(html: str) -> Markup:
    """Return HTML that `bot.convert.shown_html` has made safe, with drawings of the emoticons."""
    return draw_icons(html)


@blueprint.app_template_filter("icon_drawing")
def icon_drawing(icon: Icon) -> Markup:
    """Return the drawing of an icon of the wiki."""
    return draw(EMOTICONS[icon])


@blueprint.app_template_filter("plain_words")
def plain_words(markdown: str) -> str:
    """Return the words of inline Markdown."""
    return plain_text(markdown)
