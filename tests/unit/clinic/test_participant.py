"""The participant page and the site team's acts: forms without script, reasons, previews, and what follows."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from bot.actions.prepare_message import Dropped, Ready, prepare
from bot.actions.request_correction import request_correction
from bot.people.actor import Origin, participant_actor
from bot.people.roles import Role
from bot.storage.participants import participant_by_code
from bot.storage.tables import (
    AuditRow,
    ChatRow,
    CorrectionRow,
    DiaryLinkRow,
    EntryRow,
    InvitationRow,
    MessageRow,
    ParticipantRow,
    PhoneCallRow,
    SiteMessageRow,
    SiteTaskRow,
    VisitRow,
)
from bot.storage.trail import Trail
from bot.storage.views.days import read_diary
from tests.support.clinic import ClinicBench, Visitor, body_of
from tests.support.clinic_seed import MORNING, seeded_clinic

MONDAY = date(2026, 6, 8)
ANSWERS = {"stools": "4", "pain": "1", "wellbeing": "2", "reason": "by phone, the battery was empty"}


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[ClinicBench]:
    with seeded_clinic(tmp_path) as bench:
        bench.add_staff(Role.COORDINATOR, name="Coordinator 01")
        bench.add_staff(Role.CLINICIAN, name="Clinician 01")
        yield bench


@pytest.fixture
def coordinator(clinic: ClinicBench) -> Visitor:
    return clinic.browser_of("Coordinator 01")


@pytest.fixture
def clinician(clinic: ClinicBench) -> Visitor:
    return clinic.browser_of("Clinician 01")


def rows(clinic: ClinicBench, table: type[Any], participant_code: str, /, **where: Any) -> list[Any]:
    with clinic.database.read() as session:
        participant = participant_by_code(session, participant_code)
        query = select(table).where(table.participant_id == participant.id).filter_by(**where)
        return list(session.exec(query.order_by(table.id)).all())


def participant(clinic: ClinicBench, code: str) -> ParticipantRow:
    with clinic.database.read() as session:
        return participant_by_code(session, code)


def state_of(clinic: ClinicBench, code: str, day: date) -> str:
    with clinic.database.read() as session:
        row = participant_by_code(session, code)
        diary = read_diary(session, row, clinic.study.protocol, clinic.clock.now(), days=[day])
        return diary.records[day].state.value


def said(browser: Visitor, answer: Any) -> str:
    """What the next page says was done."""
    assert answer.status_code == 303, body_of(answer)
    page = body_of(browser.client.get(answer.headers["location"]))
    return " ".join(re.findall(r'class="said" role="status">(?:<svg.*?</svg>)?(.*?)</p>', page))


def test_the_page_shows_days_values_messages_and_times_in_both_clocks(coordinator: Visitor) -> None:
    page = body_of(coordinator.get("/participants/SH-004"))
    assert "2026-06-06 12:11 UTC" in page  # 20:11 in Shanghai, the second revision
    assert re.search(r'class="old">4 →</span> 2', page)
    assert "phone was flat" in page
    assert "no receipt came back" in page
    assert "Unknown" in page


def test_a_move_is_previewed_before_and_after_and_changes_nothing_by_itself(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    page = body_of(coordinator.get("/participants/SH-006?visit=W08&to=2026-06-13"))
    assert "Evaluable on this date" in page
    assert "new prompts: Thu 11 Jun, Fri 12 Jun" in re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
    assert "Earliest date that can be evaluated: Fri 12 Jun" in page
    assert rows(clinic, VisitRow, "SH-006", code="W08") == []


def test_a_move_needs_a_reason_and_then_moves_the_visit_with_its_questions(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    target = "/participants/SH-006/visits/W08/move"
    refused = coordinator.post(target, {"to": "2026-06-13", "reason": " "})
    assert refused.status_code == 422
    assert "Say why" in body_of(refused)
    moved = coordinator.post(target, {"to": "2026-06-13", "reason": "cannot travel"})
    assert said(coordinator, moved) == "W08 of SH-006 is on Sat 13 Jun now."
    assert rows(clinic, VisitRow, "SH-006", code="W08")[0].scheduled_on == date(2026, 6, 13)
    asked = {row.diary_day for row in rows(clinic, MessageRow, "SH-006", kind="prompt", state="planned")}
    assert {date(2026, 6, 11), date(2026, 6, 12)} <= asked


def test_a_move_that_cannot_be_is_refused_in_the_preview(coordinator: Visitor) -> None:
    page = body_of(coordinator.get("/participants/SH-006?visit=W08&to=2026-01-01"))
    assert "cannot be planned for 2026-01-01" in page
    assert "Move to" not in page


def test_a_nudge_sends_neutral_words_once_and_only_while_the_day_waits(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    answer = coordinator.post("/participants/SH-003/nudge", {"back": "morning"})
    assert answer.headers["location"] == "/clinic/morning"
    (row,) = rows(clinic, MessageRow, "SH-003", kind="staff")
    with clinic.database.write() as session:
        ready = prepare(session, session.merge(row), study=clinic.study, now=clinic.clock.now())
        assert isinstance(ready, Ready)
        assert "12:00" in ready.text
        assert len(ready.rows) == 1
        after = prepare(session, session.merge(row), study=clinic.study, now=MORNING + timedelta(hours=3))
        assert isinstance(after, Dropped)
    again = coordinator.post("/participants/SH-003/nudge")
    assert again.status_code == 409
    assert "less than half an hour ago" in body_of(again)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SH-002", "refuses messages"),
        ("SH-017", "stopped the messages"),
        ("SH-035", "was withdrawn"),
        ("SH-018", "no open day that waits"),
    ],
)
def test_a_nudge_is_refused_where_nothing_may_or_need_be_sent(coordinator: Visitor, code: str, words: str) -> None:
    answer = coordinator.post(f"/participants/{code}/nudge")
    assert answer.status_code == 409
    assert words in body_of(answer)


def test_a_call_is_recorded_and_dictated_answers_are_entered_next(clinic: ClinicBench, coordinator: Visitor) -> None:
    answer = coordinator.post(
        "/participants/SH-002/call", {"outcome": "dictated", "day": "2026-06-08", "back": "morning"}
    )
    assert answer.headers["location"] == "/clinic/participants/SH-002/days/2026-06-08"
    answer = coordinator.post(
        "/participants/SH-002/call", {"outcome": "no_answer", "day": "2026-06-08", "back": "morning"}
    )
    assert answer.headers["location"] == "/clinic/morning"
    assert [row.outcome for row in rows(clinic, PhoneCallRow, "SH-002")] == ["dictated", "no_answer"]
    assert "Called 09:12, no answer." in body_of(coordinator.get("/morning"))
    assert coordinator.post("/participants/SH-002/call", {"outcome": "wept"}).status_code == 422


def test_a_phoned_in_day_before_closing_is_late_counts_and_bears_source_and_reason(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    answer = coordinator.post("/participants/SH-002/days/2026-06-08", ANSWERS)
    assert said(coordinator, answer) == "Mon 8 Jun is entered for SH-002."
    (entry,) = rows(clinic, EntryRow, "SH-002", diary_day=MONDAY)
    assert (entry.timing, entry.source, entry.reason) == ("late", "staff", ANSWERS["reason"])
    assert state_of(clinic, "SH-002", MONDAY) == "late"
    page = body_of(coordinator.get("/participants/SH-002"))
    assert "Coordinator 01" in page
    assert ANSWERS["reason"] in page
    assert "Mon 8 Jun: staff entry, late" in body_of(coordinator.get("/board"))


def test_a_day_entered_after_closing_is_kept_but_not_scored(clinic: ClinicBench, coordinator: Visitor) -> None:
    day = date(2026, 6, 7)
    assert "kept and shown, but not scored" in body_of(coordinator.get(f"/participants/SH-002/days/{day}"))
    coordinator.post(f"/participants/SH-002/days/{day}", ANSWERS)
    (entry,) = rows(clinic, EntryRow, "SH-002", diary_day=day)
    assert entry.timing == "after_closing"
    assert state_of(clinic, "SH-002", day) == "partial"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"stools": "51"}, "Enter a whole number from 0 to 50."),
        ({"pain": ""}, "Answer this question."),
        ({"wellbeing": "5"}, "Answer this question."),
        ({"stools": "18"}, "18 is unusual: confirm it."),
        ({"reason": ""}, "Say why"),
    ],
)
def test_a_faulty_day_is_shown_again_with_what_is_wrong_and_nothing_is_stored(
    clinic: ClinicBench, coordinator: Visitor, changed: dict[str, str], words: str
) -> None:
    answer = coordinator.post("/participants/SH-002/days/2026-06-08", ANSWERS | changed)
    assert answer.status_code == 422
    assert words in body_of(answer)
    assert rows(clinic, EntryRow, "SH-002", diary_day=MONDAY) == []


def test_an_unusual_number_is_stored_once_it_is_confirmed(clinic: ClinicBench, coordinator: Visitor) -> None:
    confirmed = ANSWERS | {"stools": "18", "confirm_stools": "18"}
    assert coordinator.post("/participants/SH-002/days/2026-06-08", confirmed).status_code == 303
    assert rows(clinic, EntryRow, "SH-002", diary_day=MONDAY)[0].stools == 18


@pytest.mark.parametrize(
    ("code", "day", "words"),
    [
        ("SH-002", "2026-06-10", "has not begun"),
        ("SH-005", "2026-06-09", "excluded"),
        ("SH-002", "2026-05-01", "No visit asks"),
        ("SH-018", "2026-06-06", "ask for a correction"),
        ("SH-035", "2026-06-08", "was withdrawn"),
    ],
)
def test_a_day_that_staff_may_not_enter_is_refused(coordinator: Visitor, code: str, day: str, words: str) -> None:
    if code == "SH-005":
        coordinator.bench.clock.advance(timedelta(hours=10))  # to the evening, when its preparation day would be open
    answer = coordinator.bench.browser_of("Coordinator 01").post(f"/participants/{code}/days/{day}", ANSWERS)
    assert answer.status_code == 409
    assert words in body_of(answer)


def test_a_correction_is_asked_by_a_coordinator_and_decided_by_an_investigator(
    clinic: ClinicBench, coordinator: Visitor, clinician: Visitor
) -> None:
    day = date(2026, 6, 6)
    coordinator.post(f"/participants/SH-018/days/{day}/correction", ANSWERS)
    (asked,) = rows(clinic, CorrectionRow, "SH-018")
    assert (asked.state, asked.stools, asked.requested_by) == ("open", 4, "Coordinator 01")
    assert coordinator.post(f"/corrections/{asked.id}/approve", ANSWERS).status_code == 403
    assert clinician.post(f"/corrections/{asked.id}/approve", ANSWERS | {"reason": ""}).status_code == 422
    before = rows(clinic, EntryRow, "SH-018", diary_day=day)[0]
    answer = clinician.post(f"/corrections/{asked.id}/approve", ANSWERS | {"reason": "agrees with the note"})
    assert "is approved" in said(clinician, answer)
    old, new = rows(clinic, EntryRow, "SH-018", diary_day=day)
    assert (old.stools, new.stools) == (before.stools, 4)
    assert (new.revision, new.timing, new.source, new.reason) == (2, before.timing, "staff", "agrees with the note")
    assert state_of(clinic, "SH-018", day) == before.timing
    assert rows(clinic, SiteTaskRow, "SH-018", kind="correction")[0].closed_at is not None
    assert clinician.post(f"/corrections/{asked.id}/approve", ANSWERS).status_code == 409


def test_a_correction_that_the_participant_asked_for_stays_the_participants_own(
    clinic: ClinicBench, clinician: Visitor
) -> None:
    with clinic.database.write() as session:
        row = participant_by_code(session, "SH-018")
        trail = Trail(session, MORNING, participant_actor("SH-018"), Origin.CHAT, participant="SH-018")
        assert request_correction(trail, row, date(2026, 6, 6))
    (asked,) = rows(clinic, CorrectionRow, "SH-018")
    assert "the participant" in body_of(clinician.get("/corrections"))
    clinician.post(f"/corrections/{asked.id}/approve", ANSWERS)
    entry = rows(clinic, EntryRow, "SH-018", diary_day=date(2026, 6, 6))[-1]
    assert (entry.source, entry.stools) == ("participant", 4)


def test_a_declined_correction_changes_no_value(clinic: ClinicBench, coordinator: Visitor, clinician: Visitor) -> None:
    coordinator.post("/participants/SH-018/days/2026-06-06/correction", ANSWERS)
    (asked,) = rows(clinic, CorrectionRow, "SH-018")
    assert clinician.post(f"/corrections/{asked.id}/decline", {"reason": ""}).status_code == 422
    answer = clinician.post(f"/corrections/{asked.id}/decline", {"reason": "not plausible"})
    assert "is declined" in said(clinician, answer)
    assert len(rows(clinic, EntryRow, "SH-018", diary_day=date(2026, 6, 6))) == 1
    assert "not plausible" in body_of(coordinator.get("/participants/SH-018"))


def test_a_visit_is_checked_in_with_one_click_or_at_an_earlier_time(clinic: ClinicBench, coordinator: Visitor) -> None:
    answer = coordinator.post("/participants/SH-018/visits/W04/check-in", {"back": "board"})
    assert answer.headers["location"] == "/clinic/board"
    assert rows(clinic, VisitRow, "SH-018", code="W04")[0].held_at == MORNING
    earlier = coordinator.post("/participants/SH-001/visits/W04/check-in", {"on": "2026-06-09", "at": "08:30"})
    assert earlier.status_code == 303
    assert rows(clinic, VisitRow, "SH-001", code="W04")[0].held_at == MORNING - timedelta(minutes=42)
    assert state_of(clinic, "SH-001", MONDAY) == "missed"
    future = coordinator.post("/participants/SH-019/visits/W12/check-in", {"on": "2026-06-09", "at": "23:00"})
    assert future.status_code == 422
    assert "This lies in the future." in body_of(future)


def test_preparation_days_are_marked_and_cleared(clinic: ClinicBench, coordinator: Visitor) -> None:
    target = "/participants/SH-016/visits/W00/preparation"
    wrong = coordinator.post(target, {"prep": "2026-06-16", "endoscopy": "2026-06-15"})
    assert wrong.status_code == 422
    coordinator.post(target, {"prep": "2026-06-15", "endoscopy": "2026-06-16"})
    page = body_of(coordinator.get("/participants/SH-016"))
    assert "prep" in page
    assert "not recorded yet" not in page
    coordinator.post(target, {"endoscopy": ""})
    assert "not recorded yet" in body_of(coordinator.get("/participants/SH-016"))


def test_a_no_show_is_recorded_with_its_reason_and_ends_the_questions(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    target = "/participants/SH-009/visits/W08/missed"
    assert coordinator.post(target, {"state": "no_show", "reason": ""}).status_code == 422
    assert coordinator.post(target, {"state": "late", "reason": "snow"}).status_code == 422
    assert coordinator.post(target, {"state": "no_show", "reason": "snow"}).status_code == 303
    assert rows(clinic, VisitRow, "SH-009", code="W08")[0].state == "no_show"
    assert rows(clinic, MessageRow, "SH-009", kind="prompt", state="planned", visit="W08") == []


def test_an_invitation_is_a_card_with_a_code_and_words_in_both_languages_shown_once(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    assert "https://t.me/" not in coordinator.get("/participants/SH-031/invitation").text
    page = coordinator.post("/participants/SH-031/invitation")
    assert page.status_code == 200
    assert "<svg" in page.text.split('class="qr-code"')[1]
    assert re.search(r"https://t\.me/diary_demo_bot\?start=[\w-]{22}", page.text)
    assert 'lang="zh-Hans"><ol' in page.text
    assert 'lang="en"><ol' in page.text
    card = page.text.split('class="panel invitation-card"')[1].split("</section>")[0]
    assert not re.search(r"Crohn|克罗恩|trial|试验|CDAI", card)
    assert "print-head" not in page.text  # it names the study, and the card goes home with the participant
    assert len([row for row in rows(clinic, InvitationRow, "SH-031") if row.revoked_at is None]) == 1
    coordinator.post("/participants/SH-031/invitation")
    assert len([row for row in rows(clinic, InvitationRow, "SH-031") if row.revoked_at is None]) == 1


def test_on_request_the_card_carries_a_link_to_the_diary_page_which_can_be_revoked(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    assert "checked" in coordinator.get("/participants/SH-032/invitation").text.split('name="diary_link"')[1][:40]
    assert "/diary/" not in coordinator.post("/participants/SH-032/invitation").text
    card = coordinator.post("/participants/SH-032/invitation", {"diary_link": "yes"}).text
    assert re.search(r"<code>http://127\.0\.0\.1:8080/diary/[\w-]{22}</code>", card)
    assert card.count('class="qr-code"') == 2
    assert "checked" not in coordinator.get("/participants/SH-032/invitation").text.split('name="diary_link"')[1][:40]
    first = [row for row in rows(clinic, DiaryLinkRow, "SH-032") if row.revoked_at is None]
    assert len(first) == 1
    revoked = coordinator.post("/participants/SH-032/diary-link/revoke")
    assert said(coordinator, revoked) == "The diary page link of SH-032 opens nothing any more."
    assert [row for row in rows(clinic, DiaryLinkRow, "SH-032") if row.revoked_at is None] == []
    again = coordinator.post("/participants/SH-032/diary-link/revoke")
    assert again.status_code == 409
    assert "SH-032 has no diary link: the invitation page makes one." in body_of(again)


def test_zone_unlinking_and_withdrawal_need_reasons_and_withdrawal_the_typed_code(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    home = "/participants/SH-011"
    assert coordinator.post(f"{home}/zone", {"zone": "Asia/Tokyo", "zone_reason": ""}).status_code == 422
    moved = coordinator.post(f"{home}/zone", {"zone": "Asia/Tokyo", "zone_reason": "travels"})
    assert said(coordinator, moved) == "SH-011 lives by Asia/Tokyo from Wed 10 Jun."
    assert coordinator.post(f"{home}/unlink", {"unlink_reason": ""}).status_code == 422
    coordinator.post(f"{home}/unlink", {"unlink_reason": "lost phone"})
    assert rows(clinic, ChatRow, "SH-011")[0].unbound_at is not None
    careless = coordinator.post(f"{home}/withdraw", {"withdraw_reason": "wishes so", "sure": "SH-012"})
    assert careless.status_code == 422
    assert participant(clinic, "SH-011").withdrawn_at is None
    coordinator.post(f"{home}/withdraw", {"withdraw_reason": "wishes so", "sure": "SH-011"})
    assert participant(clinic, "SH-011").withdrawn_at is not None
    assert rows(clinic, MessageRow, "SH-011", state="planned") == []


def test_messages_stopped_by_the_participant_come_again_when_the_site_says_so(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    assert "Ask by phone whether they may come again." in body_of(coordinator.get("/participants/SH-017"))
    coordinator.post("/participants/SH-017/resume")
    assert participant(clinic, "SH-017").stopped_at is None
    assert rows(clinic, MessageRow, "SH-017", kind="prompt", state="planned")


def test_enrolment_asks_for_no_name_and_ends_with_the_invitation(clinic: ClinicBench, coordinator: Visitor) -> None:
    form = coordinator.get("/participants/new").text
    assert not re.search(r'name="(name|phone|email)"', form)
    given = {
        "code": "SH-900",
        "sex": "female",
        "height": "166.5",
        "language": "zh",
        "zone": "Asia/Shanghai",
        "baseline": "2026-07-01",
        "consent": "2026-06-08",
    }
    wrong = coordinator.post("/participants/new", given | {"code": "sh900", "height": "16"})
    assert wrong.status_code == 422
    assert "Two to six capital letters" in body_of(wrong)
    assert 'value="16"' in wrong.text
    page = coordinator.post("/participants/new", given)
    assert page.status_code == 200
    assert "start=" in page.text
    assert participant(clinic, "SH-900").site == "seh"
    taken = coordinator.post("/participants/new", given)
    assert taken.status_code == 422
    assert "is enrolled already" in body_of(taken)


def test_a_message_is_acknowledged_or_answered_in_an_approved_frame(clinic: ClinicBench, coordinator: Visitor) -> None:
    (first,) = rows(clinic, SiteMessageRow, "SH-024")
    (second,) = rows(clinic, SiteMessageRow, "SH-026")
    assert "waiting for 13 hours" in body_of(coordinator.get("/inbox"))
    coordinator.post(f"/inbox/{first.id}/acknowledge")
    assert rows(clinic, SiteMessageRow, "SH-024")[0].acknowledged_by == "Coordinator 01"
    assert rows(clinic, SiteTaskRow, "SH-024", kind="message")[0].closed_at is not None
    coordinator.post(f"/inbox/{second.id}/reply", {"frame": "call_you"})
    (row,) = rows(clinic, MessageRow, "SH-026", kind="reply")
    with clinic.database.read() as session:
        ready = prepare(session, session.merge(row), study=clinic.study, now=clinic.clock.now())
    assert isinstance(ready, Ready)
    assert ready.text.startswith("工作人员已看到您的消息，会给您打电话。")
    assert rows(clinic, SiteMessageRow, "SH-026")[0].acknowledged_at is not None


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("Take your loperamide", "could be read on a locked phone"),
        ("", "Write 1 to 160"),
        ("x" * 161, "Write 1 to 160"),
        ("下次带上粪便样本，腹痛要说", "could be read on a locked phone"),
    ],
)
def test_own_words_that_would_give_the_reader_away_are_refused_and_kept_on_screen(
    clinic: ClinicBench, coordinator: Visitor, words: str, fault: str
) -> None:
    (message,) = rows(clinic, SiteMessageRow, "SH-024")
    answer = coordinator.post(f"/inbox/{message.id}/reply", {"frame": "words", "words": words})
    assert answer.status_code == 422
    assert fault in body_of(answer)
    assert words[:20] in body_of(answer)
    assert rows(clinic, MessageRow, "SH-024", kind="reply") == []


def test_the_participants_words_and_the_reply_stay_out_of_the_audit_trail(
    clinic: ClinicBench, coordinator: Visitor
) -> None:
    (message,) = rows(clinic, SiteMessageRow, "SH-024")
    coordinator.post(f"/inbox/{message.id}/reply", {"frame": "words", "words": "Gate seven, beside the fountain"})
    with clinic.database.read() as session:
        events = session.exec(select(AuditRow).where(col(AuditRow.participant) == "SH-024")).all()
    told = json.dumps([[event.action, event.old, event.new, event.reason] for event in events])
    assert "fountain" not in told
    assert "park" not in told
    assert "reply" in {event.action for event in events}


def test_what_people_typed_is_shown_as_text_and_never_as_markup(clinic: ClinicBench, coordinator: Visitor) -> None:
    evil = "<script>alert(1)</script>"
    coordinator.post("/participants/SH-002/days/2026-06-08", ANSWERS | {"reason": evil})
    page = coordinator.get("/participants/SH-002").text
    assert evil not in page
    assert "&lt;script&gt;" in page


def test_every_act_leaves_a_trail_that_names_the_member_of_staff(clinic: ClinicBench, coordinator: Visitor) -> None:
    coordinator.post("/participants/SH-002/days/2026-06-08", ANSWERS)
    coordinator.post("/participants/SH-003/nudge")
    coordinator.post("/participants/SH-002/call", {"outcome": "declined", "day": "2026-06-08"})
    with clinic.database.read() as session:
        events = session.exec(select(AuditRow).where(AuditRow.actor_kind == "staff")).all()
    assert {"submit", "nudge", "phone_call"} <= {event.action for event in events}
    assert {(event.actor_id, event.actor_role, event.origin) for event in events} == {
        ("Coordinator 01", "coordinator", "clinic")
    }
