"""A large study on one evening, for measurements: real diaries and real plans, two participants' copied to all others.

Everybody is on the fourth of the seven days before week 4 and has the plan that the planner itself makes. The first
`due` of them are asked at 20:00 and have entered the three days before; the others are asked at 20:30.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, insert, text, update
from sqlmodel import Session, SQLModel, col

from bot.actions.plan_messages import plan_participant
from bot.actions.study import Study
from bot.diary.card import Shown
from bot.people.actor import SYSTEM, Origin
from bot.storage.database import Database
from bot.storage.tables import AnswerRow, CardRow, ChatRow, EntryRow, MessageRow, ParticipantRow, VisitRow, ZoneRow
from bot.storage.trail import Trail
from bot.storage.witness import claims

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_CHAT = 6_000_000_000  # plus the number of the participant
HOURS = ("20:00", "20:30")
ENTERED = 3  # diary days before tonight
AHEAD = timedelta(days=4)  # from tonight to the visit
ITEMS = {"stools": 4, "pain": 1, "wellbeing": 2}
BATCH = 10_000
UTC_INSTANT = MessageRow.__table__.c.due_at.type  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Scene:
    """What was written: the instant at which `due` prompts fall due, planned rows and participants in all."""

    due_at: datetime
    due: int
    planned: int
    participants: int

    @property
    def chats(self) -> tuple[int, int]:
        """The first and the last address."""
        return FIRST_CHAT + 1, FIRST_CHAT + self.participants


def evening_after(now: datetime) -> datetime:
    """20:00 in Shanghai, forty days ahead, since a study clock only moves forward."""
    return datetime.combine((now + timedelta(days=40)).date(), time(20), ZONE).astimezone(UTC)


def seed(database: Database, study: Study, due_at: datetime, *, due: int, planned: int, whole: bool) -> Scene:
    """Write `due` prompts for one second, and other planned rows until there are about `planned` more.

    `whole`: everybody has a whole plan; otherwise those who are due have only tonight's prompt.
    """
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL statement_timeout = 0"))  # nobody's tap waits for this
        for number, hour in enumerate(HOURS, start=1):
            _write_model(session, study, number, hour, due_at)
        count = text("SELECT count(*) FROM message WHERE participant_id = 2 AND state = 'planned'")
        each = int(session.execute(count).scalar_one())
        others = -(-max(planned - due * (each - 1) * whole, 0) // each)
        participants = max(due + others, due + 1)
        for first in range(3, participants + 1, BATCH):
            _copy(session, due, range(first, min(first + BATCH, participants + 1)), None if whole else due_at)
        if not database.is_sqlite:
            _count_on(session)
    _learn(database)
    return Scene(due_at, due, count_planned(database), participants)


def count_planned(database: Database) -> int:
    """Planned rows that nobody has taken up."""
    with database.read() as session:
        return int(session.execute(text("SELECT count(*) FROM message WHERE state = 'planned'")).scalar_one())


def tell_the_trail(database: Database) -> int:
    """Record what the copied rows lack, so that the audit trail is intact; answers how many events that took."""
    with database.write() as session:
        told = list(claims(session))
        for entity, action, entity_id, name, old, new, at, *more in told:
            request, reason = (more[0], more[1] if more[1:] else None) if entity != "participant_zone" else ("", None)
            trail = Trail(session, at, SYSTEM, Origin.COMMAND, request_id=request)
            trail.record(action, entity, entity_id, field_name=name, old=old, new=new, reason=reason)
    return len(told)


def _write_model(session: Session, study: Study, number: int, hour: str, due_at: datetime) -> None:
    """One participant by way of the tables' own classes, and the plan of the planner itself."""
    tonight = due_at.astimezone(ZONE).date()
    visit = study.protocol.visit("W04")
    baseline = tonight + AHEAD - timedelta(days=visit.day_offset)
    joined = due_at - timedelta(days=40)
    who = ParticipantRow(
        id=number, code=f"SH-{number:05d}", site="seh", sex="female", height_cm="165", standard_weight_kg="57.0",
        language="en" if number % 2 else "zh", hour=hour, baseline_on=baseline, enrolled_at=joined, joined_at=joined,
    )  # fmt: skip
    session.add(who)
    session.flush()
    session.add(ZoneRow(participant_id=number, from_on=tonight - timedelta(days=120), tzid="Asia/Shanghai",
                        set_at=joined, reason="enrolment"))  # fmt: skip
    session.add(
        ChatRow(id=number, participant_id=number, address=FIRST_CHAT + number, bound_at=joined, reach_at=joined)
    )
    session.add(VisitRow(participant_id=number, code="W00", state="held", held_on=baseline,
                         held_at=datetime.combine(baseline, time(9, 5), ZONE).astimezone(UTC),
                         protocol=study.protocol.fingerprint))  # fmt: skip
    session.flush()
    for back in range(ENTERED, 0, -1):
        _write_day(session, study, who, tonight - timedelta(days=back), due_at - timedelta(days=back))
    plan_participant(session, who, study=study, now=due_at - timedelta(minutes=1))
    past = update(MessageRow).where(col(MessageRow.state) == "planned", col(MessageRow.due_at) < due_at)
    session.execute(past.values(state="sent", sent_at=MessageRow.due_at, outcome="delivered"))  # at noon: the closing


def _write_day(session: Session, study: Study, who: ParticipantRow, day: date, at: datetime) -> None:
    """A day that was asked, answered and submitted: card, answers, entry and the prompt that was sent."""
    number, at = who.id or 0, at + timedelta(minutes=3)
    same: dict[str, Any] = {
        "participant_id": number, "diary_day": day, "source": "participant", "language": who.language,
        "wording_version": "1", "protocol": study.protocol.fingerprint, "reference": f"u{number}",
    }  # fmt: skip
    card = CardRow(participant_id=number, diary_day=day, visit="W04", key=study.keys.card_key(), revision=6,
                   shown=Shown.SAVED.value, touched_at=at, chat_id=number, provider_msg_id=number)  # fmt: skip
    session.add(card)
    session.flush()
    session.add_all(
        AnswerRow(**same, item=item, ordinal=1, value=value, answered_at=at) for item, value in ITEMS.items()
    )
    session.add(
        EntryRow(
            **same,
            **ITEMS,
            revision=1,
            submitted_at=at,
            timing="on_time",
            tzid="Asia/Shanghai",
            utc_offset_minutes=480,
            rules=study.protocol.rules.hash,
        )
    )
    session.add(
        MessageRow(
            dedupe_key=f"p{number}/{day}/prompt/1",
            participant_id=number,
            card_id=card.id,
            visit="W04",
            diary_day=day,
            kind="prompt",
            wall_date=day,
            wall_time=time.fromisoformat(who.hour),
            tzid="Asia/Shanghai",
            due_at=at,
            not_after=at,
            state="sent",
            fence=1,
            sending_at=at,
            sent_at=at,
            provider_msg_id=number,
            outcome="delivered",
            created_at=at,
        )
    )


def _copy(session: Session, due: int, numbers: range, only: datetime | None) -> None:
    """Give these participants the rows of their model: of the first while more are to be due, else of the second.

    With `only`, those who are due then get no other planned row.
    """
    people = [_person(session, number, 1 if number <= due + 1 else 2) for number in numbers]
    session.execute(insert(ParticipantRow), people)
    for model in (1, 2):
        for table in COPIED if model == 1 else PLANNED_ONLY:
            _copy_rows(session, table, model, numbers, due, only if model == 1 else None)


def _person(session: Session, number: int, model: int) -> dict[str, Any]:
    who = session.get_one(ParticipantRow, model)
    return {**who.model_dump(), "id": number, "code": f"SH-{number:05d}"}


COPIED: tuple[type[SQLModel], ...] = (ZoneRow, ChatRow, VisitRow, CardRow, AnswerRow, EntryRow, MessageRow)
PLANNED_ONLY = (ZoneRow, ChatRow, VisitRow, MessageRow)  # of those who are not due, so that a million rows stay quick
DIGITS = "substr('0000000000' || p.id, length('0000000000' || p.id) - 9)"
MADE_ANEW = {
    "participant_id": "p.id",
    "chat_id": "p.id",
    "address": f"{FIRST_CHAT} + p.id",
    "card_id": "NULL",
    "key": f"substr(t.key, 1, 6) || {DIGITS}",
    "dedupe_key": "replace(t.dedupe_key, 'p' || t.participant_id || '/', 'p' || p.id || '/')",
}


def _copy_rows(
    session: Session, table: type[SQLModel], model: int, numbers: range, due: int, only: datetime | None
) -> None:
    """Copy the model's rows inside the database; a chat has the number of its participant."""
    given = {name: MADE_ANEW.get(name, f"t.{name}") for name in table.model_fields if name != "id"}
    if table is MessageRow:
        given["address"] = "NULL"
    if table is ChatRow:
        given["id"] = "p.id"
    wanted = f"p.id <= {due + 1}" if model == 1 else f"p.id > {due + 1}"
    if only is not None and table is MessageRow:
        wanted += " AND (t.state <> 'planned' OR t.due_at = :only)"
    statement = text(  # of our own names and numbers
        f"INSERT INTO {table.__tablename__} ({', '.join(given)}) SELECT {', '.join(given.values())} "
        f"FROM participant p CROSS JOIN {table.__tablename__} t WHERE t.participant_id = {model} "
        f"AND p.id BETWEEN {numbers[0]} AND {numbers[-1]} AND {wanted} ORDER BY p.id, t.id"
    )
    if only is not None and table is MessageRow:
        session.execute(statement.bindparams(bindparam("only", only, UTC_INSTANT)))
    else:
        session.execute(statement)


def _count_on(session: Session) -> None:
    """PostgreSQL numbers on from where the copies end."""
    for table in ("participant", "chat"):
        session.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))


def _learn(database: Database) -> None:
    """What a server's own housekeeping would have done by the evening."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not database.is_sqlite:
            connection.execute(text("VACUUM ANALYZE"))
