"""The morning list: whose yesterday is still open, who cannot reach the minimum, whom messages do not reach."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session

from bot.people.roles import ALL_SITES
from bot.storage.tables import MessageRow, ParticipantRow
from bot.storage.tables.traffic import ON_THE_WAY
from bot.storage.views.board import RINGING, Group
from bot.storage.views.kept import Kept
from bot.storage.views.standing import Standing, kept_standings, within
from schedules.protocol import StudyProtocol


@dataclass(frozen=True, slots=True)
class MorningList:
    """The three parts of the list, whole; each participant stands in one. `anybody` tells an empty study."""

    save: Sequence[Standing]
    cannot: Sequence[Standing]
    unreached: Sequence[Standing]
    anybody: bool

    @property
    def total(self) -> int:
        return len(self.save) + len(self.cannot) + len(self.unreached)

    @property
    def pressing(self) -> int:
        """How many of those that can be saved have no day to lose."""
        return sum(one.spare == 0 for one in self.save)


def read_morning(
    session: Session,
    protocol: StudyProtocol,
    now: datetime,
    *,
    scope: str,
    standings: Kept[Standing] | None = None,
) -> MorningList:
    """The list at `now` for some sites; constant number of queries. `standings` spares what is worked out already."""
    kept = kept_standings() if standings is None else standings
    own = within(kept.read(session, protocol, now), scope)
    rest = (one for one in own if one.group not in (Group.SAVE, Group.CANNOT) and one.unreached is not None)
    return MorningList(
        save=[one for one in own if one.group is Group.SAVE],
        cannot=[one for one in own if one.group is Group.CANNOT],
        unreached=sorted(rest, key=lambda one: (one.unreached, one.rank)),
        anybody=bool(own),
    )


def closing_today(save: Iterable[Standing], now: datetime) -> dict[datetime, list[Standing]]:
    """Whose days close at which instant from now on, earliest first."""
    found: dict[datetime, list[Standing]] = defaultdict(list)
    for one in save:
        for at in one.closings:
            if at > now:
                found[at].append(one)
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Evening:
    """Messages since last evening by end state, and the questions planned for this evening by their instant."""

    ended: Mapping[str, int]
    tonight: Mapping[datetime, int]


def read_evening(session: Session, now: datetime, since: datetime, *, scope: str) -> Evening:
    """What became of the messages of some sites since an instant, and what is planned for the next 24 hours."""
    found = MessageRow.__table__.c  # type: ignore[attr-defined]  # SQLModel hides the table
    people = ParticipantRow.__table__.c  # type: ignore[attr-defined]
    statement = (
        select(found.state, found.due_at, found.kind, func.count())
        .join(ParticipantRow.__table__, found.participant_id == people.id)  # type: ignore[attr-defined]
        .where(found.kind.in_(RINGING), found.due_at >= since, found.due_at < now + timedelta(hours=24))
        .group_by(found.state, found.due_at, found.kind)
    )
    if scope != ALL_SITES:
        statement = statement.where(people.site.in_(scope.split(",")))
    rows = session.connection().execute(statement).all()
    ended: dict[str, int] = dict.fromkeys(("sent", "refused", "unknown", "expired"), 0)
    tonight: dict[datetime, int] = {}
    for state, due_at, kind, number in rows:
        if state in ended:
            ended[state] += number
        elif state in ON_THE_WAY and kind == "prompt" and due_at > now:
            tonight[due_at] = tonight.get(due_at, 0) + number
    return Evening(ended, dict(sorted(tonight.items())))
