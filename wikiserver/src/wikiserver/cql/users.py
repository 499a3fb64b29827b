"""CQL queries for users: `user.fullname ~ "ana"`, `user = ID`, `type = user`."""

from wikiserver.cql.parse import Both, Call, Clause, CqlError, Node, Not, parse_cql
from wikiserver.store import Store, User


def find_users(cql: str, store: Store, asker: User) -> list[User]:
    """Return the users that match a query."""
    query = parse_cql(cql)
    if query.where is None:
        raise CqlError("the query is empty")
    where = query.where
    return [user for user in store.people.all() if _matches(where, user, asker)]


def _matches(node: Node, user: User, asker: User) -> bool:
    if isinstance(node, Not):
        return not _matches(node.inner, user, asker)
    if isinstance(node, Both):
        found = [_matches(part, user, asker) for part in node.parts]
        return all(found) if node.word == "and" else any(found)
    return _clause_matches(node, user, asker)


def _clause_matches(clause: Clause, user: User, asker: User) -> bool:
    wanted = [asker.account_id if isinstance(one, Call) else one for one in clause.values]
    match clause.field:
        case "user.fullname" | "user.name" | "text" | "sitesearch":
            return any(word.strip("*").casefold() in user.display_name.casefold() for word in wanted)
        case "user" | "user.accountid" | "user.userkey":
            return bool({user.account_id, user.user_key, user.name} & set(wanted))
        case "type":
            return "user" in wanted
    raise CqlError(f"No field exists with name : '{clause.field}'")
