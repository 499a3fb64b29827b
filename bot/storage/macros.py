"""What a macro is called, what it is told, and what it holds; headings and their texts."""

from collections.abc import Iterator

from bot.storage.reader import Document, Element

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_MACROS = ("ac:structured-macro", "ac:macro")
_NOT_CONTENT = {"ac:adf-fallback", "ac:placeholder"}


def macro_name(element: Element) -> str | None:
    """Return the macro's name, or None where *element* is no macro."""
    return element.attributes.get("ac:name") if element.name in _MACROS else None


def find_parameter(macro: Element, name: str) -> str | None:
    """Return the text of a macro's parameter; the nameless one is called ''."""
    for child in macro.children:
        if child.name == "ac:parameter" and child.attributes.get("ac:name", "") == name:
            return child.text.strip()
        if child.name == "ac:default-parameter" and not name:
            return child.text.strip()
    return None


def find_rich_text_body(macro: Element) -> Element | None:
    """Return the rich-text body of a macro that has one."""
    return next((child for child in macro.children if child.name == "ac:rich-text-body"), None)


def iter_content(tree: Document) -> Iterator[Element]:
    """Yield the elements that are content: not the copies kept for old readers, not an editor's placeholders."""
    skipped_to = 0
    for element in tree.elements():
        if element.name in _NOT_CONTENT:
            skipped_to = max(skipped_to, element.span.end)
        if element.span.start >= skipped_to:
            yield element


def collapse(text: str) -> str:
    """Return *text* with every run of white space, hard spaces included, as one space."""
    return " ".join(text.split())
