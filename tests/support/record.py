"""What must hold in the record of a laboratory, whatever happened to the service: each breach as one sentence."""

from collections import Counter
from collections.abc import Iterator

from sqlmodel import Session, col, select

from bot.channels.dispatcher import IN_FLIGHT
from bot.sandbox.rules import FIRST_UPDATE_ID
from bot.storage.chain import verify_database
from bot.storage.outbox import REPEATABLE
from bot.storage.tables import AnswerRow, CardRow, ChatRow, EntryRow, InboxRow, MessageRow
from bot.storage.tables.traffic import ENDS
from tests.support.lab import Deed, Keeper, Lab

ITEMS = ("stools", "pain", "wellbeing")


def breaches_at_once(lab: Lab) -> Iterator[str]:
    """Straight after a death: nothing that was confirmed or acknowledged is missing."""
    with lab.beside() as database, database.read() as session:
        yield from unconfirmed(lab, session)
        for keeper in lab.keepers:
            yield from (f"lost: {deed.item or 'Submit'} {deed.value}" for deed in missing(session, keeper))


def breaches_at_the_end(lab: Lab) -> Iterator[str]:
    """After everything has come to rest."""
    yield from breaches_at_once(lab)
    with lab.beside() as database:
        with database.read() as session:
            yield from unhandled(session)
            yield from foreign_answers(lab, session)
            yield from wrong_entries(lab, session)
            yield from unended(lab, session)
            yield from odd_copies(lab, session)
        yield from (f"audit: {finding.kind} at {finding.seq}" for finding in verify_database(database).findings)


def unconfirmed(lab: Lab, session: Session) -> Iterator[str]:
    """Telegram forgets what we confirm, and a tap that nobody fetches in 150 s or a text in a day."""
    queue = lab.api.state.updates
    waiting = {queued.update_id for queued in queue.waiting}
    gone = set(range(FIRST_UPDATE_ID, queue.next_id)) - waiting - set(session.exec(select(InboxRow.update_id)))
    early = [number for number in gone if number not in lab.kept_until or lab.kept_until[number] > lab.true_now()]
    if len(gone) > queue.expired or early:
        yield f"lost: {len(gone)} updates, of which {queue.expired} expired unfetched"


def missing(session: Session, keeper: Keeper) -> Iterator[Deed]:
    """Deeds that were acknowledged and are not stored."""
    for deed in keeper.acknowledged:
        card = session.exec(select(CardRow).where(CardRow.key == deed.key)).one()
        if deed.submits:
            entries = session.exec(
                select(EntryRow).where(
                    EntryRow.participant_id == card.participant_id, EntryRow.diary_day == card.diary_day
                )
            )
            if not any({item: getattr(row, item) for item in ITEMS} == deed.meant for row in entries):
                yield deed
            continue
        answers = session.exec(
            select(AnswerRow).where(
                AnswerRow.participant_id == card.participant_id, AnswerRow.diary_day == card.diary_day,
                AnswerRow.item == deed.item, AnswerRow.value == deed.value,
            )
        )  # fmt: skip
        if answers.first() is None:
            yield deed


def unhandled(session: Session) -> Iterator[str]:
    """Every update has had its effect."""
    states = Counter(session.exec(select(InboxRow.state)).all())
    if set(states) - {"done"}:
        yield f"updates without an effect: {dict(states)}"


def foreign_answers(lab: Lab, session: Session) -> Iterator[str]:
    """Every stored answer is one that its owner gave to that question, stored for one update only."""
    deeds = {f"u{deed.update_id}": deed for keeper in lab.keepers for deed in keeper.deeds}
    addresses = {row.participant_id: row.address for row in session.exec(select(ChatRow))}
    days = {row.key: row.diary_day for row in session.exec(select(CardRow))}
    rows = session.exec(select(AnswerRow)).all()
    for row in rows:
        deed = deeds.get(row.reference)
        given = deed and (deed.user, deed.item, deed.value, days.get(deed.key))
        if given != (addresses[row.participant_id], row.item, row.value, row.diary_day):
            yield f"an answer nobody gave: {row.item} {row.value} from {row.reference}"
    doubled = [reference for reference, count in Counter(row.reference for row in rows).items() if count > 1]
    yield from (f"an update with two effects: {reference}" for reference in doubled)


def wrong_entries(lab: Lab, session: Session) -> Iterator[str]:
    """What the screen called saved is what is stored for that day."""
    cards = {row.key: row for row in session.exec(select(CardRow))}
    for keeper in lab.keepers:
        for key, meant in keeper.saved.items():
            card = cards[key]
            newest = session.exec(
                select(EntryRow)
                .where(EntryRow.participant_id == card.participant_id, EntryRow.diary_day == card.diary_day)
                .order_by(col(EntryRow.revision).desc())
                .limit(1)
            ).first()
            stored = {item: getattr(newest, item) for item in ITEMS} if newest else None
            if stored != meant:
                yield f"lost: {keeper.user} meant {meant} for {card.diary_day}, stored is {stored}"


def unended(lab: Lab, session: Session) -> Iterator[str]:
    """Every message that was due has an end; no more are unknown than can be in flight at once, for every life."""
    now = lab.clock.now()
    rows = session.exec(select(MessageRow)).all()
    for row in rows:
        if row.due_at <= now and row.state not in ENDS:
            yield f"no end state: {row.kind} {row.state} due {row.due_at}"
    unknown = sum(row.state == "unknown" for row in rows)
    if unknown > IN_FLIGHT * lab.lives:
        yield f"{unknown} unknown after {lab.lives} lives"
    live = Counter(row.dedupe_key for row in rows)
    yield from (f"{count} rows for {key}" for key, count in live.items() if count > 1)


def odd_copies(lab: Lab, session: Session) -> Iterator[str]:
    """Every message in a chat belongs to a row that was sent, or is the copy of one whose outcome is unknown."""
    rows = {row.id: row for row in session.exec(select(MessageRow))}
    for row in rows.values():
        if row.resend_of is not None and rows[row.resend_of].state != "unknown":
            yield f"a copy of a row that is not unknown: {row.kind} {rows[row.resend_of].state}"
    for chat in session.exec(select(ChatRow)):
        mine = [
            row for row in rows.values() if row.kind not in REPEATABLE and row.participant_id == chat.participant_id
        ]
        sent = Counter(row.provider_msg_id for row in mine if row.state == "sent")
        shown = {message.message_id for message in lab.shown(chat.address)}
        unknown = sum(row.state == "unknown" for row in mine)
        if len(shown - set(sent)) > unknown or set(sent) - shown or max(sent.values(), default=1) > 1:
            yield f"{len(shown - set(sent))} messages without a row, {unknown} unknown rows"


def extra_copies(lab: Lab) -> tuple[int, int]:
    """How many messages stand in chats without a receipt, and how many rows are unknown."""
    with lab.beside() as database, database.read() as session:
        rows = session.exec(select(MessageRow)).all()
    sent = {row.provider_msg_id for row in rows if row.state == "sent" and row.kind not in REPEATABLE}
    shown = [message for keeper in lab.keepers for message in lab.shown(keeper.user)]
    unknown = sum(row.state == "unknown" and row.kind not in REPEATABLE for row in rows)
    return sum(message.message_id not in sent for message in shown), unknown
