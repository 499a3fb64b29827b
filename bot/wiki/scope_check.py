"""Find out which scopes a token lacks, with requests that cannot change anything."""

import requests

from bot.errors import AuthenticationError
from bot.wiki.failures import refusal, said_by_wiki
from bot.wiki.rest_client import RestClient
from bot.wiki.scopes import ScopedCall, is_scope_failure, scoped_calls


def find_missing_scopes(client: RestClient) -> list[str]:
    """Return the scopes that the token lacks, sorted; one request for each set of scopes that the bot needs.

    The requests are for the id 0, which does not exist, with an empty body. Observed (mozilla/markfluence): 401 means
    that the scope is missing, any other answer that the token has it. Raises `AuthenticationError` for another 401.
    """
    missing: set[str] = set()
    held: set[str] = set()
    probes: dict[tuple[str, ...], ScopedCall] = {}
    for call in (each for each in scoped_calls() if not each.is_optional):
        probes.setdefault(call.needed, call)
    for needed, call in probes.items():
        response = client.probe(call.method, call.probe_path)
        if response.status_code != requests.codes.unauthorized:
            held.update(needed)
            continue
        if not is_scope_failure(said_by_wiki(response), response.headers.get("X-Failure-Category", "")):
            raise AuthenticationError(str(refusal(response, "the scopes of the token", is_write=False)))
        missing.update(needed)
    return sorted(missing - held)
