"""CQL, the query language of the wiki."""

from .compile import Compiled, compile_query
from .parse import CqlError, Query, parse_cql
from .users import find_users

__all__ = ["Compiled", "CqlError", "Query", "compile_query", "find_users", "parse_cql"]
