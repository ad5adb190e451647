"""The database's versions: Alembic, set up in code."""
