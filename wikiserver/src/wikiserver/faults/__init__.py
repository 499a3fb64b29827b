"""Simulated faults of the wiki and of the network. May import `person_saves`, `site`, `store` and `normalise`."""

from wikiserver.faults.middleware import ADMIN_PATH, SOCKET_KEY, FaultyApp, fault_admin, operation_of
from wikiserver.faults.plan import Faults
from wikiserver.faults.spec import OPERATIONS, REQUEST_FAULTS, SITE_FAULTS, FaultSpec, FaultSpecError, parse_faults

__all__ = [
    "ADMIN_PATH",
    "OPERATIONS",
    "REQUEST_FAULTS",
    "SITE_FAULTS",
    "SOCKET_KEY",
    "FaultSpec",
    "FaultSpecError",
    "Faults",
    "FaultyApp",
    "fault_admin",
    "operation_of",
    "parse_faults",
]
