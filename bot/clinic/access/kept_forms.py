"""Forms that came after their session had ended: kept sealed for an hour, for the same account."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from bot.clinic.access.csrf import FIELD
from bot.errors import NotFoundError
from bot.people.sealing import Sealer
from bot.storage.staff import forget_expired_forms, kept_forms
from bot.storage.tables import KeptFormRow

KEEP_FOR: Final = timedelta(hours=1)
MOST: Final = 5
PURPOSE: Final = "kept_form"
NEVER_KEPT: Final = frozenset(
    {FIELD, "password", "repeated", "code", "new_password", "confirm_password", "confirm_code"}
)


def keep_form(
    session: Session, staff_id: int, path: str, pairs: Sequence[tuple[str, str]], *, sealer: Sealer, at: datetime
) -> None:
    """Keep a form but for passwords, codes and tokens; an empty one is not worth keeping."""
    forget_expired_forms(session, at)
    worth = [(name, value) for name, value in pairs if name not in NEVER_KEPT]
    if not worth or len(kept_forms(session, staff_id, at)) >= MOST:
        return
    session.add(
        KeptFormRow(
            staff_id=staff_id,
            path=path,
            sealed=sealer.seal_pairs(f"{PURPOSE}/{staff_id}", worth),
            kept_at=at,
            expires_at=at + KEEP_FOR,
        )
    )


def kept_form(session: Session, form_id: int, *, staff_id: int, at: datetime) -> KeptFormRow:
    """One kept form of this account; another account's is not found."""
    for row in kept_forms(session, staff_id, at):
        if row.id == form_id:
            return row
    raise NotFoundError("This form is no longer kept: fill it in again.")


def open_form(row: KeptFormRow, sealer: Sealer) -> tuple[tuple[str, str], ...]:
    """The kept names and values."""
    return sealer.open_pairs(f"{PURPOSE}/{row.staff_id}", row.sealed)


def settle_form(session: Session, row: KeptFormRow, at: datetime) -> None:
    """The form was sent again or discarded."""
    row.settled_at, row.sealed = at, ""
    session.add(row)
