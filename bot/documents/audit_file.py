"""Audit events as files that open without this product: CSV and JSON, and both read back as exactly what they were."""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.audit import CANON_VERSION, AuditEvent, utc_text

NAMES: Final = tuple(AuditEvent.__slots__)
HASHES: Final = ("prev_hash", "hash")
LOCAL: Final = ("local_time", "time_zone")  # for readers; when read back they are passed over
OPTIONAL: Final = frozenset({"participant", "field", "old", "new", "reason"})
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
RISKY: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "'",
)  # a spreadsheet would take these for a formula or swallow them


@dataclass(frozen=True, slots=True)
class FiledEvent:
    """One event with its two hashes, as it stands in a file."""

    event: AuditEvent
    prev_hash: str
    hash: str


def to_csv(events: Iterable[FiledEvent], tzid: str) -> bytes:
    """UTF-8 with a byte-order mark, one line per event; times in UTC and on the clock of `tzid`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*NAMES, *HASHES, *LOCAL])
    zone = ZoneInfo(tzid)
    for filed in events:
        cells = [_cell(name, value) for name, value in _values(filed).items()]
        writer.writerow([*cells, filed.event.at.astimezone(zone).isoformat(timespec="seconds"), tzid])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def from_csv(content: bytes) -> list[FiledEvent]:
    """The events of such a file. Raises ValueError or KeyError for another one."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [_filed({name: _uncell(name, row[name]) for name in (*NAMES, *HASHES)}) for row in rows]


def to_json(events: Sequence[FiledEvent], tzid: str, *, chain: dict[str, object]) -> bytes:
    """One document: the events, the spelling of their hashes, and what a verification of the `chain` found."""
    document = {
        "schema": "cdai-diary-audit/1",
        "canonical_form": CANON_VERSION,
        "time_zone": tzid,
        "chain": chain,
        "events": [_values(filed) for filed in events],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def from_json(content: bytes) -> list[FiledEvent]:
    """The events of such a file. Raises ValueError or KeyError for another one."""
    return [_filed(values) for values in json.loads(content)["events"]]


def _values(filed: FiledEvent) -> dict[str, Any]:
    values = {name: getattr(filed.event, name) for name in NAMES}
    return values | {"at": utc_text(filed.event.at), "prev_hash": filed.prev_hash, "hash": filed.hash}


def _filed(values: dict[str, Any]) -> FiledEvent:
    event = {name: values[name] for name in NAMES}
    return FiledEvent(
        AuditEvent(**event | {"at": datetime.fromisoformat(values["at"])}), values["prev_hash"], values["hash"]
    )


def _cell(name: str, value: object) -> str:
    """A cell that no spreadsheet runs: an apostrophe before what could be a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if text == "" and name in OPTIONAL:
        return "'"  # an empty text is not a missing one
    return f"'{text}" if text.startswith(RISKY) and not NUMBER.fullmatch(text) else text


def _uncell(name: str, cell: str) -> object:
    text = cell.removeprefix("'")
    if name == "seq":
        return int(text)
    if name == "shifted":
        return text == "yes"
    return None if cell == "" and name in OPTIONAL else text
