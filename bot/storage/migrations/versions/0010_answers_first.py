"""An index of the answers that wait, so that ten thousand due reminders are not read to find none."""

import sqlalchemy as sa
from alembic import op

revision = "0010_answers_first"
down_revision = "0009_lists"
branch_labels = None
depends_on = None

WAITING = sa.text("state IN ('planned', 'retry') AND priority = 0")


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_message_answer", "message", ["due_at", "id"], sqlite_where=WAITING, postgresql_where=WAITING)


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_message_answer", "message")
