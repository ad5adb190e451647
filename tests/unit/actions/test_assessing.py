from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.actions.assess import ClinicValues, read_complications
from bot.errors import InvalidInputError, NotAllowedError, RefusedError
from bot.people.actor import Actor, ActorKind
from bot.scoring.inputs import COMPLICATION_GROUPS
from bot.scoring.sescd import SEGMENTS
from bot.storage.assessments import assessments_at, value_of
from bot.storage.tables import AssessmentRow
from tests.support.site import ALL_CLINIC, W00, SiteStudy, shanghai, site_study

HELD = shanghai(W00, 9)
LATER = shanghai(W00, 11)
DAY = timedelta(days=1)
EMPTY: dict[str, object] = dict.fromkeys(SEGMENTS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    with site_study(tmp_path) as made:
        made.enrol()
        made.check_in(now=HELD)
        yield made


def values(site: SiteStudy) -> dict[str, object]:
    with site.database.read() as session:
        rows = assessments_at(session, 1, "W00")
    return {component: value_of(row) for component, row in rows.items()}


def test_given_components_become_revisions_and_the_others_stay(site: SiteStudy) -> None:
    site.assess("W00", ALL_CLINIC, now=LATER)
    site.assess("W00", ClinicValues(mass="definite"), now=LATER)
    revisions = {row.component: row.revision for row in site.rows(AssessmentRow)}
    assert revisions == dict.fromkeys(("hct", "weight", "complications", "antidiarrhoeal"), 1) | {"mass": 2}
    assert values(site)["mass"] == "definite"
    (change,) = site.events("revise_assessment")
    assert (change.old, change.new, change.participant) == ('"none"', '"definite"', "SH-001")


def test_an_operators_value_says_so_and_the_same_value_again_stores_nothing(site: SiteStudy) -> None:
    (row,) = site.assess("W00", ClinicValues(mass="none"), now=LATER)
    assert (row.source, row.entered_by) == ("operator", "operator:console")
    assert site.assess("W00", ClinicValues(mass="none"), now=LATER) == []


def test_named_groups_are_answered_and_the_others_stay_unknown(site: SiteStudy) -> None:
    site.assess("W00", ClinicValues(complications=read_complications("iritis_uveitis=no")), now=LATER)
    site.assess("W00", ClinicValues(complications=read_complications("other_fistula=yes")), now=LATER)
    assert values(site)["complications"] == {"iritis_uveitis": False, "other_fistula": True}


def test_a_list_answers_all_six_and_findings_count_once_per_group() -> None:
    found = read_complications("arthritis,arthralgia,other_fistula")
    assert set(found) == set(COMPLICATION_GROUPS)
    assert sorted(group for group, present in found.items() if present) == ["arthritis_arthralgia", "other_fistula"]
    assert not any(read_complications("none").values())


@pytest.mark.parametrize("text", ["", "gout", "gout=no", "iritis_uveitis=maybe", "other_fistula,iritis_uveitis=no"])
def test_complications_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_complications(text)


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        (ClinicValues(hct=Decimal("38.5")), "hct_unit_required", "state % or L/L"),
        (ClinicValues(hct=Decimal(385), hct_unit="%"), "hct_out_of_range", "385 % is outside 10-70 %"),
        (ClinicValues(hct=Decimal("38.5"), hct_unit="L/L"), "hct_out_of_range", "38.5 L/L is outside"),
        (ClinicValues(hct=Decimal(15), hct_unit="%"), "confirmation_required", "usual: 20 to 58 %"),
        (ClinicValues(weight_kg=Decimal(600)), "weight_out_of_range", "600 kg is outside 25-250 kg"),
        (ClinicValues(weight_kg=Decimal(140)), "confirmation_required", "usual: 35 to 130 kg"),
        (ClinicValues(mass="0.4"), "mass_code_invalid", "none, questionable, definite"),
        (ClinicValues(weight_on=W00), "value_missing", "--weight-kg"),
        (ClinicValues(weight_kg=Decimal(61), weight_on=W00 + DAY), "date_invalid", "cannot have been measured"),
        (ClinicValues(sescd={**EMPTY, "rectum": [0, 0, 0, 4]}), "sescd_item_invalid", "four whole grades"),
        (ClinicValues(sescd={"rectum": [0, 0, 0, 0]}), "sescd_segment_missing", "ileum is not stated"),
    ],
)
def test_an_impossible_or_unconfirmed_value_is_refused_with_its_range(
    site: SiteStudy, given: ClinicValues, code: str, sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence) as refusal:
        site.assess("W00", given, now=LATER)
    assert refusal.value.code == code
    assert site.rows(AssessmentRow) == []


def test_an_unusual_value_is_kept_once_confirmed(site: SiteStudy) -> None:
    site.assess("W00", ClinicValues(hct=Decimal(15), hct_unit="%", confirmed=True), now=LATER)
    assert values(site)["hct"] == {"value": "15", "unit": "%"}


def test_before_the_visit_a_measurement_needs_its_date(site: SiteStudy) -> None:
    given = ClinicValues(weight_kg=Decimal(61))
    with pytest.raises(InvalidInputError, match="W04 is planned for 2025-04-28 and not held yet"):
        site.assess("W04", given, now=LATER)
    (row,) = site.assess("W04", replace(given, weight_on=W00), now=LATER)
    assert row.measured_on == W00


def test_a_held_visits_own_date_is_taken_when_none_is_given(site: SiteStudy) -> None:
    (row,) = site.assess("W00", ClinicValues(weight_kg=Decimal(61)), now=LATER + 3 * DAY)
    assert row.measured_on == W00


def test_a_coordinator_enters_the_laboratory_and_not_the_examination(site: SiteStudy) -> None:
    coordinator = Actor(ActorKind.STAFF, "staff:ann", "coordinator")
    (row,) = site.assess("W00", ClinicValues(weight_kg=Decimal(61)), now=LATER, actor=coordinator)
    assert row.source == "staff"
    with pytest.raises(NotAllowedError, match="may not enter mass"):
        site.assess("W00", ClinicValues(mass="none"), now=LATER, actor=coordinator)


def test_nothing_given_is_said(site: SiteStudy) -> None:
    with pytest.raises(RefusedError, match="name at least one component"):
        site.assess("W00", ClinicValues(), now=LATER)
