"""Render Markdown from storage body and record. Pure, and picklable, so that any process can run it."""

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot import convert
from bot.escape import escape_markdown
from bot.snapshot.archive import paths
from bot.snapshot.archive.checkpoint import format_time
from bot.snapshot.archive.frontmatter import render_front_matter
from bot.snapshot.archive.record import PageRecord, RecordedComment, RecordedInclude, RecordedLink, RecordedListing
from bot.snapshot.archive.salt import SHORT

CONVERTER = f"wikibot-markdown {convert.CONVERTER_VERSION}"


@dataclass(frozen=True, slots=True)
class Rendition:
    """A page as Markdown with front matter, and the number of elements that could not be converted."""

    markdown: bytes
    losses: int


def render_page(record: PageRecord, body: str, path: str, base_url: str) -> Rendition:
    """Return the rendition at *path* in the bag. Deterministic: the same arguments give the same bytes."""
    context = build_context(record, path, base_url)
    conversion = convert.convert_page(body, context)
    lost = dict.fromkeys(conversion.losses)
    comments = list(_render_comments(record.comments, body, context, lost))
    losses = [
        {"kind": loss.kind, "what": loss.what} | ({"detail": loss.detail} if loss.detail else {}) for loss in lost
    ]
    tail = [*_render_files(record, context), *(["\n## Comments\n\n", *comments] if comments else [])]
    content = "".join([conversion.markdown, *tail])
    salt = record.salt if len(content) < SHORT else None
    head = render_front_matter(_front_matter(record, path, losses, salt)) + f"\n{_breadcrumbs(record, path)}\n\n"
    head += f"# {escape_markdown(record.title) or 'Untitled'}\n\n"
    # The converter normalises prose to NFC and leaves code unchanged, so only the head is normalised here.
    text = unicodedata.normalize("NFC", head) + content
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Rendition(text.encode("utf-8", "replace"), len(losses))


def build_context(record: PageRecord, path: str, base_url: str) -> convert.PageContext:
    """Return the context of the converter."""
    around, folder = record.surroundings, posixpath.dirname(path)
    return convert.PageContext(
        page_id=record.page_id,
        title=record.title,
        space_key=record.space_key,
        base_url=base_url,
        users=around.users,
        pages=around.pages,
        attachments=around.files
        | {file.name: posixpath.relpath(file.path, folder) for file in record.attachments if file.path},
        children=None if around.children is None else _links(around.children),
        page_tree=None if around.page_tree is None else _links(around.page_tree),
        included={name: _included(page) for name, page in around.included.items()},
        withheld=around.withheld,
        other_addresses=around.other_addresses,
        listings={asked: _listing(listing) for asked, listing in around.listings.items()},
        comments=_inline_comments(record.comments),
        views={
            asked: convert.ShownView(view.html, view.when.date().isoformat()) for asked, view in around.views.items()
        },
    )


def _links(links: Sequence[RecordedLink]) -> tuple[convert.ListedPage, ...]:
    return tuple(convert.ListedPage(link.title, link.target, _links(link.children)) for link in links)


def _included(page: RecordedInclude) -> convert.IncludedPage:
    return convert.IncludedPage(page.title, page.body, page.version, page.target)


def _listing(listing: RecordedListing) -> convert.Listing:
    rows = tuple(convert.ReportRow(_links([row.page])[0], row.values, row.bodies) for row in listing.rows)
    return convert.Listing(rows, listing.columns, listing.left_out, listing.is_partial)


def reason_words(record: PageRecord) -> list[str]:
    """Return why the page was archived, in words; empty if the record does not state it."""
    titles = {ancestor.id: ancestor.title for ancestor in record.ancestors}
    return [_in_words(reason, titles) for reason in record.archived_by]


def _in_words(reason: str, titles: dict[str, str]) -> str:
    rule, _, name = reason.partition(" ")
    match rule:
        case "status":
            return "archived in the wiki"
        case "label":
            return reason
        case "under":
            return f"below {titles.get(name, f'page {name}')}"
        case _:
            return "on the roster"


def _front_matter(record: PageRecord, path: str, losses: list[dict[str, str]], salt: str | None) -> dict[str, object]:
    """Return what a reader wants to know, in reading order. Digests and all other data are in the record."""
    reasons, message = reason_words(record), record.version.message
    return {
        "title": record.title,
        "url": record.url,
        "status": record.status.value,
        **({"archived_because": reasons} if reasons else {}),
        "version": record.version.number,
        "author": record.version.author.display_name,
        "saved": format_time(record.version.when),
        **({"message": message} if message else {}),
        "captured": format_time(record.captured_at),
        "labels": list(record.labels),
        "space": record.space_key,
        "page_id": record.page_id,
        "evidence": posixpath.relpath(paths.source_folder(record.page_id), posixpath.dirname(path)),
        "converter": CONVERTER,
        **({"salt": salt} if salt else {}),
        "losses": losses,
    }


def _breadcrumbs(record: PageRecord, path: str) -> str:
    """Return the way from the index of the bag to the page; pages above it that are captured are links."""
    folder, known = posixpath.dirname(path), record.surroundings.pages
    crumbs = [f"[{escape_markdown(record.space_key)}]({posixpath.relpath('README.md', folder)})"]
    for ancestor in record.ancestors:
        title = escape_markdown(ancestor.title) or "untitled"
        crumbs.append(f"[{title}]({known[ancestor.id]})" if ancestor.id in known else title)
    return " › ".join(crumbs)


def _render_files(record: PageRecord, context: convert.PageContext) -> Iterator[str]:
    """Render the list of the attachments, whose files do not have their names."""
    if not record.attachments:
        return
    yield "\n## Files\n\n"
    for file in record.attachments:
        name, target = escape_markdown(file.name) or "untitled", context.attachments.get(file.name)
        yield f"- [{name}]({target})\n" if target and file.path else f"- {name} (could not be downloaded)\n"


def _inline_comments(comments: Sequence[RecordedComment]) -> dict[str, convert.InlineComment]:
    replies = _by_parent(comments)
    return {comment.inline_ref: _footnote(comment, replies) for comment in comments if comment.inline_ref}


def _footnote(comment: RecordedComment, replies: dict[str | None, list[RecordedComment]]) -> convert.InlineComment:
    return convert.InlineComment(
        comment.version.author.display_name,
        comment.body,
        tuple(_footnote(reply, replies) for reply in replies[comment.id]),
        comment.is_resolved,
    )


def _by_parent(comments: Sequence[RecordedComment]) -> dict[str | None, list[RecordedComment]]:
    """Group comments by parent comment; a reply to a missing comment starts a thread."""
    known = {comment.id for comment in comments}
    replies: dict[str | None, list[RecordedComment]] = defaultdict(list)
    for comment in comments:
        replies[comment.parent_id if comment.parent_id in known else None].append(comment)
    return replies


def _render_comments(
    comments: Sequence[RecordedComment], body: str, context: convert.PageContext, lost: dict[convert.Loss, None]
) -> Iterator[str]:
    """Render the threads that the converter does not show as footnotes of the body; add their losses to *lost*."""
    replies = _by_parent(comments)
    for comment in replies[None]:
        if not (comment.inline_ref and f'"{comment.inline_ref}"' in body):
            yield from _render_thread(comment, replies, context, lost, indent="")


def _render_thread(
    comment: RecordedComment,
    replies: dict[str | None, list[RecordedComment]],
    context: convert.PageContext,
    lost: dict[convert.Loss, None],
    *,
    indent: str,
) -> Iterator[str]:
    resolved = ", resolved" if comment.is_resolved else ""
    author = escape_markdown(comment.version.author.display_name)
    yield f"{indent}- **{author}**, {format_time(comment.version.when)}{resolved}\n\n"
    inner = indent + "  "
    if comment.inline_text:
        yield f"{inner}> {escape_markdown(comment.inline_text)}\n\n"
    conversion = convert.convert_page(comment.body, context)
    lost.update(dict.fromkeys(conversion.losses))
    for line in conversion.markdown.split("\n")[:-1]:
        yield f"{inner}{line}\n" if line else "\n"
    yield "\n"
    for reply in replies[comment.id]:
        yield from _render_thread(reply, replies, context, lost, indent=inner)
