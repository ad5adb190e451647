"""The record of a draft: what it was read from and what came out, in one canonical spelling with a hash.

Two drafts with equal records are the same draft, whenever and by whomever they were looked at.
"""

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction

from bot.scoring.draft import Draft
from bot.scoring.draft_input import Baseline
from bot.scoring.draft_json import draft_to_json
from bot.scoring.inputs import COMPLICATION_GROUPS, DiaryDayInput
from bot.scoring.numbers import Number, exact
from bot.scoring.selection import Selected
from bot.scoring.sescd import SEGMENTS, SesCd

CANON_VERSION = 1
# They say when the draft was looked at, what came before it and who signed it; none of them makes another draft.
OUTSIDE_THE_RECORD = ("as_of", "since_stored", "signature")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft as it is stored: canonical JSON texts of its inputs and result, and a hash over all of it.

    `canon_version` names the spelling, so that a later one never changes what an earlier record proves. `rules`
    is the rule set's hash, `protocol` the fingerprint of the protocol version, `hash` is written `sha256:...`.
    """

    inputs: str
    result: str
    rules: str
    protocol: str
    hash: str
    canon_version: int = CANON_VERSION


def make_record(draft: Draft, protocol: str) -> DraftRecord:
    """Return the record of a draft that was built under the protocol version with this fingerprint."""
    document = draft_to_json(draft)
    result = {key: value for key, value in document.items() if key not in OUTSIDE_THE_RECORD}
    inputs, shown, rules = canonical(inputs_of(draft)), canonical(result), draft.given.rules.hash
    return DraftRecord(inputs, shown, rules, protocol, _hash(inputs, shown, rules, protocol))


def is_intact(record: DraftRecord) -> bool:
    """Say whether a record still has the content that its hash was made of.

    Raises ValueError for a spelling that this version of the product does not know.
    """
    if record.canon_version != CANON_VERSION:
        raise ValueError(f"the record's spelling {record.canon_version} is not known here")
    return record.hash == _hash(record.inputs, record.result, record.rules, record.protocol)


def canonical(document: object) -> str:
    """Write JSON in its one spelling: sorted keys, no blanks, no escapes beyond what JSON needs."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def inputs_of(draft: Draft) -> Json:
    """Return everything that a draft was read from, as JSON values; exact numbers are texts.

    Only what can move the draft is here: the scoring days, the laboratory values that were chosen, and the
    rules; a later visit's values or an older day do not make another draft of this visit.
    """
    given = draft.given
    clinic, baseline = given.clinic, given.baseline
    return {
        "participant": given.participant,
        "visit": given.visit,
        "planned": {"visit_on": given.visit_on.isoformat(), "held": given.held, "baseline_visit": given.is_baseline},
        "person": {
            "sex": given.sex,
            "height_cm": _text(given.height_cm),
            "standard_weight_kg": _text(given.standard_weight_kg),
            "stoma": given.stoma,
        },
        "days": {day.on.isoformat(): _day(day) for day in draft.diary.scored},
        "excluded": {day.on.isoformat(): day.reason for day in draft.diary.excluded},
        "complications": {group: clinic.complications.get(group) for group in COMPLICATION_GROUPS},
        "antidiarrhoeal": clinic.antidiarrhoeal,
        "mass": clinic.mass,
        "hct": _measured(draft.result.hct),
        "weight": _measured(draft.result.weight),
        "carried": {key: _text(given.carried_components[key]) for key in draft.result.carried},
        "sescd": _sescd(given.sescd),
        "baseline": {} if baseline is None else _baseline(baseline),
        "rules": given.rules.to_mapping(),
    }


def _hash(inputs: str, result: str, rules: str, protocol: str) -> str:
    bundle = {"canon": CANON_VERSION, "inputs": inputs, "result": result, "rules": rules, "protocol": protocol}
    return "sha256:" + hashlib.sha256(canonical(bundle).encode()).hexdigest()


def _text(value: Number | None) -> str | None:
    """A number without loss: 38.5 where decimals can say it, else a fraction such as 40/3."""
    if value is None:
        return None
    number = exact(value)
    decimals = repr(float(number)).removesuffix(".0")
    return decimals if Fraction(decimals) == number else str(number)


def _day(day: DiaryDayInput) -> Json:
    return {
        "state": str(day.state),
        "stools": day.stools,
        "pain": day.pain,
        "wellbeing": day.wellbeing,
        "antidiarrhoeal": day.antidiarrhoeal,
        "source": day.source,
        "revision": day.revision,
        "corrected": day.corrected,
        "helped": day.helped,
        "outage": day.outage,
        "after_closing": day.after_closing,
    }


def _measured(chosen: Selected | None) -> Json:
    if chosen is None:
        return {}
    on = None if chosen.on is None else chosen.on.isoformat()
    return {"value": _text(chosen.value), "on": on, "accepted": chosen.accepted or None}


def _sescd(found: SesCd | None) -> Json:
    if found is None:
        return {}
    return {name: None if (grades := found.segments[name]) is None else list(grades) for name in SEGMENTS}


def _baseline(baseline: Baseline) -> Json:
    interval, means = baseline.interval, baseline.means
    ends: tuple[Fraction | None, Fraction | None] = (None, None)
    if interval is not None:
        ends = (interval.low, interval.high)
    return {
        "total": _text(baseline.total),
        "provisional": baseline.provisional,
        "min": _text(ends[0]),
        "max": _text(ends[1]),
        "mean_stools": None if means is None else _text(means.stools),
        "mean_pain": None if means is None else _text(means.pain),
        "mean_wellbeing": None if means is None else _text(means.wellbeing),
        **{f"sescd_{name}": grades for name, grades in _sescd(baseline.sescd).items()},
    }
