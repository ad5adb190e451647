"""Every request of a diary week, read against Telegram's documentation by other eyes than the sandbox's.

python -m tests.faults.diary_requests [--evenings 8]
"""

import argparse
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from bot.sandbox.limits import Limits
from bot.storage.tables import EntryRow, MessageRow
from bot.storage.tables.traffic import ENDS
from tests.faults.kill_torture import say
from tests.support.live import FIRST_USER, Live, live_site, local, local_day, until
from tests.support.nursery import Nursery

ANN, BO, CHEN = FIRST_USER + 1, FIRST_USER + 2, FIRST_USER + 3


def play(folder: Path, evenings: int, *, nursery: Nursery | None = None) -> int:
    """Three people in two languages keep their diary; answers how many requests the service has made.

    Raises AssertionError for a request that must not be.
    """
    with live_site(folder, limits=Limits(), nursery=nursery) as site:
        invitations = {
            ANN: site.enrol_by_command("SH-001", ANN, "en"),
            BO: site.enrol("SH-002", BO, "zh"),
            CHEN: site.enrol("SH-003", CHEN, "zh"),
        }
        site.run()
        site.ready()
        for user, invitation in invitations.items():
            site.join(user, invitation, "en" if user == ANN else "zh")
        first = local_day(site.study_now())
        for number in range(evenings):
            play_evening(site, first + timedelta(days=number), number)
        site.step_to(local(first + timedelta(days=evenings), 12, 30))
        for user, command in ((ANN, "/today"), (BO, "/today"), (CHEN, "/start")):
            site.say(user, command)
        site.settle()
        check(site, evenings)
        return len(site.line.requests)


def play_evening(site: Live, day: date, number: int) -> None:
    """Ann answers at once, Bo after the last call or the second reminder, Chen tries commands on the first."""
    site.step_to(local(day, 20, 1))
    site.answer(ANN, str(number), "1 Mild", "2 Poor")
    if number == 0:
        correct(site)
        wander(site)
    site.step_to(local(day, 21, 50))
    if number % 2 == 0:
        site.step_to(local(day + timedelta(days=1), 8, 5))
    site.tap_when_there(BO, "开始", "10+", "17")
    site.tap_when_there(BO, "是的，17", "3 重度", "4 极差", "提交")
    until(lambda: "✓ 已保存" in site.newest(BO).text, "the receipt")
    if number == 0:
        site.say(CHEN, "/stop")
        site.tap_when_there(CHEN, "停止")
    site.settle()


def correct(site: Live) -> None:
    """A correction before closing, a typed number, help from somebody."""
    site.tap_when_there(ANN, "Change", "Change stools")
    until(lambda: "question 1 of" in site.newest(ANN).text, "the question")
    site.say(ANN, "17 times")
    site.tap_when_there(ANN, "Yes, 17", "Submit", "Someone helped me")
    until(lambda: "someone helped" in site.newest(ANN).text, "the note")
    site.settle()


def wander(site: Live) -> None:
    """Every command and its panel, both languages, and what is no answer."""
    for command, label in (
        ("/language", "English"), ("/language", "中文"), ("/hour", "20:00"), ("/help", ""), ("/stop", "保留"),
    ):  # fmt: skip
        before = site.newest(CHEN).message_id
        site.say(CHEN, command)
        until(lambda before=before: site.newest(CHEN).message_id > before, command)
        if label:
            site.tap_when_there(CHEN, label)
        site.settle()
    for text in ("3-4", "<b>&\u200f\U0001f600", "x" * 4000, "5"):
        site.say(CHEN, text)
        site.settle()


def check(site: Live, evenings: int) -> None:
    """No request was invalid, by either reading; nothing was refused, doubled, or left without an end."""
    assert site.line.invalid() == []
    assert [violation for violation in site.api.violations if violation.kind != "not_modified"] == []
    assert site.line.overlaps == 0
    due = [row for row in site.rows(MessageRow) if row.due_at <= site.study_now()]
    assert {row.state for row in due} <= set(ENDS) - {"unknown"}
    assert len({(row.participant_id, row.diary_day) for row in site.rows(EntryRow)}) == 2 * evenings
    assert site.leaks("17 times", "xxxx") == []


def main() -> int:
    """Play the evenings, and say that nothing was found; what is found ends this with its sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evenings", type=int, default=8)
    evenings = parser.parse_args().evenings
    with tempfile.TemporaryDirectory(prefix="cdai-diary-requests-") as folder:
        requests = play(Path(folder), evenings)
    say(f"0 invalid of {requests} requests in {evenings} evenings of three people in two languages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
