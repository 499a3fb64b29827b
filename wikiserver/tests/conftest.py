"""Fixtures and hooks for the whole suite; the fixtures `wiki`, `flavour` and `seed` come from `wikiserver.fixtures`."""

from hypothesis import settings

# Timing decides no test: a busy machine is not a broken program.
settings.register_profile("wikiserver", deadline=None)
settings.load_profile("wikiserver")
