"""Upload the files of a plan: each once, and never over a file that the plan does not name."""

from collections.abc import Callable, Iterable

from bot.errors import BotError
from bot.plural import counted
from bot.sync.page_files import PageFiles, comment_of
from bot.sync.plan import PagePlan, Upload
from bot.wiki.gateway import WikiGateway

ReadUpload = Callable[[PagePlan, Upload], bytes]
"""Returns the bytes of a file of a plan; raises `BotError` if they are not those of the plan."""


class UploadRefusedError(BotError):
    """The page is not as the plan says, so that nothing is uploaded or written."""


class FileUploads:
    """Uploads files to pages."""

    def __init__(self, gateway: WikiGateway, read: ReadUpload) -> None:
        self._gateway, self._read = gateway, read

    def upload(self, page: PagePlan, uploads: Iterable[Upload]) -> list[str]:
        """Upload what the page does not have yet; return what was done.

        Raises `UploadRefusedError` if the page has another file of that name than the plan says.
        """
        wanted = [*uploads]
        on_page = PageFiles(self._gateway, page.id)
        missing = [each for each in wanted if not on_page.has(each.name, each.sha256, each.size)]
        for each in missing:
            found = on_page.find(each.name)
            now = (None, 0) if found is None else (found.id, found.version.number)
            if now != (each.replaces, each.replaces_version):
                raise UploadRefusedError(f"somebody changed the file {each.name!r} of the page; plan again")
        contents = [(each, self._read(page, each)) for each in missing]
        return [self._send(page, each, content) for each, content in contents]

    def _send(self, page: PagePlan, upload: Upload, content: bytes) -> str:
        comment = comment_of(upload.sha256)
        self._gateway.upload(page.id, upload.name, content, comment=comment, replaces=upload.replaces)
        verb = "replaced" if upload.replaces else "uploaded"
        return f"{verb} file {upload.name!r} ({counted(upload.size, 'byte')}, sha256:{upload.sha256})"
