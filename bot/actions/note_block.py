"""Note that a participant's chat refuses messages, or takes them again."""

from bot.actions.tasks import close_tasks, open_task
from bot.storage.tables import ChatRow, ParticipantRow
from bot.storage.trail import Trail, update


def note_blocked(audit: Trail, chat: ChatRow, participant: ParticipantRow, *, reason: str = "blocked") -> None:
    """Send nothing more to this chat until it is opened again; the site gets a task with the phone as fallback."""
    if chat.blocked_at is None:
        update(audit, chat, "chat_refused", blocked_at=audit.now, reason=reason)
    open_task(audit, participant, "blocked")


def note_unblocked(audit: Trail, chat: ChatRow, participant: ParticipantRow) -> None:
    """The chat takes messages again."""
    if chat.blocked_at is not None:
        update(audit, chat, "chat_open", blocked_at=None)
        close_tasks(audit, participant, "blocked")
