"""Both hash chains read as what they claim to be, against the anchors, the rows they tell of, and the guards."""

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, select

from bot.audit import GENESIS, AuditEvent, ChainFinding, chain_hash, verify_chain
from bot.storage.anchors import Anchor, Head
from bot.storage.database import Database
from bot.storage.guards import faulty_guards
from bot.storage.tables import AccessRow, AuditRow
from bot.storage.witness import Claim, Tally, claim_of, claims, seal

BATCH: Final = 1000
NAMES: Final = tuple(AuditEvent.__slots__)
CHAIN_NAMES: Final[Mapping[str, str]] = {"audit_event": "the audit trail", "access_event": "the record of access"}
TABLES: Final[Mapping[str, Any]] = {"audit_event": AuditRow, "access_event": AccessRow}
Stored = tuple[AuditEvent, str, str]


class VerificationStoppedError(Exception):
    """Raised by whoever asked for a verification, when it is not to be gone on with."""


def go_on() -> None:
    """What is asked at every row, where nothing ever stops a verification."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, the sequence number where it shows, the chain, and a sentence.

    Kinds: broken (an event was changed or put elsewhere), gap (one is missing), truncated (events are missing at the
    end that an anchor had seen), anchor (the chain holds, but is not the one that was anchored), unmatched (a row and
    its event differ, or one of them is missing), trigger (a guard is not as it was put up).
    """

    kind: str
    seq: int
    chain: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read, and what is wrong with it, the most telling first; no findings: intact."""

    events: Mapping[str, int]
    anchors: int
    findings: tuple[Finding, ...]

    @property
    def intact(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, object]:
        """The document of `audit verify --json`: the first finding's kind and number stand at the top as well."""
        first = self.findings[0] if self.findings else None
        return {
            "intact": self.intact,
            "kind": first.kind if first else None,
            "seq": first.seq if first else None,
            "chain": first.chain if first else None,
            "sentence": first.sentence if first else None,
            "events": dict(self.events),
            "anchors": self.anchors,
            "findings": [asdict(finding) for finding in self.findings],
        }


def verify_trail(session: Session) -> ChainFinding | None:
    """The first thing wrong with the stored audit chain by itself, or None when it is intact."""
    return verify_chain(stored_chain(session))


def stored_chain(
    session: Session, chain: str = "audit_event", *, after: int | None = None, batch: int = BATCH
) -> Iterator[Stored]:
    """Every event of a chain with its two hashes, in order of sequence number."""
    table = TABLES[chain].__table__
    columns = [table.c[name] for name in (*NAMES, "prev_hash", "hash")]
    query = select(*columns).order_by(table.c.seq).execution_options(yield_per=batch)
    if after is not None:
        query = query.where(table.c.seq > after)
    with contextlib.closing(session.connection().execute(query)) as rows:
        for row in rows:
            yield AuditEvent(*row[:-2]), row[-2], row[-1]


def verify_database(
    database: Database, anchors: Sequence[Anchor] = (), *, watch: Callable[[], None] = go_on
) -> Verification:
    """Verify everything as it stands at one moment, while others go on writing.

    `watch` is called at every row, and may raise VerificationStoppedError.
    """
    with database.read() as session:
        if not database.is_sqlite:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        return verify_study(session, anchors, watch=watch)


def verify_study(
    session: Session, anchors: Sequence[Anchor] = (), *, watch: Callable[[], None] = go_on
) -> Verification:
    """Both chains, their anchors, every insert-only row and every guard; reads everything once, if all is well."""
    tally = Tally()
    for claim in claims(session):
        watch()
        tally.add(claim)

    def witness(event: AuditEvent) -> None:
        watch()
        if (claim := claim_of(event)) is not None:
            tally.take(claim)

    chains = verify_chains(session, anchors, witness)
    head = chains.events["audit_event"]
    unmatched = [] if tally.even else _unmatched(session, head, watch)
    guards = [_guard(name, head) for name in faulty_guards(session.connection())]
    return replace(chains, findings=(*chains.findings, *unmatched, *guards))


def _unmatched(session: Session, head: int, watch: Callable[[], None]) -> list[Finding]:
    """The first event that no row claims, and the first row that no event tells of; reads everything once more.

    Of what the rows claim only seals are kept, since a study of years has millions.
    """
    open_claims: Counter[bytes] = Counter()
    for claim in claims(session):
        watch()
        open_claims[seal(claim)] += 1
    unclaimed: list[Finding] = []

    def witness(event: AuditEvent) -> None:
        watch()
        if (claim := claim_of(event)) is None:
            return
        sealed = seal(claim)
        open_claims[sealed] -= 1
        if open_claims[sealed] < 0 and not unclaimed:
            unclaimed.append(_unclaimed(event))
        if open_claims[sealed] <= 0:
            del open_claims[sealed]

    Walk("audit_event", (), witness).run(session)
    return unclaimed + [_untold(claim, head) for claim in _first_of(session, open_claims, watch)]


def _first_of(session: Session, sealed: Collection[bytes], watch: Callable[[], None]) -> Iterator[Claim]:
    """The first claim, if any, that has one of these seals; for that the rows are read again."""
    if sealed:
        for claim in claims(session):
            watch()
            if seal(claim) in sealed:
                yield claim
                return


def verify_chains(
    session: Session, anchors: Sequence[Anchor] = (), witness: Callable[[AuditEvent], None] = lambda _event: None
) -> Verification:
    """Both chains by themselves and against their anchors; `witness` is shown every audit event in passing."""
    audit = Walk("audit_event", [(one, one.audit) for one in anchors], witness)
    access = Walk("access_event", [(one, one.access) for one in anchors])
    findings = (*audit.run(session), *access.run(session))
    return Verification({"audit_event": audit.count, "access_event": access.count}, len(anchors), findings)


@dataclass
class Walk:
    """One walk along a chain: what it must be by itself, and what each anchor has seen of it."""

    chain: str
    anchors: Sequence[tuple[Anchor, Head]]
    witness: Callable[[AuditEvent], None] = lambda _event: None
    last: int = 0
    count: int = 0
    _previous: str = GENESIS
    _found: dict[str, Finding] = field(default_factory=dict)
    _hashes: dict[int, tuple[str, int]] = field(default_factory=dict)
    _unreadable: bool = False

    def run(self, session: Session) -> list[Finding]:
        """The first finding by the chain itself, then the first by an anchor."""
        wanted = {head.seq for _anchor, head in self.anchors}
        with contextlib.closing(self._readable(session)) as events:
            for event, prev_hash, stored_hash in events:
                self._look(event, prev_hash, stored_hash)
                if event.seq in wanted:
                    self._hashes[event.seq] = (stored_hash, self.count)
                self.witness(event)
        self._compare()
        return [*self._found.values()]

    def _readable(self, session: Session) -> Generator[Stored, None, None]:
        """The stored events up to the first that cannot even be read back; to find that, they are fetched singly."""
        with contextlib.suppress(ValueError, TypeError):
            yield from stored_chain(session, self.chain)
            return
        try:
            yield from stored_chain(session, self.chain, after=self.last or None, batch=1)
        except (ValueError, TypeError):
            self._note("broken", self.last + 1, "it cannot be read as it was written")
            self._unreadable = True

    def _look(self, event: AuditEvent, prev_hash: str, stored_hash: str) -> None:
        if event.seq != self.last + 1:
            self._note("gap", self.last + 1, f"the next event that is there is {event.seq}")
        elif prev_hash != self._previous or not _holds(event, prev_hash, stored_hash):
            self._note("broken", event.seq, "it does not follow from the event before, or was changed")
        self.last, self.count, self._previous = event.seq, self.count + 1, stored_hash

    def _compare(self) -> None:
        """The first anchor that saw another chain than the one that is here."""
        if self._unreadable:
            return
        for anchor, head in sorted(self.anchors, key=lambda pair: pair[1].seq):
            if head.seq > self.last:
                words = f"the anchor of {anchor.at:%Y-%m-%d %H:%M} UTC has seen {head.seq}"
                self._note("truncated", self.last + 1, words, "anchors")
                return
            if head.seq and self._hashes.get(head.seq) != (head.hash, head.count):
                words = f"the anchor of {anchor.at:%Y-%m-%d %H:%M} UTC has seen another event there"
                self._note("anchor", head.seq, words, "anchors")
                return

    def _note(self, kind: str, seq: int, words: str, place: str = "chain") -> None:
        where = CHAIN_NAMES[self.chain]
        self._found.setdefault(place, Finding(kind, seq, self.chain, f"{kind} at event {seq} of {where}: {words}."))


def _holds(event: AuditEvent, prev_hash: str, stored_hash: str) -> bool:
    try:
        return chain_hash(prev_hash, event) == stored_hash
    except (ValueError, TypeError):  # the hash before is no hash, or a value is of no known kind
        return False


def _unclaimed(event: AuditEvent) -> Finding:
    words = f"no row of {event.entity} says what it says of {event.entity_id} ({event.field})"
    return Finding(
        "unmatched", event.seq, "audit_event", f"unmatched at event {event.seq} of the audit trail: {words}."
    )


def _untold(claim: Claim, last: int) -> Finding:
    entity, _action, entity_id, name = claim[:4]
    words = f"up to event {last} of the audit trail none tells of {entity} {entity_id} ({name}) as it stands"
    return Finding("unmatched", last, "audit_event", f"unmatched: {words}.")


def _guard(name: str, last: int) -> Finding:
    words = f"the guard {name} is missing or not as it was put up; what it guards may have changed up to event {last}"
    return Finding("trigger", last, "audit_event", f"trigger: {words}.")
