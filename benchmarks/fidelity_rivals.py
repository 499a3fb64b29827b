"""Run other converters in a separate interpreter; each line of input and output is one JSON document.

Run with `.venv-fidelity`; imports nothing of the project, except as the tool `wikibot`. A job is {"tool", "html",
"export", "storage"} with {"pages": {id: title}, "files": {id: name}}: what the page refers to.
"""

import json
import logging
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NOWHERE = "http://127.0.0.1:9"
_NOBODY = {"number": 1, "by": {}, "when": "", "friendlyWhen": ""}


class _EmptyWiki:
    """Finds nothing, whatever it is asked."""

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        return lambda *_args, **_kwargs: {"results": []}


def _with_markdownify(job: dict[str, Any]) -> str:
    from markdownify import markdownify

    return str(markdownify(job["html"], heading_style="atx"))


def _with_html_to_markdown(job: dict[str, Any]) -> str:
    from html_to_markdown import convert  # type: ignore[import-not-found,unused-ignore] # in .venv-fidelity

    return str(convert(job["html"]).content or "")


def _with_wikibot(job: dict[str, Any]) -> str:
    from bot.convert import convert_page

    return convert_page(job["storage"]).markdown


def _with_exporter(job: dict[str, Any]) -> str:
    """Run confluence-markdown-exporter's converter; what it would ask the wiki for is handed to it."""
    from confluence_markdown_exporter import confluence  # type: ignore[import-not-found,unused-ignore]

    nowhere = confluence.Space(base_url=_NOWHERE, key="KEY", name="Space", description="", homepage=None)
    known = {"base_url": _NOWHERE, "space": nowhere, "ancestors": [], "version": confluence.Version.from_json(_NOBODY)}
    titles = {int(number): title for number, title in job["pages"].items()}

    def link_target(page_id: int, _base_url: str) -> Any:
        return confluence.Descendant(id=page_id, title=titles[page_id], **known) if page_id in titles else None

    def attachment(number: str, name: str) -> Any:
        fields = dict.fromkeys(("media_type_description", "collection_name", "download_link", "comment"), "")
        media_type = "application/octet-stream"
        return confluence.Attachment(
            id=number, title=name, file_size=0, media_type=media_type, file_id=number, page_id="1", **fields, **known
        )

    def user(name: str, _base_url: str = "") -> Any:
        return confluence.User(account_id=name, username=name, display_name=name, public_name=name, email="")

    # The calls that would go over the network: answered from the job, else as by a wiki that has nothing else.
    confluence.get_thread_confluence = lambda _base_url: _EmptyWiki()
    confluence._link_target = link_target  # noqa: SLF001 -- it offers no other way in
    confluence.User.from_username = confluence.User.from_userkey = confluence.User.from_accountid = user
    page = confluence.Page(
        id=1,
        title="Page",
        body=job["html"],
        body_export=job["export"],
        editor2="",
        body_storage=job["storage"],
        labels=[],
        attachments=[attachment(number, name) for number, name in job["files"].items()],
        **known,
    )
    return re.sub(r"\A\s*---\n.*?\n---\n", "", page.markdown, count=1, flags=re.DOTALL)


TOOLS: dict[str, Callable[[dict[str, Any]], str]] = {
    "confluence-markdown-exporter": _with_exporter,
    "markdownify": _with_markdownify,
    "wikibot": _with_wikibot,
    "html-to-markdown": _with_html_to_markdown,
}


def _configure_exporter(folder: Path) -> None:
    """Settings that favour the measure: properties stay a table in the page, files keep their names."""
    export = {
        "output_path": str(folder),
        "enable_jira_enrichment": False,
        "page_breadcrumbs": False,
        "page_properties_format": "table",
        "attachment_path": "attachments/{attachment_title}{attachment_extension}",
        "include_document_title": False,
    }
    auth = {"confluence": {_NOWHERE: {"username": "u", "api_token": "t"}}, "jira": {}}
    path = folder / "config.json"
    path.write_text(json.dumps({"auth": auth, "export": export, "connection_config": {"backoff_and_retry": False}}))
    os.environ |= {"CME_CONFIG_PATH": str(path), "CI": "true", "CME_NON_INTERACTIVE": "1"}


def main() -> None:
    """Answer each job with {"markdown"} or {"error"}, and with the CPU seconds and the peak memory (MB) so far."""
    logging.disable(logging.CRITICAL)
    # The answers have standard output to themselves, whatever a library prints.
    answers, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as folder:
        _configure_exporter(Path(folder))
        for line in sys.stdin:
            job = json.loads(line)
            started = time.process_time()
            answer: dict[str, Any]
            try:
                answer = {"markdown": TOOLS[job["tool"]](job)}
            except (Exception, SystemExit) as error:  # noqa: BLE001 -- how often a converter fails is one of the measures
                answer = {"error": f"{type(error).__name__}: {error}"}
            answer["seconds"] = time.process_time() - started
            answer["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
