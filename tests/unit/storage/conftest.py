"""Study databases of both kinds for the tests of this room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.database import Database
from bot.storage.schema import migrate
from tests.support.database import study_database
from tests.support.postgres import postgres_server, require_postgres


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with study_database(tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    require_postgres()
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrate(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest) -> Database:
    """The same test on both kinds of database."""
    return request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
