"""The multipart form of an upload."""

from dataclasses import dataclass, field

from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from bot.config.file_rules import media_type_of


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A file with the comment that its version gets; it sends no notification."""

    name: str
    content: bytes = field(repr=False)
    comment: str = ""

    def encode(self) -> tuple[bytes, str]:
        """Return the body of the request and its content type."""
        part = RequestField("file", self.content, filename=self.name)
        part.make_multipart(content_type=media_type_of(self.name))
        return encode_multipart_formdata([part, ("comment", self.comment), ("minorEdit", "true")])
