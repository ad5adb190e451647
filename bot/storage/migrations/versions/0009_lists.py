"""An index for what became of the last evening's messages, whatever their state."""

from alembic import op

revision = "0009_lists"
down_revision = "0008_leader"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_message_all_due", "message", ["due_at"])


def downgrade() -> None:
    """Take it down again; only tests do this."""
    op.drop_index("ix_message_all_due", "message")
