"""What has no meaning in an archive: elements, attributes and parameters that are dropped and are no loss.

Everything else is in the Markdown or is a loss. `tests/convert/test_census.py` proves this for real pages.
"""

MEANINGLESS_ELEMENTS = frozenset(
    # Widths of columns, places where a word may be divided, data for programs.
    {"colgroup", "col", "wbr", "meta"}
    # Identifiers of tasks.
    | {"ac:task-id", "ac:task-uuid"}
    # Parts of a macro or of an ADF node, where the macro or the node is unreadable.
    | {"ac:parameter", "ac:adf-mark"}
)

_ATTRIBUTES = frozenset(
    # Attributes that only programs use; `style` is handled elsewhere.
    {"class", "id", "style", "local-id", "ac:local-id", "ac:macro-id", "ac:schema-version", "ac:name", "rel", "target"}
    | {"headers", "scope", "tabindex", "role", "ac:style", "ac:class", "ac:queryparams", "ac:card-appearance"}
    | {"ac:type", "ri:version-at-save"}
    # Sizes and positions on the screen.
    | {"border", "cellpadding", "cellspacing", "cols", "frame", "rules", "width", "height", "span", "nowrap", "clear"}
    | {"ac:align", "ac:layout", "ac:border", "ac:thumbnail", "ac:original-width", "ac:original-height", "ac:vspace"}
    | {"ac:custom-width", "ac:breakout-mode", "ac:breakout-width", "ac:hspace", "hspace", "vspace", "scrolling"}
    # Permissions of a player or a frame.
    | {"allow", "allowfullscreen", "autoplay", "controls", "frameborder", "loading", "loop", "muted", "preload"}
    | {"sandbox"}
)
_ATTRIBUTE_PREFIXES = ("data-", "aria-", "xmlns", "on")

_PARAMETERS = frozenset(
    # Names and shapes that only programs and style sheets use.
    {"atlassian-macro-output-type", "breakoutMode", "breakoutWidth", "width", "height", "class", "id", "icon", "style"}
    | {"theme", "linenumbers", "nopanel", "border", "borderStyle", "borderWidth", "borderColor", "bgColor", "align"}
    | {"titleColor", "titleBGColor", "subtle", "outline", "printable", "absoluteUrl", "indent", "separator"}
    | {"retain-block-width", "panelIcon", "panelIconId", "panelIconText", "panelColor", "overlay", "_template"}
    | {"hash", "timeline"}
    # Where draw.io and Gliffy store a drawing.
    | {"macroId", "pagePin", "revision", "lbox", "links", "tbstyle", "simpleViewer", "diagramWidth", "diagramHeight"}
    | {"custContentId", "pageId", "contentId", "contentVer", "imgPageId", "attVer", "attachmentId", "inComment"}
    | {"aspect", "aspectHash", "baseUrl", "zoom", "pageSize", "mVer", "service", "sFileId", "linkTarget"}
    | {"hiResPreview", "diagramName"}
)
_PARAMETERS_OF = {
    "toc": frozenset({"type"}),
    "gallery": frozenset({"columns"}),
    "excerpt": frozenset({"name", ""}),
    "multiexcerpt": frozenset({"MultiExcerptName", "name"}),
    "multiexcerpt-macro": frozenset({"MultiExcerptName", "name"}),
}
"""Parameters that are meaningless for one macro only."""


def is_meaningless_attribute(name: str) -> bool:
    """Return whether the attribute *name* of any element is meaningless in an archive."""
    return name in _ATTRIBUTES or name.startswith(_ATTRIBUTE_PREFIXES)


def is_meaningless_parameter(macro: str, name: str) -> bool:
    """Return whether the parameter *name* of *macro* (in lower case) is meaningless in an archive."""
    return name in _PARAMETERS or name in _PARAMETERS_OF.get(macro, ())
