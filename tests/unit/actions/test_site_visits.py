from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from bot.actions.check_in import check_in, preview_check_in
from bot.actions.miss_visit import miss_visit
from bot.actions.move_visit import move_visit, preview_visit_move
from bot.actions.prepare_visit import prepare_visit
from bot.errors import InvalidInputError, RefusedError
from bot.storage.participants import participant_by_code
from bot.storage.tables import MessageRow, VisitRow
from bot.storage.visits import calendar_of
from schedules.errors import ScheduleError
from schedules.visits import VisitCalendar, VisitState
from tests.support.database import add_card, add_chat
from tests.support.site import ENROLLED_AT, W00, SiteStudy, shanghai, site_study

DAY = timedelta(days=1)
W04 = W00 + 28 * DAY


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    with site_study(tmp_path) as made:
        made.enrol()
        yield made


def calendar(site: SiteStudy) -> VisitCalendar:
    with site.database.read() as session:
        return calendar_of(session, participant_by_code(session, "SH-001"), site.study.protocol)


def test_a_preview_counts_and_changes_nothing(site: SiteStudy) -> None:
    for back in (7, 6, 5, 4, 3):
        site.fill(W04 - back * DAY, 3, 1, 1)
    now = shanghai(W04 - 2 * DAY, 9)
    with site.acting(now) as (audit, participant):
        preview = preview_visit_move(audit.session, participant, "W04", W04 + 2 * DAY, study=site.study, now=now)
    assert (preview.from_on, preview.to_on) == (W04, W04 + 2 * DAY)
    assert (preview.days_in_hand, preview.new_prompts, preview.days_lost) == (3, 2, 2)
    assert (preview.evaluable_before, preview.evaluable_after, preview.outside_tolerance) == (True, True, False)
    assert site.rows(VisitRow) == []


def test_a_move_outside_the_tolerance_needs_a_reason_and_is_marked(site: SiteStudy) -> None:
    to = W04 + 5 * DAY
    with site.acting(ENROLLED_AT) as (audit, participant):
        with pytest.raises(RefusedError, match="outside its tolerance of 2025-04-25 to 2025-05-01"):
            move_visit(audit, participant, "W04", to, study=site.study)
        move_visit(audit, participant, "W04", to, study=site.study, reason="travelling", at=time(9, 30))
    (row,) = site.rows(VisitRow)
    assert (row.scheduled_on, row.time, row.outside_tolerance, row.moved_against) == (to, "09:30", True, W04)
    assert {event.reason for event in site.events("move_visit")} == {"travelling"}
    assert calendar(site).visit("W04").on == to


def test_moving_the_baseline_moves_every_later_visit(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        preview = move_visit(audit, participant, "W00", W00 + 3 * DAY, study=site.study)
    assert [later.code for later in preview.later] == ["W04", "W08", "W12", "W24"]
    assert calendar(site).visit("W24").on == W00 + (3 + 168) * DAY


def test_a_visit_cannot_be_moved_into_the_past_or_past_its_neighbour(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        with pytest.raises(RefusedError, match="at the site it is 2025-03-10 already"):
            move_visit(audit, participant, "W00", date(2025, 3, 9), study=site.study)
        with pytest.raises(ScheduleError, match="must come before W08"):
            move_visit(audit, participant, "W04", W00 + 60 * DAY, study=site.study, reason="late")
        with pytest.raises(ScheduleError, match="W00, W04, W08, W12, W24"):
            move_visit(audit, participant, "W05", W04, study=site.study)


def test_preparation_days_never_count_and_the_diary_reaches_back(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        visit = prepare_visit(
            audit, participant, "W00", bowel_prep=[W00 - 2 * DAY], endoscopy_on=W00 - DAY, study=site.study
        )
    assert visit.scoring_days[0] == W00 - 9 * DAY
    assert [day.reason.value for day in visit.excluded] == ["bowel_prep", "endoscopy"]


def test_preparing_again_replaces_the_days_and_keeps_what_is_equal(site: SiteStudy) -> None:
    for prep in (W00 - 2 * DAY, W00 - DAY):
        with site.acting(ENROLLED_AT) as (audit, participant):
            prepare_visit(audit, participant, "W00", bowel_prep=[prep], endoscopy_on=W00, study=site.study)
    assert [day.on for day in calendar(site).visit("W00").excluded] == [W00 - DAY]
    assert [event.field for event in site.events("prepare_visit")].count("on") == 3


@pytest.mark.parametrize(
    ("bowel_prep", "endoscopy"), [([W00 - 40 * DAY], None), ([W00], W00 - DAY), ([], W00.replace(year=2024))]
)
def test_preparation_dates_that_cannot_be_right_are_refused(
    site: SiteStudy, bowel_prep: list[date], endoscopy: date | None
) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant), pytest.raises(InvalidInputError, match="check"):
        prepare_visit(audit, participant, "W00", bowel_prep=bowel_prep, endoscopy_on=endoscopy, study=site.study)


def test_a_check_in_closes_day_minus_one_and_redraws_its_card(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        chat = add_chat(audit.session, participant, bound_at=ENROLLED_AT, reach_at=ENROLLED_AT)
        add_card(audit.session, participant, diary_day=W00 - DAY, shown="neutral", chat_id=chat.id, provider_msg_id=9)
    site.check_in(now=shanghai(W00, 9))
    closing = [row for row in site.rows(MessageRow, kind="closing") if row.diary_day == W00 - DAY]
    assert [(row.state, row.due_at) for row in closing] == [("planned", shanghai(W00, 9))]
    draft = site.draft("W00", shanghai(W00, 9)).draft
    assert draft.diary.scored[-1].state == "missed"
    assert not [row for row in site.rows(MessageRow, kind="last_call", state="planned") if row.diary_day == W00 - DAY]


def test_a_check_in_keeps_the_protocol_version_and_the_site_date(site: SiteStudy) -> None:
    held = site.check_in(now=shanghai(W00 + DAY, 1), at=shanghai(W00 + DAY, 0, 30))
    (row,) = site.rows(VisitRow)
    assert (row.held_on, row.protocol) == (W00 + DAY, site.study.protocol.fingerprint)
    assert held.preview.to_on == W00 + DAY
    assert calendar(site).visit("W04").on == W04 + DAY


def test_a_held_visit_stays_as_it_is(site: SiteStudy) -> None:
    site.check_in()
    with site.acting(shanghai(W00, 10)) as (audit, participant):
        with pytest.raises(RefusedError, match="W00 was checked in at 2025-03-31 09:00"):
            check_in(audit, participant, "W00", study=site.study)
        with pytest.raises(ScheduleError, match="cannot be moved"):
            move_visit(audit, participant, "W00", W00 + DAY, study=site.study)
        with pytest.raises(RefusedError, match="stay as they are"):
            prepare_visit(audit, participant, "W00", bowel_prep=[W00 - DAY], endoscopy_on=None, study=site.study)
        with pytest.raises(RefusedError, match="stays as it is"):
            miss_visit(audit, participant, "W00", state="no_show", reason="not seen", study=site.study)


def test_a_check_in_in_the_future_or_long_ago_is_refused(site: SiteStudy) -> None:
    now = shanghai(W00, 9)
    with site.acting(now) as (audit, participant):
        for at, sentence in (
            (now + timedelta(minutes=1), "cannot have begun"),
            (shanghai(W00.replace(year=2024), 9), "earliest"),
        ):
            with pytest.raises(InvalidInputError, match=sentence):
                preview_check_in(audit.session, participant, "W00", at, study=site.study, now=now)


def test_a_card_that_a_move_renumbers_is_redrawn_and_one_it_leaves_alone_is_not(site: SiteStudy) -> None:
    evening = shanghai(W04 - 7 * DAY, 19)
    with site.acting(evening) as (audit, participant):
        chat = add_chat(audit.session, participant, bound_at=ENROLLED_AT, reach_at=ENROLLED_AT)
        add_card(
            audit.session, participant, diary_day=W04 - 7 * DAY, shown="neutral", chat_id=chat.id, provider_msg_id=9
        )
        move_visit(audit, participant, "W08", W00 + 57 * DAY, study=site.study)
    assert site.rows(MessageRow, kind="edit") == []
    with site.acting(evening) as (audit, participant):
        move_visit(audit, participant, "W04", W04 - DAY, study=site.study)
    assert [row.diary_day for row in site.rows(MessageRow, kind="edit")] == [W04 - 7 * DAY]


def test_a_no_show_ends_the_prompts_of_its_visit_only(site: SiteStudy) -> None:
    with site.acting(shanghai(W04 - 20 * DAY, 9)) as (audit, participant):
        add_chat(audit.session, participant, bound_at=ENROLLED_AT, reach_at=ENROLLED_AT)
        miss_visit(audit, participant, "W04", state="not_done", reason="moved away", study=site.study)
    assert not site.rows(MessageRow, visit="W04", state="planned")
    assert calendar(site).visit("W08").state is VisitState.PLANNED


def test_a_termination_ends_all_later_visits_and_cannot_be_undone_by_moving(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        miss_visit(audit, participant, "W08", state="terminated", reason="new therapy", study=site.study)
        with pytest.raises(RefusedError, match="were terminated"):
            move_visit(audit, participant, "W12", W00 + 85 * DAY, study=site.study)
        with pytest.raises(RefusedError, match="were terminated"):
            check_in(audit, participant, "W24", study=site.study)
    assert [visit.state.value for visit in calendar(site).visits] == ["planned", "planned", *["terminated"] * 3]


def test_a_missed_visit_can_be_planned_again_by_moving_it(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        miss_visit(audit, participant, "W04", state="no_show", reason="forgot", study=site.study)
        move_visit(audit, participant, "W04", W04 + DAY, study=site.study)
    assert calendar(site).visit("W04").state is VisitState.PLANNED
