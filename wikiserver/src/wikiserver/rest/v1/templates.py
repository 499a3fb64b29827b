"""v1: page templates."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import number_of, text_of
from wikiserver.rest.v1.paging import base_links, paginate
from wikiserver.rest.v1.space_json import space_json
from wikiserver.rights import check_administers, check_administrator, check_space, visible_space
from wikiserver.sent_bodies import body_of
from wikiserver.site import base_url, get_store, parse_id
from wikiserver.store import InvalidError, Template


def _template_json(template: Template, expand: Expand) -> Json:
    answer: Json = {
        "templateId": str(template.id),
        "name": template.name,
        "description": template.description,
        "labels": [],
        "templateType": "page",
        "editorVersion": "v2",
    }
    if template.space_id is not None:
        answer["space"] = space_json(get_store().spaces.get(template.space_id), Expand())
    if "body" in expand:
        answer["body"] = {"storage": {"value": template.body, "representation": "storage", "embeddedContent": []}}
    answer["_expandable"] = expand.split({"body": ""})
    return answer | {"_links": {"self": f"{base_url()}/rest/api/template/{template.id}"}}


def _answer(template: Template) -> Any:
    answer = _template_json(template, Expand(["body.storage"]))
    answer["_links"] |= base_links()
    return jsonify(answer)


def _space_id(key: str | None) -> int | None:
    return visible_space(key).id if key else None


def _get(template_id: int) -> Template:
    """Return a template of the wiki, or of a space that the caller may see."""
    template = get_store().templates.get(template_id)
    if template.space_id is not None:
        check_space(get_store().spaces.get(template.space_id), f"No template found with id: {template_id}")
    return template


def _check_administers(space_id: int | None) -> None:
    if space_id is None:
        check_administrator()
    else:
        check_administers(get_store().spaces.get(space_id))


@api.get("/template/page")
def list_templates() -> Any:
    """List the templates of a space, or of the whole wiki."""
    found, expand = get_store().templates.all(_space_id(request.args.get("spaceKey"))), Expand.of_request()
    return jsonify(paginate(found, lambda one: _template_json(one, expand)))


@api.get("/template/blueprint")
def list_blueprints() -> Any:
    """List the blueprint templates: there are none."""
    return jsonify(paginate(list[Json](), dict))


@api.get("/template/<template_id>")
def get_template(template_id: str) -> Any:
    """Return one template."""
    return _answer(_get(parse_id(template_id, what="template")))


@api.post("/template")
def create_template() -> Any:
    """Add a template."""
    body = json_object()
    name = text_of(body, "name")
    if not name or text_of(body, "templateType") not in {"page", "blogpost"}:
        raise InvalidError("A template needs a name and a templateType")
    space_id = _space_id(text_of(body, "space", "key"))
    _check_administers(space_id)
    return _answer(get_store().templates.create(space_id, name, text_of(body, "description") or "", body_of(body)))


@api.put("/template")
def update_template() -> Any:
    """Replace a template."""
    body = json_object()
    number, name = number_of(body, "templateId"), text_of(body, "name")
    if number is None or not name:
        raise InvalidError("A template needs its templateId and a name")
    _check_administers(_get(number).space_id)
    return _answer(get_store().templates.update(number, name, text_of(body, "description") or "", body_of(body)))


@api.delete("/template/<template_id>")
def delete_template(template_id: str) -> Response:
    """Remove a template."""
    template = _get(parse_id(template_id, what="template"))
    _check_administers(template.space_id)
    get_store().templates.delete(template.id)
    return Response(status=204)
