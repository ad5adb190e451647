"""How the service stands, as `/readyz` tells it."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Readiness:
    """How the service stands: why it is not ready, study time, and what is still to be done at this moment."""

    reasons: tuple[str, ...]
    study_now: datetime
    next_due: datetime | None
    inbox: int
    outbox_due: int
    aside: int = 0

    @property
    def ready(self) -> bool:
        return not self.reasons

    def as_json(self) -> dict[str, object]:
        return {
            "ready": self.ready,
            "reasons": list(self.reasons),
            "study_now": iso_utc(self.study_now),
            "next_due": iso_utc(self.next_due) if self.next_due else None,
            "inbox": self.inbox,
            "outbox_due": self.outbox_due,
        }


def iso_utc(at: datetime) -> str:
    """An instant as ISO 8601 in UTC, to the second unless it has parts of one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
