"""The schema: what migrations make is what the tables say, on both databases, and its guards hold."""

import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from bot.audit import GENESIS
from bot.errors import SchemaError
from bot.people.actor import SYSTEM, Origin
from bot.storage.database import Database
from bot.storage.schema import check_guards, check_schema, configuration, current_revision, expected_revision, migrate
from bot.storage.trail import Trail
from tests.support.database import T0, add_participant

EVENT = (
    "{verb} INTO audit_event (seq, at, shifted, actor_kind, actor_id, actor_role, origin, action, entity,"
    " entity_id, request_id, app_version, prev_hash, hash) VALUES ({seq}, '2025-03-24 12:00:00.000000', '0',"
    " 'system', 'system', 'system', 'command', 'act', 'entry', '1', 'r', '0', '" + GENESIS + "', '{digest}')"
)
ZONE = (
    "{verb} INTO participant_zone (id, participant_id, from_on, tzid, set_at, reason)"
    " VALUES ({id}, {participant}, '2025-03-01', 'Asia/Shanghai', '2025-03-01 00:00:00.000000', 'enrolled')"
)


def shape(engine: Engine) -> dict[str, Any]:
    """Everything that a table's definition promises, in a form that can be compared."""
    found = inspect(engine)
    return {
        table: {
            "columns": [{**column, "type": str(column["type"])} for column in found.get_columns(table)],
            "primary": found.get_pk_constraint(table),
            "foreign": sorted(map(str, found.get_foreign_keys(table))),
            "unique": sorted(map(str, found.get_unique_constraints(table))),
            "checks": sorted(map(str, found.get_check_constraints(table))),
            "indexes": sorted(map(index_shape, found.get_indexes(table))),
        }
        for table in sorted(SQLModel.metadata.tables)
    }


def index_shape(index: Any) -> str:
    options = {name: str(value) for name, value in index.pop("dialect_options", {}).items()}
    return f"{index} {options}"


def test_migrations_make_exactly_what_the_tables_say(database: Database, tmp_path: Path) -> None:
    plain = Database(f"sqlite:///{tmp_path / 'plain.sqlite3'}")
    SQLModel.metadata.create_all(plain.engine)
    assert shape(database.engine) == shape(plain.engine)
    plain.close()


@pytest.mark.postgres
def test_migrations_make_exactly_what_the_tables_say_on_postgresql(postgres: Database) -> None:
    migrated = shape(postgres.engine)
    with postgres.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    SQLModel.metadata.create_all(postgres.engine)
    assert migrated == shape(postgres.engine)


def test_alembic_sees_nothing_left_to_migrate(either: Database) -> None:
    with either.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_database_without_a_schema_is_refused_with_the_remedy(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert current_revision(empty) is None
    with pytest.raises(SchemaError, match=r"no schema yet: run `python -m bot migrate`"):
        check_schema(empty)
    assert migrate(empty) == (None, expected_revision())
    check_schema(empty)
    empty.close()


def test_migrating_twice_changes_nothing(either: Database) -> None:
    assert migrate(either) == (expected_revision(), expected_revision())


def test_a_schema_from_the_future_is_refused(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    with pytest.raises(SchemaError, match="newer than this version knows"):
        check_schema(database)
    with pytest.raises(SchemaError, match="newer than this version knows"):
        migrate(database)


def run(database: Database, statement: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(statement))


def test_the_guards_pass_their_own_trial_and_leave_no_trace(either: Database) -> None:
    check_guards(either)
    run(either, EVENT.format(verb="INSERT", seq=1, digest="a" * 64))
    check_guards(either)
    with either.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM audit_event")).scalar_one() == 1


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE audit_event SET action = 'other'",
        "DELETE FROM audit_event",
        EVENT.format(verb="INSERT", seq=1, digest="b" * 64),
        EVENT.format(verb="INSERT", seq=3, digest="b" * 64),
        EVENT.format(verb="INSERT", seq=2, digest="a" * 64),
    ],
)
def test_the_audit_trail_refuses_change_deletion_and_wrong_numbers(either: Database, act: str) -> None:
    run(either, EVENT.format(verb="INSERT", seq=1, digest="a" * 64))
    with pytest.raises(DBAPIError, match="insert-only"):
        run(either, act)


def test_the_audit_trail_refuses_replacement_even_without_recursive_triggers(database: Database) -> None:
    run(database, EVENT.format(verb="INSERT", seq=1, digest="a" * 64))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA recursive_triggers = OFF")
        with pytest.raises(DBAPIError, match="insert-only"):
            connection.exec_driver_sql(EVENT.format(verb="INSERT OR REPLACE", seq=1, digest="b" * 64))
        with pytest.raises(DBAPIError, match="insert-only"):
            connection.exec_driver_sql(EVENT.format(verb="INSERT OR REPLACE", seq=2, digest="a" * 64))
        connection.exec_driver_sql("PRAGMA recursive_triggers = ON")
        connection.exec_driver_sql("BEGIN")


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["audit_event", "answer", "entry", "assessment", "participant_zone"])
def test_postgresql_refuses_to_empty_what_is_insert_only(postgres: Database, table: str) -> None:
    with pytest.raises(DBAPIError, match="insert-only"):
        run(postgres, f"TRUNCATE {table} CASCADE")


def test_insert_only_rows_refuse_change_and_deletion(either: Database) -> None:
    with either.write() as session:
        participant = add_participant(session).id
    run(either, ZONE.format(verb="INSERT", id=1, participant=participant))
    for act in ("UPDATE participant_zone SET tzid = 'Europe/London'", "DELETE FROM participant_zone"):
        with pytest.raises(DBAPIError, match="insert-only"):
            run(either, act)


def test_insert_only_rows_refuse_replacement(database: Database) -> None:
    with database.write() as session:
        participant = add_participant(session).id
    run(database, ZONE.format(verb="INSERT", id=1, participant=participant))
    with pytest.raises(DBAPIError, match="insert-only"):
        run(database, ZONE.format(verb="INSERT OR REPLACE", id=1, participant=participant))


def test_a_missing_guard_is_found_by_name(database: Database) -> None:
    run(database, "DROP TRIGGER entry_no_delete")
    with pytest.raises(SchemaError, match="lacks the guard entry_no_delete"):
        check_guards(database)


def test_a_guard_without_teeth_is_found_by_trial(database: Database) -> None:
    run(database, "DROP TRIGGER audit_event_no_update")
    run(database, "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT 1; END")
    with pytest.raises(SchemaError, match="accepts a change"):
        check_guards(database)


@pytest.mark.postgres
def test_the_trial_of_the_guards_waits_for_an_event_that_another_replica_is_writing(postgres: Database) -> None:
    failed: list[BaseException] = []

    def start() -> None:
        try:
            check_guards(postgres)
        except BaseException as error:  # noqa: BLE001  # shown below
            failed.append(error)

    with postgres.write() as session:
        trail = Trail(session, T0, SYSTEM, Origin.HOUSEKEEPING)
        trail.record("act", "entry", "1")
        session.flush()
        thread = threading.Thread(target=start)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(20)
    assert failed == []


def test_the_newest_revision_is_the_last_of_the_migrations() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [expected_revision()]
