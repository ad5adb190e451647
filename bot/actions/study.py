"""The study as every action sees it: the protocol in force and the source of random keys."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, col

from bot.errors import RefusedError
from bot.people.keys import Keys
from bot.storage.tables import ProtocolRow
from bot.storage.tracked import Tracked, every_column
from bot.storage.trail import Trail, insert
from schedules.loader import load_protocol
from schedules.protocol import StudyProtocol

NEWEST = Tracked(ProtocolRow, every_column(ProtocolRow).order_by(col(ProtocolRow.id).desc()).limit(1))


@dataclass(frozen=True, slots=True)
class Study:
    """What an action needs to know of the study; frozen, so it can be shared between threads."""

    protocol: StudyProtocol
    keys: Keys = field(default_factory=Keys)


def protocol_in_force(session: Session) -> ProtocolRow | None:
    """The protocol most recently put in force."""
    return NEWEST.first(session)


def check_protocol_in_force(session: Session, protocol: StudyProtocol, path: Path) -> None:
    """Refuse to work with a protocol file that is not the one in force."""
    row = protocol_in_force(session)
    if row is None or row.fingerprint == protocol.fingerprint:
        return
    raise RefusedError(
        "%(file)s is not the protocol in force (version %(version)s, adopted %(on)s): "
        "run `protocol adopt FILE --from DATE --reason R` to put it in force, "
        "or set CDAI_PROTOCOL to the adopted file.",
        file=path.name,
        version=row.version,
        on=row.adopted_at.date(),
    )


def put_first_protocol_in_force(audit: Trail, protocol: StudyProtocol, path: Path) -> None:
    """A new study database takes the protocol it is started with; later ones need `protocol adopt`."""
    if protocol_in_force(audit.session) is None:
        row = ProtocolRow(
            fingerprint=protocol.fingerprint,
            version=protocol.version,
            text=path.read_text(encoding="utf-8"),
            from_on=audit.now.date(),
            adopted_at=audit.now,
            reason="first protocol of this study database",
        )
        insert(audit, row, "adopt_protocol", fields=("fingerprint", "version", "from_on"), reason=row.reason)


def load_study(session: Session, path: Path, *, keys: Keys | None = None) -> Study:
    """The study for this protocol file, refused when another protocol is in force."""
    protocol = load_protocol(path)
    check_protocol_in_force(session, protocol, path)
    return Study(protocol, keys or Keys())
