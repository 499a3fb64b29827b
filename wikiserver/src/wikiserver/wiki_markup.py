"""Convert legacy wiki markup (`h1. Title`, `*bold*`, `{code}`) to storage format, as a save does."""

import re
from collections.abc import Callable, Iterator
from html import escape
from itertools import takewhile
from typing import Final

_VERBATIM: Final = re.compile(r"\{(code|noformat)(?::([^}\n]*))?\}\n?(.*?)\n?\{\1\}", re.DOTALL)
_BODIED: Final = re.compile(
    r"\{(quote|info|note|tip|warning|panel|expand|section|column|details|excerpt)(?::([^}\n]*))?\}(.*?)\{\1\}",
    re.DOTALL,
)
_HELD: Final = re.compile("\x00(\\d+)\x00")
_HEADING: Final = re.compile(r"h([1-6])\.\s+(.*)")
_LIST_ITEM: Final = re.compile(r"\s*([*#]+|-)\s+(.*)")
_INLINE: Final = re.compile(
    r"""
    (?P<break>\\\\(?=\s|$)) | \\(?P<escaped>[^\w\s])
    | \{\{(?P<code>.+?)\}\}
    | \[(?P<link>[^\]\n]+)\]
    | !(?P<image>[^!\s|]+(?:\|[^!\n]*)?)!
    | \{color:(?P<colour>[#\w]+)\}(?P<coloured>.+?)\{color\}
    | \{(?P<macro>[a-z][\w-]*)(?::(?P<parameters>[^}\n]*))?\}
    | (?P<url>https?://[^\s|\]<>"]+)
    | (?<=\s)(?P<dash>---?)(?=\s)
    | (?<!\w)(?P<mark>\*|_|-|\+|\?\?)(?=\S)(?P<marked>.+?)(?<=\S)(?P=mark)(?!\w)
    | (?P<script>[\^~])(?=\S)(?P<scripted>[^\^~\n]+?)(?<=\S)(?P=script)
    """,
    re.VERBOSE | re.DOTALL,
)
_MARKS: Final = {"*": "strong", "_": "em", "-": "del", "+": "u", "??": "cite", "^": "sup", "~": "sub"}
_DASHES: Final = {"--": "\u2013", "---": "\u2014"}


def wiki_to_storage(markup: str) -> str:
    """Return *markup* as storage format. Unknown markup becomes text."""
    held: list[str] = []

    def hold(rendered: str) -> str:
        held.append(rendered)
        return f"\n\n\x00{len(held) - 1}\x00\n\n"

    text = markup.replace("\x00", "").replace("\r\n", "\n")
    text = _VERBATIM.sub(lambda found: hold(_macro(found[1], found[2], _plain_body(found[3]))), text)
    while _BODIED.search(text):
        text = _BODIED.sub(lambda found: hold(_bodied(found[1], found[2], _blocks(found[3]))), text)
    rendered = _blocks(text)
    while _HELD.search(rendered):
        rendered = _HELD.sub(lambda found: held[int(found[1])], rendered)
    return rendered


def _bodied(name: str, parameters: str | None, content: str) -> str:
    if name == "quote":
        return f"<blockquote>{content}</blockquote>"
    return _macro(name, parameters, f"<ac:rich-text-body>{content}</ac:rich-text-body>")


def _plain_body(text: str) -> str:
    return f"<ac:plain-text-body><![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]></ac:plain-text-body>"


def _macro(name: str, parameters: str | None, body: str = "") -> str:
    written = "".join(
        f'<ac:parameter ac:name="{escape(key)}">{escape(value)}</ac:parameter>' for key, value in _pairs(parameters)
    )
    return f'<ac:structured-macro ac:name="{escape(name)}">{written}{body}</ac:structured-macro>'


def _pairs(parameters: str | None) -> Iterator[tuple[str, str]]:
    """Yield key and value of `python|title=x`; a value without a key has an empty key."""
    for part in filter(None, (parameters or "").split("|")):
        key, equals, value = part.partition("=")
        yield (key.strip(), value.strip()) if equals else ("", part.strip())


def _blocks(text: str) -> str:
    lines = text.split("\n")
    pieces: list[str] = []
    while lines:
        pieces.append(_block(lines))
    return "".join(pieces)


def _block(lines: list[str]) -> str:
    """Parse one block at the start of *lines*."""
    first = lines[0].strip()
    if not first:
        lines.pop(0)
        return ""
    if _LIST_ITEM.fullmatch(first):
        return _list(_take(lines, lambda line: _LIST_ITEM.fullmatch(line.strip()) is not None))
    if first.startswith("|"):
        return _table(_take(lines, lambda line: line.strip().startswith("|")))
    if (single := _single(first)) is not None:
        lines.pop(0)
        return single
    paragraph = [lines.pop(0), *_take(lines, lambda line: not _starts_block(line.strip()))]
    return f"<p>{'<br />'.join(_inline(line.strip()) for line in paragraph)}</p>"


def _take(lines: list[str], wanted: Callable[[str], bool]) -> list[str]:
    taken = list(takewhile(wanted, lines))
    del lines[: len(taken)]
    return taken


def _starts_block(line: str) -> bool:
    return not line or line.startswith("|") or _LIST_ITEM.fullmatch(line) is not None or _single(line) is not None


def _single(line: str) -> str | None:
    """Return the storage format of a one-line block; None if the line is not such a block."""
    if _HELD.fullmatch(line):
        return line
    if heading := _HEADING.fullmatch(line):
        return f"<h{heading[1]}>{_inline(heading[2])}</h{heading[1]}>"
    if line.startswith("bq. "):
        return f"<blockquote><p>{_inline(line[4:])}</p></blockquote>"
    if re.fullmatch("-{4,}", line):
        return "<hr />"
    return None


def _list(lines: list[str]) -> str:
    """Nest list items by the number of their signs; the last sign determines the type of list."""
    pieces: list[str] = []
    open_kinds: list[str] = []
    for line in lines:
        item = _LIST_ITEM.fullmatch(line.strip())
        assert item is not None  # noqa: S101 -- the lines were selected by this pattern
        depth, kind = len(item[1]), "ol" if item[1].endswith("#") else "ul"
        while len(open_kinds) > depth or (len(open_kinds) == depth and open_kinds[-1] != kind):
            pieces.append(f"</li></{open_kinds.pop()}>")
        if len(open_kinds) == depth:
            pieces.append("</li>")
        while len(open_kinds) < depth:
            open_kinds.append(kind)
            pieces.append(f"<{kind}>" if len(open_kinds) == depth else f"<{kind}><li>")
        pieces.append(f"<li>{_inline(item[2])}")
    return "".join(pieces) + "".join(f"</li></{kind}>" for kind in reversed(open_kinds))


def _table(lines: list[str]) -> str:
    return f"<table><tbody>{''.join(_row(line.strip()) for line in lines)}</tbody></table>"


def _row(line: str) -> str:
    # A bar inside a link separates its text from its target, not two cells.
    cells = re.findall(r"(\|\|?)((?:\[[^\]\n]*\]|![^!\s|]+\|[^!\n]*!|[^|])+)", line)
    names = {"||": "th", "|": "td"}
    return "<tr>" + "".join(f"<{names[s]}><p>{_inline(c.strip())}</p></{names[s]}>" for s, c in cells) + "</tr>"


def _inline(text: str) -> str:
    pieces: list[str] = []
    position = 0
    for found in _INLINE.finditer(text):
        pieces += escape(text[position : found.start()], quote=False), _token(found)
        position = found.end()
    return "".join(pieces) + escape(text[position:], quote=False)


def _token(found: re.Match[str]) -> str:
    """Return the storage format of one piece of inline markup."""
    kind, value = next((name, value) for name, value in found.groupdict().items() if value is not None)
    match kind:
        case "break":
            return "<br />"
        case "code":
            return f"<code>{escape(value, quote=False)}</code>"
        case "link":
            return _link(value)
        case "image":
            return _image(value)
        case "colour":
            return f'<span style="color: {value};">{_inline(found["coloured"])}</span>'
        case "macro":
            return _macro(value, found["parameters"])
        case "url":
            return f'<a href="{escape(value)}">{escape(value, quote=False)}</a>'
        case "mark" | "script":
            return f"<{_MARKS[value]}>{_inline(found[found.lastgroup or kind])}</{_MARKS[value]}>"
        case "dash":
            return _DASHES[value]
        case _:
            return escape(value, quote=False)


def _link(inside: str) -> str:
    """Convert `[text|target]`: an address, `#anchor`, `^file`, `~person` or `SPACE:Page title#anchor`."""
    text, _, target = inside.rpartition("|")
    if re.match("[a-z]+://|mailto:|/", target):
        return f'<a href="{escape(target)}">{_inline(text) if text else escape(target, quote=False)}</a>'
    words = f"<ac:plain-text-link-body><![CDATA[{text}]]></ac:plain-text-link-body>" if text else ""
    page, _, anchor = target.partition("#")
    where = f' ac:anchor="{escape(anchor)}"' if anchor else ""
    return f"<ac:link{where}>{_resource(page)}{words}</ac:link>"


def _resource(target: str) -> str:
    if target.startswith("^"):
        return f'<ri:attachment ri:filename="{escape(target[1:])}" />'
    if target.startswith("~"):
        return f'<ri:user ri:username="{escape(target[1:])}" />'
    space, colon, title = target.rpartition(":")
    key = f' ri:space-key="{escape(space)}"' if colon else ""
    return f'<ri:page{key} ri:content-title="{escape(title)}" />' if title else ""


def _image(inside: str) -> str:
    """Convert `!name|alt=words,thumbnail!`: a file of the page, or an external image."""
    name, _, options = inside.partition("|")
    given = {k or v: v if k else "true" for k, v in _pairs(options.replace(",", "|"))}
    attributes = "".join(f' ac:{k}="{escape(v)}"' for k, v in given.items() if re.fullmatch("[a-z]+", k))
    elsewhere = "://" in name
    resource = (
        f'<ri:url ri:value="{escape(name)}" />' if elsewhere else f'<ri:attachment ri:filename="{escape(name)}" />'
    )
    return f"<ac:image{attributes}>{resource}</ac:image>"
