"""Triggers by which the database itself refuses to change or delete what is insert-only.

The revision 0001 puts these up; a later revision that changes a guarded table brings guards of its own.
"""

from sqlalchemy import Connection, text

# Every set of columns by which a row could be replaced, the primary key first.
INSERT_ONLY: dict[str, tuple[tuple[str, ...], ...]] = {
    "answer": (("id",), ("participant_id", "diary_day", "item", "ordinal")),
    "entry": (("id",), ("participant_id", "diary_day", "revision")),
    "assessment": (("id",), ("participant_id", "visit", "component", "revision")),
    "participant_zone": (("id",),),
}
AUDIT = "audit_event"
GUARDED = (AUDIT, *INSERT_ONLY)


def guard_names() -> tuple[str, ...]:
    """The names of all triggers that SQLite must have."""
    return tuple(f"{table}_{what}" for table in GUARDED for what in ("no_update", "no_delete", "no_replace"))


def postgres_guard_names() -> tuple[str, ...]:
    """The names of all triggers that PostgreSQL must have."""
    return (*(f"{table}_no_change" for table in GUARDED), f"{AUDIT}_no_replace")


def put_up_guards(connection: Connection) -> None:
    """Create the triggers of this kind of database."""
    statements = sqlite_guards() if connection.dialect.name == "sqlite" else postgres_guards()
    for statement in statements:
        connection.execute(text(statement))


def take_down_guards(connection: Connection) -> None:
    """Drop the triggers again."""
    if connection.dialect.name == "sqlite":
        for name in guard_names():
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        connection.execute(text("DROP FUNCTION refuse_change, refuse_wrong_seq CASCADE"))


def sqlite_guards() -> list[str]:
    """One trigger each against UPDATE, DELETE, and an INSERT that would replace a row.

    SQLite fires no delete trigger for INSERT OR REPLACE unless the connection asks for it, hence the third.
    """
    statements = []
    for table in GUARDED:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
        statements += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {_replaces(table)} {refuse}",
        ]
    return statements


def _replaces(table: str) -> str:
    if table == AUDIT:
        next_seq = f"(SELECT COALESCE(MAX(seq), 0) + 1 FROM {AUDIT})"  # noqa: S608  # constant names
        return f"NEW.seq IS NOT {next_seq} OR EXISTS (SELECT 1 FROM {AUDIT} WHERE hash = NEW.hash)"  # noqa: S608
    same = " OR ".join(_same(key) for key in INSERT_ONLY[table])
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # constant names


def _same(key: tuple[str, ...]) -> str:
    return "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")"


REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
REFUSE_WRONG_SEQ = """
CREATE FUNCTION refuse_wrong_seq() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq IS DISTINCT FROM (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_event)
     OR EXISTS (SELECT 1 FROM audit_event WHERE hash = NEW.hash) THEN
    RAISE EXCEPTION 'audit_event is insert-only' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""


def postgres_guards() -> list[str]:
    """Statement triggers against UPDATE, DELETE and TRUNCATE, and a row trigger for the audit sequence."""
    no_change = [
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in GUARDED
    ]
    no_replace = (
        f"CREATE TRIGGER {AUDIT}_no_replace BEFORE INSERT ON {AUDIT} FOR EACH ROW EXECUTE FUNCTION refuse_wrong_seq()"
    )
    return [REFUSE_CHANGE, REFUSE_WRONG_SEQ, *no_change, no_replace]
