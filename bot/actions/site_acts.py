"""What every act of a site team shares: who may do it, a reason in words, and bringing plan and cards in step."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from bot.actions.plan_messages import plan_participant
from bot.actions.queue import queue_card_edit
from bot.actions.study import Study
from bot.errors import NotAllowedError, RefusedError
from bot.people.actor import Actor, ActorKind
from bot.people.roles import TABLE, Permission, Role, can
from bot.storage.diary import cards_of
from bot.storage.participants import bound_chat
from bot.storage.tables import EntryRow, ParticipantRow, VisitRow
from bot.storage.trail import Trail, insert
from bot.storage.views.cards import is_open
from bot.storage.views.days import Diary, read_diary
from bot.storage.visits import visit_row
from schedules.errors import AnyOf, Term


def check_may(actor: Actor, permission: Permission, act: str) -> None:
    """Refuse staff whose role does not include the act; an operator at the console may, and is named in the trail."""
    if actor.kind is ActorKind.STAFF and not can(Role(actor.role), permission):
        allowed = AnyOf(sorted(role.value for role in TABLE[permission].roles))
        raise NotAllowedError(
            "The role %(role)s may not %(act)s: ask a %(allowed)s.",
            role=Term(actor.role),
            act=Term.of(act),
            allowed=allowed,
        )


def check_reason(reason: str | None, act: str) -> str:
    """The reason with its blanks trimmed; an empty one is refused."""
    words = (reason or "").strip()
    if not words:
        raise RefusedError("To %(act)s a reason is needed: give it with --reason.", act=Term.of(act))
    return words


def check_not_withdrawn(participant: ParticipantRow, act: str) -> None:
    """Refuse an act that only makes sense while the participant takes part."""
    if participant.withdrawn_at is not None:
        raise RefusedError(
            "%(who)s was withdrawn on %(on)s: %(act)s.",
            who=participant.code,
            on=participant.withdrawn_at.date(),
            act=Term.of(act),
        )


def site_day(at: datetime, participant: ParticipantRow, study: Study) -> date:
    """The date of an instant in the zone of the participant's site."""
    return at.astimezone(ZoneInfo(study.protocol.site(participant.site).timezone)).date()


def site_clock(at: datetime, participant: ParticipantRow, study: Study) -> str:
    """An instant as the site's wall clock shows it, for a sentence."""
    return at.astimezone(ZoneInfo(study.protocol.site(participant.site).timezone)).strftime("%Y-%m-%d %H:%M")


def visit_to_write(audit: Trail, participant: ParticipantRow, code: str) -> VisitRow:
    """The stored visit, made when something is first decided about it."""
    row = visit_row(audit.session, participant.id or 0, code)
    if row is None:
        row = VisitRow(participant_id=participant.id or 0, code=code)
        insert(audit, row, "open_visit", fields=("code",))
    return row


def entered_days(session: Session, participant: ParticipantRow, study: Study) -> frozenset[date]:
    """Every date whose entry counts, whichever visit it may come to serve."""
    timings = ["on_time", "late"] + (["after_closing"] if study.protocol.rules.score_after_closing else [])
    rows = session.exec(
        select(EntryRow).where(EntryRow.participant_id == participant.id, col(EntryRow.timing).in_(timings))
    )
    return frozenset(row.diary_day for row in rows)


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the calendar a card shows: visit, scoring days, the day's number, and whether it can be tapped."""

    visit: str | None
    scoring_days: tuple[date, ...]
    number: int | None
    tappable: bool


Standing = Mapping[date, Shown]


def standing_cards(session: Session, participant: ParticipantRow, study: Study, now: datetime) -> Standing:
    """What the cards of the days open by the clock show; call it before the act."""
    diary = read_diary(session, participant, study.protocol, now)
    return {on: _shown(diary, on, now) for on, record in diary.records.items() if record.day.is_open(now)}


def _shown(diary: Diary, on: date, now: datetime) -> Shown:
    record, asked = diary.records.get(on), diary.asked(on)
    visit = diary.calendar.visit(asked.visit) if asked else None
    tappable = record is not None and is_open(record, now) and diary.participant.withdrawn_at is None
    return Shown(
        visit=visit.code if visit else None,
        scoring_days=visit.scoring_days if visit else (),
        number=asked.number if asked else None,
        tappable=tappable and asked is not None,
    )


def bring_in_step(audit: Trail, participant: ParticipantRow, before: Standing, *, study: Study) -> None:
    """Plan anew, and redraw the cards that the act closed or renumbered; call it after the act.

    A card whose day has ended by the clock, as at a check-in, is closed by its planned closing message.
    """
    audit.session.flush()
    participant.plan_version += 1
    audit.session.add(participant)
    plan_participant(audit.session, participant, study=study, now=audit.now)
    diary = read_diary(audit.session, participant, study.protocol, audit.now, days=before.keys())
    changed = [
        on
        for on, shown in before.items()
        if diary.records[on].day.is_open(audit.now) and _shown(diary, on, audit.now) != shown
    ]
    _redraw(audit, participant, changed)


def _redraw(audit: Trail, participant: ParticipantRow, days: Collection[date]) -> None:
    """Queue an edit of each day's card that stands in the participant's present chat."""
    chat = bound_chat(audit.session, participant.id or 0)
    if chat is None or chat.blocked_at is not None:
        return
    for _day, card in sorted(cards_of(audit.session, participant.id or 0, days).items()):
        if card.provider_msg_id is not None and card.chat_id in (None, chat.id):
            queue_card_edit(audit.session, card, address=chat.address, reference=f"c{audit.request_id}", now=audit.now)


def as_utc(at: datetime) -> datetime:
    """An aware instant in UTC."""
    return at.astimezone(UTC)
