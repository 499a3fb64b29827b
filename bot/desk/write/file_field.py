"""The file of a news item in its form: received at once, so that a draft and a failed save keep it."""

from collections.abc import Mapping
from pathlib import PurePath

from flask import request

from bot.config.data_model import NewsItem
from bot.config.entry_ref import as_seen
from bot.desk.audit_trail import record_change
from bot.desk.language import gettext as _
from bot.desk.write.news_form import NewsForm, attached_file
from bot.desk.write.shown_content import ShownContent
from bot.desk.write.write_state import quick_runtime
from bot.errors import BotError, ContentError
from bot.operations.content_advice import Advice, Topic, Weight
from bot.operations.news_files import (
    FileExistsOnPageError,
    NewFile,
    find_problem,
    new_file,
    with_link,
    without_link,
)


def receive_file(
    content: ShownContent, fields: Mapping[str, str], item: NewsItem | None
) -> tuple[dict[str, str], list[Advice]]:
    """Return the fields with the file that was sent, kept next to the data file, and what is wrong with it."""
    sent = request.files.get("upload")
    if sent is None or not sent.filename:
        return dict(fields), []
    name = PurePath(sent.filename.replace("\\", "/")).name
    try:
        found = new_file(name, sent.read()).after(item.file if item else None)
        found.keep(content.workspace.data_path)
        text = without_link(fields["text"], fields["file_name"]) if fields["file_name"] else fields["text"]
        text = with_link(text, found.value.name)
    except (ValueError, ContentError) as error:
        return dict(fields), [Advice("file", str(error), Weight.ERROR)]
    subject = f"{found.value.name}, {found.value.size} bytes"
    record_change("receive file", subject, workspace=content.workspace.name, after=f"sha256:{found.value.sha256}")
    named = {"file": found.value.model_dump_json(), "file_name": found.value.name, "file_replace": ""}
    return dict(fields) | named | {"text": text}, []


def check_file(content: ShownContent, form: NewsForm) -> list[Advice]:
    """Return what is wrong with the file of the form; a file that may replace another says so afterwards."""
    value = attached_file(form.fields)
    if value is None:
        return []
    problem = find_problem(content.workspace.data_path, value)
    if problem is not None:
        message = _("The file is not there any more (%(reason)s); choose it again.", reason=problem)
        return [Advice("file", message, Weight.ERROR)]
    try:
        checked = NewFile(value, b"").checked(
            quick_runtime().gateway(), content.workspace, replaces=bool(form.fields["file_replace"])
        )
    except FileExistsOnPageError as error:
        return [Advice("file", str(error), Weight.ERROR, Topic.TAKEN, value.name)]
    except BotError as error:
        message = _("Whether the page has a file of this name is checked before it is published: %(why)s", why=error)
        return [Advice("file", message, Weight.WARNING, Topic.UNCHECKED)]
    form.values["file"] = as_seen(checked.value)
    form.fields["file"] = checked.value.model_dump_json()
    return []


def detached(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields without the file and without the link to it."""
    value = attached_file(fields)
    text = without_link(fields["text"], value.name) if value else fields["text"]
    return dict(fields) | {"text": text, "file": "", "file_name": "", "file_replace": ""}
