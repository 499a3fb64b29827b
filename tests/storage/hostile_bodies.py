"""Pieces of storage format that make a careless reader slow when they are repeated."""

HOSTILE = {
    "deep and open": "<p>",
    "ends of nothing": "</q>",
    "bare signs": "<",
    "open comments": "<!--",
    "open CDATA": "<![CDATA[",
    "open instructions": "<?",
    "open declarations": "<!A",
    "open values": '<a b="',
    "values without an end": "<a b=",
    "values in values": '<a b="<a c=\'" d=\'"',
    "attributes without an end": "<a " + "b " * 50,
    "entities": "&a",
    "spaces": "<a   ",
}


def hostile_body(piece: str, length: int) -> str:
    return "<q>" * 100 + piece * (length // len(piece)) + ">"
