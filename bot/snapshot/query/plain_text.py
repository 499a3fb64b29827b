"""The words of a rendition as a reader sees them, without Markdown: for the search and its snippets. Pure and fast.

A parser of Markdown takes too long for all pages of an archive. Renditions come from one writer, so that a few patterns
suffice; a pattern that is wrong shows a character too many or too few in a snippet.
"""

import re
from collections.abc import Iterator
from html import unescape

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_BLOCK_START = re.compile(r"^\s*(?:(?:[-*+]|\d{1,9}[.)]|>|#{1,6})\s+)*(?:\[[ xX]\]\s+)?")
_TABLE_RULE = re.compile(r"^\s*\|(?:\s*:?-+:?\s*\|)+\s*$")
_CODE = re.compile(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_ALERT = re.compile(r"^\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]$")
_WAY = re.compile(r"\A\s*[^#\s][^\n]*\n+(?=# )")
_TAG = re.compile(r"(?<!\\)<(?:!--.*?--|/?[A-Za-z][^<>]*)>")
_AUTOLINK = re.compile(r"(?<!\\)<([a-z]+:[^\s<>]+)>", re.IGNORECASE)
_TARGET = re.compile(r"(?<!\\)\]\((?:<[^<>]*>|[^()\s]*)(?:\s+\"[^\"]*\")?\)")
_NOTE = re.compile(r"(?<!\\)\[\^[^\]\s]+\]:?")
_MARK = re.compile(r"(?<!\\)(?:\*{1,3}|~~|!?\[)|(?<!\\)\\$")
_CELL = re.compile(r"(?<!\\)\|")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def body_of(markdown: str) -> str:
    """Return the text of a rendition without front matter and without the way to the page, which names other pages."""
    _front, _, body = markdown.partition("\n---\n")
    return _WAY.sub("", body, count=1)


def plain_text(markdown: str) -> str:
    """Return the text of the body of a rendition."""
    return "\n".join(_lines(markdown))


def _lines(markdown: str) -> Iterator[str]:
    fence = ""
    for line in markdown.split("\n"):
        opening = _FENCE.match(line)
        if opening and (not fence or opening[1].startswith(fence)):
            fence = "" if fence else opening[1]
        elif fence:
            yield line
        elif not _TABLE_RULE.match(line):
            yield _line(line)


def _line(line: str) -> str:
    line = _ALERT.sub("", _BLOCK_START.sub("", line))
    kept: list[str] = []

    def keep(code: re.Match[str]) -> str:
        kept.append(code[2])
        return f"\0{len(kept) - 1}\0"

    text = _CODE.sub(keep, line.replace("\0", " "))
    text = _TAG.sub("", _AUTOLINK.sub(r"\1", text))
    text = _CELL.sub(" ", _MARK.sub("", _NOTE.sub("", _TARGET.sub("", text))))
    text = unescape(_ESCAPE.sub(r"\1", text))
    return re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], text)
