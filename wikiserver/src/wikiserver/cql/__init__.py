"""CQL, the query language: parsed, and compiled to SQL. May import `store`."""

from wikiserver.cql.compile import Compiled, compile_query
from wikiserver.cql.parse import CqlError, Query, parse_cql
from wikiserver.cql.users import find_users

__all__ = ["Compiled", "CqlError", "Query", "compile_query", "find_users", "parse_cql"]
