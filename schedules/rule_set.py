"""The scoring rule set: every decision a study takes about its CDAI, as frozen, versioned and hashed data.

Published constants (the item weights) are code in the scoring room; what each study decides stands here.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from schedules.errors import ScheduleError

SEXES = ("male", "female")
STANDARD_WEIGHT_METHODS = ("keys_bmi", "bmi22", "height_minus_105", "entered")
MISSING_COMPONENT_RULES = ("no_total", "carry_forward")
BAND_NAMES = ("remission", "mild", "moderate", "severe")


class RuleSetError(ScheduleError):
    """A rule set cannot be used; `key` names the setting, `sentence` says what is wrong with it."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(f"{key}: {sentence}")
        self.key = key
        self.sentence = sentence


@dataclass(frozen=True)
class Edge:
    """The upper edge of a band; an inclusive edge belongs to the band below it."""

    limit: Fraction
    inclusive: bool = False

    def holds(self, value: Fraction) -> bool:
        """Say whether a value lies below this edge, or on it when the edge is inclusive."""
        return value < self.limit or (self.inclusive and value == self.limit)


@dataclass(frozen=True)
class Bands:
    """Three rising edges that cut every finite total into remission, mild, moderate and severe."""

    remission: Edge = Edge(Fraction(150))
    mild: Edge = Edge(Fraction(220))
    moderate: Edge = Edge(Fraction(450), inclusive=True)

    def band(self, total: Fraction) -> str:
        """Name the one band of a rounded total."""
        if self.remission.holds(total):
            return "remission"
        if self.mild.holds(total):
            return "mild"
        return "moderate" if self.moderate.holds(total) else "severe"


@dataclass(frozen=True)
class BySex:
    """One value for men and one for women."""

    male: Fraction
    female: Fraction

    def of(self, sex: str) -> Fraction:
        """Return the value for `male` or `female`."""
        return self.male if sex == "male" else self.female


@dataclass(frozen=True)
class Range:
    """A closed range of measured values."""

    low: Fraction
    high: Fraction

    def holds(self, value: Fraction) -> bool:
        """Say whether a value lies in the range, ends included."""
        return self.low <= value <= self.high


def _range(low: int, high: int) -> Range:
    return Range(Fraction(low), Fraction(high))


@dataclass(frozen=True)
class InputRanges:
    """Ranges of what is entered: haematocrit in %, weight in kg, height in cm, stools a day."""

    hct_percent: Range
    weight_kg: Range
    height_cm: Range
    stools: Range


@dataclass(frozen=True)
class ResponseRules:
    """The thresholds of the study's own criteria: CDAI points, SES-CD percent, SES-CD points."""

    clinical_decrease: Fraction = Fraction(70)
    endoscopic_percent_decrease: Fraction = Fraction(50)
    endoscopic_remission_max: Fraction = Fraction(2)


FLOOR_POINTS = (-1000, 0)
HCT_STANDARD_PERCENT = (25, 65)  # a fraction of one, 0.47, is refused rather than scored
BAND_POINTS = (0, 1500)
RESPONSE_MOST = {"clinical_decrease": 1000, "endoscopic_percent_decrease": 100, "endoscopic_remission_max": 60}
ACCEPTED = InputRanges(_range(10, 70), _range(25, 250), _range(120, 220), _range(0, 50))
USUAL = InputRanges(_range(20, 58), _range(35, 130), _range(140, 200), _range(0, 15))


@dataclass(frozen=True)
class RuleSet:
    """One named and versioned set of decisions; days are counted from the visit date, floors are points.

    `hct_window_days` and `weight_window_days` are the first and last day, relative to the visit, of a value
    that counts; an older value may be carried forward for as many days as the matching maximum says.
    `usual` are the ranges outside which an accepted value needs confirmation.
    """

    id: str
    version: str
    hct_standard: BySex = BySex(Fraction(47), Fraction(42))
    hct_item_floor: Fraction | None = Fraction(0)
    weight_item_floor: Fraction | None = Fraction(-10)
    total_floor: Fraction | None = None
    scoring_days: int = 7
    min_valid_days: int = 4
    prorate: bool = True
    lookback_days: int = 14
    include_visit_day: bool = False
    replace_excluded_days: bool = True
    replace_missing_days: bool = False
    post_endoscopy_excluded_days: int = 0
    score_after_closing: bool = False
    hct_window_days: tuple[int, int] = (-7, 3)
    hct_carry_forward_max_days: int = 35
    weight_window_days: tuple[int, int] = (-7, 3)
    weight_carry_forward_max_days: int = 35
    standard_weight_method: str = "keys_bmi"
    antidiarrhoeal_from_diary: bool = False
    missing_component: str = "no_total"
    min_components: int = 4
    round_total_decimals: int = 1
    bands: Bands = Bands()
    accepted: InputRanges = ACCEPTED
    usual: InputRanges = USUAL
    response: ResponseRules = ResponseRules()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> "RuleSet":
        """Read a rule set; keys left out take their default, `id` and `version` are required.

        A floor is a number; null or the word "none" means no floor. Raises RuleSetError naming the key.
        """
        for key in ("id", "version"):
            if key not in mapping:
                raise RuleSetError(key, "is missing; a rule set needs an id and a version.")
        values = {key: _read(key, value) for key, value in mapping.items()}
        rules = replace(default_rules(), **values)  # type: ignore[arg-type]
        _check(rules)
        return rules

    def to_mapping(self) -> dict[str, object]:
        """Return every setting as plain JSON values; `from_mapping` reads it back to an equal rule set."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of the canonical mapping, written `sha256:...`."""
        text = json.dumps(self.to_mapping(), sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def default_rules() -> RuleSet:
    """Return the proposed decisions for a study that states none."""
    return RuleSet(id="default", version="1")


def post_endoscopy_days(endoscopy: Collection[date], rules: RuleSet) -> tuple[date, ...]:
    """Return the days after each endoscopy that the rule set leaves out, oldest first."""
    reach = range(1, rules.post_endoscopy_excluded_days + 1)
    return tuple(sorted({on + timedelta(days=n) for on in endoscopy for n in reach}))


def pick_scoring_days(
    visit_on: date, excluded: Collection[date], rules: RuleSet, valid: Collection[date] | None = None
) -> tuple[date, ...]:
    """Return the scoring days of a visit, oldest first; see `walk_back`."""
    return walk_back(visit_on, excluded, rules, valid)[0]


def walk_back(
    visit_on: date, excluded: Collection[date], rules: RuleSet, valid: Collection[date] | None = None
) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Return the scoring days of a visit and the excluded days met on the way, each oldest first.

    Walks back from the day before the visit to the look-back limit. An excluded day is replaced by an earlier
    one; a missed day keeps its place, unless the rule set replaces missed days: then `valid` names the days
    that count (None: no day is known to be missed).
    """
    places = rules.scoring_days
    picked: list[date] = []
    met: list[date] = []
    for back in range(0 if rules.include_visit_day else 1, rules.lookback_days + 1):
        if places == 0:
            break
        on = visit_on - timedelta(days=back)
        if on in excluded:
            met.append(on)
            places -= not rules.replace_excluded_days
        elif not rules.replace_missing_days or valid is None or on in valid:
            picked.append(on)
            places -= 1
    return tuple(reversed(picked)), tuple(reversed(met))


def _read(key: str, value: object) -> object:
    reader = _READERS.get(key)
    if reader is None:
        raise RuleSetError(key, f"is not a scoring setting; known are {', '.join(_READERS)}.")
    return reader(key, value)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RuleSetError(key, "must be a text that is not empty.")
    return value


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise RuleSetError(key, "must be true or false.")
    return value


def _whole(low: int, high: int) -> Callable[[str, object], int]:
    def read(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise RuleSetError(key, f"must be a whole number from {low} to {high}.")
        return value

    return read


def _number(key: str, value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        raise RuleSetError(key, "must be a number.")
    try:
        # str() of a float gives back the decimals that were written, so 22.1 stays 22.1 exactly.
        return Fraction(str(value))
    except ValueError:
        raise RuleSetError(key, "must be a finite number.") from None


def _between(key: str, value: object, least: int, most: int) -> Fraction:
    """A number that can be meant: what lies outside is a slip of the key or the unit."""
    found = _number(key, value)
    if not least <= found <= most:
        raise RuleSetError(key, f"must be a number from {least} to {most}.")
    return found


def _floor(key: str, value: object) -> Fraction | None:
    return None if value is None or value == "none" else _between(key, value, *FLOOR_POINTS)


def _choice(choices: tuple[str, ...]) -> Callable[[str, object], str]:
    def read(key: str, value: object) -> str:
        if value not in choices:
            raise RuleSetError(key, f"must be one of {', '.join(choices)}.")
        return str(value)

    return read


def _table(key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise RuleSetError(key, "must be a table.")
    return value


def _pair(key: str, value: object) -> tuple[object, object]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise RuleSetError(key, "must be a list of two numbers, lowest first.")
    return value[0], value[1]


def _days_pair(key: str, value: object) -> tuple[int, int]:
    first, last = _pair(key, value)
    return _whole(-365, 0)(key, first), _whole(0, 365)(key, last)


def _by_sex(key: str, value: object) -> BySex:
    table = _table(key, value)
    if set(table) != set(SEXES):
        raise RuleSetError(key, "must name a value for male and one for female, and nothing else.")
    return BySex(**{sex: _between(f"{key}.{sex}", table[sex], *HCT_STANDARD_PERCENT) for sex in SEXES})


def _bands(key: str, value: object) -> Bands:
    table = _table(key, value)
    edges = {}
    for name in BAND_NAMES[:3]:
        given = [edge for edge in (f"{name}_lt", f"{name}_le") if edge in table]
        if len(given) != 1:
            raise RuleSetError(f"{key}.{name}", f"needs exactly one of {name}_lt and {name}_le.")
        edges[name] = Edge(
            _between(f"{key}.{given[0]}", table[given[0]], *BAND_POINTS), inclusive=given[0].endswith("_le")
        )
    for name in set(table) - {f"{name}_{kind}" for name in edges for kind in ("lt", "le")}:
        raise RuleSetError(f"{key}.{name}", "is not a band edge; the last band, severe, needs none.")
    return Bands(**edges)


def _ranges(base: InputRanges) -> Callable[[str, object], InputRanges]:
    def read(key: str, value: object) -> InputRanges:
        known = {item.name for item in fields(InputRanges)}
        return replace(base, **{n: _one_range(f"{key}.{n}", v, known) for n, v in _table(key, value).items()})

    return read


def _one_range(key: str, value: object, known: set[str]) -> Range:
    if key.rpartition(".")[2] not in known:
        raise RuleSetError(key, f"is not an input; known are {', '.join(sorted(known))}.")
    low, high = _pair(key, value)
    found = Range(_number(key, low), _number(key, high))
    if found.low > found.high:
        raise RuleSetError(key, "must be a list of two numbers, lowest first.")
    return found


def _response(key: str, value: object) -> ResponseRules:
    known = [item.name for item in fields(ResponseRules)]
    table = _table(key, value)
    for name in table:
        if name not in known:
            raise RuleSetError(f"{key}.{name}", f"is not a response threshold; known are {', '.join(known)}.")
    values = {name: _between(f"{key}.{name}", v, 0, RESPONSE_MOST[name]) for name, v in table.items()}
    return replace(ResponseRules(), **values)


_READERS: dict[str, Callable[[str, object], object]] = {
    "id": _text,
    "version": _text,
    "hct_standard": _by_sex,
    "hct_item_floor": _floor,
    "weight_item_floor": _floor,
    "total_floor": _floor,
    "scoring_days": _whole(1, 28),
    "min_valid_days": _whole(1, 28),
    "prorate": _flag,
    "lookback_days": _whole(1, 60),
    "include_visit_day": _flag,
    "replace_excluded_days": _flag,
    "replace_missing_days": _flag,
    "post_endoscopy_excluded_days": _whole(0, 7),
    "score_after_closing": _flag,
    "hct_window_days": _days_pair,
    "hct_carry_forward_max_days": _whole(0, 365),
    "weight_window_days": _days_pair,
    "weight_carry_forward_max_days": _whole(0, 365),
    "standard_weight_method": _choice(STANDARD_WEIGHT_METHODS),
    "antidiarrhoeal_from_diary": _flag,
    "missing_component": _choice(MISSING_COMPONENT_RULES),
    "min_components": _whole(1, 8),
    "round_total_decimals": _whole(0, 6),
    "bands": _bands,
    "accepted": _ranges(ACCEPTED),
    "usual": _ranges(USUAL),
    "response": _response,
}


def _check(rules: RuleSet) -> None:
    """Refuse settings that contradict one another. Raises RuleSetError."""
    if rules.min_valid_days > rules.scoring_days:
        raise RuleSetError("min_valid_days", "must not exceed scoring_days.")
    if rules.lookback_days < rules.scoring_days - rules.include_visit_day:
        raise RuleSetError("lookback_days", "must reach back over all scoring days.")
    bands = rules.bands
    if not bands.remission.limit < bands.mild.limit < bands.moderate.limit:
        raise RuleSetError("bands", "must rise from remission over mild to moderate.")
    if rules.standard_weight_method == "height_minus_105" and rules.accepted.height_cm.low <= 105:
        raise RuleSetError("accepted.height_cm", "must lie above 105 cm for the method height_minus_105.")
    _check_ranges(rules)


def _check_ranges(rules: RuleSet) -> None:
    for item in fields(InputRanges):
        accepted, usual = getattr(rules.accepted, item.name), getattr(rules.usual, item.name)
        if accepted.low < 0 or (accepted.low == 0 and item.name != "stools"):
            raise RuleSetError(f"accepted.{item.name}", "must be above zero.")
        if not (accepted.holds(usual.low) and accepted.holds(usual.high)):
            raise RuleSetError(f"usual.{item.name}", f"must lie within accepted.{item.name}.")
    stools = rules.accepted.stools
    if stools.low.denominator != 1 or stools.high.denominator != 1:
        raise RuleSetError("accepted.stools", "must be whole numbers.")


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    if isinstance(value, Bands):
        edges = {name: getattr(value, name) for name in BAND_NAMES[:3]}
        return {f"{name}_{'le' if e.inclusive else 'lt'}": _plain(e.limit) for name, e in edges.items()}
    if isinstance(value, Range):
        return [_plain(value.low), _plain(value.high)]
    if isinstance(value, BySex | InputRanges | ResponseRules):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return list(value) if isinstance(value, tuple) else value
