"""Migrations with data: a database of any earlier schema, a row in every table, comes to the newest one unharmed."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from bot.storage.database import Database
from bot.storage.schema import check_guards, check_schema, configuration, current_revision, migrate

REVISIONS = [script.revision for script in reversed([*ScriptDirectory.from_config(configuration()).walk_revisions()])]
ONE_OF = re.compile(r"^\(?\(?(\w+)\)?(?:::\w+)? (?:IN \(|= ANY \(+ARRAY\[|= )'([^']+)'")
AT = datetime(2025, 3, 24, 12, tzinfo=UTC)
BY_TYPE: Sequence[tuple[type, Any]] = (
    (sa.Boolean, False), (sa.Integer, 1), (sa.DateTime, AT), (sa.Date, AT.date()), (sa.Time, time(20)),
    (sa.Numeric, 1), (sa.Float, 1.0), (sa.LargeBinary, b"x"), (sa.String, "x"),
)  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest) -> Database:
    """A database without any schema."""
    database: Database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for name in sa.inspect(connection).get_table_names():
                connection.exec_driver_sql(f'DROP TABLE "{name}"')
        else:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return database


def upgrade_to(database: Database, revision: str) -> None:
    """Bring an empty database to an earlier schema."""
    config = configuration()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill(database: Database) -> Mapping[str, Mapping[str, Any]]:
    """One row in every table, valid by its types, keys and checks; answers what was stored."""
    tables = sa.MetaData()
    tables.reflect(database.engine)
    with database.engine.begin() as connection:
        inspector = sa.inspect(connection)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(table.insert().values(**row_for(table, inspector)))
    return read(database, tables)


def row_for(table: sa.Table, inspector: sa.Inspector) -> dict[str, Any]:
    checks = [str(check["sqltext"]) for check in inspector.get_check_constraints(table.name)]
    named = dict(found.groups() for check in checks if (found := ONE_OF.match(check)))
    own = {key for foreign in table.foreign_keys for key in [foreign.parent.name] if foreign.column.table is table}
    return {column.name: named.get(column.name, plain(column)) for column in table.columns if column.name not in own}


def plain(column: sa.Column[Any]) -> Any:
    return next(value for kind, value in BY_TYPE if isinstance(column.type, kind))


def read(database: Database, tables: sa.MetaData) -> dict[str, Mapping[str, Any]]:
    """The one row of each of these tables, in the columns it had."""
    with database.engine.connect() as connection:
        found = {
            table.name: dict(connection.execute(sa.select(table)).mappings().one())
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }
        connection.rollback()
    return {name: {key: comparable(value) for key, value in row.items()} for name, row in found.items()}


def comparable(value: Any) -> Any:
    return str(value) if isinstance(value, date | time) else value


@pytest.mark.parametrize("revision", REVISIONS)
def test_data_of_every_earlier_schema_come_to_the_newest_one_unharmed(empty: Database, revision: str) -> None:
    upgrade_to(empty, revision)
    assert current_revision(empty) == revision
    before = fill(empty)
    assert len(before) >= 20
    tables = sa.MetaData()
    tables.reflect(empty.engine)
    migrate(empty)
    check_schema(empty)
    check_guards(empty)
    assert read(empty, tables) == before
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
