"""The attributes and parameters that the converter uses, and those that are meaningless in an archive.

Any other attribute or parameter is recorded as a loss, so that nothing is dropped silently.
"""

from bot.storage.reader import Element

SAID: dict[str, frozenset[str]] = {
    "a": frozenset({"href", "name", "id", "title"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "li": frozenset({"value"}),
    **dict.fromkeys(("td", "th"), frozenset({"colspan", "rowspan"})),
    "img": frozenset({"src", "alt", "title", "width", "height"}),
    **dict.fromkeys(("video", "audio", "iframe", "embed", "source"), frozenset({"src"})),
    "object": frozenset({"data"}),
    "time": frozenset({"datetime"}),
    "ac:link": frozenset({"ac:anchor"}),
    "ac:image": frozenset({"ac:alt", "ac:title", "ac:width", "ac:height", "ac:href"}),
    "ac:emoticon": frozenset({"ac:name", "ac:emoji-id", "ac:emoji-fallback", "ac:emoji-shortname"}),
    "ac:hipchat-emoticon": frozenset({"ac:name", "ac:shortcut"}),
    "ac:inline-comment-marker": frozenset({"ac:ref"}),
}
"""The attributes that the handler of each element uses."""

LOOKS = {
    "align": "alignment",
    "valign": "alignment",
    "color": "colour",
    "bgcolor": "colour",
    "size": "font size",
    "face": "font",
    "lang": "language of the text",
    "xml:lang": "language of the text",
}
"""Attributes of style, direction and the like; their occurrences are counted."""

_MEANINGLESS = frozenset(
    # Attributes that only programs use; `style` is handled elsewhere.
    {"class", "id", "style", "local-id", "ac:local-id", "ac:macro-id", "ac:schema-version", "ac:name", "rel", "target"}
    | {
        "headers",
        "scope",
        "tabindex",
        "role",
        "ac:style",
        "ac:class",
        "ac:queryparams",
        "ac:card-appearance",
        "ac:type",
    }
    # Sizes and positions on the screen.
    | {"border", "cellpadding", "cellspacing", "cols", "frame", "rules", "width", "height", "span", "nowrap", "clear"}
    | {"ac:align", "ac:layout", "ac:border", "ac:thumbnail", "ac:original-width", "ac:original-height", "ac:vspace"}
    | {"ac:custom-width", "ac:breakout-mode", "ac:breakout-width", "ac:hspace", "hspace", "vspace", "scrolling"}
    # Permissions of a player or a frame.
    | {
        "allow",
        "allowfullscreen",
        "autoplay",
        "controls",
        "frameborder",
        "loading",
        "loop",
        "muted",
        "preload",
        "sandbox",
    }
)
_MEANINGLESS_PREFIXES = ("data-", "aria-", "xmlns", "on")

_MEANINGLESS_PARAMETERS = frozenset(
    {"atlassian-macro-output-type", "breakoutMode", "breakoutWidth", "width", "height", "class", "id", "icon", "style"}
    | {
        "theme",
        "linenumbers",
        "nopanel",
        "border",
        "borderStyle",
        "borderWidth",
        "borderColor",
        "bgColor",
        "titleColor",
    }
    | {"titleBGColor", "subtle", "outline", "printable", "absoluteUrl", "indent", "separator", "retain-block-width"}
    | {"panelIcon", "panelIconId", "panelIconText", "panelColor", "overlay", "_template", "hash", "timeline", "align"}
    # Where draw.io and Gliffy store a drawing.
    | {"macroId", "pagePin", "revision", "lbox", "links", "tbstyle", "simpleViewer", "diagramWidth", "diagramHeight"}
    | {
        "custContentId",
        "pageId",
        "contentId",
        "contentVer",
        "imgPageId",
        "attVer",
        "attachmentId",
        "inComment",
        "aspect",
    }
    | {
        "aspectHash",
        "baseUrl",
        "zoom",
        "pageSize",
        "mVer",
        "service",
        "sFileId",
        "linkTarget",
        "hiResPreview",
        "diagramName",
    }
)
_MEANINGLESS_FOR = {
    "toc": frozenset({"type"}),
    "gallery": frozenset({"columns"}),
    "excerpt": frozenset({"name", ""}),
    "multiexcerpt": frozenset({"MultiExcerptName", "name"}),
    "multiexcerpt-macro": frozenset({"MultiExcerptName", "name"}),
}


def unsaid_attributes(element: Element) -> dict[str, str]:
    """Return the attributes of *element* that no handler uses and that are not meaningless."""
    said = SAID.get(element.name, frozenset())
    return {
        name: value
        for name, value in element.attributes.items()
        if name not in _MEANINGLESS and name not in said and value and not name.startswith(_MEANINGLESS_PREFIXES)
    }


def is_meaningless(macro: str, parameter: str) -> bool:
    """Return whether *parameter* of *macro* is meaningless in an archive."""
    return parameter in _MEANINGLESS_PARAMETERS or parameter in _MEANINGLESS_FOR.get(macro, ())
