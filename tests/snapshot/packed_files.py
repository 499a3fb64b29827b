"""Files that have a text packed in them, as other programs make them."""

import io
import zipfile
import zlib

_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def zip_of(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def docx_of(*paragraphs: str) -> bytes:
    """Return a document whose words are split into runs, as Word splits them."""
    texts = "".join(f"<w:p>{''.join(map(_run, _split(each)))}</w:p>" for each in paragraphs)
    document = f'<?xml version="1.0" encoding="UTF-8"?><w:document {_WORD}><w:body>{texts}</w:body></w:document>'
    return zip_of({"[Content_Types].xml": b"<?xml version='1.0'?><Types/>", "word/document.xml": document.encode()})


def _run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def _split(text: str) -> list[str]:
    return [text[start : start + 3] for start in range(0, len(text), 3)]


def pdf_of(*lines: str) -> bytes:
    """Return a PDF file of one page, its content compressed."""
    drawn = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
    content = zlib.compress(f"BT /F1 11 Tf 40 800 Td {drawn}ET".encode())
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    made, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + head + table + tail
