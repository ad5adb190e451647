"""Several messages at once: the last check before they are sent, and what follows from their receipts."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.actions import record_delivery
from bot.actions.prepare_message import prepare_together
from bot.actions.study import Study
from bot.actions.verdict import Prepared
from bot.storage.delivered import keep_first_copies
from bot.storage.tables import MessageRow

COPIES = ("prompt", "second", "last_call", "snoozed")


def prepare(session: Session, rows: Sequence[MessageRow], *, study: Study, now: datetime) -> Sequence[Prepared]:
    """Decide for each row whether it goes out, and word it."""
    return prepare_together(session, rows, study=study, now=now)


def delivered(session: Session, receipts: Sequence[tuple[MessageRow, int | None]], *, now: datetime) -> None:
    """Reminders that are the first copy of their card are noted together, everything else one by one."""
    numbers = {row.card_id: number for row, number in receipts if row.kind in COPIES and row.card_id and number}
    first = keep_first_copies(session, numbers)
    for row, number in receipts:
        if row.card_id not in first or row.kind not in COPIES:
            record_delivery.delivered(session, row, number, now=now)
