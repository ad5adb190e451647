"""Messages and corrections that wait come a page at a time, the oldest first; a reply keeps its page."""

from datetime import timedelta
from pathlib import Path

from bot.people.roles import Role
from bot.storage.tables import CorrectionRow, SiteMessageRow
from tests.support.clinic import body_of
from tests.support.clinic_seed import LIVES, MORNING, TUESDAY, seeded_clinic

ALL, A_PAGE = 31, 30


def test_what_waits_is_cut_into_pages_and_counted_whole(tmp_path: Path) -> None:
    with seeded_clinic(tmp_path, lives=LIVES[:1]) as bench:
        with bench.database.write() as session:
            for number in range(ALL):
                at = MORNING - timedelta(hours=ALL - number)
                session.add(SiteMessageRow(participant_id=1, received_at=at, text=f"Word {number}.", reference=f"{at}"))
                session.add(
                    CorrectionRow(
                        participant_id=1, diary_day=TUESDAY - timedelta(days=2), requested_at=at, reference=f"{at}",
                        request_reason=f"Reason {number}.",
                    )
                )  # fmt: skip
        browser = bench.browser_of(bench.add_staff(Role.COORDINATOR))
        for path, words in (("/inbox", "Word"), ("/corrections", "Reason")):
            first, second = body_of(browser.get(path)), body_of(browser.get(f"{path}?page=2"))
            assert f"<b>{ALL}</b>" in first
            assert f"<b>{ALL}</b>" in second
            assert [f"{words} {number}." in first for number in range(ALL)] == [True] * A_PAGE + [False]
            assert [f"{words} {number}." in second for number in range(ALL)] == [False] * A_PAGE + [True]
            assert f"{path}?page=2" in first
        message = f"?reply={ALL}&page=2#m-{ALL}"
        assert message in body_of(browser.get("/inbox?page=2"))
