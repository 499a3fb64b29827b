"""`python -m wikiserver` is `wikiserver`."""

from wikiserver.commands import cli

cli(prog_name="wikiserver")
