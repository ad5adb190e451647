"""The database's version: bring it up, compare it with the code's, and prove that its guards hold.

Alembic is imported where it is used: a service that finds its schema up to date starts without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from bot.audit import GENESIS
from bot.errors import SchemaError
from bot.storage.database import Database
from bot.storage.guards import expected_guards, faulty_guards
from bot.storage.turns import AUDIT as AUDIT_TURN
from bot.storage.turns import MIGRATION, WAIT

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0011_turns"  # the schema revision that this version of the code brings
AUDIT = "audit_event"
SCRIPTS = Path(__file__).parent / "migrations"
RESTORE = "restore the database from a backup and ask for help"
REMEDY = "run `python -m bot migrate`"


def configuration() -> "Config":
    """Alembic's configuration, without an ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def expected_revision() -> str:
    """The newest schema revision that this version of the code brings."""
    return NEWEST


def current_revision(database: Database) -> str | None:
    """The database's schema revision; None when it has no schema."""
    try:
        with database.reader.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except OperationalError:
        if database.is_sqlite:
            return None  # no file yet
        raise SchemaError("The study database does not answer: check CDAI_DATABASE_URL and the server.") from None


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the database to this version's schema, all in one transaction; answers (before, after)."""
    before, expected = current_revision(database), expected_revision()
    if before != expected:
        from alembic import command

        refuse_foreign_revision(before)
        config = configuration()
        with database.engine.begin() as connection:
            if not database.is_sqlite:
                wait_for_other_migrations(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before, expected


def wait_for_other_migrations(connection: Connection) -> None:
    """Replicas may start together: one migrates, the others find nothing left to do; moving data may take long."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    connection.execute(WAIT, {"key": MIGRATION})


def refuse_foreign_revision(revision: str | None) -> None:
    """Raise SchemaError for a revision that this version of the code does not know."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaError(
            f"The study database has schema {revision}, which is newer than this version knows: "
            "install the version that made it."
        )


def check_schema(database: Database) -> None:
    """Raise SchemaError unless the database has exactly this version's schema."""
    current, expected = current_revision(database), expected_revision()
    if current is None:
        raise SchemaError(f"The study database has no schema yet: {REMEDY}.")
    if current != expected:
        refuse_foreign_revision(current)
        raise SchemaError(f"The study database has schema {current} and this version needs {expected}: {REMEDY}.")


def check_guards(database: Database) -> None:
    """Raise SchemaError unless the triggers stand and the audit trail really refuses to be changed.

    The trial writes one event and tries to change, delete and replace it; all is rolled back.
    """
    missing = missing_guards(database)
    if missing:
        raise SchemaError(f"The study database lacks the guard {missing[0]}: {RESTORE}.")
    with database.engine.connect() as connection:
        if not database.is_sqlite:  # other replicas are writing their own events meanwhile
            connection.execute(text("SET LOCAL lock_timeout = '30s'"))
            connection.execute(WAIT, {"key": AUDIT_TURN})
        try:
            open_to = [act for act, statement in trials(connection) if not refuses(connection, statement)]
        finally:
            connection.rollback()
    if open_to:
        raise SchemaError(f"The audit trail accepts {open_to[0]}: {RESTORE}.")
    with database.read() as session:
        blunt = faulty_guards(session.connection())
    if blunt:
        raise SchemaError(f"The guard {blunt[0]} of the study database is not as it was put up: {RESTORE}.")


def missing_guards(database: Database) -> list[str]:
    """The names of triggers that should be there, by any revision, and are not."""
    with database.read() as session:
        present = set(session.connection().execute(text(_trigger_names(session))).scalars())
    expected = expected_guards("sqlite" if database.is_sqlite else "postgresql")
    return [name for name in expected if name not in present]


def _trigger_names(session: Session) -> str:
    if session.get_bind().dialect.name == "sqlite":
        return "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"


def trials(connection: Connection) -> list[tuple[str, str]]:
    """Write a passing event, and answer the acts that the database must refuse to do to it."""
    head = connection.execute(text("SELECT COALESCE(MAX(seq), 0) FROM audit_event")).scalar_one()
    connection.execute(text(_event(head + 1, "f" * 64)))
    acts = [
        ("a change", f"UPDATE {AUDIT} SET action = 'x' WHERE seq = {head + 1}"),  # noqa: S608  # own number
        ("a deletion", f"DELETE FROM {AUDIT} WHERE seq = {head + 1}"),  # noqa: S608
        ("a sequence number that is taken", _event(head + 1, "e" * 64)),
        ("a gap in its sequence", _event(head + 3, "e" * 64)),
    ]
    if connection.dialect.name == "sqlite":
        acts.append(("a replacement", _event(head + 1, "e" * 64).replace("INSERT", "INSERT OR REPLACE", 1)))
    return acts


def _event(seq: int, digest: str) -> str:
    return (
        f"INSERT INTO {AUDIT} (seq, at, shifted, actor_kind, actor_id, actor_role, origin, action, "  # noqa: S608
        "entity, entity_id, request_id, app_version, prev_hash, hash) "
        f"VALUES ({seq}, '2000-01-01 00:00:00.000000', '0', 'system', 'system', 'system', "
        f"'housekeeping', 'try_guards', '', '', '', '', '{GENESIS}', '{digest}')"
    )


def refuses(connection: Connection, statement: str) -> bool:
    """Whether the database refuses the statement; nothing of it remains either way."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(statement))
    except DBAPIError:
        return True
    else:
        return False
    finally:
        savepoint.rollback()
