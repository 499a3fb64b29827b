"""The attachments of a page: list, upload, remove."""

from typing import Any

from flask import redirect, render_template, request, url_for

from wikiserver.addresses import download_path
from wikiserver.pages.blueprint import pages
from wikiserver.pages.shell import current_user, get_changeable, get_page, name_of, shell_of_page
from wikiserver.rights import check
from wikiserver.site import get_store
from wikiserver.store import Content, InvalidError, NotFoundError
from wikiserver.view.macro_files import readable_size


@pages.get("/pages/viewpageattachments.action", defaults={"page_id": 0})
@pages.get("/pages/<int:page_id>/attachments")
def attachments(page_id: int) -> Any:
    """List the files of a page."""
    page = get_page(page_id or request.args.get("pageId", ""))
    listed = [_row(content) for content in get_store().attachments.of(page.id)]
    return render_template("wiki/attachments.html", shell=shell_of_page(page), page=page, files=listed)


def _row(content: Content) -> dict[str, object]:
    file = get_store().attachments.file(content.id)
    return {
        "content": content,
        "url": request.script_root + download_path(content),
        "size": readable_size(file.size),
        "media_type": file.media_type,
        "comment": file.comment,
        "author": name_of(content.updater),
    }


@pages.post("/pages/<int:page_id>/attachments")
def upload(page_id: int) -> Any:
    """Attach files; a file with an existing name becomes the next version."""
    page = _changeable(page_id)
    chosen = [file for file in request.files.getlist("files") if file.filename]
    if not chosen:
        raise InvalidError("Choose a file first.")
    store, author, comment = get_store(), current_user().account_id, request.form.get("comment", "").strip()
    with store.transaction():
        for file in chosen:
            name = (file.filename or "").replace("\\", "/").rpartition("/")[2]
            known = store.attachments.find(page.id, name)
            data, kind = file.read(), file.mimetype or None
            if known is not None:
                store.attachments.replace(known.id, data, author=author, media_type=kind, comment=comment)
            else:
                store.attachments.add(page.id, name, data, author=author, media_type=kind, comment=comment)
    return redirect(url_for("pages.attachments", page_id=page.id))


@pages.post("/pages/<int:page_id>/attachments/<int:file_id>/trash")
def trash_file(page_id: int, file_id: int) -> Any:
    """Move a file to the trash."""
    page = _changeable(page_id)
    content = get_store().contents.get(file_id)
    if content.type != "attachment" or content.container_id != page.id:
        raise NotFoundError(f"No file {file_id} on this page")
    get_store().pages.trash(check("delete", content, "You may not remove this file.").id)
    return redirect(url_for("pages.attachments", page_id=page.id))


def _changeable(page_id: int) -> Content:
    page = get_page(page_id)
    if page.status != "current":
        raise InvalidError("Files of an archived page stay as they are.")
    return get_changeable(page.id, "attach")
