"""An index of what waits in a chat, so that ten thousand messages of one sender are not read to find the first."""

import sqlalchemy as sa
from alembic import op

revision = "0011_turns"
down_revision = "0010_answers_first"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_inbox_turn", "inbox", ["address", "update_id"], sqlite_where=WAITING, postgresql_where=WAITING)


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_inbox_turn", "inbox")
