"""Find what a redaction must not leave behind: titles, file names, and lines of a page, in any file of the snapshots.

A line counts from 8 words on; shorter ones occur in other texts too. Words are compared, not markup: a line is found in
storage format, in JSON and in Markdown, also if a tag or a soft hyphen is within a word. Links and comments within a
line do not end it. A file is found by its digest, whatever its name is. A title of one or two words is found only where
it is a whole value, such as a link text, a JSON string or an attribute; a longer one is found in upper and lower case.
Titles are also found in addresses.
"""

import codecs
import hashlib
import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

MIN_WORDS = 8
"""Words from which a line counts."""

_SHORT_TITLE_WORDS = 2
_WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|\w+"
)  # scripts without spaces: each character counts as a word
_BLOCKS = "p|li|td|th|tr|h[1-6]|div|br|hr|pre|blockquote"
_WITHIN_LINE = "link(?:-body)?|plain-text-link-body|inline-comment-marker|emoticon|placeholder"
_BREAK = re.compile(rf"</?(?:{_BLOCKS}|ac:[\w-]+|ri:[\w-]+)\b[^>]*>|\n")
_LONG_BREAK = re.compile(rf"</?(?:{_BLOCKS}|ac:(?!(?:{_WITHIN_LINE})(?![\w-]))[\w-]+)\b[^>]*>|\n")
"""Ends of lines that have links and comments within them; a rendition may show words there that the body lacks."""
_TAG = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*>")
_LINK = re.compile(r"\]\([^()\s]*\)")
_MIN_LETTERS = 24
"""Letters and digits from which a line is also found without regard to where its words begin."""
_KEY_WORDS = 2
"""Words of a line that are looked up first, the longest; one of them must not be interrupted."""
_OPEN_WHOLE = frozenset("\"'>[=:/#*(\n") | {""}
_CLOSE_WHOLE = frozenset("\"'<]&|)*/\n") | {""}
_ITEM = frozenset({"- ", ": ", "# "})
_QUOTED = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrt])|(.))")


@dataclass(frozen=True, slots=True)
class Hits:
    """What a text has of a page."""

    titles: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Return whether there is anything."""
        return bool(self.titles or self.names or self.lines or self.files)

    def without(self, other: "Hits") -> "Hits":
        """Return the hits that *other* does not have."""
        return Hits(
            self.titles - other.titles, self.names - other.names, self.lines - other.lines, self.files - other.files
        )

    def joined(self, other: "Hits") -> "Hits":
        """Return the hits of both."""
        return Hits(
            self.titles | other.titles, self.names | other.names, self.lines | other.lines, self.files | other.files
        )

    def describe(self) -> str:
        """Return what was found, without the text itself."""
        kinds = {"title": self.titles, "file name": self.names, "text": self.lines, "content of a file": self.files}
        return " and ".join(kind for kind, hits in kinds.items() if hits)


@dataclass
class Needles:
    """The titles, lines, and names and contents of files of a page."""

    titles: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    files: dict[str, int] = field(default_factory=dict)
    """SHA-256 of each file → its size in bytes."""

    def add_body(self, body: str) -> None:
        """Add the lines of a body in storage format."""
        for part in (*_BREAK.split(body), *_LONG_BREAK.split(body)):
            words = _words(part)
            if len(words) >= MIN_WORDS:
                self.lines.add(" ".join(words))

    def find(self, content: bytes, *, passing: Collection[str] = ()) -> Hits:
        """Return what a file has of the page; a title is not found within one of the titles *passing*."""
        written = _composed(_decoded(content))
        text = _composed(html.unescape(written))
        plain = _composed(_ESCAPE.sub(_unescape, text)) if "\\" in text else text
        texts = {_without(each, passing) for each in _readings({written, text, plain})}
        folded = {each.casefold() for each in texts}
        return Hits(
            frozenset(title for title in self.titles if _have(texts, folded, _composed(title))),
            frozenset(name for name in self.names if any(_has_whole(each, _composed(name)) for each in texts)),
            frozenset(self._find_lines(plain)) if self.lines else frozenset(),
            frozenset(self._find_file(content)),
        )

    def _find_file(self, content: bytes) -> Iterator[str]:
        if len(content) in self.files.values() and (digest := hashlib.sha256(content).hexdigest()) in self.files:
            yield digest

    @cached_property
    def _by_word(self) -> dict[str, list[str]]:
        """The lines by each of their longest words, which are looked up first."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            for word in sorted(set(line.split(" ")), key=len)[-_KEY_WORDS:]:
                found.setdefault(word, []).append(line)
        return found

    def _find_lines(self, text: str) -> Iterator[str]:
        words = _words(text)
        candidates = {line for word in self._by_word.keys() & set(words) for line in self._by_word[word]}
        spaced, joined = (f" {' '.join(words)} ", "".join(words)) if candidates else ("", "")
        for line in candidates:
            letters = line.replace(" ", "")
            if letters in joined if len(letters) >= _MIN_LETTERS else f" {line} " in spaced:
                yield line


def _decoded(content: bytes) -> str:
    """Return a text as it is read; UTF-16 if its first bytes say so."""
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_wide else "utf-8", "replace")


def _readings(texts: Iterable[str]) -> Iterator[str]:
    """Yield each text as it is, and as an address is read."""
    for text in texts:
        yield text
        if "%" in text:
            yield _composed(_unquoted(text))
        if "+" in text:
            yield _composed(_unquoted(text.replace("+", " ")))


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda found: unquote(found[0]), text)


def _without(text: str, titles: Collection[str]) -> str:
    for title in sorted(titles, key=len, reverse=True):
        text = text.replace(_composed(title), "\0")
    return text


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _words(text: str) -> list[str]:
    text = _composed(text)
    return [word.lower() for word in _WORD.findall(html.unescape(_LINK.sub("]", _TAG.sub(" ", text))))]


def _unescape(match: re.Match[str]) -> str:
    code, space, other = match.groups()
    return chr(int(code, 16)) if code else " " if space else other


def _have(texts: Iterable[str], folded: Iterable[str], title: str) -> bool:
    if len(_WORD.findall(title)) > _SHORT_TITLE_WORDS:
        return any(title.casefold() in text for text in folded)
    return any(_has_whole(text, title) for text in texts)


def _has_whole(text: str, value: str) -> bool:
    """Return whether *value* is a whole value in *text*, not a part of a sentence or of a longer value."""
    return any(
        (text[max(start - 1, 0) : start] in _OPEN_WHOLE or text[max(start - 2, 0) : start] in _ITEM)
        and text[end : end + 1] in _CLOSE_WHOLE
        for start, end in _occurrences(text, value)
    )


def _occurrences(text: str, value: str) -> Iterable[tuple[int, int]]:
    start = text.find(value) if value else -1
    while start >= 0:
        yield start, start + len(value)
        start = text.find(value, start + 1)
