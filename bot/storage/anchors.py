"""Anchors: the heads of both chains, written line by line to a file that should live where the database does not.

A chain alone does not show that its end was cut off or that all of it was written anew; a line of this file does.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.audit import GENESIS, utc_text
from bot.errors import RefusedError
from bot.storage.tables import AccessRow, AuditRow

HASH = re.compile(r"[0-9a-f]{64}")
FILE_NAME = "audit-anchors.jsonl"  # in the data folder, unless an operator keeps another


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a chain: its number, its hash, and how many events there are; 0 of an empty chain."""

    seq: int
    hash: str
    count: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """Both heads at one instant of the system's clock; `line` is its place in the file, counted from 1."""

    at: datetime
    audit: Head
    access: Head
    line: int = 0


def heads(session: Session, at: datetime) -> Anchor:
    """The heads of both chains as they stand."""
    return Anchor(at, _head(session, AuditRow), _head(session, AccessRow))


def _head(session: Session, table: Any) -> Head:
    last = session.exec(select(table.seq, table.hash).order_by(col(table.seq).desc()).limit(1)).first()
    if last is None:
        return Head(0, GENESIS, 0)
    return Head(last[0], last[1], int(session.exec(select(func.count()).select_from(table)).one()))


def append_anchor(file: Path, anchor: Anchor) -> None:
    """Add one line to the file and see it written to disk; what stands there already is not touched."""
    text = json.dumps(_document(anchor), sort_keys=True) + "\n"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _document(anchor: Anchor) -> dict[str, object]:
    access = {"seq": anchor.access.seq, "hash": anchor.access.hash, "count": anchor.access.count}
    own = {"seq": anchor.audit.seq, "hash": anchor.audit.hash, "count": anchor.audit.count}
    return {"at": utc_text(anchor.at), **own, "access": access}


def read_anchors(file: Path) -> Sequence[Anchor]:
    """Every anchor of a file, in its order. Raises RefusedError for a file without one and for a line that is none."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise RefusedError(
            "There is no anchor file %(file)s: write one with `audit anchor %(file)s`.", file=file
        ) from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise RefusedError("%(file)s is not a file of anchors.", file=file) from None
    if not lines:
        raise RefusedError("%(file)s holds no anchor: write one with `audit anchor %(file)s`.", file=file)
    return [_read(line, number, file) for number, line in enumerate(lines, start=1)]


def _read(line: str, number: int, file: Path) -> Anchor:
    try:
        found = json.loads(line)
        at = datetime.fromisoformat(found["at"])
        if at.tzinfo is not None:
            return Anchor(at, _head_in(found), _head_in(found["access"]), number)
    except (ValueError, KeyError, TypeError):
        pass
    raise RefusedError(
        "%(file)s:%(line)s: this line is not an anchor as it was written; use a copy from elsewhere.",
        file=file,
        line=number,
    )


def _head_in(found: Any) -> Head:
    seq, digest, count = found["seq"], found["hash"], found["count"]
    if type(seq) is not int or type(count) is not int or seq < 0 or count < 0 or not HASH.fullmatch(digest):
        raise ValueError
    return Head(seq, digest, count)
