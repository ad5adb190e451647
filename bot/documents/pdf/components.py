"""The eight components of the printed page as data, one line each, and the scores from the same diary days."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.documents.draft_components import FULL_PLACES
from bot.documents.draft_header import DraftHeader, Speaker, decimal, fixed, span
from bot.documents.pdf import words
from bot.documents.pdf.days import words_of
from bot.documents.words import COMPONENT, COMPONENTS, GROUP_SEPARATOR, GROUPS, MASS, NAMES, POINTS
from bot.scoring.arithmetic import ArithmeticLine, arithmetic_lines
from bot.scoring.draft import Draft
from bot.scoring.inputs import COMPLICATION_GROUPS, DIARY_COMPONENTS
from bot.scoring.inputs import COMPONENTS as KEYS
from bot.scoring.numbers import shown
from bot.scoring.sources import component_input

Json = dict[str, object]
Facts = Mapping[str, Any]
PLACES = 4
SCALED_PLACES = 2
NO_BREAK = "\N{NO-BREAK SPACE}"


def components_part(draft: Draft, header: DraftHeader, say: Speaker) -> Json | None:
    """Eight rows, the total and the remarks beneath; None with a stoma or pouch, which has no components."""
    lines = arithmetic_lines(draft)
    if not lines:
        return None
    return {
        "title": say(COMPONENTS),
        "heads": [say(COMPONENT), say(words.SOURCE), say(words.RAW), say(POINTS)],
        "rows": [_row(n, line, draft, say) for n, line in enumerate(lines[:-1], start=1)],
        "total": _total(lines[-1], draft, say),
        "notes": [*_groups(draft, say), *_references(draft, say), *_entered_by(header, say), say(words.ROUNDING)],
    }


def _row(number: int, line: ArithmeticLine, draft: Draft, say: Speaker) -> Json:
    known = line.points is not None
    return {
        "number": str(number),
        "name": say(NAMES[line.component]),
        "source": _source(line, draft, say),
        "working": unbroken(_working(line, draft) if known else say(words.CHOICES[line.component])),
        "points": _points(line, draft),
        "missing": not known,
    }


def _points(line: ArithmeticLine, draft: Draft) -> str:
    exact = draft.result.points[line.component]
    if exact is not None:
        return fixed(shown(exact, 1), 1)
    if draft.bounds is None:
        return "–"
    ends = draft.bounds.components[line.component]
    return span(*(decimal(shown(end, 1)) for end in (ends.low, ends.high))).replace(" ", "")


def unbroken(formula: str) -> str:
    """A formula that can part only before its equals sign."""
    return formula.replace(" ", NO_BREAK).replace(f"{NO_BREAK}=", " =")


def _working(line: ArithmeticLine, draft: Draft) -> str:
    facts: Facts = line.facts
    match line.form:
        case "sum_times_weight":
            scaled = shown(draft.result.raw[line.component] / facts["weight"], SCALED_PLACES)
            return f"{decimal(scaled, 1, SCALED_PLACES)} × {facts['weight']}"
        case "count_times_weight" | "answer_times_weight":
            return f"{facts['count']} × {facts['weight']}"
        case "grade_times_weight":
            return f"{facts['grade']} × {facts['weight']}"
        case "reference_minus_value":
            return f"({decimal(facts['reference'])} − {decimal(facts['value'])}) × {facts['weight']}" + _floor(
                line, draft
            )
        case "percent_below_standard":
            standard = draft.visit.standard_weight_kg
            short = "–" if standard is None else decimal(standard, places=SCALED_PLACES)
            return f"100 × (1 − {decimal(facts['value'])} ÷ {short})" + _floor(line, draft)
    return "–"


def _floor(line: ArithmeticLine, draft: Draft) -> str:
    """The points before and after the rule set's floor, where it applies."""
    raw, points = draft.result.raw[line.component], draft.result.points[line.component]
    if raw is None or points is None or raw == points:
        return ""
    return f" = {decimal(shown(raw, 1), 1)} → {decimal(shown(points, 1))}"


def _source(line: ArithmeticLine, draft: Draft, say: Speaker) -> str:
    facts: Facts | None = component_input(line.component, draft)
    if line.form == "component_carried_forward":
        return say(words.CARRIED)
    if facts is None:
        return say(words.MISSING)
    if line.component in DIARY_COMPONENTS:
        return say(words.DIARY_DAYS, used=facts["days_used"], of=len(draft.diary.scoring_days))
    return SOURCES[line.component](facts, say)


def _complications(facts: Facts, say: Speaker) -> str:
    count = len(facts["present"])
    if facts["unknown"]:
        return say(words.SOME_ANSWERED, count=len(COMPLICATION_GROUPS) - len(facts["unknown"]))
    return say(words.SOME_PRESENT, count=count) if count else say(words.ALL_ABSENT)


def _antidiarrhoeal(facts: Facts, say: Speaker) -> str:
    if facts["clinician"] is not None and not facts["diary_days"]:
        return say(words.AT_VISIT, answer=say(words_of(facts["clinician"])))
    answer = facts["answer"]
    return say(words.MISSING) if answer is None else say(words.DIARY_ANSWER, answer=say(words_of(answer)))


def _mass(facts: Facts, say: Speaker) -> str:
    return say(words.AT_VISIT, answer=say(MASS[facts["label"]]))


def _measured(facts: Facts, _: Speaker) -> str:
    value = f"{decimal(facts['value'])} {facts['unit']}"
    return value if facts["on"] is None else f"{value} · {facts['on']}"


SOURCES: Mapping[str, Callable[[Facts, Speaker], str]] = {
    "complications": _complications,
    "antidiarrhoeal": _antidiarrhoeal,
    "mass": _mass,
    "hct": _measured,
    "weight": _measured,
}


def _total(line: ArithmeticLine, draft: Draft, say: Speaker) -> Json:
    decimals, facts = draft.given.rules.round_total_decimals, line.facts
    name = say(NAMES["total"])
    if line.points is not None:
        return {"name": name, "working": say(words.ROUNDED), "points": fixed(line.points, decimals)}
    ends: list[Any] = [facts["min"], facts["max"]]
    points = "–" if ends[0] is None else span(*(fixed(end, decimals) for end in ends))
    return {"name": name, "working": "", "points": points}


def _groups(draft: Draft, say: Speaker) -> list[str]:
    facts: Facts = component_input("complications", draft) or {"present": [], "unknown": []}
    named = {
        key: say(GROUP_SEPARATOR).join(say(GROUPS[group]) for group in facts[key]) for key in ("present", "unknown")
    }
    present = [say(words.PRESENT, groups=named["present"])] if named["present"] else []
    return present + ([say(words.UNANSWERED, groups=named["unknown"])] if named["unknown"] else [])


def _references(draft: Draft, say: Speaker) -> list[str]:
    sex, standard = draft.given.sex, draft.visit.standard_weight_kg
    if sex is None or standard is None:
        return []
    reference = decimal(shown(draft.given.rules.hct_standard.of(sex), PLACES))
    return [say(words.REFERENCES, reference=reference, weight=decimal(standard, places=FULL_PLACES))]


def _entered_by(header: DraftHeader, say: Speaker) -> list[str]:
    """The people behind the clinic values, in the order of the components."""
    people = list(dict.fromkeys(header.entered[key].by for key in KEYS if key in header.entered))
    return [say(words.ENTERED_BY, who=say.list(people))] if people else []
