"""A printed draft is one page, kept on record as printed, and printing the same content again gives the same bytes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.print_draft import background_of, draft_pdf, print_draft
from bot.actions.pull_draft import pull_draft
from bot.documents.pdf.parts import Background
from bot.errors import NotAllowedError
from bot.people.actor import Actor, ActorKind
from bot.storage.diary import add_entry
from bot.storage.tables import EntryRow, StoredDraftRow
from schedules.errors import ScheduleError
from tests.support.site import ALL_CLINIC, OPERATOR, W00, SiteStudy, shanghai, site_study

MORNING = shanghai(W00, 9)
ADMIN = Actor(ActorKind.STAFF, "root", "admin")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    """A participant with a full week before the baseline visit, one day of it late."""
    with site_study(tmp_path) as found:
        found.enrol()
        for back in range(7, 0, -1):
            found.fill(W00 - timedelta(days=back), 4, 1, 1, timing="late" if back == 6 else "on_time")
        yield found


def printed(
    site: SiteStudy, language: str = "en", *, minutes: int = 0, actor: Actor = OPERATOR, visit: str = "W00"
) -> bytes:
    with site.acting(MORNING + timedelta(minutes=minutes), actor=actor) as (audit, participant):
        return print_draft(audit, participant, visit, language, study=site.study)


def behind(site: SiteStudy, visit: str = "W00", *, days: int = 0) -> Background:
    with site.database.read() as session:
        now = MORNING + timedelta(days=days)
        return background_of(session, site.participant(), visit, study=site.study, now=now)


def correct(site: SiteStudy, back: int, stools: int) -> None:
    """Store a second revision by staff, with another stool count."""
    first = next(row for row in site.rows(EntryRow) if row.diary_day == W00 - timedelta(days=back))
    with site.acting(MORNING) as (audit, _):
        kept = first.model_dump(exclude={"id", "revision", "stools", "submitted_at", "source", "reason"})
        again = EntryRow(**kept, revision=2, stools=stools, submitted_at=MORNING, source="staff", reason="slip")
        add_entry(audit, again, previous=first)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_printed_draft_is_one_page_and_stored_as_printed(site: SiteStudy, language: str) -> None:
    page = printed(site, language)
    assert page.startswith(b"%PDF-")
    assert b"/Count 1" in page
    assert [row.occasion for row in site.rows(StoredDraftRow)] == ["printed"]


def test_printing_the_same_content_later_gives_the_same_bytes_and_no_second_record(site: SiteStudy) -> None:
    first = printed(site)
    site.enrol(MORNING + timedelta(minutes=5), code="SH-002")  # the audit trail goes on between the two
    assert printed(site, minutes=30) == first
    assert len(site.rows(StoredDraftRow)) == 1


def test_a_changed_value_gives_another_page_and_another_record(site: SiteStudy) -> None:
    first = printed(site)
    site.assess("W00", ALL_CLINIC, now=MORNING + timedelta(minutes=10))
    assert printed(site, minutes=20) != first
    assert len(site.rows(StoredDraftRow)) == 2


def test_a_role_that_may_not_see_answers_prints_nothing(site: SiteStudy) -> None:
    with pytest.raises(NotAllowedError):
        printed(site, actor=ADMIN)
    assert site.rows(StoredDraftRow) == []


def test_a_visit_that_the_study_has_not_is_refused_by_name(site: SiteStudy) -> None:
    with pytest.raises(ScheduleError, match="no visit W99"):
        printed(site, visit="W99")


def test_late_days_and_corrections_come_with_their_times_and_authors(site: SiteStudy) -> None:
    correct(site, 3, 7)
    found = behind(site)
    late_on = W00 - timedelta(days=6)
    assert found.late_at == {late_on: shanghai(late_on, 20)}
    changes = [(one.on, one.item, one.before, one.after, one.by, one.at) for one in found.changes]
    assert changes == [(W00 - timedelta(days=3), "stools", 4, 7, "staff", MORNING)]
    assert found.study == "NCT05262829"


def test_the_course_begins_with_the_held_baseline_visit(site: SiteStudy) -> None:
    assert behind(site, "W04").trend == ()
    site.assess("W00", ALL_CLINIC, now=MORNING)
    site.check_in("W00")
    found = behind(site, "W04", days=2)
    with site.database.read() as session:
        total = pull_draft(session, "SH-001", "W00", study=site.study, now=MORNING + timedelta(days=2)).draft.total
    assert total is not None
    assert [(one.visit, one.total, one.interval) for one in found.trend] == [("W00", total, None)]
    assert found.baseline_on == W00


def test_looking_at_the_page_stores_nothing(site: SiteStudy) -> None:
    with site.database.read() as session:
        page = draft_pdf(session, site.participant(), "W00", "zh", study=site.study, now=MORNING)
    assert b"/Count 1" in page
    assert site.rows(StoredDraftRow) == []
