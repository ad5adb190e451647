from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.actions.adopt_protocol import adopt_protocol
from bot.actions.assess import ClinicValues
from bot.actions.miss_visit import miss_visit
from bot.actions.prepare_visit import prepare_visit
from bot.actions.study import Study
from bot.actions.withdraw import withdraw
from bot.errors import RefusedError
from bot.scoring.draft import Draft
from bot.storage.diary import add_answer, add_entry, add_helped
from bot.storage.tables import AnswerRow, AuditRow, EntryRow, VisitRow
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.site import ALL_CLINIC, ENROLLED_AT, W00, SiteStudy, shanghai, site_study

DAY = timedelta(days=1)
W04 = W00 + 28 * DAY


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    with site_study(tmp_path) as made:
        made.enrol()
        yield made


def fill(site: SiteStudy, visit_on: date, answers: tuple[int, int, int] = (4, 1, 1), days: int = 7) -> None:
    for back in range(days, 0, -1):
        site.fill(visit_on - back * DAY, *answers)


def state_of(draft: Draft) -> list[str]:
    return [day.state for day in draft.diary.scored]


def test_a_held_and_assessed_visit_has_its_total(site: SiteStudy) -> None:
    fill(site, W00)
    site.check_in()
    site.assess("W00", now=shanghai(W00, 10))
    draft = site.draft("W00", shanghai(W00, 11)).draft
    # 28 x 2 + 7 x 5 + 7 x 7 + (47 - 38.5) x 6 + 100 x (1 - 61 / 65.38064) = 197.7
    assert (draft.status, draft.total, draft.result.band) == ("computed", Decimal("197.7"), "mild")
    assert draft.given.held


def test_looking_at_a_draft_stores_nothing(site: SiteStudy) -> None:
    before = len(site.rows(AuditRow))
    site.draft("W00", shanghai(W00 - DAY, 20))
    assert (len(site.rows(AuditRow)), site.rows(VisitRow)) == (before, [])


def test_preparation_days_are_left_out_with_their_reason(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        prepare_visit(audit, participant, "W00", bowel_prep=[W00 - 2 * DAY], endoscopy_on=W00 - DAY, study=site.study)
    fill(site, W00, days=9)
    draft = site.draft("W00", shanghai(W00, 9)).draft
    assert [(day.on, day.reason) for day in draft.diary.excluded] == [
        (W00 - 2 * DAY, "bowel_prep"),
        (W00 - DAY, "endoscopy"),
    ]
    assert draft.diary.used[0].on == W00 - 9 * DAY
    assert len(draft.diary.used) == 7


def test_a_day_carries_its_marks_and_unsubmitted_answers_stay_unscored(site: SiteStudy) -> None:
    site.fill(W00 - 7 * DAY, 4, 1, 1, timing="late")
    site.fill(W00 - 6 * DAY, 4, 1, 1, timing="after_closing")
    with site.acting(shanghai(W00 - 5 * DAY, 20)) as (audit, participant):
        answer = AnswerRow(
            participant_id=participant.id, diary_day=W00 - 5 * DAY, item="stools", ordinal=1, value=9,
            source="participant", language="en", wording_version="1", protocol="p",
            answered_at=audit.now, reference="r",
        )  # fmt: skip
        add_answer(audit, answer, old=None)
        add_helped(audit, participant.id, W00 - 7 * DAY, audit.now)
        first = audit.session.get(EntryRow, 1)
        assert first is not None
        values = first.model_dump(exclude={"id"}) | {"revision": 2, "stools": 6, "reference": "r2"}
        add_entry(audit, EntryRow(**values), previous=first)
    draft = site.draft("W00", shanghai(W00, 13)).draft
    late, after, partial = draft.diary.scored[:3]
    assert (late.state, late.stools, late.corrected, late.revision, late.helped) == ("late", 6, True, 2, True)
    assert (after.after_closing, after.stools) == (True, 4)
    assert (partial.state, partial.stools, partial.pain) == ("partial", 9, None)
    assert draft.diary.used == (late,)


def test_the_latest_laboratory_value_of_any_visit_counts_and_is_traced(site: SiteStudy) -> None:
    site.check_in()
    site.assess("W00", now=shanghai(W00, 10))
    now = shanghai(W04, 9)
    draft = site.draft("W04", now)
    assert draft.draft.result.hct is not None
    assert draft.draft.result.hct.rule == "carried_forward"
    assert draft.header.entered["hct"].visit == "W00"
    site.assess("W04", ClinicValues(hct=Decimal("0.41"), hct_unit="L/L", hct_on=W04 - DAY), now=now)
    draft = site.draft("W04", now)
    assert draft.draft.result.hct is not None
    assert (draft.draft.result.hct.value, draft.draft.result.hct.rule) == (41, "in_window")
    assert (draft.header.entered["hct"].visit, draft.header.entered["hct"].value) == ("W04", "0.41")


def test_components_of_another_visit_are_not_this_visits(site: SiteStudy) -> None:
    site.check_in()
    site.assess("W00", now=shanghai(W00, 10))
    draft = site.draft("W04", shanghai(W04, 9)).draft
    assert {"mass", "complications", "antidiarrhoeal"} <= set(draft.missing)


def test_the_change_from_week_0_rests_on_the_baseline_visits_own_draft(site: SiteStudy) -> None:
    fill(site, W00, (12, 3, 3))
    site.check_in()
    site.assess("W00", now=shanghai(W00, 10))
    fill(site, W04)
    site.check_in("W04", now=shanghai(W04, 9))
    site.assess("W04", now=shanghai(W04, 10))
    found = site.draft("W04", shanghai(W04, 11)).draft.from_baseline
    assert found is not None
    assert found.response is not None
    assert (found.response.decrease, found.response.response_70, found.decided["response_100"]) == (280, True, "yes")


def test_after_a_withdrawal_no_day_can_be_filled_any_more(site: SiteStudy) -> None:
    now = shanghai(W00 - 4 * DAY, 20)
    assert state_of(site.draft("W00", now).draft)[3:5] == ["open", "not_open"]
    with site.acting(now) as (audit, participant):
        withdraw(audit, participant, reason="asked to", study=site.study)
    draft = site.draft("W00", now).draft
    assert (draft.status, set(state_of(draft))) == ("not_computable", {"missed"})


def test_a_visit_that_does_not_take_place_has_no_draft(site: SiteStudy) -> None:
    with site.acting(ENROLLED_AT) as (audit, participant):
        miss_visit(audit, participant, "W04", state="no_show", reason="forgot", study=site.study)
    with pytest.raises(RefusedError, match="recorded as no_show"):
        site.draft("W04", ENROLLED_AT)


def test_a_held_visit_keeps_the_rules_it_was_held_under(site: SiteStudy, tmp_path: Path) -> None:
    fill(site, W00)
    site.check_in()
    site.assess("W00", now=shanghai(W00, 10))
    before = site.draft("W00", shanghai(W00, 11)).draft
    changed = tmp_path / "changed.toml"
    text = seed_protocol_path().read_text(encoding="utf-8")
    changed.write_text(text.replace("male = 47, female = 42", "male = 40, female = 37"), encoding="utf-8")
    with site.trail(shanghai(W00, 12)) as audit:
        preview = adopt_protocol(audit, changed, from_on=W00, reason="Chinese reference")
    assert [value.key for value in preview.values] == ["scoring.hct_standard"]
    site.study = Study(load_protocol(changed))
    after = site.draft("W00", shanghai(W00, 13)).draft
    assert (after.given.rules.hash, after.total) == (before.given.rules.hash, before.total)
    assert site.draft("W04", shanghai(W00, 13)).draft.given.rules.hash == site.study.protocol.rules.hash


def test_points_are_carried_forward_only_where_the_rules_say_so(site: SiteStudy) -> None:
    rules = replace(site.study.protocol.rules, missing_component="carry_forward")
    fill(site, W00)
    site.study = Study(replace(site.study.protocol, rules=rules))
    site.check_in()
    site.assess("W00", now=shanghai(W00, 10))
    fill(site, W04)
    site.assess("W04", ClinicValues(hct=ALL_CLINIC.hct, hct_unit="%", hct_on=W04), now=shanghai(W04, 10))
    draft = site.draft("W04", shanghai(W04, 11)).draft
    assert (draft.status, set(draft.result.carried)) == ("provisional", {"complications", "antidiarrhoeal", "mass"})
