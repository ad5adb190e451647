"""A clinic on an audited study, with queries in every state and a day that was filled in very fast."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.actions.anchor_audit import anchor_audit
from bot.actions.answer_query import answer_query
from bot.actions.close_query import close_query
from bot.actions.raise_query import Place, raise_query
from bot.actions.verify_audit import verify_audit
from bot.storage.anchors import FILE_NAME
from bot.storage.tables import QueryRow
from tests.support.audited import CODE, COORDINATOR, DATA_MANAGER, DAYS, audited_study
from tests.support.clinic import ClinicBench, clinic_bench
from tests.support.site import W00, SiteStudy, shanghai

NOW = shanghai(W00, 18)
ASKED = Place("stools", day=DAYS[-1])


@contextmanager
def audit_clinic(folder: Path, *, verified: bool = True, **options: Any) -> Iterator[ClinicBench]:
    """The clinic on the evening of the first visit; verified and anchored at noon unless asked otherwise."""
    with clinic_bench(folder, **{"demonstration": True, **options}) as bench:
        bench.clock.advance(NOW - bench.clock.now())
        site = audited_study(bench.database)
        ask(site)
        if verified:
            anchor_audit(bench.database, folder / FILE_NAME, at=NOW - timedelta(hours=1))
            verify_audit(bench.database, at=NOW - timedelta(hours=1))
        yield bench


def ask(site: SiteStudy) -> None:
    """Three queries: open, answered, closed."""
    words = ("The paper note says 4 stools: which is right?", "Who gave the value?", "Was it taken fasting?")
    places = (ASKED, Place("pain", day=DAYS[0]), Place("hct", visit="W00"))
    for number, (place, question) in enumerate(zip(places, words, strict=True)):
        with site.acting(shanghai(W00, 15, number), actor=DATA_MANAGER) as (audit, participant):
            raise_query(audit, participant, place, question, study=site.study)
    for number in (2, 3):
        with site.acting(shanghai(W00, 16, number), actor=COORDINATOR) as (audit, participant):
            answer_query(audit, row_of(audit, number), participant, "As noted in the source, page 3.")
    with site.acting(shanghai(W00, 17), CODE, actor=DATA_MANAGER) as (audit, participant):
        close_query(audit, row_of(audit, 3), participant)


def row_of(audit: object, number: int) -> QueryRow:
    row = audit.session.get(QueryRow, number)  # type: ignore[attr-defined]
    assert isinstance(row, QueryRow)
    return row
