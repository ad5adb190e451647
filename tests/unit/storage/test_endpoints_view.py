"""The study table from stored rows: who is planned, who can be evaluated, and why the others cannot."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.assess import ClinicValues
from bot.scoring.endpoints import Outcome
from bot.scoring.study_table import StudyRow
from bot.storage.participants import participant_by_code
from bot.storage.views.endpoints import participant_outcomes, read_study_table
from tests.support.site import ALL_CLINIC, W00, SiteStudy, shanghai, site_study

W04 = W00 + timedelta(days=28)
AFTER = shanghai(W04 + timedelta(days=1), 13)
SEGMENTS = ("ileum", "right_colon", "transverse_colon", "left_colon", "rectum")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    """A participant who was ill at week 0 and is well at week 4."""
    with site_study(tmp_path) as found:
        found.enrol()
        hold(found, "W00", (9, 2, 3))
        yield found


def hold(site: SiteStudy, code: str, answers: tuple[int, int, int], *, clinic: ClinicValues = ALL_CLINIC) -> None:
    """Fill the week before a visit, hold it and enter its clinic part."""
    on = W00 if code == "W00" else W04
    for back in range(7, 0, -1):
        site.fill(on - timedelta(days=back), *answers)
    site.check_in(code, now=shanghai(on, 9))
    site.assess(code, clinic, now=shanghai(on, 10))


def table(study: SiteStudy, sites: Collection[str] | None = None) -> dict[tuple[str, str], StudyRow]:
    with study.database.read() as session:
        rows = read_study_table(session, study.study.protocol, AFTER, sites=sites)
    return {(row.visit, row.endpoint): row for row in rows}


def outcomes(site: SiteStudy) -> dict[str, dict[str, Outcome]]:
    with site.database.read() as session:
        participant = participant_by_code(session, "SH-001")
        return participant_outcomes(session, participant, site.study.protocol, AFTER)


def test_a_held_and_complete_visit_is_evaluable(site: SiteStudy) -> None:
    hold(site, "W04", (0, 0, 0))
    row = table(site)["W04", "clinical_response"]
    assert (row.planned, row.observed.numerator, row.observed.denominator, row.missing_total) == (1, 1, 1, 0)
    assert outcomes(site)["W04"]["clinical_remission"] == Outcome(met=True)


def test_the_baseline_visit_has_no_response_row(site: SiteStudy) -> None:
    assert [endpoint for visit, endpoint in table(site) if visit == "W00"] == [
        "clinical_remission",
        "endoscopic_remission",
        "combined_remission",
    ]


def test_a_visit_that_was_not_held_is_missing_and_counts_as_no_response_only_beside(site: SiteStudy) -> None:
    row = table(site)["W04", "response_70"]
    assert (row.observed.denominator, row.observed.percent) == (0, None)
    assert row.missing["not_held"] == 1
    assert (row.imputed.numerator, row.imputed.denominator) == (0, 1)


def test_a_carried_forward_haematocrit_counts_and_is_marked_as_provisional(site: SiteStudy) -> None:
    later = ClinicValues(mass="none", complications=ALL_CLINIC.complications, antidiarrhoeal=False)
    hold(site, "W04", (0, 0, 0), clinic=later)
    # The values of week 0 may be carried 35 days; at 28 days the total is provisional, not missing.
    row = table(site)["W04", "clinical_remission"]
    assert (row.observed.denominator, row.provisional) == (1, 1)


def test_too_few_days_are_their_own_reason(site: SiteStudy) -> None:
    for back in (7, 6, 5):
        site.fill(W04 - timedelta(days=back), 1, 1, 1)
    site.check_in("W04", now=shanghai(W04, 9))
    site.assess("W04", ALL_CLINIC, now=shanghai(W04, 10))
    assert table(site)["W04", "clinical_remission"].missing["below_minimum_days"] == 1


def test_endoscopy_and_both_combined_come_from_the_same_visits(site: SiteStudy) -> None:
    grades = {"W00": [2, 2, 2, 0], "W04": [0, 1, 0, 0]}
    site.assess("W00", endoscopy(grades["W00"]), now=shanghai(W00, 11))
    hold(site, "W04", (0, 0, 0))
    site.assess("W04", endoscopy(grades["W04"]), now=shanghai(W04, 11))
    found = outcomes(site)["W04"]
    assert {key for key, outcome in found.items() if outcome.met} == set(found)
    assert table(site)["W04", "combined_response"].observed.numerator == 1


def endoscopy(ileum: list[int]) -> ClinicValues:
    return ClinicValues(sescd={name: ileum if name == "ileum" else [0, 0, 0, 0] for name in SEGMENTS})


def test_a_participant_whose_week_zero_was_not_held_is_not_planned(site: SiteStudy) -> None:
    site.enrol(code="SH-002")
    assert table(site)["W04", "clinical_remission"].planned == 1


def test_a_table_can_be_made_for_one_site(site: SiteStudy) -> None:
    assert table(site, {"seh"})["W00", "clinical_remission"].planned == 1
    assert table(site, {"elsewhere"})["W00", "clinical_remission"].planned == 0


def test_an_empty_study_has_the_same_rows_as_a_full_one(site: SiteStudy) -> None:
    assert list(table(site, ())) == list(table(site))
