"""Reference of the files that outlive a run: a JSON Schema for each, and one page about all."""

import ast
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from textwrap import dedent
from typing import Any, cast

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from bot.audit_log import AuditLine
from bot.config.data_history import DataHistoryFile
from bot.config.revision_journal import Revision
from bot.file_format import FileDocument, FileModel
from bot.history import MIGRATIONS
from bot.notify.memory import NotifiedFile
from bot.operations.drafts import Draft
from bot.operations.last_check import LastCheckFile
from bot.operations.setup import Answers
from bot.replaced_texts import ReplacedTextsFile
from bot.snapshot.archive.change_list import FORMAT_NUMBER as CHANGES_NUMBER
from bot.snapshot.archive.checkpoint import FORMAT_NUMBER as CHECKPOINT_NUMBER
from bot.snapshot.archive.entry import PageLine
from bot.snapshot.archive.events import EventLine
from bot.snapshot.archive.evidence_state import EvidenceMemory
from bot.snapshot.archive.journal import Journal
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.archive.redaction import RedactionRecord
from bot.snapshot.capture.capture_memory import CaptureMemoryFile
from bot.sync.page_memory import PageMemoryFile
from bot.sync.plan_file import PlanDocument
from bot.sync.region_memory import RegionMemoryFile
from bot.sync.stop_order import StopOrder

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {"string": "text", "integer": "number", "number": "number", "boolean": "`true` or `false`", "null": "`null`"}


class _WithDocstrings(GenerateJsonSchema):
    """Describes each field by its docstring. Pydantic can do that, but only at each start of the program."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        for name, text in _docstrings_of(schema["cls"]).items():
            if name in made.get("properties", {}):
                made["properties"][name]["description"] = text
        return made


def _docstrings_of(model: type) -> dict[str, str]:
    """Return the docstrings of the fields of *model* and of the models that it extends."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, FileModel) and each is not FileModel:
            (described,) = ast.parse(dedent(inspect.getsource(each))).body
            found |= _docstrings_in(cast(ast.ClassDef, described))
    return found


def _docstrings_in(model: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(model.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                yield name, inspect.cleandoc(text)


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: the model of the file, or of one line of it, and who writes it where."""

    model: type[FileDocument]
    path: str
    written_by: str

    @property
    def name(self) -> str:
        """What the schema is named after: `record` for `wikibot-record`."""
        return self.model.KIND.removeprefix("wikibot-")

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what this version writes."""
        made = self.model.model_json_schema(mode="serialization", schema_generator=_WithDocstrings)
        return {"$schema": _DIALECT, **made}


FILE_KINDS = (
    FileKind(PageRecord, "`SNAPSHOTS/KEY/data/_source/ID/record-NUMBER.json`", "`snapshot`"),
    FileKind(RedactionRecord, "`SNAPSHOTS/KEY/data/_source/ID/redaction-NUMBER.json`", "`redact`"),
    FileKind(PageLine, "`SNAPSHOTS/KEY/pages.jsonl`, each line", "`snapshot`, `redact`"),
    FileKind(EventLine, "`SNAPSHOTS/log/YEAR/NUMBER.events.jsonl`, each line", "`snapshot`, `redact`"),
    FileKind(EvidenceMemory, "`STATE/evidence/LOG.json`", "each command that reads or writes the snapshots"),
    FileKind(CaptureMemoryFile, "`STATE/evidence/LOG.captures`", "`snapshot`"),
    FileKind(Journal, "`STATE/evidence/LOG.journal`", "`snapshot`, `redact`"),
    FileKind(PlanDocument, "The file that `plan --out` names", "`plan`"),
    FileKind(Answers, "`.wikibot/init.json` next to the settings file", "`init`, when it is interrupted"),
    FileKind(PageMemoryFile, "`STATE/pages.json`", "each command that reads the wiki"),
    FileKind(RegionMemoryFile, "`STATE/regions/WIKI-PAGE.json`", "`plan`, `apply`, `sync`, `run`"),
    FileKind(ReplacedTextsFile, "`STATE/replaced.json`", "`apply`, `sync`, `run`"),
    FileKind(AuditLine, "`STATE/audit/YEAR-MONTH.jsonl`, each line", "`serve`, `run`, `user`"),
    FileKind(LastCheckFile, "`STATE/checks/NAME.json`", "`sync`, `apply`, `run`, the desk"),
    FileKind(NotifiedFile, "`STATE/notified.json`", "`run`"),
    FileKind(StopOrder, "`STATE/stops/NAME.json`", "`stop`, the desk"),
    FileKind(DataHistoryFile, "`STATE/data-DIGEST.json`", "each command that reads or edits the data file"),
    FileKind(Draft, "`STATE/drafts/NAME/NUMBER.json`", "`drafts`, and editing commands with `--draft`"),
    FileKind(Revision, "`STATE/revisions/NAME/NUMBER.json`", "each command that reads or edits the data file"),
)

_PAGE = """\
# File formats

{notice}

Each file that outlives a run states its format. `SNAPSHOTS` is `snapshots.path` and `STATE` is `state` in
[the settings](settings.md). [Files](files.md) lists all files, also those without a format of their own.

- The format is a name and a number, such as `wikibot-record/1`. The number rises when older versions of the bot could
  misread the file.
- A newer number is refused. The message says: update wikibot. Nothing is written.
- Keys that this version does not know are accepted, and they are kept when the file is written again.
- JSON in the snapshots is UTF-8 in NFC, with sorted keys and line feeds, so that equal content gives equal bytes.

| File | Format | Written by | Schema |
|---|---|---|---|
{rows}

## `CHECKPOINT`

Format {checkpoint}. Text that `sha256sum -c --strict` accepts. Lines with `#` are comments to that tool. The file must
be exactly as below: other spacing, other order and unknown lines are refused, because the signature covers the bytes.

```text
# wikibot checkpoint {checkpoint}
# log: 32 hexadecimal digits                drawn once, at the first run
# origin: https://wiki.example.org          base address of the wiki
# sequence: 124                             number of the run
# time: 2026-11-24T02:30:00Z                time of the run, not before that of the head below
# key: SHA256:…                             fingerprint of the key that signed this head, or: none
# next-key: none                            another key that may sign the next head, or: none
# lost: none                                FIRST-LAST DIGEST: runs that a rollback lost, and their last head
# verdict: complete                         complete, unconfirmed, incomplete, or - for a run that captured nothing
<sha256>  SHA256SUMS
<sha256>  log/2026/000123.checkpoint        the head before this one
<sha256>  log/2026/000123.checkpoint.sig    its signature, if it has one
<sha256>  log/2026/000123.checkpoint.tsr    its time stamp, if it has one
<sha256>  log/2026/000124.changes           the files that this run wrote and removed
<sha256>  log/2026/000124.events.jsonl      what this run did
```

The program also reads format 1, for `verify` and for `evidence upgrade`.

## `NUMBER.changes`

Format {changes}. One line for each payload file that the run wrote or removed, in this form and order. The third word
is the id of the event that explains the line. The event lists the page of the file.

```text
# wikibot changes {changes}
drop <sha256> 000125-000001 WS2/data/_source/131219/v1.xml    removed, by a redaction only
keep <sha256> 000124-000002 WS2/data/_source/131165/v4.xml    a source, record or attachment: once per path for ever
view <sha256> 000124-000002 131165                            the rendition of a page; the last line of a page counts
```

## `runs.db`

Format {runs}, stated by `PRAGMA user_version`. An older file is migrated when it is opened, in one
transaction. Unknown columns are kept.

```sql
{sql}```
"""


def schema_files() -> dict[str, str]:
    """Return each schema by its path below the repository."""
    schemas = {
        f"docs/schemas/{kind.name}.schema.json": json.dumps(kind.schema, indent=2, ensure_ascii=False) + "\n"
        for kind in FILE_KINDS
    }
    return schemas | {"docs/schemas/runs.sql": _sql()}


def format_reference(notice: str) -> str:
    """Return the page about all formats as Markdown."""
    rows = [
        f"| {kind.path} | `{kind.model.KIND}/{kind.model.NUMBER}` | {kind.written_by} "
        f"| [{kind.name}.schema.json](../schemas/{kind.name}.schema.json) |"
        for kind in FILE_KINDS
    ]
    checkpoints = "`SNAPSHOTS/CHECKPOINT`, `SNAPSHOTS/log/YEAR/NUMBER.checkpoint`"
    changes = "`SNAPSHOTS/log/YEAR/NUMBER.changes`"
    rows += [
        f"| {changes} | `changes {CHANGES_NUMBER}` | `snapshot`, `redact` | [below](#numberchanges) |",
        f"| {checkpoints} | `checkpoint {CHECKPOINT_NUMBER}` | `snapshot`, `redact` | [below](#checkpoint) |",
        f"| `STATE/runs.db` | `user_version` {len(MIGRATIONS)} | `run` | [runs.sql](../schemas/runs.sql) |",
    ]
    head = _PAGE.format(
        notice=notice,
        rows="\n".join(rows),
        checkpoint=CHECKPOINT_NUMBER,
        changes=CHANGES_NUMBER,
        runs=len(MIGRATIONS),
        sql=_sql(),
    )
    return "\n".join([head, *(line for kind in FILE_KINDS for line in _describe(kind))]).rstrip() + "\n"


def _sql() -> str:
    return "".join(MIGRATIONS) + f"PRAGMA user_version = {len(MIGRATIONS)};\n"


def _describe(kind: FileKind) -> Iterator[str]:
    schema = kind.schema
    yield f"## `{kind.model.KIND}`\n\n{kind.path}. {_first_line(schema)}\n"
    yield _table(schema)
    for name, part in schema.get("$defs", {}).items():
        if "properties" in part:
            yield f"### `{name}` in `{kind.model.KIND}`\n\n{_first_line(part)}\n"
            yield _table(part)


def _first_line(node: dict[str, Any]) -> str:
    return " ".join(str(node["description"]).split())


def _table(node: dict[str, Any]) -> str:
    rows = [f"| `{key}` | {_type(child)} | {_first_line(child)} |" for key, child in node["properties"].items()]
    return "\n".join(["| Key | Type | Meaning |", "|---|---|---|", *rows, ""])


def _type(node: dict[str, Any]) -> str:
    if "$ref" in node:
        return f"`{str(node['$ref']).rpartition('/')[2]}`"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return "one of " + ", ".join(f"`{value}`" for value in node["enum"])
    if "anyOf" in node:
        return " or ".join(_type(shape) for shape in node["anyOf"])
    return _type_of_container(node) if node.get("type") in ("array", "object") else _type_of_value(node)


def _type_of_container(node: dict[str, Any]) -> str:
    if node["type"] == "array":
        return f"list of {_type(node['items'])}"
    inner = node.get("additionalProperties")
    return f"{_type(inner)} by name" if isinstance(inner, dict) else "object"


def _type_of_value(node: dict[str, Any]) -> str:
    return "time" if node.get("format") == "date-time" else _TYPES[node["type"]]
