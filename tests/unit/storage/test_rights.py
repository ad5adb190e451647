"""On PostgreSQL the service's own role adds, changes only what may change, and cannot lift a guard."""

from collections.abc import Iterator

import pytest
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel

from bot.errors import RefusedError
from bot.storage.database import Database
from bot.storage.guards import CHAINS, INSERT_ONLY
from bot.storage.rights import excess_rights, give_service_rights, rights_by_table
from bot.storage.schema import check_guards, check_schema

GROWN = (*CHAINS, *INSERT_ONLY)
LIFTED = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TRIGGER {table}_no_change ON {table}",
    "DROP TABLE {table} CASCADE",
)


def test_every_table_has_its_rights() -> None:
    assert rights_by_table().keys() == SQLModel.metadata.tables.keys() | {"alembic_version"}


def test_sqlite_knows_no_roles(database: Database) -> None:
    assert give_service_rights(database, database.url) is None


@pytest.fixture
def service(postgres: Database) -> Iterator[Database]:
    """The study database as the service's role opens it; the server trusts every role of the test."""
    with postgres.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS diary_service"))
        connection.execute(text("CREATE ROLE diary_service LOGIN"))
    url = make_url(postgres.url).set(username="diary_service").render_as_string(hide_password=False)
    assert give_service_rights(postgres, url) == "diary_service"
    database = Database(url)
    yield database
    database.close()
    with postgres.engine.begin() as connection:
        connection.execute(text("DROP OWNED BY diary_service; DROP ROLE diary_service"))


@pytest.mark.postgres
def test_the_service_passes_its_own_start_up_checks(service: Database) -> None:
    check_schema(service)
    check_guards(service)


@pytest.mark.postgres
def test_the_service_cannot_change_what_only_grows(service: Database) -> None:
    columns = {table: inspect(service.engine).get_columns(table)[0]["name"] for table in GROWN}
    statements = [lift.format(table=table, column=columns[table]) for table in GROWN for lift in LIFTED]
    assert len(statements) == len(GROWN) * len(LIFTED)
    assert [statement for statement in statements if not denied(service, statement)] == []


def denied(database: Database, statement: str) -> bool:
    """Whether the server denies the right to do it; a guard's refusal would not count."""
    with database.engine.connect() as connection:
        try:
            connection.execute(text(statement))
        except ProgrammingError as error:
            return "denied" in str(error) or "must be owner" in str(error)
    return False


@pytest.mark.postgres
def test_the_service_cannot_make_tables_or_change_the_schemas_version(service: Database) -> None:
    for statement in ("CREATE TABLE own (id int)", "UPDATE alembic_version SET version_num = '9999'"):
        with service.engine.connect() as connection, pytest.raises(ProgrammingError, match="denied"):
            connection.execute(text(statement))


@pytest.mark.postgres
def test_rights_beyond_the_list_are_named_and_taken_away_by_the_next_migration(
    service: Database, postgres: Database
) -> None:
    with postgres.engine.begin() as connection:
        connection.execute(text("GRANT ALL ON answer TO diary_service"))
    with service.engine.connect() as connection:
        assert excess_rights(connection) == [
            f"{right} on answer" for right in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
        ]
    give_service_rights(postgres, service.url)
    with service.engine.connect() as connection:
        assert excess_rights(connection) == []


@pytest.mark.postgres
def test_an_owner_that_serves_itself_is_left_alone(postgres: Database) -> None:
    assert give_service_rights(postgres, postgres.url) is None
    with postgres.engine.connect() as connection:
        assert "UPDATE on audit_event" in excess_rights(connection)


@pytest.mark.postgres
def test_a_role_that_does_not_exist_is_refused_by_name(postgres: Database) -> None:
    url = make_url(postgres.url).set(username="nobody_here").render_as_string(hide_password=False)
    with pytest.raises(RefusedError, match="no role nobody_here"):
        give_service_rights(postgres, url)
