"""The stored audit trail, read as the chain it claims to be."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from bot.audit import AuditEvent, ChainFinding, verify_chain
from bot.storage.tables import AuditRow

BATCH = 1000


def verify_trail(session: Session) -> ChainFinding | None:
    """The first thing wrong with the stored chain, or None when it is intact."""
    return verify_chain(stored_chain(session))


def stored_chain(session: Session) -> Iterator[tuple[AuditEvent, str, str]]:
    """Every event with its two hashes, in order of sequence number."""
    query = select(AuditRow).order_by(col(AuditRow.seq)).execution_options(yield_per=BATCH)
    for row in session.exec(query):
        yield AuditEvent(**{name: getattr(row, name) for name in AuditEvent.__slots__}), row.prev_hash, row.hash
