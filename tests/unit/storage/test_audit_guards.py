"""The guards of every revision: all tables are named, all triggers stand as put up, and a start without them fails."""

from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from bot.errors import SchemaError
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.guards import (
    CHAINS,
    CHANGEABLE,
    INSERT_ONLY,
    expected_functions,
    expected_guards,
    faulty_guards,
    unnamed_tables,
)
from bot.storage.schema import check_guards
from bot.wiring import build

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}
GUARDED = (*CHAINS, *INSERT_ONLY)


def run(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_every_table_says_whether_its_rows_may_change() -> None:
    assert unnamed_tables(SQLModel.metadata.tables) == set()
    assert (CHAINS.keys() | INSERT_ONLY.keys() | CHANGEABLE) <= SQLModel.metadata.tables.keys()
    assert not INSERT_ONLY.keys() & CHANGEABLE


def test_a_table_that_no_list_names_is_noticed() -> None:
    assert unnamed_tables([*SQLModel.metadata.tables, "new_table"]) == {"new_table"}


def test_the_revisions_put_up_exactly_the_guards_that_are_expected(either: Database) -> None:
    with either.engine.connect() as connection:
        present = set(connection.execute(text(TRIGGERS[connection.dialect.name])).scalars())
        assert present == expected_guards(connection.dialect.name).keys()
        assert faulty_guards(connection) == []


def test_a_row_could_be_replaced_by_no_unique_key_that_its_guard_does_not_know(either: Database) -> None:
    found = inspect(either.engine)
    for table, keys in INSERT_ONLY.items():
        unique = {tuple(one["column_names"]) for one in found.get_unique_constraints(table)}
        assert {("id",), *unique} == set(keys), table


@pytest.mark.parametrize("table", GUARDED)
def test_a_dropped_guard_is_named_whichever_revision_put_it_up(database: Database, table: str) -> None:
    for what in ("no_update", "no_delete", "no_replace"):
        name = f"{table}_{what}"
        with database.engine.connect() as connection:
            kept = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :n"), {"n": name}).scalar_one()
        run(database, f"DROP TRIGGER {name}")
        with pytest.raises(SchemaError, match=f"lacks the guard {name}"):
            check_guards(database)
        run(database, kept)
    check_guards(database)


@pytest.mark.parametrize("table", [table for table in GUARDED if table != "audit_event"])
def test_a_guard_that_lets_some_changes_pass_is_named(database: Database, table: str) -> None:
    name = f"{table}_no_update"
    run(
        database,
        f"DROP TRIGGER {name}",
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN OLD.rowid > 9 BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    with pytest.raises(SchemaError, match=f"guard {name} of the study database is not as it was put up"):
        check_guards(database)


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["DISABLE TRIGGER", "ENABLE REPLICA TRIGGER"])
def test_a_guard_that_is_switched_off_is_named_on_postgresql(postgres: Database, how: str) -> None:
    for table in GUARDED:
        run(postgres, f"ALTER TABLE {table} {how} {table}_no_change")
        with pytest.raises(SchemaError, match=f"lacks the guard {table}_no_change"):
            check_guards(postgres)
        run(postgres, f"ALTER TABLE {table} ENABLE TRIGGER {table}_no_change")
    check_guards(postgres)


@pytest.mark.postgres
@pytest.mark.parametrize("function", ["refuse_wrong_seq", "refuse_wrong_access_seq"])
def test_a_blunted_function_is_found_on_postgresql(postgres: Database, function: str) -> None:
    run(
        postgres, f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    )
    with postgres.engine.connect() as connection:
        assert faulty_guards(connection) == [function]
    with pytest.raises(SchemaError):
        check_guards(postgres)
    assert function in expected_functions()


@pytest.mark.postgres
@pytest.mark.parametrize("table", GUARDED)
def test_postgresql_refuses_to_change_delete_and_empty_every_guarded_table(postgres: Database, table: str) -> None:
    column = "seq" if table in CHAINS else "id"
    change = f"UPDATE {table} SET {column} = {column}"  # noqa: S608  # constant names
    for act in (change, f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608
        with pytest.raises(DBAPIError, match="insert-only"):
            run(postgres, act)


def test_the_service_refuses_to_start_without_a_guard_and_says_which(database: Database, tmp_path: Path) -> None:
    run(database, "DROP TRIGGER signature_no_delete")
    settings = Settings(database_url=database.url, data_dir=tmp_path)
    with pytest.raises(SchemaError, match="lacks the guard signature_no_delete: restore the database from a backup"):
        build(settings)
