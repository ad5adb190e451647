"""What every act of a site team shares: who may do it, a reason in words, and bringing plan and cards in step."""

from collections.abc import Collection, Iterable
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
from bot.storage.views.cards import open_records
from bot.storage.views.days import read_diary
from bot.storage.visits import visit_row


def check_may(actor: Actor, permission: Permission, act: str) -> None:
    """Refuse staff whose role does not include the act; an operator at the console may, and is named in the trail."""
    if actor.kind is ActorKind.STAFF and not can(Role(actor.role), permission):
        allowed = " or ".join(sorted(role.value for role in TABLE[permission].roles))
        raise NotAllowedError(f"The role {actor.role} may not {act}: ask a {allowed}.")


def check_reason(reason: str | None, act: str) -> str:
    """The reason with its blanks trimmed; an empty one is refused."""
    words = (reason or "").strip()
    if not words:
        raise RefusedError(f"To {act} a reason is needed: give it with --reason.")
    return words


def check_not_withdrawn(participant: ParticipantRow, act: str) -> None:
    """Refuse an act that only makes sense while the participant takes part."""
    if participant.withdrawn_at is not None:
        raise RefusedError(f"{participant.code} was withdrawn on {participant.withdrawn_at:%Y-%m-%d}: {act}.")


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
class Standing:
    """The cards that a participant could still tap before an act changed the calendar."""

    days: frozenset[date]


def standing_cards(session: Session, participant: ParticipantRow, study: Study, now: datetime) -> Standing:
    """Note which days are open now; call it before the act."""
    diary = read_diary(session, participant, study.protocol, now)
    return Standing(frozenset(record.on for record in open_records(diary, now)))


def bring_in_step(
    audit: Trail, participant: ParticipantRow, before: Standing, *, study: Study, also: Iterable[date] = ()
) -> None:
    """Plan anew and redraw the cards that the act may have closed or renumbered; call it after the act."""
    audit.session.flush()
    participant.plan_version += 1
    audit.session.add(participant)
    plan_participant(audit.session, participant, study=study, now=audit.now)
    redraw(audit, participant, before.days | set(also))


def redraw(audit: Trail, participant: ParticipantRow, days: Collection[date]) -> None:
    """Queue an edit of each day's card that stands in the participant's chat."""
    chat = bound_chat(audit.session, participant.id or 0)
    if chat is None or chat.blocked_at is not None:
        return
    for _day, card in sorted(cards_of(audit.session, participant.id or 0, days).items()):
        if card.provider_msg_id is not None:
            queue_card_edit(audit.session, card, address=chat.address, reference=f"c{audit.request_id}", now=audit.now)


def as_utc(at: datetime) -> datetime:
    """An aware instant in UTC."""
    return at.astimezone(UTC)
