"""A macro as its author sees it: name, parameters, body."""

import unicodedata
from dataclasses import dataclass

from bs4 import Tag

from bot.convert.tree import Node, attribute, fill, plain, tags, tags_within, text_of

_PARTS = frozenset({"ac:parameter", "ac:default-parameter", "ac:rich-text-body", "ac:plain-text-body"})


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro; `parameters` holds their text, `parameter_tags` the elements that may hold `ri:` resources."""

    name: str
    parameters: dict[str, str]
    parameter_tags: dict[str, Tag]
    rich_body: Tag | None
    plain_body: str | None
    tag: Tag

    def get(self, *names: str) -> str:
        """Return the first of the parameters *names* that says something."""
        return next((self.parameters[name] for name in names if self.parameters.get(name)), "")

    @property
    def identity(self) -> str:
        """What tells this macro from others of its page: name and parameters, composed as a record keeps text."""
        return unicodedata.normalize("NFC", f"{self.name}: {self.settings()}")

    def settings(self) -> str:
        """Return the parameters as a person would read them."""
        return ", ".join(f"{name or 'value'}: {value}" for name, value in self.parameters.items() if value)

    def resource(self, kind: str) -> Tag | None:
        """Return the first `ri:` element of *kind* in any parameter."""
        for parameter in self.parameter_tags.values():
            found = parameter.find(kind)
            if isinstance(found, Tag):
                return found
        return None


def read_macro(tag: Tag) -> Macro:
    """Read an `ac:structured-macro` or a legacy `ac:macro`."""
    parameters: dict[str, str] = {}
    parameter_tags: dict[str, Tag] = {}
    for child in tags(tag, "ac:parameter", "ac:default-parameter"):
        name = attribute(child, "ac:name")
        parameters[name] = plain(text_of(child)) or _resource_text(child)
        parameter_tags[name] = child
    texts = list(tags(tag, "ac:plain-text-body"))
    bodies = list(tags(tag, "ac:rich-text-body"))
    # Some tools write a body more than once; nothing of it may be lost.
    for extra in bodies[1:]:
        fill(bodies[0], list(extra.children))
    return Macro(
        name=attribute(tag, "ac:name"),
        parameters=parameters,
        parameter_tags=parameter_tags,
        rich_body=bodies[0] if bodies else None,
        plain_body="".join(text_of(text) for text in texts) if texts else None,
        tag=tag,
    )


def loose_content(macro: Macro) -> list[Node]:
    """Return what stands in a macro outside its parameters and bodies; it has no business there, but is content."""
    return [child for child in macro.tag.children if not (isinstance(child, Tag) and child.name in _PARTS)]


def _resource_text(parameter: Tag) -> str:
    """Return what a parameter made of `ri:` elements names."""
    names = (
        "ri:value",
        "ri:filename",
        "ri:content-title",
        "ri:space-key",
        "ri:username",
        "ri:userkey",
        "ri:account-id",
    )
    for tag in tags_within(parameter):
        for name in names:
            if tag.get(name):
                return str(tag[name])
    return ""
