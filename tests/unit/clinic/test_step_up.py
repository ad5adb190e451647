"""Setting up an account, and confirming who acts before what matters."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from bot.actions.add_staff import issue_setup_link
from bot.audit import AuditEvent, verify_chain
from bot.people.actor import Origin, operator_actor
from bot.people.one_time_codes import code_at
from bot.people.roles import Role
from bot.storage.staff import account_by_name
from bot.storage.tables import AccessRow
from bot.storage.trail import Trail
from tests.support.clinic import PASSWORD, ClinicBench, Visitor, body_of


@pytest.fixture
def link(bench: ClinicBench) -> str:
    """A fresh setup link of an account."""
    name = bench.add_staff(Role.CLINICIAN, name="Investigator 01")
    with bench.database.write() as session:
        account = account_by_name(session, name)
        assert account is not None
        trail = Trail(session, bench.clock.now(), operator_actor("test"), Origin.COMMAND)
        return issue_setup_link(trail, account, study=bench.study, sealer=bench.sealer, at=bench.clock.system_now())


def filled(bench: ClinicBench, visitor: Visitor, link: str, **changed: str) -> dict[str, str]:
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", visitor.get(f"/setup/{link}").text)
    assert key
    code = code_at(key[1].replace(" ", ""), bench.clock.system_now())
    name = "Dr Investigator 01"
    form = {"printed_name": name, "language": "zh", "password": PASSWORD, "repeated": PASSWORD, "code": code}
    return form | changed


def test_a_setup_link_takes_name_password_and_code_shows_ten_recovery_codes_and_signs_in(
    bench: ClinicBench, link: str
) -> None:
    visitor = bench.visitor()
    done = visitor.post(f"/setup/{link}", filled(bench, visitor, link), page=f"/setup/{link}")
    assert done.status_code == 200
    assert len(re.findall(r"<li>([a-z0-9-]{14})</li>", done.text)) == 10
    assert 'lang="zh-Hans"' in done.text
    assert "研究者" in visitor.get("/account").text
    assert visitor.get(f"/setup/{link}").status_code == 404


def test_setting_up_again_ends_the_old_sessions_and_the_old_password(bench: ClinicBench, link: str) -> None:
    old = bench.browser_of("Investigator 01")
    visitor = bench.visitor()
    new = "another four plain words"
    form = filled(bench, visitor, link, password=new, repeated=new)
    visitor.post(f"/setup/{link}", form, page=f"/setup/{link}")
    assert old.get("/account").status_code == 303
    bench.next_code()
    assert bench.visitor().sign_in("Investigator 01").status_code == 401


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"password": "short", "repeated": "short"}, "At least 8 characters"),
        ({"password": "Password", "repeated": "Password"}, "on every guesser's list"),
        ({"password": "iloveyou2", "repeated": "iloveyou2"}, "on every guesser's list"),
        ({"password": "investigator01!", "repeated": "investigator01!"}, "holds the account's name"),
        ({"password": "x" * 129, "repeated": "x" * 129}, "At most 128 characters"),
        ({"repeated": "something else"}, "The two passwords differ."),
        ({"code": "12345"}, "not the code that the app shows now"),
        ({"printed_name": "  "}, "Give the name that your signatures will print."),
    ],
)
def test_a_form_with_a_fault_changes_nothing_and_says_what_is_wrong(
    bench: ClinicBench, link: str, changed: dict[str, str], sentence: str
) -> None:
    visitor = bench.visitor()
    answer = visitor.post(f"/setup/{link}", filled(bench, visitor, link, **changed), page=f"/setup/{link}")
    assert answer.status_code == 422
    assert sentence in body_of(answer)
    assert PASSWORD not in answer.text
    assert visitor.get(f"/setup/{link}").status_code == 200


def test_used_expired_and_invented_links_read_alike(bench: ClinicBench, link: str) -> None:
    invented = bench.visitor().get("/setup/AAAAAAAAAAAAAAAAAAAAAA")
    bench.clock.advance(timedelta(hours=72))
    expired = bench.visitor().get(f"/setup/{link}")
    assert invented.status_code == expired.status_code == 404
    sentence = "This setup link cannot be used: ask the administrator for a new one."
    assert sentence in invented.text
    assert sentence in expired.text


def test_the_qr_code_is_a_picture_of_its_own(bench: ClinicBench, link: str) -> None:
    answer = bench.visitor().get(f"/setup/{link}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "no-store"
    assert "<svg" in answer.text


def test_the_first_act_of_a_session_asks_password_and_code_a_later_one_the_password(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.signed_in(name)
    asked = visitor.post("/account/recovery-codes")
    assert "confirm_password" in asked.text
    assert "confirm_code" in asked.text
    assert "The next one comes in 30 seconds." in body_of(asked)
    bench.next_code()
    assert "Recovery codes" in visitor.post("/account/recovery-codes", visitor.confirm(name)).text
    again = visitor.post("/account/recovery-codes")
    assert "confirm_password" in again.text
    assert "confirm_code" not in again.text
    assert visitor.post("/account/recovery-codes", {"confirm_password": PASSWORD}).text.count("<li>") >= 10


def test_after_five_idle_minutes_both_are_asked_again(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.browser_of(name)
    visitor.post("/account/recovery-codes", visitor.confirm(name))
    token = visitor.token()
    bench.clock.advance(timedelta(minutes=5, seconds=1))
    asked = visitor.client.post("/clinic/account/recovery-codes", data={"csrf": token, "confirm_password": PASSWORD})
    assert "confirm_code" in asked.text


def test_the_form_that_needs_confirming_is_carried_along_without_its_secrets(bench: ClinicBench) -> None:
    admin = bench.add_staff(Role.ADMIN)
    bench.add_staff(Role.MONITOR)
    visitor = bench.browser_of(admin)
    asked = visitor.post("/staff/2/disable", {"reason": "left the site", "confirm_password": "wrong words"})
    assert 'name="reason" value="left the site"' in asked.text
    assert "wrong words" not in asked.text
    done = visitor.post("/staff/2/disable", visitor.confirm(admin, reason="left the site"))
    assert done.status_code == 303
    assert "is disabled, and its sessions have ended." in body_of(visitor.get("/staff"))


def test_wrong_confirmations_count_towards_the_lock_and_end_the_session(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.browser_of(name)
    wrong = {"confirm_password": "wrong words here", "confirm_code": "000000"}
    for _ in range(4):
        assert visitor.post("/account/recovery-codes", wrong).status_code == 403
    visitor.post("/account/recovery-codes", wrong)
    assert visitor.get("/account").status_code == 303


def test_a_changed_password_ends_the_other_sessions_only(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    mine, other = bench.browser_of(name), bench.browser_of(name)
    new = "walnut ladder silk tram"
    form = {"new_password": new, "repeated": new}
    refused = mine.post("/account/password", mine.confirm(name, **form, confirm_password="wrong words"))
    assert refused.status_code == 422
    assert "nothing was changed" in refused.text
    bench.next_code()
    assert mine.post("/account/password", mine.confirm(name, **form)).status_code == 303
    assert "Your password is changed" in mine.get("/account").text
    assert other.get("/account").status_code == 303
    bench.next_code()
    assert bench.visitor().sign_in(name).status_code == 401
    assert bench.visitor().sign_in(name, password=new).status_code == 303


def test_what_happened_to_accounts_stands_in_an_unbroken_chain_of_access_events(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.ADMIN)
    bench.visitor().sign_in(name, password="wrong words here")
    bench.signed_in(name).post("/sign-out")
    with bench.database.read() as session:
        rows = session.exec(select(AccessRow).order_by(AccessRow.seq)).all()  # type: ignore[arg-type]
    events = [AuditEvent(**{field: getattr(row, field) for field in AuditEvent.__slots__}) for row in rows]
    chain = [(event, row.prev_hash, row.hash) for event, row in zip(events, rows, strict=True)]
    assert [event.action for event in events] == ["refuse_sign_in", "sign_in", "end_session"]
    assert verify_chain(chain) is None
    assert PASSWORD not in str(rows)
