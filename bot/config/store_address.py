"""The form of an address in object storage."""

import re

_FORM = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_][A-Za-z0-9._-]*)*/?")


def check_store_address(address: str) -> str:
    """Return *address*; raises `ValueError` unless it is `s3://BUCKET/PREFIX`."""
    if not _FORM.fullmatch(address):
        raise ValueError(
            f"{address!r} is not s3://BUCKET/PREFIX; a prefix consists of letters, digits and - _ . in parts that are "
            "separated by /"
        )
    return address
