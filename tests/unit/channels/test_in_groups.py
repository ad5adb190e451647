"""Several messages at once come to the same as each alone."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.actions import in_groups
from bot.actions.prepare_message import Dropped, Later, Ready, prepare
from bot.actions.study import Study
from bot.storage.database import Database
from bot.storage.outbox import begin_sending, claim_due, claim_of, finish_delivered, put_back
from bot.storage.tables import CardRow, ChatRow, MessageRow, ParticipantRow
from schedules.clock import SystemClock
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.bench_seed import ZONE, Scene, evening_after, seed

STUDY = Study(load_protocol(seed_protocol_path()))
DUE_AT = evening_after(SystemClock().now())
TONIGHT = DUE_AT.astimezone(ZONE).date()


@pytest.fixture
def scene(database: Database) -> Scene:
    return seed(database, STUDY, DUE_AT, due=6, planned=60, whole=True)


def due(session: Session) -> list[MessageRow]:
    query = select(MessageRow).where(MessageRow.state == "planned", MessageRow.due_at == DUE_AT)
    return list(session.exec(query.order_by(col(MessageRow.id))))


def cards_of(session: Session) -> list[CardRow]:
    """The cards of tonight, in the order in which they were made."""
    return list(session.exec(select(CardRow).where(CardRow.diary_day == TONIGHT).order_by(col(CardRow.id))))


def leave(session: Session, rows: list[MessageRow]) -> None:
    """Check and word these messages, and mark them as on their way."""
    prepared = in_groups.prepare(session, rows, study=STUDY, now=DUE_AT)
    found = zip(rows, prepared, strict=True)
    cards = {row.id or 0: one.card_id for row, one in found if isinstance(one, Ready) and one.card_id is not None}
    begin_sending(session, rows, now=DUE_AT, cards=cards)


def spoil(session: Session, rows: list[MessageRow]) -> None:
    """One participant stopped, one chat blocked, one day entered, one hour moved; two are as they were."""
    stopped, blocked, _entered, moved, *_others = [session.get_one(ParticipantRow, row.participant_id) for row in rows]
    stopped.stopped_at = DUE_AT
    session.exec(select(ChatRow).where(ChatRow.participant_id == blocked.id)).one().blocked_at = DUE_AT
    moved.hour = "21:00"
    rows[2].not_after = DUE_AT - timedelta(minutes=1)


def test_a_group_is_decided_and_worded_like_each_alone(database: Database, scene: Scene) -> None:
    with Session(database.engine) as session:
        rows = due(session)
        spoil(session, rows)
        session.flush()
        alone = [prepare(session, row, study=STUDY, now=DUE_AT) for row in rows]
        together = in_groups.prepare(session, rows, study=STUDY, now=DUE_AT)
        assert len(rows) == scene.due
        assert list(together) == alone
        assert [type(one) for one in together] == [Dropped, Dropped, Dropped, Later, Ready, Ready]
        assert [one.card_id for one in together if isinstance(one, Ready)] == [card.id for card in cards_of(session)]


def test_a_group_of_first_copies_is_kept_like_each_alone(database: Database, scene: Scene) -> None:
    with database.write() as session:
        rows = due(session)
        leave(session, rows)
        in_groups.delivered(session, [(row, 900 + (row.id or 0)) for row in rows], now=DUE_AT)
    with database.read() as session:
        for row in rows:
            card = session.get_one(CardRow, row.card_id)
            chat = session.exec(select(ChatRow).where(ChatRow.participant_id == row.participant_id)).one()
            assert (card.provider_msg_id, card.chat_id) == (900 + (row.id or 0), chat.id)


def test_a_second_copy_in_a_group_puts_the_older_one_away(database: Database, scene: Scene) -> None:
    with database.write() as session:
        first, other, *_ = due(session)
        leave(session, [first, other])
        card = session.get_one(CardRow, first.card_id)
        card.provider_msg_id = 70
        session.flush()
        in_groups.delivered(session, [(first, 901), (other, 902)], now=DUE_AT)
    with database.read() as session:
        assert session.get_one(CardRow, card.id).provider_msg_id == 901
        edits = session.exec(select(MessageRow).where(MessageRow.kind == "edit")).all()
        assert [row.dedupe_key for row in edits] == [f"older/{card.id}/past/70"]


def test_only_rows_that_are_still_held_are_ended_as_delivered(database: Database, scene: Scene) -> None:
    with database.write() as session:
        rows = claim_due(session, owner="one", study_now=DUE_AT, system_now=DUE_AT, limit=3)
        claims = [claim_of(row) for row in rows]
        put_back(session, rows[0], next_try_at=None)
    with database.write() as session:
        kept = finish_delivered(session, dict.fromkeys(claims, 5), now=DUE_AT)
    assert kept == frozenset(claims[1:])
    with database.read() as session:
        states = [session.get_one(MessageRow, claim.id).state for claim in claims]
        assert states == ["planned", "sent", "sent"]
        assert session.get_one(MessageRow, claims[1].id).provider_msg_id == 5
