"""Unkindness on purpose: what a real wiki and the network before it do on bad days."""

from .middleware import ADMIN_PATH, SOCKET_KEY, FaultyApp, fault_admin, operation_of
from .plan import Faults
from .spec import OPERATIONS, REQUEST_FAULTS, SITE_FAULTS, FaultSpec, FaultSpecError, parse_faults

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
