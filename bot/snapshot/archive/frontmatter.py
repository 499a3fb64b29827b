"""The front matter of a rendition: its provenance as YAML that parsers of YAML 1.1 and 1.2 accept."""

import json
import re
from collections.abc import Mapping, Sequence

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def render_front_matter(values: Mapping[str, object]) -> str:
    """Return *values* (texts, numbers, None, lists of these or of mappings) between `---` lines, in their order."""
    lines = ["---"]
    for key, value in values.items():
        lines += _render_item(key, value)
    return "\n".join([*lines, "---", ""])


def _render_item(key: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return [f"{key}: {_scalar(value)}"]
    return [f"{key}:", *(f"  - {_flow(element)}" for element in value)]


def _flow(value: object) -> str:
    if not isinstance(value, Mapping):
        return _scalar(value)
    return "{" + ", ".join(f"{key}: {_scalar(item)}" for key, item in sorted(value.items())) + "}"


def _scalar(value: object) -> str:
    """Quote as JSON does, which is valid YAML, and escape the characters that YAML does not allow."""
    quoted = json.dumps(value if value != () else [], ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
