"""What changed between two drafts of one visit: every input and the outcome, old beside new."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

OUTCOME = ("status", "total", "category")
# The order in which a reader asks: what came out, when the visit is, the days, the clinic, then what stands behind.
PARTS = (
    "planned",
    "days",
    "excluded",
    "complications",
    "antidiarrhoeal",
    "mass",
    "hct",
    "weight",
    "carried",
    "sescd",
    "person",
    "baseline",
    "rules",
)
SCORED = "scored"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None is unknown.

    `part` is a section of the inputs (planned, days, excluded, complications, ..., rules) or outcome. `key` names
    the day, group, segment or setting within it, `item` the field of that; None where there is nothing to name.
    A day that came into the scored days, or left them, is one change of its item `scored`.
    """

    part: str
    key: str | None
    item: str | None
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class SinceStored:
    """The last stored draft of a visit: when and on which occasion it was stored, and what has changed since."""

    at: datetime
    occasion: str
    hash: str
    changes: tuple[Change, ...]


def changes_between(old_inputs: Json, new_inputs: Json, old_result: Json, new_result: Json) -> tuple[Change, ...]:
    """Return what differs between two recorded drafts; empty when inputs and outcome are the same."""
    outcome = ({key: one.get(key) for key in OUTCOME} for one in (old_result, new_result))
    return (
        *_differing("outcome", *outcome),
        *(change for part in PARTS for change in _part_changes(part, old_inputs.get(part), new_inputs.get(part))),
    )


def since_stored_json(since: SinceStored | None) -> dict[str, object] | None:
    """Return what changed as JSON values; None when no draft of the visit has been stored."""
    if since is None:
        return None
    return {
        "at": since.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "occasion": since.occasion,
        "hash": since.hash,
        "changes": [
            {"part": one.part, "key": one.key, "item": one.item, "old": one.old, "new": one.new}
            for one in since.changes
        ],
    }


def _part_changes(part: str, old: object, new: object) -> Iterator[Change]:
    if part == "days":
        yield from _day_changes(_table(old), _table(new))
    elif isinstance(old, Mapping) or isinstance(new, Mapping):
        yield from _differing(part, _table(old), _table(new))
    elif old != new:
        yield Change(part, None, None, old, new)


def _day_changes(old: Json, new: Json) -> Iterator[Change]:
    for day in sorted({*old, *new}):
        if (day in old) != (day in new):
            yield Change("days", day, SCORED, day in old, day in new)
        else:
            yield from _fields("days", day, old[day], new[day])


def _differing(part: str, old: Json, new: Json) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from _fields(part, key, _table(before), _table(after))
        elif before != after:
            yield Change(part, key, None, before, after)


def _fields(part: str, key: str, old: Json, new: Json) -> Iterator[Change]:
    for item in dict.fromkeys((*old, *new)):
        if old.get(item) != new.get(item):
            yield Change(part, key, item, old.get(item), new.get(item))


def _table(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}
