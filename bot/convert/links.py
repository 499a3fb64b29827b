"""Links: `ac:link` in all its forms, plain `a`, mentions of people."""

from collections.abc import Iterable

from bot.convert.document import Apart, Inlines, Link, Node, Styled, flow, wrap
from bot.convert.link_targets import is_unsafe, slug
from bot.convert.page_builder import PageBuilder
from bot.storage.reader import Element


def build_anchor(page: PageBuilder, element: Element) -> list[Node]:
    """Convert `<a href>`, smart links included; `<a name>` becomes an anchor."""
    attributes, text = element.attributes, " ".join(element.text.split())
    nodes = page.nodes(element)
    if "href" not in attributes:
        name = attributes.get("name") or attributes.get("id")
        return [page.anchor(slug(name) or name.strip()), *nodes] if name else nodes
    address = attributes["href"]
    _lose_inner(page, nodes)
    if "data-datasource" in attributes:
        page.lose("smart link", address, "the table it shows was not captured")
    title = " ".join(attributes.get("title", "").split())
    return link(page, nodes, address, title="" if title == text else title)


def _lose_inner(page: PageBuilder, nodes: Iterable[Node]) -> None:
    """Record the links among *nodes*, the words of another link: Markdown has no link in a link."""
    for node in nodes:
        if isinstance(node, Link):
            page.lose("link", f"#{node.anchor}" if node.anchor else node.address, "in the words of another link")
        elif isinstance(node, Styled | Apart):
            _lose_inner(page, node.content)


def link(page: PageBuilder, nodes: list[Node], address: str, *, title: str = "") -> list[Node]:
    """Return a link to *address* as written by the author."""
    if is_unsafe(address):
        return [*nodes, *page.unsafe(address)]
    if address.startswith("#"):
        return link_to(nodes, address, title=title, anchor=address[1:])
    return link_to(nodes, page.targets.address(address), title=title)


def link_to(nodes: list[Node], target: str, *, title: str = "", anchor: str = "") -> list[Node]:
    """Return a link to a resolved *target*, or to an *anchor* in this page."""

    def linked(run: Inlines) -> Link:
        return Link(run, target, title, anchor)

    return wrap(nodes, linked)


def build_link(page: PageBuilder, element: Element) -> list[Node]:
    """Convert `ac:link`: to a page, a blog post, a file, a space, a person, or an anchor in this page."""
    resource = next((child for child in element.children if child.name.startswith("ri:")), None)
    body = _link_body(page, element)
    anchor = element.attributes.get("ac:anchor", "")
    if resource is None:
        return link_to(body or [anchor], f"#{anchor}", anchor=anchor) if anchor else body
    attributes = resource.attributes
    match resource.name:
        case "ri:user":
            return body or [mention(page, resource)]
        case "ri:attachment":
            name, target = file_target(page, resource)
            return link_to(body or [name], target)
        case "ri:url":
            address = attributes.get("ri:value", "")
            return link(page, body or [address], address)
        case "ri:shortcut":
            shortcut = f"{attributes.get('ri:parameter', '')}@{attributes.get('ri:key', '')}"
            page.lose("link", shortcut, "a shortcut whose address only the wiki knows")
            return body or [shortcut]
        case "ri:space":
            key = attributes.get("ri:space-key", "")
            return link_to(body or [key], page.targets.space(key))
        case _:
            return _page_link(page, resource, body, anchor)


def page_target(page: PageBuilder, resource: Element, anchor: str = "") -> tuple[str, str]:
    """Return the title and the target of an `ri:` element that refers to a page."""
    attributes = resource.attributes
    title, key = attributes.get("ri:content-title", ""), attributes.get("ri:space-key", "")
    if resource.name == "ri:blog-post":
        return title, page.targets.blog_post(title, key, attributes.get("ri:posting-day", ""))
    page_id = attributes.get("ri:content-id", "")
    return title or f"page {page_id}", page.targets.page(title, key, page_id=page_id, anchor=anchor)


def file_target(page: PageBuilder, resource: Element) -> tuple[str, str]:
    """Return the name and the target of an attachment."""
    name = resource.attributes.get("ri:filename", "")
    owner = resource.find_child("ri:page", "ri:blog-post", "ri:content-entity")
    return name, file_of(page, name, owner)


def file_of(page: PageBuilder, name: str, owner: Element | None) -> str:
    """Return the target of the attachment *name* of the page that *owner* refers to; without it, of this page."""
    names = ("ri:content-title", "ri:space-key", "ri:content-id")
    title, key, page_id = (owner.attributes.get(each, "") for each in names) if owner else ("", "", "")
    return page.targets.attachment(name, title=title, space_key=key, page_id=page_id)


def mention(page: PageBuilder, resource: Element) -> Apart:
    """Return a person as a mention."""
    return Apart((f"@{person(page, resource)}",))


def person(page: PageBuilder, resource: Element) -> str:
    """Return the name of the person of an `ri:user`; an unknown person is a loss."""
    identifiers = [resource.attributes.get(f"ri:{key}", "") for key in ("account-id", "userkey", "username")]
    given = [identifier for identifier in identifiers if identifier]
    for identifier in given:
        if identifier in page.context.users:
            return page.context.users[identifier]
    shown = given[-1] if given else "unknown user"
    page.lose("user", shown, "name not known")
    return shown


def _link_body(page: PageBuilder, element: Element) -> list[Node]:
    rich = element.find_child("ac:link-body")
    if rich is not None:
        nodes = page.nodes(rich)
        _lose_inner(page, nodes)
        return nodes if flow(nodes) else []
    text = element.find_child("ac:plain-text-link-body")
    return [text.text] if text is not None and text.text.strip() else []


def _page_link(page: PageBuilder, resource: Element, body: list[Node], anchor: str) -> list[Node]:
    attributes = resource.attributes
    if anchor and page.targets.is_this_page(attributes.get("ri:content-title", ""), attributes.get("ri:space-key", "")):
        return link_to(body or [anchor], f"#{anchor}", anchor=anchor)
    title, target = page_target(page, resource, anchor)
    return link_to(body or [title], target)
