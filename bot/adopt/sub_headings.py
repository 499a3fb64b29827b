"""Split the content of a region at its sub-headings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.adopt.blocks import PageBlock, TextLine
from bot.adopt.data_targets import CannotSayError
from bot.adopt.dates import parse_day
from bot.adopt.phrase_markdown import to_markdown
from bot.adopt.phrases import Context, Fields, Words, marks_of, say, settle


@dataclass(slots=True)
class _Group:
    """Blocks below one sub-heading; *name* is None before the first."""

    name: str | None
    blocks: list[PageBlock]


def split_at_sub_headings(blocks: Sequence[PageBlock], context: Context) -> tuple[Fields, list[_Group]]:
    """Split blocks at their sub-headings; return also the words above and the level of the sub-headings."""
    fields: Fields = {}
    rest = list(blocks)
    if _has_intro(rest, context):
        fields["intro"] = to_markdown(rest.pop(0).phrases, context)  # type: ignore[union-attr]
    groups: list[_Group] = [_Group(None, [])]
    levels = set()
    for block, following in zip(rest, [*rest[1:], None], strict=True):
        if isinstance(block, TextLine) and _is_caption(block, following):
            levels.add(block.level)
            groups.append(_Group(_caption_of(block, context), []))
        else:
            groups[-1].blocks.append(block)
    if len(levels) > 1:
        raise CannotSayError("sub-headings of different levels")
    groups = [group for group in groups if group.blocks or group.name is not None]
    if not all(group.blocks for group in groups):
        raise CannotSayError(f"the sub-heading {next(g.name for g in groups if not g.blocks)!r} with nothing below")
    return fields | ({"group_level": levels.pop()} if levels else {}), groups


def _has_intro(blocks: Sequence[PageBlock], context: Context) -> bool:
    first = blocks[0] if blocks else None
    if not isinstance(first, TextLine) or first.level or len(blocks) < 2 or isinstance(blocks[1], TextLine):
        return False
    return not (first.is_bold or first.has_link or is_day_line(first, context))


def _is_caption(line: TextLine, following: PageBlock | None) -> bool:
    if line.level:
        return True
    return line.is_bold and not line.has_link and following is not None and not isinstance(following, TextLine)


def _caption_of(line: TextLine, context: Context) -> str:
    """Return a sub-heading without the bold that the templates give it."""
    if line.level:
        return to_markdown(line.phrases, context)
    bare = [replace(each, marks=marks_of(each)[1:]) if isinstance(each, Words) else each for each in line.phrases]
    return to_markdown(settle(bare), context)


def is_day_line(line: TextLine, context: Context) -> bool:
    """Return whether the line is a date and nothing else."""
    return parse_day(say(line.phrases), context.language) is not None
