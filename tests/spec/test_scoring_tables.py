"""Runs every row of the scoring tables that clinicians read, and checks that the pages show the same rows."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bot.errors import InvalidInputError
from bot.scoring import validation
from bot.scoring.cdai import VisitInputs, compute
from bot.scoring.diary_part import diary_part
from bot.scoring.draft import build_draft
from bot.scoring.draft_input import Baseline
from bot.scoring.inputs import COMPONENTS, ClinicInputs, DiaryDayInput, DiaryTotals, ExcludedDay, LabValue
from bot.scoring.numbers import exact, round_half_up, shown
from bot.scoring.pro import cut_offs, scores_from_sums
from bot.scoring.response import Interval, respond
from bot.scoring.selection import select_value
from bot.scoring.sescd import SEGMENTS, SesCd, compare, read_sescd
from bot.scoring.study_table import proportion
from bot.scoring.vectors import profile_rules
from schedules.rule_set import RuleSet, default_rules
from tests.spec.render_scoring import PAGES, load_tables, render
from tests.support.scoring import NO_COMPLICATIONS, VISIT_ON, clinic, days_before, draft_input, rules

Case = dict[str, Any]

PROFILES = json.loads((Path(__file__).parents[1] / "data/cdai_vectors.json").read_text())["profiles"]
EVENTS = {"prep": "bowel_prep", "scope": "endoscopy"}
STATES = {"late": "late", "partial": "partial", "after": "missed"}
RULES = default_rules()


def rules_of(case: Case) -> RuleSet:
    return profile_rules(case["rule"], PROFILES[case["rule"]])


def number(value: Fraction | None, places: int) -> float | str:
    return "none" if value is None else shown(value, places)


def known(value: object) -> object:
    return "none" if value is None else value


def read_days(cells: list[str]) -> tuple[list[DiaryDayInput], list[ExcludedDay]]:
    """Read cells like "4/1/1", "late 4/1/1", "missed", "open" and "prep"; the last one is D-1."""
    days, excluded = [], []
    for back, cell in zip(range(len(cells), 0, -1), cells, strict=True):
        on, (*marks, text) = days_before(back), cell.split(" ")
        if text in EVENTS:
            excluded.append(ExcludedDay(on, EVENTS[text]))
        elif text in ("missed", "open"):
            days.append(DiaryDayInput(on, text))
        else:
            state = STATES[marks[0]] if marks else "on_time"
            answers = [int(answer) for answer in text.split("/")]
            days.append(DiaryDayInput(on, state, *answers, after_closing=marks == ["after"]))
    return days, excluded


def run_components(case: Case) -> Case:
    present = validation.check_complications(case["findings"])
    inputs = VisitInputs(
        sex=case["sex"],
        standard_weight_kg=Fraction(case["weight"][1]),
        clinic=ClinicInputs(
            hct=(LabValue(case["hct"]),),
            weight=(LabValue(case["weight"][0]),),
            mass=case["mass"],
            complications=NO_COMPLICATIONS | dict.fromkeys(present, True),
            antidiarrhoeal=case["antidiarrhoeal"],
        ),
        given_sums=DiaryTotals(*(Fraction(value) for value in case["sums"])),
    )
    result = compute(inputs, rules_of(case))
    return {
        "points": [number(result.points[key], 4) for key in COMPONENTS],
        "total": number(result.total, 1),
        "band": result.band,
    }


def run_days(case: Case) -> Case:
    days, excluded = read_days(case["days"])
    diary = diary_part(VISIT_ON, days, excluded, rules_of(case))
    result = compute(VisitInputs("male", Fraction(70), clinic(), VISIT_ON, diary), rules_of(case))
    sums = [] if diary.sums is None else [diary.sums.stools, diary.sums.pain, diary.sums.wellbeing]
    return {
        "used": len(diary.used),
        "sums": [shown(one, 4) for one in sums],
        "flags": list(result.flags),
        "total": number(result.total, 1),
    }


def run_laboratory(case: Case) -> Case:
    values = [LabValue(40, days_before(-day)) for day in case["days"]]
    chosen = select_value(
        values,
        VISIT_ON,
        RULES.hct_window_days,
        RULES.hct_carry_forward_max_days,
        is_baseline=case["baseline"],
    )
    if chosen is None or chosen.on is None:
        return {"chosen": "none", "rule": "missing", "provisional": False}
    return {"chosen": (chosen.on - VISIT_ON).days, "rule": chosen.rule, "provisional": chosen.is_provisional}


def run_bands(case: Case) -> Case:
    total = round_half_up(Fraction(case["exact"]), RULES.round_total_decimals)
    return {"total": shown(total, 1), "band": RULES.bands.band(total)}


def run_intervals(case: Case) -> Case:
    absent: dict[str, Any] = {"hct": (), "weight": (), "mass": None, "antidiarrhoeal": None}
    days, excluded = read_days(case["days"])
    week_0 = Fraction("310.2")
    draft = build_draft(
        draft_input(
            days=tuple(days),
            excluded=tuple(excluded),
            clinic=clinic(**{key: absent[key] for key in case["missing"]}),
            baseline=Baseline(week_0, Interval(week_0, week_0)),
        )
    )
    decided = draft.from_baseline.decided if draft.from_baseline else {}
    return {
        "low": number(draft.interval and draft.interval.low, 1),
        "high": number(draft.interval and draft.interval.high, 1),
        "remission": decided["remission"],
        "response_70": decided["response_70"],
        "status": draft.status,
    }


def run_response(case: Case) -> Case:
    found = respond(Fraction(case["baseline"]), Fraction(case["current"]), RULES)
    return {
        "decrease": shown(found.decrease, 1),
        "response_70": found.response_70,
        "response_100": found.response_100,
        "remission": found.remission,
        "uniti": found.uniti,
    }


def run_diary_scores(case: Case) -> Case:
    sums = DiaryTotals(*(Fraction(7 * total, case["days"]) for total in case["totals"]))
    scores = scores_from_sums(sums, case["days"], RULES)
    return {
        "pro2": shown(scores.pro2, 4),
        "pro3": shown(scores.pro3, 4),
        "short_cdai": shown(scores.short_cdai, 1),
        "band": scores.short_band,
        **cut_offs(scores),
    }


def run_endoscopy(case: Case) -> Case:
    found = compare(_scope(case["before"]), _scope(case["after"]), RULES)
    return {
        "compared": [found.baseline_total, found.current_total],
        "percent": number(found.percent_decrease, 4),
        "response": known(found.response),
        "u_excel": known(found.response_u_excel),
        "remission": found.remission,
    }


def _scope(cells: list[str]) -> SesCd:
    shown_segments = dict(zip(("ileum", "left_colon"), cells, strict=True))
    grades = {name: shown_segments.get(name, "0/0/0/0") for name in SEGMENTS}
    return read_sescd({name: None if g == "-" else [int(one) for one in g.split("/")] for name, g in grades.items()})


def run_study_table(case: Case) -> Case:
    found = proportion(case["numerator"], case["denominator"])
    limits = [None if limit is None else exact(limit) for limit in (found.low, found.high)]
    return {"percent": number(found.percent, 1), "low": number(limits[0], 1), "high": number(limits[1], 1)}


def run_refused(case: Case) -> Case:
    checks: dict[str, tuple[str, Callable[[], object]]] = {
        "hct": ("hct_percent", lambda: validation.check_hct(case["value"], case["unit"], RULES)),
        "stools": ("stools", lambda: validation.check_stools(case["value"], RULES)),
        "pain": ("", lambda: validation.check_pain(case["value"])),
        "mass": ("", lambda: validation.check_mass(case["value"])),
        "weight": ("weight_kg", lambda: validation.check_weight(case["value"], RULES)),
    }
    name, check = checks[case["item"]]
    try:
        value = check()
    except InvalidInputError as refused:
        return {"code": refused.code}
    return {"code": "confirm" if validation.is_unusual(name, value, RULES) else "accepted"}


def run_antidiarrhoeal(case: Case) -> Case:
    answers = {"taken": True, "nothing": False}
    days = [
        DiaryDayInput(days_before(len(case["days"]) - n), "on_time", 4, 1, 1, answers.get(cell))
        for n, cell in enumerate(case["days"])
    ]
    asked = rules(antidiarrhoeal_from_diary=True)
    part = clinic(antidiarrhoeal=answers.get(case["clinician"]))
    result = compute(VisitInputs("male", Fraction(70), part, VISIT_ON, diary_part(VISIT_ON, days, [], asked)), asked)
    points = result.points["antidiarrhoeal"]
    return {"points": "unknown" if points is None else int(points)}


RUNNERS = {
    "components": run_components,
    "days": run_days,
    "laboratory": run_laboratory,
    "bands": run_bands,
    "intervals": run_intervals,
    "response": run_response,
    "diary_scores": run_diary_scores,
    "endoscopy": run_endoscopy,
    "study_table": run_study_table,
    "refused": run_refused,
    "antidiarrhoeal": run_antidiarrhoeal,
}
ROWS = [(table, case) for table in load_tables() for case in table["case"]]


@pytest.mark.parametrize(("table", "case"), ROWS, ids=[f"{t['name']}: {c['why']['en'][:40]}" for t, c in ROWS])
def test_every_row_of_the_tables_is_true(table, case):
    computed = RUNNERS[table["name"]](case)
    assert {key: computed[key] for key in table["expected"]} == {key: case[key] for key in table["expected"]}


@pytest.mark.parametrize("language", PAGES)
def test_the_page_shows_the_tables_as_they_are(language):
    page = PAGES[language]
    assert page.read_text(encoding="utf-8") == render(language), "run: python tests/spec/render_scoring.py"
