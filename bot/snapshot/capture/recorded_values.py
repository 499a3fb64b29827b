"""Values of the gateway → values of a record."""

from bot.snapshot.archive.record import RecordedComment, RecordedPerson, RecordedRestrictions, RecordedVersion
from bot.wiki.gateway import Comment, Restrictions, Version


def record_version(version: Version) -> RecordedVersion:
    """Return a version as a record has it."""
    author = version.author
    return RecordedVersion(
        number=version.number,
        when=version.when,
        author=RecordedPerson(id=author.id, display_name=author.display_name, username=author.username),
        message=version.message,
        is_minor=version.is_minor,
    )


def record_comment(comment: Comment) -> RecordedComment:
    """Return a comment as a record has it."""
    return RecordedComment(
        id=comment.id,
        body=comment.body,
        version=record_version(comment.version),
        parent_id=comment.parent_id,
        inline_ref=comment.inline_ref,
        inline_text=comment.inline_text,
        is_resolved=comment.is_resolved,
    )


def record_restrictions(restrictions: Restrictions) -> RecordedRestrictions:
    """Return restrictions as a record has them."""
    return RecordedRestrictions(readers=restrictions.readers, editors=restrictions.editors)
