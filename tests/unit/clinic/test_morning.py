"""The morning list on the page and as a chat message to those of the staff who linked their chat."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from bot.actions.disable_staff import disable_staff
from bot.actions.prepare_message import Dropped, Ready, prepare
from bot.actions.send_morning_list import queue_morning_lists
from bot.chat.desk import handle
from bot.chat.incoming import Command, Incoming
from bot.messages.discreet import telling_words
from bot.people.actor import Origin, operator_actor
from bot.people.roles import Role
from bot.storage.staff import account_by_name
from bot.storage.tables import MessageRow, StaffChatRow
from bot.storage.trail import Trail
from tests.support.clinic import ClinicBench, body_of
from tests.support.clinic_seed import MORNING, seeded_clinic

OWN_CHAT = 7_000_000_001
LINK = "https://diary.example/clinic/morning"
NEXT_EIGHT = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[ClinicBench]:
    with seeded_clinic(tmp_path) as bench:
        bench.add_staff(Role.COORDINATOR, name="Coordinator 01")
        yield bench


def token_from(clinic: ClinicBench, name: str = "Coordinator 01") -> str:
    page = clinic.browser_of(name).post("/morning/chat").text
    found = re.search(r"start=([\w-]{22})", page)
    assert found
    return found[1]


def start(clinic: ClinicBench, token: str, address: int = OWN_CHAT, at: datetime | None = None) -> None:
    """Open the chat with the token, as Telegram's link does."""
    with clinic.database.write() as session:
        incoming = Incoming(f"u{address}{token}", "telegram", address, "en", None, Command("start", token))
        handle(session, incoming, study=clinic.study, now=at or clinic.clock.now())


def messages(clinic: ClinicBench) -> list[MessageRow]:
    with clinic.database.read() as session:
        query = select(MessageRow).where(MessageRow.staff_id.is_not(None)).order_by(MessageRow.id)  # type: ignore[union-attr, arg-type]
        return list(session.exec(query).all())


def queue(clinic: ClinicBench, now: datetime = MORNING) -> int:
    with clinic.database.write() as session:
        return queue_morning_lists(session, study=clinic.study, now=now, link=LINK)


def worded(clinic: ClinicBench, row: MessageRow, now: datetime) -> Ready | Dropped:
    with clinic.database.read() as session:
        found = prepare(session, session.merge(row), study=clinic.study, now=now)
    assert isinstance(found, Ready | Dropped)
    return found


def test_a_coordinator_lands_on_the_list_and_reads_whom_to_call_first(clinic: ClinicBench) -> None:
    browser = clinic.browser_of("Coordinator 01")
    assert browser.get("/").headers["location"] == "/clinic/morning"
    page = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", body_of(browser.get("/morning"))))
    assert page.index("SH-001") < page.index("SH-002") < page.index("SH-007") < page.index("SH-017")
    for sentence in (
        "10:30 closes at check-in",
        "With this day it is evaluable; after that it is too late.",
        "1 in hand, all 3 left are needed.",
        "The chat refuses messages: only a call gets through.",
        "Mon 8 Jun is answered, only Submit is missing.",
        "The earliest date that can be evaluated is Fri 12 Jun.",
        "Messages were stopped by the participant: only a call gets through.",
    ):
        assert sentence in page, sentence


def prompt(participant: int, due_at: datetime) -> MessageRow:
    """Somebody is asked at this instant."""
    return MessageRow(
        dedupe_key=f"planted/{participant}", kind="prompt", priority=1, participant_id=participant, due_at=due_at,
        created_at=MORNING,
    )  # fmt: skip


def test_the_times_end_with_the_next_list_and_say_what_is_tomorrow(clinic: ClinicBench) -> None:
    """A traveller may be asked in the small hours; the questions of tomorrow evening are on tomorrow's list."""
    tonight = NEXT_EIGHT - timedelta(hours=12)
    with clinic.database.write() as session:
        for row in session.exec(select(MessageRow).where(MessageRow.kind == "prompt", MessageRow.due_at > MORNING)):
            session.delete(row)
        session.flush()
        for number, hours in enumerate((0, 6, 12 + 11), start=1):
            session.add(prompt(number, tonight + timedelta(hours=hours)))
    clinic.clock.advance(tonight - timedelta(hours=1) - clinic.clock.now())
    page = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", body_of(clinic.browser_of("Coordinator 01").get("/morning"))))
    times = page[page.index("Today's times") : page.index("Messages since")]
    asked = re.findall(r"(\d\d:\d\d) 1 participant is asked( tomorrow)?", times)
    assert asked == [("20:00", ""), ("02:00", " tomorrow")]


def test_the_call_script_of_any_row_opens_without_script(clinic: ClinicBench) -> None:
    browser = clinic.browser_of("Coordinator 01")
    first = browser.get("/morning").text
    other = browser.get("/morning?call=SH-004").text
    assert first.count('class="sunken call-script"') == other.count('class="sunken call-script"') == 1
    assert 'action="/clinic/participants/SH-004/call"' in other


def test_the_link_ties_one_chat_once_and_tells_it_so(clinic: ClinicBench) -> None:
    token = token_from(clinic)
    start(clinic, token)
    (hello,) = messages(clinic)
    ready = worded(clinic, hello, MORNING)
    assert isinstance(ready, Ready)
    assert ready.address == OWN_CHAT
    assert "08:00" in ready.text
    start(clinic, token, address=OWN_CHAT + 1)
    with clinic.database.read() as session:
        assert [row.address for row in session.exec(select(StaffChatRow)).all()] == [OWN_CHAT]
    assert "Your chat is linked since" in body_of(clinic.browser_of("Coordinator 01").get("/morning/chat"))


def test_a_late_link_and_a_participants_own_chat_link_nothing(clinic: ClinicBench) -> None:
    start(clinic, token_from(clinic), at=MORNING + timedelta(minutes=31))
    start(clinic, token_from(clinic), address=6_000_000_001)  # the chat of SH-001
    assert messages(clinic) == []


def test_the_list_is_queued_once_for_the_next_morning_and_worded_when_it_goes(clinic: ClinicBench) -> None:
    start(clinic, token_from(clinic))
    assert queue(clinic) == 1
    assert queue(clinic, MORNING + timedelta(hours=8)) == 0
    row = messages(clinic)[-1]
    assert (row.kind, row.due_at) == ("staff", NEXT_EIGHT)
    ready = worded(clinic, row, MORNING)
    assert isinstance(ready, Ready)
    assert "SH-001 before 10:30" in ready.text
    assert "Later date needed: 2" in ready.text
    assert LINK in ready.text
    assert telling_words(ready.text) == ()
    assert not re.search(r"\b\d+ of 7\b|pain|stool", ready.text)


def test_nothing_is_sent_on_a_morning_without_anybody_on_the_list(tmp_path: Path) -> None:
    with seeded_clinic(tmp_path, lives=()) as bench:
        bench.add_staff(Role.COORDINATOR, name="Coordinator 01")
        start(bench, token_from(bench))
        queue(bench)
        assert isinstance(worded(bench, messages(bench)[-1], MORNING), Dropped)


def test_a_disabled_account_and_an_unlinked_chat_get_no_list(clinic: ClinicBench) -> None:
    start(clinic, token_from(clinic))
    queue(clinic)
    row = messages(clinic)[-1]
    clinic.browser_of("Coordinator 01").post("/morning/chat/end")
    assert isinstance(worded(clinic, row, NEXT_EIGHT), Dropped)
    start(clinic, token_from(clinic))
    with clinic.database.write() as session:
        account = account_by_name(session, "Coordinator 01")
        assert account is not None
        trail = Trail(session, MORNING, operator_actor("test"), Origin.COMMAND)
        disable_staff(trail, account, reason="left the site", at=MORNING)
    assert isinstance(worded(clinic, row, NEXT_EIGHT), Dropped)
    assert queue(clinic, MORNING + timedelta(days=1)) == 0
