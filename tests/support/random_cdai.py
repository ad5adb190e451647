"""Random, valid pairs of inputs and rule set in the shape of the vectors, for comparing two scorings."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

Json = dict[str, Any]

NAMED_VISITS = [
    date(2023, 3, 1),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2024, 3, 6),
    date(2025, 1, 3),
    date(2025, 3, 31),
    date(2025, 12, 31),
]
DIARY_ITEMS = {"stools": 25, "pain": 3, "wellbeing": 4}
SEGMENTS = ["ileum", "right_colon", "transverse_colon", "left_colon", "rectum"]
SES_ITEMS = ["ulcer_size", "ulcerated_surface", "affected_surface", "narrowing"]
COMPLICATIONS = [
    "arthritis_arthralgia",
    "arthritis",
    "arthralgia",
    "iritis_uveitis",
    "iritis",
    "uveitis",
    "skin_mouth",
    "erythema_nodosum",
    "pyoderma_gangrenosum",
    "aphthous_stomatitis",
    "anal_fissure_fistula_abscess",
    "anal_fissure",
    "anal_fistula",
    "perianal_abscess",
    "other_fistula",
    "fever_over_37_8",
]


def random_case(rng: Random) -> tuple[Json, Json]:
    """A valid pair of inputs and profile, from well to very ill and from tidy to full of holes."""
    severity = rng.choice([0.0, 0.2, 0.4, 0.7, 1.0])
    inputs: Json = {**random_person(rng), **random_clinic(rng, severity)}
    if rng.random() < 0.85:
        inputs |= random_dated(rng, random_visit(rng), severity)
    else:
        inputs |= random_sums(rng)
    kept = {key: value for key, value in inputs.items() if value is not None or rng.random() < 0.5}
    return kept, random_profile(rng)


def random_visit(rng: Random) -> date:
    """A visit date, often one whose window crosses the end of February or of the year."""
    return rng.choice(NAMED_VISITS) + timedelta(days=rng.choice([0, 0, 0, rng.randint(0, 400)]))


def random_dated(rng: Random, visit: date, severity: float) -> Json:
    """Visit, diary, events and measurements with their dates."""
    return {
        "visit_date": visit.isoformat(),
        "diary": random_diary(rng, visit, severity),
        "events": random_events(rng, visit),
        "hct_percent": random_hct(rng, visit, severity),
        "weight_kg": random_weight(rng, visit),
    }


def random_sums(rng: Random) -> Json:
    """The formula alone: seven-day sums and undated measurements."""
    return {
        "diary_sums": {
            "stools": rng.randint(0, 140),
            "pain": rng.randint(0, 210) / 10,
            "wellbeing": rng.randint(0, 28),
        },
        "antidiarrhoeal": rng.choice([True, False]),
        "hct_percent": rng.randint(300, 560) / 10,
        "weight_kg": rng.randint(350, 1200) / 10,
    }


def random_person(rng: Random) -> Json:
    """Sex, height and standard weight, any of which may be missing."""
    height = rng.choice([None, rng.randint(120, 220), *[rng.randint(1450, 1950) / 10] * 3])
    return {
        "sex": rng.choice(["male", "female"] * 8 + [None]),
        "height_cm": height,
        "standard_weight_kg": rng.choice([None, 70, rng.randint(400, 900) / 10]),
    }


def random_clinic(rng: Random, severity: float) -> Json:
    """What the clinician finds, by finding or group; the antidiarrhoeal may be left to the diary."""
    return {
        "complications": rng.sample(COMPLICATIONS, rng.randint(0, round(severity * 8))),
        "antidiarrhoeal": rng.choice([True, False, None]),
        "mass": rng.choice(["none", "questionable", "definite"]),
    }


def random_hct(rng: Random, visit: date, severity: float) -> Any:
    """Per cent, as one number or as dated values."""
    highest = 580 - round(severity * 200)
    return random_measurement(rng, visit, lambda: rng.randint(250, highest) / 10)


def random_weight(rng: Random, visit: date) -> Any:
    """Kilograms, as one number or as dated values."""

    def draw() -> float:
        return rng.choice([rng.randint(35, 110), rng.randint(45000, 90000) / 1000])

    return random_measurement(rng, visit, draw)


def random_measurement(rng: Random, visit: date, draw: Callable[[], float]) -> Any:
    """One number, nothing, or up to four values on different days before and after the visit."""
    kinds = ["number", "inside", "after", "carried", "mixed", "mixed"]
    kind = rng.choice([*kinds, *kinds, "absent", "old"])
    if kind in ("number", "absent"):
        return draw() if kind == "number" else rng.choice([None, []])
    spans = {"inside": (-7, 0), "after": (1, 5), "carried": (-36, -7), "old": (-90, -34), "mixed": (-40, 8)}
    earliest, latest = spans[kind]
    offsets = rng.sample(range(earliest, latest + 1), rng.randint(1, 4))
    return [{"date": (visit + timedelta(days=n)).isoformat(), "value": draw()} for n in offsets]


def random_diary(rng: Random, visit: date, severity: float) -> list[Json]:
    """None to fourteen days, some missing, partial or late; on the visit day and beyond the window too."""
    fullness = rng.choice([0.0, 0.3, 0.6, 0.8, 0.8, 1.0, 1.0, 1.0, 1.0])
    asks_antidiarrhoeal = rng.random() < 0.5
    offsets = [n for n in range(16, -1, -1) if rng.random() < fullness][-14:]
    days = [random_day(rng, visit - timedelta(days=n), severity) for n in offsets]
    if asks_antidiarrhoeal:
        yes = rng.choice([0.0, 0.0, 0.1, 0.6])
        for day in days:
            day["antidiarrhoeal"] = None if rng.random() < 0.03 else rng.random() < yes
    if rng.random() < 0.1:
        rng.shuffle(days)
    return days


def random_day(rng: Random, day: date, severity: float) -> Json:
    """One diary day; about one in twenty is partial, late or has a blank."""
    least = 0.6 * severity if severity > 0.9 else 0
    entry: Json = {"date": day.isoformat()}
    for item, top in DIARY_ITEMS.items():
        entry[item] = rng.randint(round(least * top), round(severity * top))
    if rng.random() < 0.03:
        entry["stools"] = rng.randint(0, 50)
    fault = rng.choice([*([None] * 80), "partial", "late", "blank", "absent"])
    if fault in ("partial", "late"):
        entry["status"] = fault
    if fault == "absent":
        del entry[rng.choice(list(DIARY_ITEMS))]
    if fault == "blank" or (fault == "partial" and rng.random() < 0.5):
        entry[rng.choice(list(DIARY_ITEMS))] = None
    return entry


def random_events(rng: Random, visit: date) -> list[Json] | None:
    """No events, a preparation followed by an endoscopy, or days strewn around the visit."""
    kind = rng.choice(["none", "none", "pair", "strewn"])
    if kind == "none":
        return rng.choice([None, []])
    if kind == "pair":
        days_back = rng.randint(1, 10)
        chosen = [(days_back, "bowel_prep"), (days_back - 1, "endoscopy")]
    else:
        types = rng.choices(["bowel_prep", "endoscopy"], k=rng.randint(1, 4))
        chosen = [(rng.randint(-1, 16), what) for what in types]
    return [{"date": (visit - timedelta(days=n)).isoformat(), "type": what} for n, what in chosen]


def random_diary_case(rng: Random) -> tuple[Json, Json]:
    """Inputs and profile for the scores that need the diary alone."""
    visit = random_visit(rng)
    inputs = {
        "visit_date": visit.isoformat(),
        "diary": random_diary(rng, visit, rng.choice([0.05, 0.1, 0.2, 0.4, 1.0])),
        "events": random_events(rng, visit),
    }
    return {key: value for key, value in inputs.items() if value is not None}, random_profile(rng)


def random_totals(rng: Random) -> Json:
    """Two stored totals, often on the thresholds and their neighbours."""
    baseline = rng.choice([219.9, 220, 220.1, 248, 248.1, rng.randint(1000, 5000) / 10])
    fall = rng.choice([69.9, 70, 70.1, 99.9, 100, 100.1, rng.randint(-500, 3000) / 10])
    current = rng.choice([149.9, 150, 150.1, round(baseline - fall, 1)])
    return {"baseline": baseline, "current": current}


def random_endoscopies(rng: Random) -> Json:
    """An endoscopy now and, mostly, one before, each with at least one segment explored."""
    then = rng.choice([None, *[random_endoscopy(rng)] * 4])
    return {"baseline": then, "current": random_endoscopy(rng), "order": list(SES_ITEMS)}


def random_endoscopy(rng: Random) -> Json:
    """Five segments, from healed to severe; an impassable narrowing ends the examination."""
    worst = rng.choice([0, 1, 1, 2, 3])
    found: Json = {}
    for name in rng.sample(SEGMENTS, len(SEGMENTS)):
        narrowing = 0 if worst < 2 else rng.randint(0, 2)
        grades = [rng.randint(0, worst) for _ in SES_ITEMS[:3]]
        found[name] = None if found and rng.random() < 0.15 else [*grades, narrowing]
    return {name: found[name] for name in SEGMENTS}


def random_profile(rng: Random) -> Json:
    """A rule set with every switch drawn for itself."""
    return {
        "hct_standard": rng.choice([{"male": 47, "female": 42}, {"male": 40, "female": 37}]),
        "hct_item_floor": rng.choice([0, None]),
        "weight_item_floor": rng.choice([-10, 0, None]),
        "total_floor": rng.choice([None, None, 0]),
        "scoring_days": 7,
        "min_valid_days": rng.choice([3, 4, 4, 4, 5, 6, 7]),
        "prorate": rng.random() < 0.85,
        "lookback_days": rng.choice([7, 10, 12, 14, 14, 14]),
        "include_visit_day": rng.random() < 0.2,
        "replace_excluded_days": rng.random() < 0.7,
        "replace_missing_days": rng.random() < 0.3,
        "post_endoscopy_excluded_days": rng.choice([0, 0, 1, 2]),
        "hct_window_days": rng.choice([[-7, 3], [-7, 3], [-7, 0], [-14, 7], [-3, 1]]),
        "hct_carry_forward_max_days": rng.choice([35, 35, 28, 84, 0]),
        "weight_window_days": rng.choice([[-7, 3], [-7, 3], [-7, 0], [-14, 7], [-3, 1]]),
        "weight_carry_forward_max_days": rng.choice([35, 35, 28, 84, 0]),
        "standard_weight_method": rng.choice(["keys_bmi", "keys_bmi", "bmi22", "height_minus_105", "entered"]),
        "round_total_decimals": rng.choice([1, 1, 1, 0, 2]),
        "bands": rng.choice(
            [
                {"remission_lt": 150, "mild_lt": 220, "moderate_le": 450},
                {"remission_lt": 150.1, "mild_lt": 220.1, "moderate_le": 449.9},
                {"remission_le": 150, "mild_le": 220, "moderate_lt": 450},
            ]
        ),
    }
