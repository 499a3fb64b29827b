"""Lists and tasks."""

from dataclasses import replace

from bot.convert.document import Block, Item, List, Node, Paragraph, add_block, flow
from bot.convert.page_builder import PageBuilder
from bot.storage.reader import Element, Text

_CHECKED, _UNCHECKED = "[x]", "[ ]"
_LETTERS = {"a": "small letters", "A": "letters", "i": "small Roman numbers", "I": "Roman numbers"}


class _Lists:
    """The lists that one source list becomes; a number out of order, or a list of the other kind, starts a new list."""

    def __init__(self, start: int | None) -> None:
        self._start = self._next = start
        self._indent = 0
        self._items: list[Item] = []
        self._last: list[Block] = []
        """The blocks of the last item, including stray content."""
        self._has_strays = False
        self._built: list[Block] = []

    def add(self, item: Item, number: int | None = None) -> bool:
        """Add an item, with its *number* if it has one; return whether a new list had to be started."""
        is_out_of_order = self._next is not None and number not in (None, self._next)
        if is_out_of_order:
            self._close()
            self._start = self._next = number
        if self._next is not None:
            self._next += 1
        self._finish_item()
        self._items.append(item)
        self._last = list(item.blocks)
        return is_out_of_order and len(self._built) > 0

    def add_stray(self, blocks: tuple[Block, ...]) -> None:
        """Add content outside any item to the previous item; before the first item, an inner list replaces this one."""
        for block in blocks:
            if self._items:
                add_block(self._last, block)
                self._has_strays = True
            elif not isinstance(block, List):
                self.add(Item((block,)))
            elif self._built or (block.start is None) != (self._start is None):
                self._built.append(replace(block, indent=block.indent + 1))
            else:
                self._indent = block.indent + 1
                for item in block.items:
                    self.add(item)

    def close(self) -> list[Node]:
        """Return the lists."""
        self._close()
        return [*self._built]

    def _finish_item(self) -> None:
        if self._has_strays:
            self._items[-1] = replace(self._items[-1], blocks=tuple(self._last))
            self._has_strays = False

    def _close(self) -> None:
        if self._items:
            self._finish_item()
            self._built.append(List(tuple(self._items), self._start, self._indent))
            self._items, self._indent = [], 0


def build_list(page: PageBuilder, element: Element) -> list[Node]:
    """Convert `ul` and `ol`; a list directly in a list is an indentation made by the editor."""
    lists = _Lists(_start(page, element) if element.name.lower() == "ol" else None)
    strays: list[Node] = []
    for node in element.nodes:
        if isinstance(node, Text):
            if node.is_visible:
                strays.append(node.value)
        elif node.name.lower() != "li":
            strays += page.element(node)
        else:
            strays = _add_strays(lists, strays)
            page.note_attributes(node)
            number = _number(node.attributes.get("value", ""))
            if lists.add(Item(page.blocks(node)), number):
                page.lose("list", f"value {number}", "the number of an item in the midst: shown as a list of its own")
    _add_strays(lists, strays)
    return lists.close()


def _add_strays(lists: _Lists, strays: list[Node]) -> list[Node]:
    if blocks := flow(strays):
        lists.add_stray(blocks)
    return []


def _start(page: PageBuilder, element: Element) -> int:
    """Return the first number of an `ol`; numbering that Markdown does not support is a loss."""
    attributes = element.attributes
    kind, start = attributes.get("type", ""), attributes.get("start", "")
    if kind in _LETTERS:
        page.lose("list", f"type {kind}", f"counted with {_LETTERS[kind]}: shown with numbers")
    if "reversed" in attributes:
        page.lose("list", "reversed", f"counted down{f' from {start}' if start else ''}: shown counting up")
    number = _number(start)
    if number is None and start:
        page.lose("list", f"start {start}", "Markdown counts from 0 up: shown from 1")
    return 1 if number is None else number


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() else None


def build_stray_item(page: PageBuilder, element: Element) -> list[Node]:
    """Convert an `li` outside any list."""
    return [List((Item(page.blocks(element)),))]


def build_task_list(page: PageBuilder, element: Element) -> list[Node]:
    """Convert a task list to check boxes; assignee and date are in the text of the task, as mention and date."""
    lists = _Lists(None)
    for child in element.children:
        if child.name == "ac:task":
            lists.add(_task(page, child))
        elif blocks := flow(page.element(child)):
            lists.add_stray(blocks)
    return lists.close()


def _task(page: PageBuilder, task: Element) -> Item:
    status, body = task.find_child("ac:task-status"), task.find_child("ac:task-body")
    is_done = status is not None and status.text.strip() == "complete"
    blocks = page.blocks(body) if body is not None else ()
    if not (blocks and isinstance(blocks[0], Paragraph)):
        # GitHub shows a check box only if text follows on its line.
        blocks = (Paragraph(("…",)), *blocks)
    return Item(blocks, _CHECKED if is_done else _UNCHECKED)
