"""Real page bodies to try every rule on."""

from collections.abc import Iterator

from tests.shared import shared_dir

NOT_BALANCED = {"confluence80tags_Page_720904.xhtml"}


def real_bodies() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every well-formed body of the corpus."""
    for path in sorted(shared_dir("corpus").rglob("*.xhtml")):
        if path.name not in NOT_BALANCED:
            yield path.name, path.read_bytes().decode()
