"""Which tables only ever grow, the triggers by which the database keeps them so, and whether those stand as put up.

Every table of the product is named here, in one of three lists; a test refuses a table that is not. What is read back
from the database is compared with what is written here, so that a guard which a revision forgot, lost or blunted is
found at every start.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, text

Keys = tuple[tuple[str, ...], ...]

# The chains, with the function that refuses a wrong sequence number on PostgreSQL.
CHAINS: Final[Mapping[str, str]] = {
    "audit_event": "refuse_wrong_seq",
    "access_event": "refuse_wrong_access_seq",
}
# Every set of columns by which a row could be replaced, the primary key first.
INSERT_ONLY: Final[Mapping[str, Keys]] = {
    "answer": (("id",), ("participant_id", "diary_day", "item", "ordinal")),
    "entry": (("id",), ("participant_id", "diary_day", "revision")),
    "assessment": (("id",), ("participant_id", "visit", "component", "revision")),
    "participant_zone": (("id",),),
    "stored_draft": (("id",),),
    "signature": (("id",),),
    "signature_void": (("id",), ("signature_id",)),
    "unlock_request": (("id",),),
    "review_mark": (("id",), ("participant_id", "diary_day", "revision", "kind")),
}
# Rows of these change as the study goes on; where a change matters, `bot.storage.trail` writes its event.
CHANGEABLE: Final = frozenset(
    {
        "card", "chat", "correction", "diary_link", "heartbeat", "helped", "inbox", "instance", "invitation",
        "kept_form", "leader", "message", "outage", "panel", "participant", "phone_call", "preparation", "protocol",
        "query", "recovery_code", "sign_in_attempt", "site_message", "site_reply", "site_task", "staff", "staff_chat",
        "staff_credential", "staff_session", "staff_setup", "stranger", "visit",
    }
)  # fmt: skip

REFUSE_CHANGE: Final = (
    "BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
)


def put_up_guards(connection: Connection, tables: Mapping[str, Keys]) -> None:
    """Guard new tables; for revisions, which write their keys out instead of reading them from here."""
    for table, keys in tables.items():
        statements = sqlite_guards(table, keys) if connection.dialect.name == "sqlite" else postgres_guards(table)
        for statement in statements.values():
            connection.execute(text(statement))


def sqlite_guards(table: str, keys: Keys) -> dict[str, str]:
    """By name: one trigger each against changing and deleting, and one against an insert that replaces a row."""
    return _sqlite_guards(table, _taken(table, keys))


def _sqlite_guards(table: str, replaces: str) -> dict[str, str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
    return {
        f"{table}_no_update": f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"{table}_no_delete": f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"{table}_no_replace": f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {replaces} {refuse}",
    }


def _taken(table: str, keys: Keys) -> str:
    same = " OR ".join("(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # constant names


def _wrong_seq(table: str) -> str:
    head = f"(SELECT COALESCE(MAX(seq), 0) + 1 FROM {table})"  # noqa: S608  # constant names
    return f"NEW.seq IS NOT {head} OR EXISTS (SELECT 1 FROM {table} WHERE hash = NEW.hash)"  # noqa: S608


def postgres_guards(table: str) -> dict[str, str]:
    """By name: one statement trigger against changing, deleting and emptying."""
    change = f"BEFORE DELETE OR UPDATE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    return {f"{table}_no_change": f"CREATE TRIGGER {table}_no_change {change}"}


def expected_guards(dialect: str) -> dict[str, str]:
    """Every trigger that a database of this kind must have, by name, as it was put up."""
    found: dict[str, str] = {}
    for table, keys in INSERT_ONLY.items():
        found |= sqlite_guards(table, keys) if dialect == "sqlite" else postgres_guards(table)
    for table, function in CHAINS.items():
        found |= _chain_guards(table, function, dialect)
    return found


def _chain_guards(table: str, function: str, dialect: str) -> dict[str, str]:
    if dialect == "sqlite":
        return _sqlite_guards(table, _wrong_seq(table))
    insert = f"BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
    return postgres_guards(table) | {f"{table}_no_replace": f"CREATE TRIGGER {table}_no_replace {insert}"}


def expected_functions() -> dict[str, str]:
    """The bodies of the functions that PostgreSQL's triggers call, by name."""
    wrong = {
        function: f"BEGIN IF NEW.seq IS DISTINCT FROM (SELECT COALESCE(MAX(seq), 0) + 1 FROM {table}) "  # noqa: S608
        f"OR EXISTS (SELECT 1 FROM {table} WHERE hash = NEW.hash) THEN RAISE EXCEPTION '{table} is insert-only' "
        "USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END"
        for table, function in CHAINS.items()
    }
    return {"refuse_change": REFUSE_CHANGE} | wrong


def faulty_guards(connection: Connection) -> list[str]:
    """The names of triggers, and of functions they call, that are absent, switched off or not as put up."""
    if connection.dialect.name == "sqlite":
        present = _read(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return _differing(expected_guards("sqlite"), present)
    triggers = _read(
        connection,
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
    )
    functions = _read(
        connection, "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    )
    return _differing(expected_guards("postgresql"), triggers) + _differing(expected_functions(), functions)


def _read(connection: Connection, query: str) -> dict[str, str]:
    return {str(name): str(definition) for name, definition in connection.execute(text(query))}


def _differing(expected: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    return [name for name, definition in expected.items() if _plain(present.get(name, "")) != _plain(definition)]


def _plain(definition: str) -> str:
    """A definition without what databases and revisions spell differently: blanks, brackets, the schema's name."""
    return re.sub(r"[\s()\";]|\bpublic\.", "", definition)


def unnamed_tables(tables: Iterable[str]) -> set[str]:
    """The tables that no list of this module names."""
    return set(tables) - CHAINS.keys() - INSERT_ONLY.keys() - CHANGEABLE
