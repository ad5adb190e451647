"""Audit events as files: what is written reads back equal, and no cell is a formula."""

import csv
import io
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from bot.audit import GENESIS, AuditEvent
from bot.documents.audit_file import FiledEvent, from_csv, from_json, to_csv, to_json
from tests.support.database import T0

EVENT = AuditEvent(
    seq=1, at=T0, shifted=False, actor_kind="staff", actor_id="Coordinator 01", actor_role="coordinator",
    origin="clinic", action="revise", entity="entry", entity_id="SH-001/2025-03-24/2", participant="SH-001",
    field="stools", old="6", new="4", reason="手机没电", request_id="r", app_version="1",
)  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
MAYBE = st.none() | WORDS | st.sampled_from(["", "-3", "=1+1", "'", "''x", "@x", "+8", "a\nb", 'a"b', "\r"])


@given(old=MAYBE, new=MAYBE, reason=MAYBE, shifted=st.booleans())
@example(old="", new=None, reason="'", shifted=True)
def test_what_is_written_reads_back_equal(old: str | None, new: str | None, reason: str | None, shifted: bool) -> None:
    event = replace(EVENT, old=old, new=new, reason=reason, shifted=shifted)
    events = [FiledEvent(event, GENESIS, "a" * 64), FiledEvent(replace(EVENT, seq=2), "a" * 64, "b" * 64)]
    assert from_csv(to_csv(events, "Asia/Shanghai")) == events
    assert from_json(to_json(events, "Asia/Shanghai", chain={"intact": True})) == events


def rows(event: AuditEvent) -> dict[str, str]:
    content = to_csv([FiledEvent(event, GENESIS, "a" * 64)], "Asia/Shanghai").decode("utf-8-sig")
    return next(csv.DictReader(io.StringIO(content, newline="")))


def test_no_cell_begins_like_a_formula_and_numbers_stay_numbers() -> None:
    for risky in ("=1+1", "+8", "@x", "-a", "\tx"):
        assert rows(replace(EVENT, new=risky))["new"] == f"'{risky}"
    assert rows(replace(EVENT, new="-3"))["new"] == "-3"


def test_both_times_and_the_zone_stand_in_every_line() -> None:
    found = rows(EVENT)
    assert found["at"] == "2025-03-24T12:00:00.000000Z"
    assert (found["local_time"], found["time_zone"]) == ("2025-03-24T20:00:00+08:00", "Asia/Shanghai")


def test_a_spreadsheet_is_told_the_encoding() -> None:
    assert to_csv([], "Asia/Shanghai").startswith(b"\xef\xbb\xbfseq,at,")
