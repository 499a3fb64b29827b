"""Long lists of content in v2 with keyset pagination, so that page 1,000 is as fast as page 1."""

from dataclasses import replace
from typing import Final

from flask import Response, request

from wikiserver.rest.arguments import Json
from wikiserver.rest.content_query import ContentQuery
from wikiserver.rest.v2.content_json import BULK_FORMATS, page_json, wanted_format
from wikiserver.rest.v2.paging import page_answer, read_cursor, wanted_limit
from wikiserver.site import get_store
from wikiserver.store import Content, InvalidError, Selection, to_milliseconds

SORTS: Final = {
    "id": "content.id",
    "title": "content.title_key",
    "created-date": "content.created_at",
    "modified-date": "content.updated_at",
}


def list_answer(query: ContentQuery) -> Response:
    """Return one page of the content that matches the query and that the caller may see, with bodies if requested."""
    representation, limit = wanted_format(BULK_FORMATS), wanted_limit()
    selection = _continued(_sorted(query.visible(limit=limit + 1)))
    found = get_store().contents.select(selection)
    page = found[:limit]
    bodies = get_store().contents.bodies(one.id for one in page) if representation is not None else {}
    spaces = {number: get_store().spaces.get(number) for number in {one.space_id for one in page}}
    above = get_store().contents.get_many({one.parent_id for one in page if one.parent_id is not None})
    parents = {one.id: one for one in above}
    results = [
        page_json(
            one,
            bodies.get(one.id),
            representation,
            space=spaces[one.space_id],
            parent=parents.get(one.parent_id or 0),
        )
        for one in page
    ]
    return page_answer(results, _place(page[-1], selection) if len(found) > limit else None)


def _sorted(selection: Selection) -> Selection:
    text = request.args.get("sort", "id")
    column = SORTS.get(text.removeprefix("-"))
    if column is None:
        raise InvalidError(f"Provided value {{{text}}} for 'sort' is not one of {', '.join(SORTS)}")
    return replace(selection, order_by=column, is_descending=text.startswith("-"))


def _continued(selection: Selection) -> Selection:
    place = read_cursor()
    if place is None:
        return selection
    if not isinstance(place.get("id"), int):
        raise InvalidError("Invalid cursor")
    return replace(selection, after=(place.get("value"), place["id"]))


def _place(last: Content, selection: Selection) -> Json:
    values: dict[str, object] = {
        "content.title_key": last.title.casefold(),
        "content.created_at": to_milliseconds(last.created_at),
        "content.updated_at": to_milliseconds(last.updated_at),
    }
    return {"id": last.id, "value": values.get(selection.order_by, last.id)}
