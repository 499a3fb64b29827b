"""Fault specifications, such as `429=date@put*2, reset@get, stale=60`: which fault, which operation, how often."""

import re
from dataclasses import dataclass
from typing import Final

from wikiserver.faults.refusals import REFUSALS

OPERATIONS: Final = ("list", "get", "put", "post", "delete", "labels", "search", "files", "any")

REQUEST_FAULTS: Final = {
    "429": "too many requests; =SECONDS, =date or =none says what Retry-After contains",
    "500": "internal server error",
    "502": "bad gateway, an HTML page",
    "503": "service unavailable, an HTML page; =SECONDS adds a Retry-After",
    "401": "not logged in",
    "403": "forbidden",
    "404": "not found",
    "refuse": "a refusal of the platform; =REASON: " + ", ".join(REFUSALS),
    "reset": "the connection is reset before anything happened",
    "commit-reset": "the work is done, then the connection is reset",
    "commit-502": "the work is done, then the answer is a 502",
    "slow": "the answer trickles; =BYTES a second, 1 by default",
    "timeout": "no answer for =SECONDS (3600 by default), then a reset",
    "truncated": "half of the answer, with a length that fits the half",
    "cut": "half of the answer, then the connection ends",
    "garbage": "bytes that are no JSON",
    "wrong-type": "JSON of another shape",
    "login": "an HTML login page with status 200",
    "other-page": "the JSON of another page",
    "empty": "bodies come as empty, as those of some live documents do",
    "edit": "right after the answer a person saves the page",
    "editor": "right after the answer a person opens and saves the page without changing a word; =EDITOR",
    "comment": "right after the answer a person comments inline: another body, the same version",
    "draft": "right after the answer a person leaves unpublished changes on the page",
}
SITE_FAULTS: Final = {
    "cap": "listings give at most =N results a page, whatever is asked for",
    "stale": "search knows nothing of the last =SECONDS",
    "read-only": "every write is refused",
    "forbidden": "restricted pages answer 403 in place of 404",
    "draft-conflict": "a page with unpublished changes cannot be saved: 409",
    "keep-state": "writes leave the content status alone",
    "latency": "each answer comes =MILLISECONDS later; answers to several requests at once wait at the same time",
    "clock": "the clock of the wiki differs by =SECONDS, in its `Date` header and in its versions; =-SECONDS is behind",
    "no-date": "answers have no `Date` header, as behind some proxies",
    "level": "how much a save rewrites a body: =none, =light or =full",
    "bucket": "a token bucket for each account, announced in the headers of all answers: =CAPACITY/PER_SECOND",
    "points": "the same, but an answer costs a point and one for each object in it (Cloud): =CAPACITY/PER_SECOND",
    "no-nesting": "a body with a macro inside a macro cannot be saved: 400",
    "seed": "makes `%` repeatable: =NUMBER",
}

_ITEM: Final = re.compile(
    r"(?P<kind>[\w-]+)(?:=(?P<argument>[^@*%\s]+))?(?:@(?P<operations>[\w+]+))?"
    r"(?:\*(?P<times>\d+|once|always))?(?:%(?P<percent>\d{1,3}))?"
)


class FaultSpecError(ValueError):
    """A fault specification is invalid; the message states the invalid part and the allowed values."""


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault. *times* None means always; *percent* is the probability for each matching request."""

    kind: str
    argument: str = ""
    operations: tuple[str, ...] = ("any",)
    times: int | None = None
    percent: int = 100

    @property
    def is_site_wide(self) -> bool:
        """Return whether this fault changes the behaviour of the wiki, not single requests."""
        return self.kind in SITE_FAULTS

    def fits(self, operation: str, method: str) -> bool:
        """Return whether this fault applies to a request."""
        return bool({"any", operation, method.lower()} & set(self.operations))

    def __str__(self) -> str:
        """Return the text of the specification."""
        text = self.kind + (f"={self.argument}" if self.argument else "")
        text += f"@{'+'.join(self.operations)}" if self.operations != ("any",) else ""
        text += f"*{self.times}" if self.times is not None else ""
        return text + (f"%{self.percent}" if self.percent != 100 else "")


def parse_faults(text: str) -> list[FaultSpec]:
    """Parse the faults in *text*, separated by commas or blanks; raises FaultSpecError."""
    return [_parse_item(item) for item in re.split(r"[,\s]+", text.strip()) if item]


def _parse_item(item: str) -> FaultSpec:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise FaultSpecError(f"{item!r} is not a fault: write KIND[=ARGUMENT][@OPERATION+…][*TIMES][%CHANCE]")
    kind = match["kind"]
    if kind not in REQUEST_FAULTS and kind not in SITE_FAULTS:
        known = ", ".join((*REQUEST_FAULTS, *SITE_FAULTS))
        raise FaultSpecError(f"there is no fault {kind!r}; there are {known}")
    operations = tuple((match["operations"] or "any").lower().split("+"))
    unknown = set(operations) - set(OPERATIONS)
    if unknown:
        raise FaultSpecError(f"{item!r}: no operation {min(unknown)!r}; there are {', '.join(OPERATIONS)}")
    spec = FaultSpec(kind, match["argument"] or "", operations, _times(match["times"]), int(match["percent"] or 100))
    _check_argument(spec)
    return spec


def _times(text: str | None) -> int | None:
    if text is None or text == "always":
        return None
    return 1 if text == "once" else int(text)


_ARGUMENTS: Final = {
    "429": r"\d+|date|none|",
    "503": r"\d+|",
    "refuse": "|".join(REFUSALS),
    "slow": r"[1-9]\d*|",
    "timeout": r"\d+(\.\d+)?|",
    "editor": r"cloud|datacenter|",
    "cap": r"[1-9]\d*",
    "stale": r"\d+(\.\d+)?",
    "latency": r"\d+",
    "clock": r"-?\d+",
    "level": r"none|light|full",
    "bucket": r"[1-9]\d*/\d+(\.\d+)?",
    "points": r"[1-9]\d*/\d+(\.\d+)?",
    "seed": r"\d+",
}


def _check_argument(spec: FaultSpec) -> None:
    if re.fullmatch(_ARGUMENTS.get(spec.kind, ""), spec.argument) is None:
        what = {**REQUEST_FAULTS, **SITE_FAULTS}[spec.kind]
        raise FaultSpecError(f"{str(spec)!r}: {spec.argument!r} does not fit; {spec.kind}: {what}")
