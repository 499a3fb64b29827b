"""`python -m bot` is `wikibot`."""

from bot.cli.main import main

main()
