"""Numbers with nouns in messages (pure)."""


def counted(number: int, noun: str) -> str:
    """Return `1 page` or `2 pages`; the noun must have a regular plural."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
