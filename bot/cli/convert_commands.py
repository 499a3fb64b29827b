"""`wikibot convert`: storage format → Markdown, offline."""

import sys
from pathlib import Path

import click

from bot.cli import output
from bot.convert import PageContext, convert_page
from bot.errors import ContentError
from bot.files import read_file


@click.command()
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@click.option("--base-url", default="", metavar="URL", help="Address of the wiki, for links to pages and files.")
def convert(file: Path, base_url: str) -> None:
    """Print the page body in FILE (`-` for standard input) as Markdown.

    FILE contains storage format. What Markdown cannot express is listed on standard error.
    """
    is_stdin = str(file) == "-"
    name = "<stdin>" if is_stdin else file
    try:
        body = (sys.stdin.buffer.read() if is_stdin else read_file(file)).decode("utf-8-sig")
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", path=name) from error
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8; storage format is read as UTF-8"
        raise ContentError(message, path=name) from error
    conversion = convert_page(body, PageContext(base_url=base_url))
    output.say_document(conversion.markdown)
    for loss in conversion.losses:
        output.warn(f"{loss.kind}: {loss.what}" + (f" ({loss.detail})" if loss.detail else ""))
