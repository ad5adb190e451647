"""The eight components of a draft's document: points, the working that a hand can check, and every source."""

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from bot.documents import words
from bot.documents.draft_header import MINUS, DraftHeader, Speaker, decimal, fixed, is_waiting, label, span
from bot.documents.sheet import Section, Sentences, Worked, WorkedItem
from bot.scoring.arithmetic import ArithmeticLine, arithmetic_lines
from bot.scoring.draft import Draft
from bot.scoring.inputs import DIARY_COMPONENTS
from bot.scoring.numbers import shown
from bot.scoring.sources import PLACES, component_input

Facts = Mapping[str, Any]
FULL_PLACES = 8


def components_section(draft: Draft, header: DraftHeader, say: Speaker) -> Section:
    """One line for each component and one for the total; with a stoma only the reason why there is none."""
    lines = arithmetic_lines(draft)
    if not lines:
        return Section("components", say(words.COMPONENTS), (Sentences((say(words.REASON["stoma"]),)),))
    head = (say(words.COMPONENT), say(words.POINTS), say(words.WORKING), say(words.KNOWN_FROM))
    items = [_component(line, draft, header, say) for line in lines[:-1]]
    worked = Worked(head, (*items, _total(lines[-1], draft, say)))
    return Section("components", say(words.COMPONENTS), (worked, *_exact_note(draft, say)))


def _exact_note(draft: Draft, say: Speaker) -> list[Sentences]:
    """Said where a number has more decimals than are shown, so that a sum by hand may end differently."""
    shortened = [p for p in draft.result.points.values() if p is not None and (p * 10**PLACES).denominator != 1]
    return [Sentences((say(words.EXACT_NOTE),))] if shortened else []


def _component(line: ArithmeticLine, draft: Draft, header: DraftHeader, say: Speaker) -> WorkedItem:
    name, sources = say(words.NAMES[line.component]), tuple(_sources(line.component, draft, header, say))
    if line.points is None:
        value, working = _possible(line.facts, say, waiting=is_waiting(line.component, draft))
        return WorkedItem(name, value, working, sources, missing=True)
    facts = {**line.facts, "points": line.points, "standard": _standard_weight(draft)}
    working = WORKINGS[line.form](facts, say)
    return WorkedItem(name, decimal(line.points, 1), working, sources)


def _possible(facts: Facts, say: Speaker, *, waiting: bool) -> tuple[str, str]:
    if facts["min"] is None:
        return "–", say(words.UNKNOWN)
    low, high = decimal(facts["min"]), decimal(facts["max"])
    return span(low, high), say(words.STILL_POSSIBLE if waiting else words.POSSIBLE, low=low, high=high)


def _sum(facts: Facts, say: Speaker) -> str:
    values = " + ".join(str(value) for value in facts["values"])
    points, plain = decimal(facts["points"], 1), facts["days_used"] == facts["sum_days"]
    if plain:
        return say(words.SUM_ALL, values=values, sum=facts["sum"], weight=facts["weight"], points=points)
    return say(
        words.SUM_SCALED,
        values=values,
        sum=facts["sum"],
        days=facts["days_used"],
        of=facts["sum_days"],
        scaled=decimal(facts["scaled"]),
        weight=facts["weight"],
        points=points,
    )


def _count(facts: Facts, say: Speaker) -> str:
    return say(words.COUNT, count=facts["count"], weight=facts["weight"], points=decimal(facts["points"], 1))


def _answer(facts: Facts, say: Speaker) -> str:
    answer = say(words.YES if facts["count"] else words.NO)
    points = decimal(facts["points"], 1)
    return say(words.ANSWER, answer=answer, count=facts["count"], weight=facts["weight"], points=points)


def _grade(facts: Facts, say: Speaker) -> str:
    name, points = say(words.MASS[facts["label"]]), decimal(facts["points"], 1)
    return say(words.GRADE, label=name, grade=facts["grade"], weight=facts["weight"], points=points)


def _hct(facts: Facts, say: Speaker) -> str:
    reference, value, raw = decimal(facts["reference"]), decimal(facts["value"]), decimal(facts["raw"], 1)
    working = say(words.HCT, reference=reference, value=value, weight=facts["weight"], raw=raw)
    return _with_floor(working, facts, say)


def _weight(facts: Facts, say: Speaker) -> str:
    value, standard = decimal(facts["value"]), facts["standard"]
    working = say(words.WEIGHT, value=value, standard=standard, raw=decimal(facts["raw"], 1))
    return _with_floor(working, facts, say)


def _with_floor(working: str, facts: Facts, say: Speaker) -> str:
    if facts["points"] == facts["raw"]:
        return working
    return say(words.FLOORED, working=working, floor=decimal(facts["points"], 1))


def _carried(facts: Facts, say: Speaker) -> str:
    return say(words.CARRIED_POINTS, points=decimal(facts["points"], 1))


WORKINGS: Mapping[str, Callable[[Facts, Speaker], str]] = {
    "sum_times_weight": _sum,
    "count_times_weight": _count,
    "answer_times_weight": _answer,
    "grade_times_weight": _grade,
    "reference_minus_value": _hct,
    "percent_below_standard": _weight,
    "component_carried_forward": _carried,
}


def _sources(component: str, draft: Draft, header: DraftHeader, say: Speaker) -> list[str]:
    """Where a component's numbers come from, fact by fact; nothing when nothing was read."""
    facts: Facts | None = component_input(component, draft)
    if facts is None:
        return []
    if component in DIARY_COMPONENTS:
        known = draft.result.points[component] is not None
        days = _labels(facts["days"], draft)
        message = words.FROM_DAYS if known else words.FROM_DAYS_SO_FAR
        return [say(message, count=facts["days_used"], days=say.list(days))]
    return [*_clinic_source(component, facts, draft, header, say), *_entered(component, header, say)]


def _clinic_source(component: str, facts: Facts, draft: Draft, header: DraftHeader, say: Speaker) -> list[str]:
    match component:
        case "complications":
            return _groups(facts, say)
        case "antidiarrhoeal":
            return _antidiarrhoeal(facts, draft, say)
        case "hct":
            return [*_measured(component, facts, draft, header, say), *_reference(draft, say)]
        case "weight":
            return [*_measured(component, facts, draft, header, say), *_standard(facts, draft, say)]
    return []


def _groups(facts: Facts, say: Speaker) -> list[str]:
    comma = say(words.GROUP_SEPARATOR)
    named = {key: comma.join(say(words.GROUPS[group]) for group in facts[key]) for key in ("present", "unknown")}
    found = [say(words.PRESENT, groups=named["present"])] if facts["present"] else []
    if facts["unknown"]:
        found.append(say(words.NOT_ANSWERED, groups=named["unknown"]))
    return found or [say(words.ALL_ABSENT)]


def _antidiarrhoeal(facts: Facts, draft: Draft, say: Speaker) -> list[str]:
    clinician = facts["clinician"]
    found = [] if clinician is None else [say(words.CLINICIAN_SAYS, answer=say(words.YES if clinician else words.NO))]
    if facts["diary_days"]:
        found.append(say(words.DIARY_SAYS_YES, days=say.list(_labels(facts["diary_days"], draft))))
    elif clinician is None and facts["answer"] is False:
        found.append(say(words.EVERY_DAY_NO))
    return found


def _measured(component: str, facts: Facts, draft: Draft, header: DraftHeader, say: Speaker) -> list[str]:
    rules, entered = draft.given.rules, header.entered.get(component)
    value, unit = decimal(facts["value"]), facts["unit"]
    found = [say(words.MEASURED, value=value, unit=unit, on=facts["on"] or draft.given.visit_on)]
    if entered is not None and entered.unit is not None and entered.unit != unit:
        found.append(say(words.AS_ENTERED, value=entered.value, unit=entered.unit))
    window = rules.hct_window_days if component == "hct" else rules.weight_window_days
    carry = rules.hct_carry_forward_max_days if component == "hct" else rules.weight_carry_forward_max_days
    rule = "accepted" if facts["accepted"] else facts["rule"]
    found.append(say(words.CHOSEN[rule], first=-window[0], last=window[1], carry=carry))
    accepted = header.entered.get("accepted") if facts["accepted"] else None
    return found if accepted is None else [*found, say(words.ACCEPTED_BY, by=accepted.by, at=say.moment(accepted.at))]


def _reference(draft: Draft, say: Speaker) -> list[str]:
    sex = draft.given.sex
    if sex is None:
        return []
    reference = decimal(shown(draft.given.rules.hct_standard.of(sex), PLACES))
    return [say(words.REFERENCE, reference=reference, sex=say(words.SEX[sex]))]


def _standard(facts: Facts, draft: Draft, say: Speaker) -> list[str]:
    if facts["standard_weight_kg"] is None:
        return []
    frozen = draft.given.standard_weight_kg is not None
    method = say(words.METHODS["frozen" if frozen else draft.given.rules.standard_weight_method])
    return [say(words.STANDARD, weight=_standard_weight(draft), method=method)]


def _entered(component: str, header: DraftHeader, say: Speaker) -> list[str]:
    found = header.entered.get(component)
    if found is None:
        return []
    return [say(words.FROM_CLINIC, visit=found.visit, by=found.by, at=say.moment(found.at), revision=found.revision)]


def _total(line: ArithmeticLine, draft: Draft, say: Speaker) -> WorkedItem:
    decimals = draft.given.rules.round_total_decimals
    points = [value for value in draft.result.points.values() if value is not None]
    added = " + ".join(decimal(shown(value, PLACES), 1) for value in points).replace(f"+ {MINUS}", f"{MINUS} ")
    exact = decimal(shown(sum(points, Fraction(0)), PLACES), 1)
    name = say(words.NAMES["total"])
    if line.points is not None:
        total = fixed(line.points, decimals)
        working = say(words.ROUNDED, points=added, exact=exact, decimals=decimals, total=total)
        return WorkedItem(name, total, working, tuple(_total_floor(draft, points, say)))
    if draft.interval is None:
        return WorkedItem(name, "–", say(words.STATUS["not_computable"]), missing=True)
    low, high = (fixed(shown(end, decimals), decimals) for end in (draft.interval.low, draft.interval.high))
    working = say(words.BETWEEN, points=added or "0", sum=exact, low=low, high=high)
    return WorkedItem(name, span(low, high), working, missing=True)


def _total_floor(draft: Draft, points: list[Fraction], say: Speaker) -> list[str]:
    floor = draft.given.rules.total_floor
    if floor is None or sum(points, Fraction(0)) >= floor:
        return []
    return [say(words.FLOORED_TOTAL, floor=decimal(shown(floor, PLACES)))]


def _labels(days: list[str], draft: Draft) -> list[str]:
    return [label(draft.given.visit_on, date.fromisoformat(day)) for day in days]


def _standard_weight(draft: Draft) -> str:
    """In full, because the percentage is worked out with every decimal it has."""
    exact = draft.visit.standard_weight_kg
    return "–" if exact is None else decimal(exact, places=FULL_PLACES)
