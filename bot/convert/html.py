"""Inline content as HTML, for the places where Markdown is not read."""

from html import escape

from bs4 import Tag

from bot.convert.tree import Node, tags_within

_INLINE = frozenset(
    {"a", "img", "strong", "em", "del", "ins", "sub", "sup", "code", "kbd", "samp", "var", "br", "span"}
)
_VOID = frozenset({"br", "img"})
_BARE = frozenset({"span"})


def is_sayable(tag: Tag) -> bool:
    """Tell whether all that *tag* holds is inline and has an HTML element of its own."""
    return all(child.name in _INLINE for child in tags_within(tag))


def render_inline(node: Node) -> str:
    """Return *node* as HTML; the tree's own elements must not be in it."""
    if not isinstance(node, Tag):
        return escape(str(node), quote=False)
    if node.name in _BARE:
        return render_children(node)
    tag = render_tag(node)
    return tag if node.name in _VOID else f"{tag}{render_children(node)}</{node.name}>"


def render_children(tag: Tag) -> str:
    return "".join(render_inline(child) for child in tag.children)


def render_tag(tag: Tag, name: str = "") -> str:
    """Return the opening tag with its attributes."""
    attributes = "".join(f' {key}="{escape(str(value))}"' for key, value in tag.attrs.items())
    return f"<{name or tag.name}{attributes}>"
