"""Links and images that refer to pages, files, people and spaces of the wiki."""

from urllib.parse import quote, unquote, urlencode

from wikiserver.storage_tree import Element, text_of
from wikiserver.view import html
from wikiserver.view.context import LinkedFile, LinkedPage, LinkedUser, PageName, UserKey
from wikiserver.view.render import Rendering, element

_ANCHOR_SAFE = "-_.~()!*',:@/?$&+;="
_LINK_BODIES = ("ac:link-body", "ac:plain-text-link-body")


def page_name(node: Element) -> PageName:
    """Return the reference of an `ri:page` or blog post."""
    return PageName(node.get("ri:content-title"), node.get("ri:space-key"))


def page_link(view: Rendering, page: LinkedPage, content: str | None = None, *, anchor: str = "") -> str:
    """Return a link to *page*, with HTML *content* or its title."""
    return html.tag(
        "a",
        {
            "href": view.url(page.path) + (f"#{anchor}" if anchor else ""),
            "data-linked-resource-id": page.id,
            "data-linked-resource-version": page.version,
            "data-linked-resource-type": "page",
        },
        html.text(page.title) if content is None else content,
    )


def file_attributes(view: Rendering, file: LinkedFile) -> dict[str, str | int | None]:
    """Return the attributes that identify the attachment of a link or image."""
    return {
        "data-linked-resource-id": file.id,
        "data-linked-resource-version": file.version,
        "data-linked-resource-type": "attachment",
        "data-linked-resource-default-alias": file.name,
        "data-base-url": view.context.base_url,
        "data-linked-resource-content-type": file.media_type,
        "data-linked-resource-container-id": file.page_id,
        "data-linked-resource-container-version": view.context.version,
    }


def file_link(view: Rendering, file: LinkedFile, content: str | None = None) -> str:
    """Return a link that downloads *file*."""
    attributes = {"href": view.url(file.path), **file_attributes(view, file)}
    return html.tag("a", attributes, html.text(file.name) if content is None else content)


@element("ac:link")
def link(view: Rendering, node: Element) -> str:
    """Render a link to an object of the wiki."""
    body = node.find(*_LINK_BODIES)
    content = view.children(body) if body is not None and body.children else None
    target = next((child for child in node.elements() if child.name.startswith("ri:")), None)
    anchor = node.get("ac:anchor")
    if target is None:
        return _anchor_link(view, anchor, content) if anchor else content or ""
    match target.name:
        case "ri:page" | "ri:blog-post":
            return _link_to_page(view, target, content, anchor)
        case "ri:content-entity":
            page = view.context.find_page_by_id(target.get("ri:content-id"))
            return page_link(view, page, content, anchor=anchor) if page else content or ""
        case "ri:attachment":
            return _link_to_file(view, target, content)
        case "ri:user":
            return _mention(view, target, content)
        case "ri:space":
            space = view.context.find_space(target.get("ri:space-key"))
            words = target.get("ri:space-key") if space is None else space.title
            return html.tag("a", {"href": view.url(space.path)} if space else {}, content or html.text(words))
        case "ri:url":
            address = target.get("ri:value")
            safe = {"class": "external-link", "href": address} if html.is_safe_address(address) else {}
            return html.tag("a", safe, content or html.text(address))
        case _:
            return content or html.text(text_of([target]))


def _link_to_page(view: Rendering, target: Element, content: str | None, anchor: str) -> str:
    name = page_name(target)
    page = view.context.find_page(name) if name.title else None
    if page_id := target.get("ri:content-id"):
        page = view.context.find_page_by_id(page_id)
    if page is not None:
        return page_link(view, page, content, anchor=anchor)
    if not name.title:
        return _anchor_link(view, anchor, content) if anchor else content or ""
    query = urlencode(
        {"spaceKey": name.space_key or view.context.space_key, "title": name.title, "fromPageId": view.context.page_id}
    )
    attributes = {"class": "createlink", "href": view.url(f"/pages/createpage.action?{query}")}
    return html.tag("a", attributes, content or html.text(name.title))


def _anchor_link(view: Rendering, anchor: str, content: str | None) -> str:
    """Render a link within the page; whether to a heading or an anchor is known when the page is rendered."""

    def render() -> str:
        named = view.anchor_id(anchor)
        is_percent_encoded = "%" in anchor
        if view.is_taken(unquote(anchor)) and not view.is_taken(named):
            named = unquote(anchor)
        elif is_percent_encoded:
            return html.tag("a", {"href": f"#{anchor}"}, content or html.text(anchor))
        return html.tag("a", {"href": f"#{quote(named, safe=_ANCHOR_SAFE)}"}, content or html.text(anchor))

    return view.defer(render)


def _link_to_file(view: Rendering, target: Element, content: str | None) -> str:
    name = target.get("ri:filename")
    file = view.context.find_file(name, _owner(target))
    if file is None:
        return html.tag("span", {"class": "unresolved-link"}, content or html.text(name))
    return file_link(view, file, content)


def _owner(target: Element) -> PageName | None:
    owner = target.find("ri:page", "ri:blog-post")
    return page_name(owner) if owner is not None else None


def find_user(view: Rendering, target: Element) -> LinkedUser | None:
    """Look up the person of an `ri:user`."""
    return view.context.find_user(
        UserKey(target.get("ri:account-id"), target.get("ri:userkey"), target.get("ri:username"))
    )


def _mention(view: Rendering, target: Element, content: str | None) -> str:
    user = find_user(view, target)
    if user is None:
        return html.tag("span", {"class": "user-mention unknown-user"}, content or "Unknown user")
    attributes = {
        "class": "confluence-userlink user-mention",
        "data-account-id": user.account_id,
        "href": view.absolute(user.path) if user.path else None,
        "data-linked-resource-type": "userinfo",
        "data-base-url": view.context.base_url,
    }
    return html.tag("a", attributes, content or html.text(user.display_name))


@element("ri:user")
def bare_user(view: Rendering, node: Element) -> str:
    """Render a person outside a link."""
    return _mention(view, node, None)


@element("ac:image")
def image(view: Rendering, node: Element) -> str:
    """Render an image, attached or external; its caption is shown where the wiki shows it."""
    target = node.find("ri:attachment", "ri:url")
    picture = _attached_image(view, node, target) if target is not None else ""
    if target is not None and target.name == "ri:url":
        picture = _foreign_image(node, target.get("ri:value"))
    wrapper = "confluence-embedded-file-wrapper"
    align = node.get("ac:align")
    wrapper += f" image-{align}-wrapper" if align else ""
    wrapper += " confluence-embedded-manual-size" if node.get("ac:width") or node.get("ac:height") else ""
    rendered = html.tag("span", {"class": wrapper}, _linked(view, node, picture))
    caption = node.find("ac:caption")
    # The real `view` of a page omits captions; browsers and exports show them.
    if caption is None or view.representation == "view":
        return rendered
    return rendered + html.tag("span", {"class": "image-caption"}, _in_one_line(view, caption))


def _in_one_line(view: Rendering, caption: Element) -> str:
    """Return a caption without paragraphs: images are in paragraphs, which cannot contain paragraphs."""
    paragraphs = list(caption.elements("p"))
    return "<br/>".join(map(view.children, paragraphs)) if paragraphs else view.children(caption)


def _linked(view: Rendering, node: Element, picture: str) -> str:
    address = node.get("ac:href") or node.get("ac:link")
    del view
    return html.tag("a", {"href": address}, picture) if address and html.is_safe_address(address) else picture


def _image_attributes(node: Element) -> dict[str, str | int | None]:
    classes = ["confluence-embedded-image"]
    if node.get("ac:border") == "true" or node.find("ac:adf-mark") is not None:
        classes.append("confluence-content-image-border")
    if align := node.get("ac:align"):
        classes.append(f"image-{align}")
    if node.get("ac:thumbnail") == "true":
        classes.append("confluence-thumbnail")
    return {
        "class": " ".join(classes),
        "alt": node.attributes.get("ac:alt"),
        "title": node.attributes.get("ac:title"),
        "width": _pixels(node.get("ac:width")),
        "height": _pixels(node.get("ac:height")),
        "loading": "lazy",
    }


def _pixels(size: str) -> str | None:
    number = size.removesuffix("px")
    return number if number.isascii() and number.isdigit() else None


def _attached_image(view: Rendering, node: Element, target: Element) -> str:
    name = target.get("ri:filename")
    file = view.context.find_file(name, _owner(target))
    attributes = _image_attributes(node)
    if file is None:
        missing = {**attributes, "class": f"{attributes['class']} confluence-missing-image", "alt": name}
        return (
            html.tag("span", {"class": "missing-file"}, f"{html.text(name)} is missing")
            if view.is_page
            else html.tag(
                "img", {**missing, "src": view.absolute("/images/icons/attachments/missing.svg"), "data-image-src": ""}
            )
        )
    if view.is_page and attributes["alt"] is None:
        attributes["alt"] = ""
    return html.tag(
        "img",
        {
            **attributes,
            "src": view.absolute(file.path),
            "data-image-src": None if view.is_page else view.absolute(file.path),
            "data-height": node.attributes.get("ac:original-height"),
            "data-width": node.attributes.get("ac:original-width"),
            "data-unresolved-comment-count": 0,
            **file_attributes(view, file),
        },
    )


def _foreign_image(node: Element, address: str) -> str:
    if not html.is_safe_address(address, image=True):
        return ""
    attributes = _image_attributes(node)
    attributes["class"] = f"{attributes['class']} confluence-external-resource"
    return html.tag("img", {**attributes, "src": address, "data-image-src": address})
