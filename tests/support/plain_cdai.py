"""A second, plain reading of the Crohn's disease activity index, to check the product's own scoring against.

It is written from the published definition, shares no code with the product and prefers the obvious to the
quick. All arithmetic is in exact fractions; a number is rounded once, half away from zero, when it is shown.
"""

import math
import re
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.support.random_cdai import random_case

__all__ = ["pro_case", "random_case", "response_case", "score_case", "ses_case"]

Json = dict[str, Any]
Sums = dict[str, Fraction]
MeasuredItem = tuple[Fraction | None, Fraction | None, set[str]]

DAYS_IN_A_SUM = 7
DIARY_WEIGHTS = {"stools": 2, "pain": 5, "wellbeing": 7}
MASS_CODES = {"none": 0, "questionable": 2, "definite": 5}
GROUPS = {
    "arthritis_arthralgia": ["arthritis", "arthralgia"],
    "iritis_uveitis": ["iritis", "uveitis"],
    "skin_mouth": ["erythema_nodosum", "pyoderma_gangrenosum", "aphthous_stomatitis"],
    "anal_fissure_fistula_abscess": ["anal_fissure", "anal_fistula", "perianal_abscess"],
    "other_fistula": ["other_fistula"],
    "fever_over_37_8": ["fever_over_37_8"],
}
FLAG_ORDER = [
    "days_excluded",
    "window_extended",
    "prorated",
    "diary_days_below_minimum",
    "hct_missing",
    "weight_missing",
    "hct_floored",
    "weight_floored",
    "hct_carried_forward",
    "weight_carried_forward",
    "hct_after_visit",
    "weight_after_visit",
]


# Numbers


def exact(number: float) -> Fraction:
    """The decimal number as written: 2.1 is 21/10, not its binary neighbour."""
    return Fraction(str(number))


def half_up(value: Fraction, decimals: int) -> Fraction:
    """Rounded to so many decimals; a tie moves away from zero (191.25 to 191.3, -14.25 to -14.3)."""
    size = Fraction(math.floor(abs(value) * 10**decimals + Fraction(1, 2)), 10**decimals)
    return size if value >= 0 else -size


def shown(value: Fraction | None, decimals: int) -> float | None:
    """The rounded number as it is printed, or None for what is not known."""
    return None if value is None else float(half_up(value, decimals))


def is_below(total: Fraction, name: str, bands: Json) -> bool:
    """Whether a rounded total lies under a band's upper edge, or on it where the edge is inclusive (`_le`)."""
    if f"{name}_le" in bands:
        return total <= exact(bands[f"{name}_le"])
    return total < exact(bands[f"{name}_lt"])


def band_of(total: Fraction, bands: Json) -> str:
    """The one activity band of a rounded total."""
    for name in ("remission", "mild", "moderate"):
        if is_below(total, name, bands):
            return name
    return "severe"


# The diary window


def excluded_dates(events: list[Json], days_after_endoscopy: int) -> set[date]:
    """Days of bowel preparation and of endoscopy, and so many days after each endoscopy."""
    excluded = set()
    for event in events:
        day = date.fromisoformat(event["date"])
        if event["type"] in ("bowel_prep", "endoscopy"):
            excluded.add(day)
        if event["type"] == "endoscopy":
            excluded.update(day + timedelta(days=n) for n in range(1, days_after_endoscopy + 1))
    return excluded


def is_valid(entry: Json) -> bool:
    """Complete, and submitted before its closing time."""
    complete = all(entry.get(item) is not None for item in DIARY_WEIGHTS)
    return complete and entry.get("status") not in ("partial", "late")


def read_window(inputs: Json, profile: Json) -> tuple[list[date], list[Json], set[str]]:
    """The scoring days and the valid entries on them, both oldest first, and the flags of the window."""
    visit = date.fromisoformat(inputs["visit_date"])
    valid = {date.fromisoformat(entry["date"]): entry for entry in inputs.get("diary") or [] if is_valid(entry)}
    excluded = excluded_dates(inputs.get("events") or [], profile["post_endoscopy_excluded_days"])
    newest = 0 if profile["include_visit_day"] else 1
    scoring_days: list[date] = []
    flags: set[str] = set()
    places_left = profile["scoring_days"]
    for days_back in range(newest, profile["lookback_days"] + 1):
        day = visit - timedelta(days=days_back)
        if places_left == 0:
            break
        if day in excluded:
            flags.add("days_excluded")
            places_left -= 0 if profile["replace_excluded_days"] else 1
        elif day in valid or not profile["replace_missing_days"]:
            scoring_days.insert(0, day)
            places_left -= 1
    usual_oldest = visit - timedelta(days=newest + profile["scoring_days"] - 1)
    if scoring_days and scoring_days[0] < usual_oldest:
        flags.add("window_extended")
    return scoring_days, [valid[day] for day in scoring_days if day in valid], flags


def means_of(entries: list[Json], profile: Json) -> Sums | None:
    """Mean per day of the three diary items, or None with too few days."""
    needed = profile["min_valid_days"] if profile["prorate"] else profile["scoring_days"]
    if not entries or len(entries) < needed:
        return None
    return {item: sum((exact(entry[item]) for entry in entries), Fraction(0)) / len(entries) for item in DIARY_WEIGHTS}


def score_diary(inputs: Json, profile: Json) -> tuple[Json, Sums | None, list[Json], set[str]]:
    """What is printed of the window, the seven-day sums, the entries used and the flags."""
    if "diary_sums" in inputs:
        return {}, {item: exact(inputs["diary_sums"][item]) for item in DIARY_WEIGHTS}, [], set()
    scoring_days, used, flags = read_window(inputs, profile)
    printed = {
        "scoring_days": [day.isoformat() for day in scoring_days],
        "days_used": [entry["date"] for entry in used],
        "n_valid_days": len(used),
    }
    means = means_of(used, profile)
    if means is None:
        return printed, None, used, flags | {"diary_days_below_minimum"}
    if len(used) < profile["scoring_days"]:
        flags.add(f"prorated_{len(used)}_of_{profile['scoring_days']}")
    return printed, {item: DAYS_IN_A_SUM * mean for item, mean in means.items()}, used, flags


# The clinic items


def groups_present(findings: list[str]) -> list[str]:
    """The complication groups named, by finding or by group, in alphabetical order."""
    group_of = {name: group for group, members in GROUPS.items() for name in (group, *members)}
    return sorted({group_of[name] for name in findings})


def antidiarrhoeal_used(inputs: Json, used: list[Json]) -> bool | None:
    """Any yes is a yes; else the clinician's no; else no if every day used was answered; None if it stays open."""
    answers = [entry.get("antidiarrhoeal") for entry in used]
    clinician = inputs.get("antidiarrhoeal")
    if clinician or any(answers):
        return True
    if clinician is not None:
        return False
    return False if answers and None not in answers else None


def measurement(inputs: Json, key: str, window: list[int], carry_days: int) -> tuple[Fraction | None, str]:
    """The value that counts for the visit, and "after_visit" or "carried_forward" if it needed that rule."""
    given = inputs.get(key)
    if not isinstance(given, list):
        return (None if given is None else exact(given)), ""
    visit = date.fromisoformat(inputs["visit_date"])
    by_day = {(date.fromisoformat(one["date"]) - visit).days: exact(one["value"]) for one in given}
    first, last = window
    before = [day for day in by_day if first <= day <= min(0, last)]
    after = [day for day in by_day if 1 <= day <= last]
    older = [day for day in by_day if -carry_days <= day < first]
    if before:
        return by_day[max(before)], ""
    if after:
        return by_day[min(after)], "after_visit"
    return (by_day[max(older)], "carried_forward") if older else (None, "")


def standard_weight(inputs: Json, method: str) -> Fraction | None:
    """Standard weight in kg: as entered, else from the height by the study's method."""
    if inputs.get("standard_weight_kg") is not None:
        entered = exact(inputs["standard_weight_kg"])
        return entered if entered > 0 else None
    keys_factors = {"male": Fraction("22.1"), "female": Fraction("20.8")}
    factor = Fraction(22) if method == "bmi22" else keys_factors.get(inputs.get("sex", ""))
    if inputs.get("height_cm") is None or method == "entered":
        return None
    if method == "height_minus_105":
        return exact(inputs["height_cm"]) - 105
    return None if factor is None else factor * (exact(inputs["height_cm"]) / 100) ** 2


def floored(raw: Fraction | None, floor: float | None, name: str, how: str) -> MeasuredItem:
    """The points before and after the floor, and the flags that explain them."""
    if raw is None:
        return None, None, {f"{name}_missing"}
    flags = {f"{name}_{how}"} if how else set()
    if floor is not None and raw < exact(floor):
        return raw, exact(floor), flags | {f"{name}_floored"}
    return raw, raw, flags


def score_hct(inputs: Json, profile: Json) -> MeasuredItem:
    """Six points for each per cent of haematocrit below the reference of the sex."""
    window, carry_days = profile["hct_window_days"], profile["hct_carry_forward_max_days"]
    percent, how = measurement(inputs, "hct_percent", window, carry_days)
    reference = profile["hct_standard"].get(inputs.get("sex"))
    raw = None if percent is None or reference is None else 6 * (exact(reference) - percent)
    return floored(raw, profile["hct_item_floor"], "hct", how)


def score_weight(inputs: Json, profile: Json, standard: Fraction | None) -> MeasuredItem:
    """One point for each per cent of body weight below the standard weight."""
    window, carry_days = profile["weight_window_days"], profile["weight_carry_forward_max_days"]
    kg, how = measurement(inputs, "weight_kg", window, carry_days)
    raw = None if kg is None or standard is None else 100 * (1 - kg / standard)
    return floored(raw, profile["weight_item_floor"], "weight", how)


# The four groups of vectors


def score_case(inputs: Json, profile: Json) -> Json:
    """The index with everything that explains it; keys and decimals as in the vector file."""
    printed, sums, used, flags = score_diary(inputs, profile)
    findings = inputs.get("complications")
    groups = None if findings is None else groups_present(findings)
    taken = antidiarrhoeal_used(inputs, used)
    mass = inputs.get("mass")
    hct_raw, hct_points, hct_flags = score_hct(inputs, profile)
    standard = standard_weight(inputs, profile["standard_weight_method"])
    weight_raw, weight_points, weight_flags = score_weight(inputs, profile, standard)
    points: dict[str, Fraction | None] = {
        **{item: None if sums is None else weight * sums[item] for item, weight in DIARY_WEIGHTS.items()},
        "complications": None if groups is None else Fraction(20 * len(groups)),
        "antidiarrhoeal": None if taken is None else Fraction(30 * taken),
        "mass": None if mass is None else Fraction(10 * MASS_CODES[mass]),
        "hct": hct_points,
        "weight": weight_points,
    }
    optional = {
        "sums": None if sums is None else {item: shown(sums[item], 4) for item in DIARY_WEIGHTS},
        "complication_groups": groups,
        "hct_item_raw": shown(hct_raw, 4),
        "standard_weight_kg": shown(standard, 4),
        "weight_item_raw": shown(weight_raw, 4),
    }
    return {
        **printed,
        **{key: value for key, value in optional.items() if value is not None},
        "components": {item: shown(value, 4) for item, value in points.items()},
        **verdict(points, flags | hct_flags | weight_flags, profile),
    }


def verdict(points: dict[str, Fraction | None], flags: set[str], profile: Json) -> Json:
    """Total, band, status and flags; one missing item leaves no total."""
    ordered = sorted(flags, key=lambda flag: FLAG_ORDER.index(re.sub("_._of_7", "", flag)))
    known = [value for value in points.values() if value is not None]
    if len(known) < len(points):
        nothing = {"total_exact": None, "total": None, "category": None}
        return {**nothing, "status": "not_computable", "flags": ordered}
    total = sum(known, Fraction(0))
    if profile["total_floor"] is not None:
        total = max(total, exact(profile["total_floor"]))
    stored = half_up(total, profile["round_total_decimals"])
    carried = flags & {"hct_carried_forward", "weight_carried_forward"}
    return {
        "total_exact": shown(total, 6),
        "total": float(stored),
        "category": band_of(stored, profile["bands"]),
        "status": "provisional" if carried else "computed",
        "flags": ordered,
    }


def pro_case(inputs: Json, profile: Json) -> Json:
    """The scores that need the diary alone: PRO2, PRO3, short CDAI and the stool and pain rules."""
    _, used, _ = read_window(inputs, profile)
    mean = means_of(used, profile)
    if mean is None:
        return {"n_valid_days": len(used), "pro2": None, "pro3": None, "scdai": None}
    stools, pain = mean["stools"], mean["pain"]
    pro2 = 2 * stools + 5 * pain
    pro3 = pro2 + 7 * mean["wellbeing"]
    short = half_up(44 + 7 * pro3, profile["round_total_decimals"])
    return {
        "n_valid_days": len(used),
        **{f"mean_{item}": shown(mean[item], 4) for item in DIARY_WEIGHTS},
        "pro2": shown(pro2, 4),
        "pro3": shown(pro3, 4),
        "scdai": float(short),
        "scdai_band": band_of(short, profile["bands"]),
        "sf_le_2_8_and_ap_le_1": stools <= Fraction("2.8") and pain <= 1,
        "sf_le_3_and_ap_le_1": stools <= 3 and pain <= 1,
        "sf_le_1_5_and_ap_le_1": stools <= Fraction("1.5") and pain <= 1,
        "pro2_le_8": pro2 <= 8,
    }


def response_case(inputs: Json) -> Json:
    """Clinical response of two stored totals: falls of 70 and 100, remission, and the rule of UNITI-1."""
    baseline, current = exact(inputs["baseline"]), exact(inputs["current"])
    decrease = baseline - current
    remission = current < 150
    return {
        "decrease": shown(decrease, 1),
        "cdai70": decrease >= 70,
        "cdai100": decrease >= 100,
        "remission": remission,
        "cdai100_or_remission": decrease >= 100 or remission,
        "uniti_rule": decrease >= 100 or (220 <= baseline <= 248 and remission),
    }


def ses_total(segments: Json) -> Json:
    """One endoscopy: the segments explored, the score of each, and their sum."""
    explored = {name: sum(items) for name, items in segments.items() if items is not None}
    scores = {name: explored.get(name) for name in segments}
    return {"segments_explored": len(explored), "segment_scores": scores, "total": sum(explored.values())}


def ses_case(inputs: Json) -> Json:
    """SES-CD now, and against the baseline over the segments explored both times."""
    baseline, segments = inputs["baseline"], inputs["current"]
    now = ses_total(segments)
    remission = {"endoscopic_remission_le2": now["total"] <= 2}
    if baseline is None:
        return {"current": now, **remission}
    then = ses_total(baseline)
    seen = [name for name, items in segments.items() if items is not None and baseline.get(name) is not None]
    was = sum(then["segment_scores"][name] for name in seen)
    drop = was - sum(now["segment_scores"][name] for name in seen)
    if was == 0:
        change: Json = {"percent_decrease": None, "endoscopic_response_ge50": None}
    else:
        percent = Fraction(100 * drop, was)
        change = {
            "percent_decrease": shown(percent, 4),
            "endoscopic_response_ge50": percent >= 50,
            "endoscopic_response_gt50": percent > 50,
        }
    worst = max((max(items) for items in segments.values() if items is not None), default=0)
    other = {"alt_remission_le4_drop2_no_sub_gt1": now["total"] <= 4 and drop >= 2 and worst <= 1}
    return {"current": now, "baseline": then, **change, **remission, **other}
