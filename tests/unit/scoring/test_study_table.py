from fractions import Fraction

import pytest

from bot.scoring.draft import build_draft
from bot.scoring.draft_input import Baseline
from bot.scoring.endpoints import VisitFacts, facts_from_draft, visit_outcomes
from bot.scoring.inputs import LabValue
from bot.scoring.response import Interval
from bot.scoring.sescd import SEGMENTS, read_sescd
from bot.scoring.study_table import study_table, table_to_json
from schedules.rule_set import default_rules
from tests.support.scoring import clinic, days_before, diary, draft_input

RULES = default_rules()


def scope(*ileum):
    return read_sescd({name: list(ileum) if name == "ileum" else [0, 0, 0, 0] for name in SEGMENTS})


def facts(code, visit="W04", total=None, **given):
    stated = {"state": "held", "baseline_total": Fraction(300), "is_baseline": visit == "W00"}
    return VisitFacts(code, visit, total=None if total is None else Fraction(total), **(stated | given))


def enrolled(*codes):
    return [facts(code, "W00", 300) for code in codes]


def row(table, visit, endpoint):
    return next(one for one in table_to_json(table) if (one["visit"], one["endpoint"]) == (visit, endpoint))


def outcome(endpoint, **given):
    found = visit_outcomes(facts("A", **given), RULES)[endpoint]
    return found.met if found.missing is None else found.missing


def test_an_endpoint_is_met_not_met_or_missing_for_a_reason():
    assert outcome("clinical_remission", total=149) is True
    assert outcome("clinical_response", total=231) is False
    assert outcome("clinical_response", total=230) is True
    assert outcome("response_100", total=200) is True
    assert outcome("clinical_remission", state="no_show") == "not_held"
    assert outcome("clinical_remission", state="planned", withdrawn=True) == "withdrawn"
    assert outcome("clinical_response", total=149, baseline_total=None) == "baseline_missing"
    assert outcome("endoscopic_remission", total=149) == "endoscopy_missing"
    assert outcome("endoscopic_response", total=149, sescd=scope(0, 0, 0, 0)) == "baseline_missing"


def test_an_undefined_percentage_is_missing_not_a_failure():
    flat = {"sescd": scope(0, 0, 0, 0), "baseline_sescd": scope(0, 0, 0, 0)}
    assert outcome("endoscopic_response", total=149, **flat) == "baseline_zero"
    assert outcome("endoscopic_remission", total=149, **flat) is True


def test_a_combined_endpoint_needs_both_parts():
    scopes = {"sescd": scope(1, 1, 0, 0), "baseline_sescd": scope(2, 2, 0, 0)}
    assert outcome("combined_remission", total=149, **scopes) is True
    assert outcome("combined_remission", total=151, **scopes) is False
    assert outcome("combined_response", total=200, **scopes) is True
    assert outcome("combined_response", total=200) == "endoscopy_missing"


def test_the_baseline_visit_has_no_response():
    found = visit_outcomes(facts("A", "W00", 300), RULES)
    assert set(found) == {"clinical_remission", "endoscopic_remission", "combined_remission"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"days": diary(*["missed"] * 7)}, "below_minimum_days"),
        ({"clinic": clinic(hct=())}, "laboratory_missing"),
        ({"clinic": clinic(mass=None)}, "clinic_missing"),
        ({"days": diary(*["on_time"] * 6, "open")}, "diary_open"),
        ({"stoma": True}, "stoma"),
        ({}, None),
    ],
)
def test_a_draft_says_why_it_cannot_be_evaluated(given, reason):
    found = facts_from_draft(build_draft(draft_input(held=True, **given)), state="held")
    assert found.gap == reason
    assert visit_outcomes(found, RULES)["clinical_remission"].missing == reason


def test_a_draft_hands_on_baseline_and_provisional_totals():
    old = clinic(hct=(LabValue(41, days_before(20)),))
    start = Baseline(Fraction(300), Interval(Fraction(300), Fraction(300)))
    found = facts_from_draft(build_draft(draft_input(clinic=old, baseline=start)), state="held")
    assert (found.total, found.baseline_total, found.provisional) == (186, 300, True)


def test_the_table_counts_evaluable_missing_and_missing_as_non_responder():
    at_week_4 = [
        facts("A", total=140),
        facts("B", total=231, provisional=True),
        facts("C", gap="laboratory_missing"),
        facts("D", state="planned", withdrawn=True),
    ]
    table = study_table(enrolled("A", "B", "C", "D", "E") + at_week_4, ("W00", "W04"), RULES)
    found = row(table, "W04", "clinical_response")
    assert (found["planned"], found["evaluable"], found["numerator"], found["percent"]) == (5, 2, 1, 50.0)
    assert (found["low"], found["high"]) == (1.3, 98.7)
    assert {reason: n for reason, n in found["missing"].items() if n} == {
        "withdrawn": 1,
        "not_held": 1,
        "laboratory_missing": 1,
    }
    assert found["missing_total"] == 3
    assert found["provisional"] == 1
    everyone = found["missing_as_non_responder"]
    assert (everyone["numerator"], everyone["denominator"], everyone["percent"]) == (1, 5, 20.0)
    assert row(table, "W04", "endoscopic_remission")["provisional"] == 0


def test_only_participants_whose_baseline_visit_was_held_are_planned():
    table = study_table([*enrolled("A"), facts("B", "W00", state="planned"), facts("B", total=100)], ("W04",), RULES)
    assert row(table, "W04", "clinical_remission")["planned"] == 1


def test_the_baseline_row_has_no_response_and_an_empty_study_has_no_percentage():
    table = study_table(enrolled("A"), ("W00",), RULES)
    assert [one.endpoint for one in table] == ["clinical_remission", "endoscopic_remission", "combined_remission"]
    found = row(study_table([], ("W04",), RULES), "W04", "clinical_response")
    assert (found["planned"], found["percent"], found["low"]) == (0, None, None)
