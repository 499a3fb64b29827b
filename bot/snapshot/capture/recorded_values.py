"""Convert values of the gateway to values of a record."""

from bot.snapshot.archive.record import RecordedComment, RecordedPerson, RecordedRestrictions, RecordedVersion
from bot.wiki.gateway import Comment, Restrictions, Version


def record_version(version: Version) -> RecordedVersion:
    """Convert a version to the form in a record."""
    author = version.author
    return RecordedVersion(
        number=version.number,
        when=version.when,
        author=RecordedPerson(id=author.id, display_name=author.display_name, username=author.username),
        message=version.message,
        is_minor=version.is_minor,
    )


def record_comment(comment: Comment) -> RecordedComment:
    """Convert a comment to the form in a record."""
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
    """Convert restrictions to the form in a record."""
    return RecordedRestrictions(readers=restrictions.readers, editors=restrictions.editors)
