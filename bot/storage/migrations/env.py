"""Alembic's entry: runs the revisions on the connection it is handed, all in that one transaction."""

from alembic import context
from sqlmodel import SQLModel

import bot.storage.tables  # noqa: F401  # registers the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
