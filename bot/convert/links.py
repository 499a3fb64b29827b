"""Links: `ac:link` in all its forms, and plain `a`."""

import re

from bs4 import Tag

from bot.convert.link_targets import slug
from bot.convert.lowering import Lowering
from bot.convert.tree import Node, attribute, find_child, make, plain, set_apart, tags, text_of, words

# A browser or GitHub refuses these, and some do harm: the address is shown, never linked.
_UNSAFE = re.compile(r"\s*(?:javascript|vbscript|data|file)\s*:", re.IGNORECASE)


def lower_anchor_element(lowering: Lowering, tag: Tag) -> list[Node]:
    """`<a href>`, smart links included; `<a name>` becomes an anchor."""
    children = lowering.children(tag)
    address = attribute(tag, "href")
    if not tag.has_attr("href"):
        name = attribute(tag, "name") or attribute(tag, "id")
        return [anchor(name), *children] if name else children
    if tag.has_attr("data-datasource"):
        lowering.lose("smart link", address, "the table it shows was not captured")
    lowered = link(lowering, children, address)
    title = plain(attribute(tag, "title"))
    if title and lowered.name == "a" and title != plain(text_of(tag)):
        lowered["title"] = title
    return [lowered]


def link(lowering: Lowering, children: list[Node], address: str) -> Tag:
    """Return a link to a written *address*."""
    if _UNSAFE.match(address):
        lowering.lose("link", address, "an address that must not be followed: shown as text")
        return make("span", *children, " (", make("code", address), ")")
    if address.startswith("#"):
        return make("a", *children, href=address, anchor=address[1:])
    return make("a", *children, href=lowering.targets.address(address))


def anchor(name: str) -> Tag:
    """Return a place in the page that links can name."""
    return make("a", id=slug(name) or plain(name))


def lower_link(lowering: Lowering, tag: Tag) -> list[Node]:
    """`ac:link`: to a page, a blog post, a file, a space, a person, or a place in this page."""
    resource = next((child for child in tags(tag) if child.name.startswith("ri:")), None)
    body = _link_body(lowering, tag)
    place = attribute(tag, "ac:anchor")
    if resource is None:
        if place:
            return [make("a", *(body or [words(place)]), href=f"#{place}", anchor=place)]
        return body
    match resource.name:
        case "ri:user":
            return _mention(lowering, resource, body)
        case "ri:attachment":
            return [_file_link(lowering, resource, body)]
        case "ri:url":
            address = attribute(resource, "ri:value")
            return [link(lowering, body or [make("span", address)], address)]
        case "ri:shortcut":
            key, parameter = attribute(resource, "ri:key"), attribute(resource, "ri:parameter")
            lowering.lose("link", f"{parameter}@{key}", "a shortcut whose address only the wiki knows")
            return body or [make("span", f"{parameter}@{key}")]
        case "ri:space":
            key = attribute(resource, "ri:space-key")
            return [make("a", *(body or [words(key)]), href=lowering.targets.space(key))]
        case _:
            return [_page_link(lowering, resource, body, place)]


def page_target(lowering: Lowering, resource: Tag, place: str = "") -> tuple[str, str]:
    """Return what an `ri:` element that names a page is called, and where it leads."""
    title = attribute(resource, "ri:content-title")
    key = attribute(resource, "ri:space-key")
    if resource.name == "ri:blog-post":
        return title, lowering.targets.blog_post(title, key, attribute(resource, "ri:posting-day"))
    page_id = attribute(resource, "ri:content-id")
    return title or f"page {page_id}", lowering.targets.page(title, key, page_id=page_id, anchor=place)


def file_target(lowering: Lowering, resource: Tag) -> tuple[str, str]:
    """Return an attachment's name, and where it leads."""
    name = attribute(resource, "ri:filename")
    owner = find_child(resource, "ri:page", "ri:blog-post")
    title, key = (attribute(owner, "ri:content-title"), attribute(owner, "ri:space-key")) if owner else ("", "")
    return name, lowering.targets.attachment(name, title=title, space_key=key)


def person(lowering: Lowering, resource: Tag) -> str:
    """Return the name of the person an `ri:user` stands for; one that is not known is a loss."""
    identifiers = [attribute(resource, f"ri:{key}") for key in ("account-id", "userkey", "username")]
    given = [identifier for identifier in identifiers if identifier]
    for identifier in given:
        if identifier in lowering.context.users:
            return lowering.context.users[identifier]
    shown = given[-1] if given else "unknown user"
    lowering.lose("user", shown, "name not known")
    return shown


def _link_body(lowering: Lowering, tag: Tag) -> list[Node]:
    rich = find_child(tag, "ac:link-body")
    if rich is not None:
        children = lowering.children(rich)
        return children if any(text_of(node).strip() or isinstance(node, Tag) for node in children) else []
    text = find_child(tag, "ac:plain-text-link-body")
    return [make("span", text_of(text))] if text is not None and plain(text_of(text)) else []


def _mention(lowering: Lowering, resource: Tag, body: list[Node]) -> list[Node]:
    name = person(lowering, resource)
    link_tag = resource.parent
    return body or set_apart(link_tag if link_tag is not None else resource, f"@{name}")


def _file_link(lowering: Lowering, resource: Tag, body: list[Node]) -> Tag:
    name, target = file_target(lowering, resource)
    return make("a", *(body or [words(name)]), href=target)


def _page_link(lowering: Lowering, resource: Tag, body: list[Node], place: str) -> Tag:
    if place and lowering.targets.is_this_page(
        attribute(resource, "ri:content-title"), attribute(resource, "ri:space-key")
    ):
        return make("a", *(body or [words(place)]), href=f"#{place}", anchor=place)
    title, target = page_target(lowering, resource, place)
    return make("a", *(body or [words(title)]), href=target)
