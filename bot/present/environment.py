"""The Jinja2 environment of `templates/present/`: HTML is escaped automatically, Markdown and text by filters."""

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.escape import escape_markdown, visible
from bot.plural import counted
from bot.resources import templates_dir

_REFERENCE = re.compile(r"(?<=[@#!$%~])(?=[\w\"])")
"""Code hosts make references of such characters and a name, also behind a backslash; `@` notifies people."""
_ANSI = {"removed": "31", "added": "32", "title": "1", "faint": "2", "warning": "33"}


def render(name: str, **values: object) -> str:
    """Render the template *name*, such as `plan.html`, with exactly one line feed at the end."""
    return _environment().get_template(f"{name}.j2").render(values).rstrip("\n") + "\n"


def paint(text: str, style: str, *, has_colour: bool) -> str:
    """Return *text* in an ANSI *style* of the terminal, or unchanged without colour."""
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if has_colour and text else text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates_dir() / "present"),
        autoescape=select_autoescape(enabled_extensions=("html.j2", "svg.j2"), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "markdown": _one_line_markdown, "number": counted, "paint": paint}
    environment.filters |= {"comment": _in_a_comment}
    return environment


def _one_line_markdown(text: object) -> str:
    return escape_markdown(visible(str(text)))


def _in_a_comment(text: object) -> str:
    return _REFERENCE.sub("<!-- -->", _one_line_markdown(text))
