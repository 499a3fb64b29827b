"""`python -m wikiserver` is `wikiserver`."""

from .commands import cli

cli(prog_name="wikiserver")
