from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.actions.change_zone import change_zone
from bot.actions.invite import invite
from bot.actions.unlink import unlink
from bot.actions.withdraw import withdraw
from bot.errors import InvalidInputError, NotAllowedError, RefusedError
from bot.people.actor import Actor, ActorKind
from bot.people.keys import token_hash
from bot.storage.participants import zone_history
from bot.storage.tables import ChatRow, InvitationRow, MessageRow, ParticipantRow
from schedules.errors import ScheduleError
from tests.support.database import add_card, add_chat
from tests.support.site import ENROLLED_AT, W00, SiteStudy, shanghai, site_study


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    with site_study(tmp_path) as made:
        yield made


def test_enrolment_freezes_the_standard_weight_exactly(site: SiteStudy) -> None:
    site.enrol(height_cm=Decimal("172.5"))
    assert site.participant().standard_weight_kg == "65.7613125"  # 22.1 x 1.725 squared


def test_a_token_is_kept_only_as_its_hash_and_expires_with_the_protocol(site: SiteStudy) -> None:
    enrolled = site.enrol()
    (row,) = site.rows(InvitationRow)
    assert (row.token_hash, row.expires_at) == (token_hash(enrolled.token), ENROLLED_AT + timedelta(hours=72))
    said = [value for event in site.events("invite") for value in event.model_dump().values()]
    assert said
    assert enrolled.token not in said


def test_a_new_invitation_makes_the_earlier_ones_worthless(site: SiteStudy) -> None:
    site.enrol()
    with site.acting(ENROLLED_AT) as (audit, participant):
        token = invite(audit, participant, study=site.study)
    open_ones = [row for row in site.rows(InvitationRow) if row.revoked_at is None]
    assert [row.token_hash for row in open_ones] == [token_hash(token)]


def test_a_code_is_enrolled_once(site: SiteStudy) -> None:
    site.enrol()
    with pytest.raises(RefusedError, match="SH-001 is enrolled already, since 2025-03-10"):
        site.enrol()
    assert len(site.rows(ParticipantRow)) == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"code": "Ann Smith"}, "shape of a participant code"),
        ({"code": "SH-01"}, "shape of a participant code"),
        ({"site": "nowhere"}, "it has seh"),
        ({"sex": "m"}, "male or female"),
        ({"language": "fr"}, "zh or en"),
        ({"height_cm": Decimal("1.72")}, "outside 120-220 cm"),
        ({"timezone": "UTC+8"}, "IANA"),
        ({"timezone": "Asia/Beijing"}, "IANA"),
        ({"baseline_on": date(2052, 3, 31)}, "check the year"),
        ({"consent_on": date(2025, 3, 11)}, "lies in the future"),
        ({"standard_weight_kg": Decimal(65)}, "computes the standard weight"),
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_is_stored(
    site: SiteStudy, values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ScheduleError, match=sentence):
        site.enrol(**values)
    assert site.rows(ParticipantRow) == []


def test_a_stoma_is_enrolled_with_a_warning(site: SiteStudy) -> None:
    assert any("will not be computed" in warning for warning in site.enrol(stoma=True).warnings)


def test_a_new_zone_holds_from_the_next_diary_day(site: SiteStudy) -> None:
    site.enrol()
    now = shanghai(date(2025, 3, 26), 23)
    with site.acting(now) as (audit, participant):
        from_on = change_zone(audit, participant, "Europe/London", reason="travels", study=site.study)
        history = zone_history(audit.session, participant.id)
    assert from_on == date(2025, 3, 27)
    assert [(period.from_day, period.tzid) for period in history][-1] == (from_on, "Europe/London")


def test_the_zone_in_force_and_a_change_without_reason_are_refused(site: SiteStudy) -> None:
    site.enrol()
    with site.acting(ENROLLED_AT) as (audit, participant):
        with pytest.raises(RefusedError, match="already"):
            change_zone(audit, participant, "Asia/Shanghai", reason="check", study=site.study)
        with pytest.raises(RefusedError, match="--reason"):
            change_zone(audit, participant, "Europe/London", reason="  ", study=site.study)


def test_a_zone_change_moves_the_planned_prompts(site: SiteStudy) -> None:
    site.enrol()
    with site.acting(ENROLLED_AT) as (audit, participant):
        add_chat(audit.session, participant, bound_at=ENROLLED_AT, reach_at=ENROLLED_AT)
        change_zone(audit, participant, "Europe/London", reason="travels", study=site.study)
    prompts = site.rows(MessageRow, kind="prompt", state="planned")
    assert prompts
    assert {row.tzid for row in prompts} == {"Europe/London"}


def test_a_withdrawal_ends_messages_closes_the_card_and_keeps_the_entries(site: SiteStudy) -> None:
    site.enrol()
    evening = shanghai(W00 - timedelta(days=3), 20, 5)
    site.fill(W00 - timedelta(days=4), 4, 1, 1)
    with site.acting(evening) as (audit, participant):
        chat = add_chat(audit.session, participant, bound_at=ENROLLED_AT, reach_at=ENROLLED_AT)
        add_card(
            audit.session, participant, diary_day=W00 - timedelta(days=3), shown="neutral", chat_id=chat.id,
            provider_msg_id=7,
        )  # fmt: skip
        invite(audit, participant, study=site.study)
    with site.acting(evening) as (audit, participant):
        withdraw(audit, participant, reason="asked to", study=site.study)
    assert not [row for row in site.rows(MessageRow, state="planned") if row.kind in ("prompt", "second", "last_call")]
    assert [row.kind for row in site.rows(MessageRow) if row.card_id is not None and row.kind == "edit"] == ["edit"]
    assert all(row.revoked_at is not None for row in site.rows(InvitationRow))
    assert site.participant().withdrawn_at == evening
    assert [event.reason for event in site.events("withdraw")] == ["asked to"]


def test_after_a_withdrawal_nothing_is_invited_moved_or_withdrawn_again(site: SiteStudy) -> None:
    site.enrol()
    with site.acting(ENROLLED_AT) as (audit, participant):
        withdraw(audit, participant, reason="asked to", study=site.study)
        with pytest.raises(RefusedError, match="was withdrawn on 2025-03-10"):
            withdraw(audit, participant, reason="again", study=site.study)
        with pytest.raises(RefusedError, match="invitation"):
            invite(audit, participant, study=site.study)


def test_an_unlinked_chat_is_let_go_and_a_missing_one_is_said(site: SiteStudy) -> None:
    site.enrol()
    with site.acting(ENROLLED_AT) as (audit, participant):
        add_chat(audit.session, participant, bound_at=ENROLLED_AT)
        unlink(audit, participant, reason="phone lost", study=site.study)
        with pytest.raises(RefusedError, match="no chat to unlink"):
            unlink(audit, participant, reason="phone lost", study=site.study)
    assert [row.unbound_at for row in site.rows(ChatRow)] == [ENROLLED_AT]


def test_a_monitor_may_not_enrol(site: SiteStudy) -> None:
    monitor = Actor(ActorKind.STAFF, "staff:m", "monitor")
    with site.trail(ENROLLED_AT, actor=monitor) as audit, pytest.raises(NotAllowedError, match="monitor may not"):
        invite(audit, ParticipantRow(), study=site.study)


def test_a_refusal_about_a_value_carries_a_stable_code(site: SiteStudy) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        site.enrol(timezone="Mars/Base")
    assert refusal.value.code == "timezone_unknown"
