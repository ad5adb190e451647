"""What each component of a draft was read from: days, dates, values and the rule that chose them."""

from collections.abc import Callable, Mapping

from bot.scoring.diary_part import answer_sums
from bot.scoring.draft import Draft
from bot.scoring.inputs import COMPLICATION_GROUPS, DIARY_COMPONENTS
from bot.scoring.numbers import shown
from bot.scoring.selection import Selected

PLACES = 4

Facts = dict[str, object]


def component_input(key: str, draft: Draft) -> Facts | None:
    """Return what a component was read from as JSON values, or None when nothing is there to read."""
    if key in DIARY_COMPONENTS:
        return _diary_input(key, draft)
    return _CLINIC_INPUTS[key](draft)


def _diary_input(key: str, draft: Draft) -> Facts | None:
    used = draft.diary.used
    if not used:
        return None
    at = DIARY_COMPONENTS.index(key)
    return {
        "days": [day.on.isoformat() for day in used],
        "values": [day.answers[at] for day in used if day.answers is not None],
        "sum": answer_sums(used)[at],
        "days_used": len(used),
    }


def _complications_input(draft: Draft) -> Facts | None:
    groups = draft.given.clinic.complications
    if not groups:
        return None
    return {
        "present": [group for group in COMPLICATION_GROUPS if groups.get(group) is True],
        "absent": [group for group in COMPLICATION_GROUPS if groups.get(group) is False],
        "unknown": [group for group in COMPLICATION_GROUPS if group not in groups],
    }


def _antidiarrhoeal_input(draft: Draft) -> Facts | None:
    clinician = draft.given.clinic.antidiarrhoeal
    from_diary = draft.given.rules.antidiarrhoeal_from_diary
    days = [day.on.isoformat() for day in draft.diary.used if from_diary and day.antidiarrhoeal]
    answered = any(from_diary and day.antidiarrhoeal is not None for day in draft.diary.used)
    if clinician is None and not answered:
        return None
    return {"answer": draft.result.antidiarrhoeal, "clinician": clinician, "diary_days": days}


def _mass_input(draft: Draft) -> Facts | None:
    label = draft.given.clinic.mass
    return None if label is None else {"label": label}


def _hct_input(draft: Draft) -> Facts | None:
    return _measured(draft.result.hct, "%")


def _weight_input(draft: Draft) -> Facts | None:
    facts, standard = _measured(draft.result.weight, "kg"), draft.visit.standard_weight_kg
    if facts is not None:
        facts["standard_weight_kg"] = None if standard is None else shown(standard, PLACES)
    return facts


def _measured(chosen: Selected | None, unit: str) -> Facts | None:
    if chosen is None:
        return None
    return {
        "value": shown(chosen.value, PLACES),
        "unit": unit,
        "on": None if chosen.on is None else chosen.on.isoformat(),
        "rule": chosen.rule,
        "accepted": chosen.accepted,
    }


_CLINIC_INPUTS: Mapping[str, Callable[[Draft], Facts | None]] = {
    "complications": _complications_input,
    "antidiarrhoeal": _antidiarrhoeal_input,
    "mass": _mass_input,
    "hct": _hct_input,
    "weight": _weight_input,
}
