"""What the service's own role may do on PostgreSQL, where another role owns the tables: it adds, and changes only some.

A trigger can be switched off by the tables' owner; a right that was never given cannot. So `migrate`, run as the owner,
gives the service's role exactly what is written here, anew after every upgrade.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, make_url, text

from bot.errors import RefusedError
from bot.storage.database import Database
from bot.storage.guards import CHAINS, CHANGEABLE, INSERT_ONLY

READ_ONLY: Final = frozenset({"alembic_version"})
# All else that ends, ends by a mark; these rows really go.
DELETABLE: Final = frozenset({"kept_form"})
CHANGES: Final = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")


def rights_by_table() -> dict[str, frozenset[str]]:
    """Every table of the product, with the rights that the service needs on it."""
    grown = frozenset({"SELECT", "INSERT"})
    found = dict.fromkeys(READ_ONLY, frozenset({"SELECT"}))
    found |= dict.fromkeys((*CHAINS, *INSERT_ONLY), grown)
    found |= dict.fromkeys(CHANGEABLE, grown | {"UPDATE"})
    return found | {table: found[table] | {"DELETE"} for table in DELETABLE}


def give_service_rights(owner: Database, service_url: str) -> str | None:
    """As the owner, give the role of the service's address its rights and no others; answers the role.

    None on SQLite, which knows no roles, and where owner and service are the same role.
    Raises RefusedError when the server has no such role.
    """
    role = make_url(service_url).username
    if owner.is_sqlite or role is None:
        return None
    with owner.engine.begin() as connection:
        if role == connection.execute(text("SELECT current_user")).scalar_one():
            return None
        if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar():
            raise RefusedError(f"The server has no role {role}, which CDAI_DATABASE_URL names: create it first.")
        for statement in grants(connection, role):
            connection.execute(text(statement))
    return role


def grants(connection: Connection, role: str) -> Iterator[str]:
    """The statements that leave a role with exactly its rights."""
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(connection.execute(text("SELECT current_schema()")).scalar_one())
    to = quote(role)
    yield f"GRANT USAGE ON SCHEMA {schema} TO {to}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {to}"
    for table, rights in rights_by_table().items():
        yield f"GRANT {', '.join(sorted(rights))} ON {quote(table)} TO {to}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {to}"


def excess_rights(connection: Connection) -> list[str]:
    """What this connection's role could do on PostgreSQL beyond its rights, as `UPDATE on answer`; best is nothing.

    The owner of a table, and a superuser, can do everything.
    """
    return [
        f"{right} on {table}"
        for table, rights in sorted(rights_by_table().items())
        for right in CHANGES
        if right not in rights and _has(connection, table, right)
    ]


def _has(connection: Connection, table: str, right: str) -> bool:
    query = text("SELECT has_table_privilege(current_user, CAST(:table AS text), :right)")
    return bool(connection.execute(query, {"table": table, "right": right}).scalar_one())
