"""Common labels of the parts of a home page."""

import re

_LABELS = {
    "status": (
        *("status", "project status", "current status", "status update", "implementation status", "overall status"),
        *("programme status", "program status", "workspace status", "where we are"),
    ),
    "quick_links": (
        *("quick links", "quick link", "quicklinks", "useful links", "key links", "important links", "related links"),
        *("links", "shortcuts"),
    ),
    "news": (
        *("news", "latest news", "recent news", "news and updates", "news and announcements", "announcements"),
        *("updates", "latest updates", "recent updates", "what's new", "latest"),
    ),
}


def is_label_of(region: str, text: str) -> bool:
    """Whether *text* is a common label of *region*; case and surrounding punctuation are ignored."""
    return _simplify(text) in _LABELS.get(region, ())


def is_label(text: str) -> bool:
    """Whether *text* is a common label of any region, or ends with a colon."""
    return text.rstrip().endswith(":") or any(is_label_of(region, text) for region in _LABELS)


def _simplify(text: str) -> str:
    words = text.casefold().replace("’", "'").replace("&", " and ").replace("-", " ").replace("_", " ")
    return " ".join(re.sub(r"^[^\w]+|[^\w]+$", "", words).split())
