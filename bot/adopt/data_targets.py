"""Convert the target of a link on a page into the form of the data file."""

import re
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from bot.errors import StorageFormatError
from bot.inline import PageTarget
from bot.storage.addresses import PageAddress, parse_page_address
from bot.storage.reader import Element
from bot.sync.data_links import LinkKind

_CARDS = ("inline", "block", "embed")
_SPACES = re.compile(r"\s+")


class CannotSayError(StorageFormatError):
    """The page contains something that the data file cannot represent."""


class Pages(Protocol):
    """Maps between pages of a wiki and their references in the data file."""

    base_url: str
    addresses: tuple[str, ...]
    space_key: str

    def name_page(self, title: str, space_key: str) -> str | None:
        """Return the reference (title or id) of the page with that title in that space; None if unknown."""
        ...

    def name_page_id(self, page_id: str) -> str | None:
        """Return the reference of the page with that id; None if unknown."""
        ...

    def find_target(self, reference: str) -> PageTarget | None:
        """Return the page that a reference names, as a link target; None if unknown."""
        ...

    def name_user(self, user_id: str) -> str:
        """Return the name of the person with that id; the id if the person is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Target of a link: title or id of a page, name of a file, or an address; *card* is the look of a smart link."""

    kind: LinkKind
    value: str
    card: str | None = None


def read_target(link: Element, pages: Pages) -> LinkTarget:
    """Return the target of an `a` or `ac:link` element; raises `CannotSayError`."""
    if link.name == "a":
        target = read_address(link.attributes.get("href", ""), pages)
        card = link.attributes.get("data-card-appearance")
        return replace(target, card=card) if card in _CARDS and target.kind is LinkKind.EXTERNAL else target
    if link.attributes.get("ac:anchor"):
        raise CannotSayError(f"a link to the place {link.attributes['ac:anchor']!r} on a page")
    resource = resource_of(link)
    if resource is None:
        raise CannotSayError("a link without a target")
    return _read_resource(resource, pages)


def resource_of(link: Element) -> Element | None:
    """Return the `ri:` element that names the target of an `ac:link`."""
    return next((child for child in link.children if child.name.startswith("ri:")), None)


def page_of(target: LinkTarget, pages: Pages) -> PageTarget | LinkTarget:
    """Return the page of a target, so that title and id of one page compare equal; other targets are unchanged."""
    if target.kind is not LinkKind.PAGE:
        return target if target.card in (None, "inline") else replace(target, card=None)
    return pages.find_target(target.value) or PageTarget(target.value)


def _read_resource(resource: Element, pages: Pages) -> LinkTarget:
    attributes = resource.attributes
    match resource.name:
        case "ri:page" if attributes.get("ri:content-title"):
            space_key = attributes.get("ri:space-key") or pages.space_key
            return _name(PageAddress(space_key=space_key, title=attributes["ri:content-title"]), pages)
        case "ri:page" | "ri:content-entity" if attributes.get("ri:content-id"):
            return _name(PageAddress(page_id=attributes["ri:content-id"]), pages)
        case "ri:attachment" if attributes.get("ri:filename") and not resource.children:
            return LinkTarget(LinkKind.ATTACHMENT, attributes["ri:filename"])
        case "ri:attachment":
            raise CannotSayError("a link to a file on another page")
        case "ri:url" if attributes.get("ri:value"):
            return read_address(attributes["ri:value"], pages)
        case name:
            raise CannotSayError(f"a link to <{name}>")


def read_address(url: str, pages: Pages) -> LinkTarget:
    """Return the target of an address: a page if it is an address of a wiki page; raises `CannotSayError`."""
    if not url:
        raise CannotSayError("a link without a target")
    address = parse_page_address(url, *pages.addresses)
    if address is not None and address.is_whole_page:
        try:
            return _name(address, pages)
        except CannotSayError:
            pass  # use the address itself as the target
    absolute = urljoin(pages.base_url.rstrip("/") + "/", url) if url.startswith("/") else url
    if urlsplit(absolute).scheme.lower() not in ("http", "https", "mailto"):
        raise CannotSayError(f"a link to {url!r}, which is no http, https or mailto address")
    return LinkTarget(LinkKind.EXTERNAL, _SPACES.sub("%20", absolute.strip()))  # as browsers read it


def _name(address: PageAddress, pages: Pages) -> LinkTarget:
    if address.page_id is not None:
        reference = pages.name_page_id(address.page_id)
    else:
        reference = pages.name_page(address.title or "", address.space_key or pages.space_key)
    if reference is None:
        where = f"id {address.page_id}" if address.page_id else f"{address.title!r} in space {address.space_key}"
        raise CannotSayError(f"a link to a page that was not found ({where})")
    return LinkTarget(LinkKind.PAGE, reference)
