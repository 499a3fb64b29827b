"""The names of regions for people."""

from bot.config.data_model import OLDER_NEWS, PAGE_INDEX
from bot.desk.language import gettext as _


def region_name(region: str) -> str:
    """Return the name of a region; a region of own templates has the words of its name."""
    names = {
        "status": _("Status banner"),
        "quick_links": _("Quick links"),
        "news": _("News"),
        OLDER_NEWS: _("Older news"),
        PAGE_INDEX: _("Page index"),
    }
    return names.get(region) or region.replace("_", " ").capitalize()
