"""A shaped page → GitHub-flavoured Markdown: one `convert_` method an element."""

# ruff: noqa: ARG002 -- markdownify hands every method the element, its text and its ancestors

import re
from collections.abc import Callable
from html import escape

from bs4 import Tag
from markdownify import MarkdownConverter

from bot.convert import emphasis
from bot.convert.emphasis import BREAK, CLOSE, DELETED, EM, LINK, STRONG, code_span, escape_label, escape_text
from bot.convert.html import render_children, render_tag
from bot.convert.tables import render_table
from bot.convert.tree import Node, attribute, tags, text_of

Ancestors = set[str]
Write = Callable[[Tag, Ancestors], str]

_AUTOLINK = re.compile(r"(?:https?|ftp|mailto):[^\s<>\\]+$")
_LANGUAGES = {"c#": "csharp", "html/xml": "xml", "none": "", "plain": "", "text": "", "coldfusion": "cfm"}
_LANGUAGES |= {"actionscript3": "actionscript", "py": "python", "c++": "cpp"}
_LABELS = {"NOTE": "Note", "TIP": "Tip", "IMPORTANT": "Important", "WARNING": "Warning", "CAUTION": "Caution"}


class PageWriter(MarkdownConverter):
    """Write the elements that lowering leaves.

    A `convert_` method gets its element's content as Markdown; a `write_` method arranges the content itself.
    """

    def process_tag(self, node: Tag, parent_tags: Ancestors | None = None) -> str:
        write: Write | None = getattr(self, f"write_{node.name}", None)
        return write(node, parent_tags or set()) if write else self._process(node, parent_tags)

    def _process(self, node: Tag, parent_tags: Ancestors | None) -> str:
        return str(super().process_tag(node, parent_tags))  # type: ignore[misc] # typeshed lacks it

    def process_text(self, el: Node, parent_tags: Ancestors | None = None) -> str:
        return escape_label(str(el)) if parent_tags and "a" in parent_tags else escape_text(str(el))

    def convert_p(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        lines = emphasis.finish_lines(text)
        return f"\n{lines}\n" if el.parent and _is_in_tight_list(el) else _block(lines)

    def convert_hN(self, n: int, el: Tag, text: str, parent_tags: Ancestors) -> str:  # noqa: N802 -- markdownify's
        line = re.sub(r"(#+)$", r"\\\1", emphasis.finish_line(text))
        return _block(f"{'#' * n} {line}") if line else ""

    def convert_strong(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return f"{STRONG}{text}{CLOSE}"

    def convert_em(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return f"{EM}{text}{CLOSE}"

    def convert_del(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return f"{DELETED}{text}{CLOSE}"

    def _as_html(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        before, inner, after = _trimmed(text)
        return f"{before}<{el.name}>{inner}</{el.name}>{after}" if inner else text

    convert_ins = convert_sub = convert_sup = convert_kbd = convert_samp = convert_var = _as_html

    def convert_code(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        if el.find(True):
            return self._as_html(el, text, parent_tags)
        code = text_of(el)
        # Readers disagree on `\|` inside code in a table.
        if "cell" in parent_tags and "\\|" in code:
            return f"<code>{''.join(char if char.isalnum() else f'&#{ord(char)};' for char in code)}</code>"
        return code_span(code) if code else ""

    def convert_br(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return BREAK

    def convert_a(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        if el.has_attr("id"):
            return f'<a id="{escape(attribute(el, "id"))}"></a>{text}'
        address = attribute(el, "href")
        if "a" in parent_tags:
            return text
        if text_of(el) == address and _AUTOLINK.match(address) and not el.find(["code", "img"]):
            return f"{LINK}<{address}>"
        before, label, after = _trimmed(text)
        return f"{before}{LINK}[{label}]({_destination(address)}{_title(el)}){after}"

    def convert_img(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        if el.has_attr("width") or el.has_attr("height"):
            return render_tag(el)
        return f"![{escape_label(attribute(el, 'alt'))}]({_destination(attribute(el, 'src'))}{_title(el)})"

    def convert_math(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return f"${code_span(text_of(el).strip())}$"

    def convert_footnoteref(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return f"[^{attribute(el, 'label')}]" if attribute(el, "label") else ""

    def convert_footnote(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return _block(f"[^{attribute(el, 'label')}]: {_indented(text.strip(chr(10)), 4)}")

    def convert_hr(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        return _block("___" if "li" in parent_tags else "---")

    def convert_blockquote(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        text = text.strip("\n")
        return _block(_quoted(text)) if text else ""

    def convert_alert(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        """GitHub knows alerts only at the top; further in it would show their raw label."""
        text = text.strip("\n")
        kind = attribute(el, "kind")
        if not text:
            return ""
        starts_with_text = next(tags(el)).name == "p"
        if parent_tags & {"li", "blockquote", "alert", "cell"}:
            return _block(_quoted(f"**{_LABELS[kind]}**\n\n{text}"))
        return _block(_quoted(f"[!{kind}]\n{text}" if starts_with_text else f"[!{kind}]\n\n{text}"))

    def convert_details(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        summary = escape(attribute(el, "summary"), quote=False)
        text = text.strip("\n")
        body = f"{text}\n\n" if text else ""
        return _block(f"<details>\n<summary>{summary}</summary>\n\n{body}</details>")

    def convert_list(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        text = text.strip("\n")
        return f"\n{text}\n" if _is_in_tight_list(el) else _block(text)

    convert_ul = convert_ol = convert_list

    def convert_li(self, el: Tag, text: str, parent_tags: Ancestors) -> str:
        marker, text = _marker(el), text.strip("\n")
        if mark := attribute(el, "mark"):
            first = next(tags(el), None)
            text = f"{mark} {text}" if first is None or first.name == "p" else f"{mark}\n\n{text}"
        item = f"{marker} {_indented(text, len(marker) + 1)}".rstrip(" ")
        return f"\n{item}\n" if _is_tight(el.parent) else _block(item)

    def write_fence(self, el: Tag, parent_tags: Ancestors) -> str:
        language = attribute(el, "language").strip().lower()
        return _fenced(text_of(el), re.sub(r"[^\w+#.-]", "", _LANGUAGES.get(language, language)))

    def write_mathblock(self, el: Tag, parent_tags: Ancestors) -> str:
        return _fenced(text_of(el).strip("\n"), "math")

    def write_pre(self, el: Tag, parent_tags: Ancestors) -> str:
        content = render_children(el)
        return _block(f"<pre>{chr(10) if content.startswith(chr(10)) else ''}{content}</pre>")

    def write_table(self, el: Tag, parent_tags: Ancestors) -> str:
        within = parent_tags | {"cell"}

        def blocks(cell: Tag) -> str:
            cell.name = "cell"
            return self._process(cell, within).strip("\n")

        def run(paragraph: Tag) -> str:
            paragraph.name = "run"
            text = self._process(paragraph, within)
            paragraph.name = "p"
            return text

        return _block(render_table(el, run, blocks))


def _block(text: str) -> str:
    return f"\n\n{text}\n\n" if text else ""


def _fenced(code: str, language: str) -> str:
    code = re.sub(r"\r\n?", "\n", code)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return _block(f"{fence}{language}\n{code}\n{fence}" if code else f"{fence}{language}\n{fence}")


def _indented(text: str, width: int) -> str:
    """Indent every line but the first, and none that is empty."""
    return re.sub(r"\n(?!\n|$)", "\n" + " " * width, text)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _trimmed(text: str) -> tuple[str, str, str]:
    """Part *text* into the space and breaks before it, itself, and those after it."""
    inner = text.strip(f" {BREAK}")
    before = len(text) - len(text.lstrip(f" {BREAK}"))
    return text[:before], inner, text[before + len(inner) :]


def _destination(address: str) -> str:
    """Return *address* as a link's destination, which Markdown then reads as it was."""
    address = re.sub(r"\s", "%20", address.strip()).replace("<", "%3C").replace(">", "%3E").replace("\\", "%5C")
    # GitHub's reader does not heed a backslash before `&` here.
    return re.sub(r"[()]", r"\\\g<0>", re.sub(r"&(?=#?\w+;)", "&amp;", address))


def _title(el: Tag) -> str:
    """Return the text that shows when a pointer rests on a link or picture, as Markdown has it."""
    title = escape_text(attribute(el, "title")).replace('"', '\\"')
    return f' "{title}"' if title else ""


def _marker(item: Tag) -> str:
    """Return `-` or a number; lists that touch alternate their markers, lest they become one."""
    parent = item.parent
    if parent is None or parent.name == "ul":
        return "*" if parent and attribute(parent, "other") else "-"
    start = attribute(parent, "start")
    number = (int(start) if start.isdecimal() else 1) + int(attribute(item, "index"))
    return f"{number % 1_000_000_000}{')' if attribute(parent, 'other') else '.'}"


def _is_in_tight_list(el: Tag) -> bool:
    return el.parent is not None and el.parent.name == "li" and _is_tight(el.parent.parent)


def _is_tight(the_list: Tag | None) -> bool:
    return the_list is not None and the_list.has_attr("tight")
