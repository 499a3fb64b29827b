"""A client made from Atlassian's own OpenAPI documents; it refuses every answer that they do not describe.

Run by the clients' environment: strict_client.py ADDRESS V2-DOCUMENT V1-DOCUMENT. Prints what it saw as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx2
from aiopenapi3 import OpenAPI  # type: ignore[import-not-found] # in the environment of the clients only


def connect(address: str, document: str) -> Any:
    """Return a client for the operations of *document*, which answer at *address*."""
    described = json.loads(Path(document).read_text(encoding="utf-8"))
    described["servers"] = [{"url": address}]
    client = OpenAPI(address, described, session_factory=httpx2.Client, use_operation_tags=False)
    client.authenticate(basicAuth=("bot", "bot-secret"))
    return client._


def storage(value: str) -> dict[str, str]:
    return {"representation": "storage", "value": value}


def main(address: str, v2_document: str, v1_document: str) -> dict[str, Any]:
    v2 = connect(f"{address}/wiki/api/v2", v2_document)
    seen: dict[str, Any] = {}

    (space,) = v2.getSpaces(parameters={"keys": ["WS2"]}).results
    seen["listed"] = [page.title for page in v2.getPages(parameters={"space-id": [int(space.id)]}).results]
    page = v2.createPage(
        data={"spaceId": space.id, "status": "current", "title": "Plan", "body": storage("<p>one</p>")}, parameters={}
    )
    v2.updatePage(
        parameters={"id": int(page.id)},
        data={
            "id": page.id,
            "status": "current",
            "title": "Plan B",
            "body": storage("<p>two</p>"),
            "version": {"number": 2, "message": "changed"},
        },
    )
    v1 = connect(address, v1_document)
    v1.addLabelsToContent(parameters={"id": page.id}, data=[{"prefix": "global", "name": "alpha"}])
    v2.createFooterComment(data={"pageId": page.id, "body": storage("<p>well done</p>")})
    read = v2.getPageById(parameters={"id": int(page.id), "body-format": "storage"})
    seen["read"] = [read.title, read.version.number, read.body.storage.value]
    seen["labels"] = [label.name for label in v2.getPageLabels(parameters={"id": int(page.id)}).results]
    comments = v2.getPageFooterComments(parameters={"id": int(page.id), "body-format": "storage"}).results
    seen["comments"] = [comment.body.storage.value for comment in comments]
    found = v1.searchByCQL(parameters={"cql": 'label = "alpha" and type = page'}).results
    seen["found"] = [hit.title for hit in found]
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
