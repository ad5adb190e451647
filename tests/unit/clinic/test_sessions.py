"""Sessions: idle, absolute, revoked, killed with the account; and forms that came too late."""

from datetime import timedelta

from sqlmodel import select

from bot.actions.disable_staff import disable_staff
from bot.people.actor import Origin, operator_actor
from bot.people.roles import Role
from bot.storage.staff import account_by_name
from bot.storage.tables import KeptFormRow
from bot.storage.trail import Trail
from tests.support.clinic import ClinicBench, Visitor, body_of


def test_a_session_ends_after_fifteen_idle_minutes(bench: ClinicBench, coordinator: Visitor) -> None:
    bench.clock.advance(timedelta(minutes=14, seconds=59))
    assert coordinator.get("/account").status_code == 200
    bench.clock.advance(timedelta(minutes=15))
    answer = coordinator.get("/account")
    assert answer.headers["location"] == "/clinic/sign-in?why=ended&next=/clinic/account"
    assert 'clinic=""' in answer.headers["set-cookie"]


def test_a_session_in_use_ends_after_ten_hours(bench: ClinicBench, coordinator: Visitor) -> None:
    for _ in range(59):
        bench.clock.advance(timedelta(minutes=10))
        assert coordinator.get("/account").status_code == 200
    bench.clock.advance(timedelta(minutes=10))
    assert coordinator.get("/account").status_code == 303


def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(bench: ClinicBench, coordinator: Visitor) -> None:
    for _ in range(2):
        bench.clock.advance(timedelta(minutes=7))
        assert coordinator.get("/account", headers={"x-background": "1"}).status_code == 200
    bench.clock.advance(timedelta(minutes=1))
    assert coordinator.get("/account", headers={"x-background": "1"}).status_code == 303


def test_a_part_of_a_page_asked_after_the_end_leads_the_whole_page_to_sign_in(
    bench: ClinicBench, coordinator: Visitor
) -> None:
    bench.clock.advance(timedelta(minutes=16))
    answer = coordinator.get("/account", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith("/clinic/sign-in?why=ended")


def test_disabling_an_account_ends_its_sessions_at_once_and_for_good(bench: ClinicBench, coordinator: Visitor) -> None:
    name = next(iter(bench.seeds))
    with bench.database.write() as session:
        account = account_by_name(session, name)
        assert account is not None
        trail = Trail(session, bench.clock.now(), operator_actor("test"), Origin.COMMAND)
        assert disable_staff(trail, account, reason="left the site", at=bench.clock.system_now()) == 1
    assert coordinator.get("/account").status_code == 303
    bench.next_code()
    assert bench.visitor().sign_in(name).status_code == 401


def test_signing_out_ends_the_session_on_the_server_not_only_in_the_browser(
    bench: ClinicBench, coordinator: Visitor
) -> None:
    token = coordinator.client.cookies["clinic"]
    assert coordinator.post("/sign-out").headers["location"] == "/clinic/sign-in?why=out"
    coordinator.client.cookies.set("clinic", token)
    assert coordinator.get("/account").status_code == 303


def test_another_browser_of_ones_own_can_be_signed_out_and_nobody_elses(bench: ClinicBench) -> None:
    mine, other = bench.add_staff(Role.COORDINATOR), bench.add_staff(Role.CLINICIAN)
    first, second, foreign = bench.browser_of(mine), bench.browser_of(mine), bench.browser_of(other)
    assert first.post("/account/sessions/2/end").status_code == 303
    assert second.get("/account").status_code == 303
    assert first.post("/account/sessions/3/end").status_code == 404
    assert foreign.get("/account").status_code == 200


def test_a_form_that_came_too_late_is_kept_and_shown_again_after_signing_in(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.signed_in(name)
    token = visitor.token()
    bench.clock.advance(timedelta(minutes=16))
    late = visitor.client.post("/clinic/account/name", data={"csrf": token, "printed_name": "Dr Änne Li"})
    assert late.headers["location"] == "/clinic/sign-in?why=kept"
    assert visitor.sign_in(name).status_code == 303
    shown = visitor.get("/", follow_redirects=True)
    assert "Your form was kept" in shown.text
    assert "Name on signatures" in shown.text
    assert "Dr Änne Li" in body_of(shown)
    number = str(shown.url).rsplit("/", 1)[1]
    again = visitor.post("/account/name", {"printed_name": "Dr Änne Li", "kept_form": number})
    assert again.status_code == 303
    assert "Dr Änne Li" in body_of(visitor.get("/account"))
    assert visitor.get(f"/kept/{number}").status_code == 404


def test_a_kept_form_is_sealed_without_secrets_belongs_to_its_account_and_is_gone_after_an_hour(
    bench: ClinicBench,
) -> None:
    name, other = bench.add_staff(Role.COORDINATOR), bench.add_staff(Role.CLINICIAN)
    visitor = bench.signed_in(name)
    token = visitor.token()
    bench.clock.advance(timedelta(minutes=16))
    form = {"csrf": token, "printed_name": "Dr Änne Li", "confirm_password": "secret words"}
    visitor.client.post("/clinic/account/name", data=form)
    with bench.database.read() as session:
        row = session.exec(select(KeptFormRow)).one()
    assert "nne Li" not in row.sealed
    assert bench.browser_of(other).get(f"/kept/{row.id}").status_code == 404
    mine = bench.browser_of(name)
    assert "secret words" not in mine.get(f"/kept/{row.id}").text
    bench.clock.advance(timedelta(minutes=14))
    mine.get("/account")
    bench.clock.advance(timedelta(minutes=14))
    mine.get("/account")
    assert mine.get(f"/kept/{row.id}").status_code == 200
    for _ in range(3):
        bench.clock.advance(timedelta(minutes=11))
        mine.get("/account")
    assert mine.get(f"/kept/{row.id}").status_code == 404


def test_a_form_of_an_account_disabled_meanwhile_is_not_kept(bench: ClinicBench, coordinator: Visitor) -> None:
    token = coordinator.token()
    with bench.database.write() as session:
        account = account_by_name(session, next(iter(bench.seeds)))
        assert account is not None
        trail = Trail(session, bench.clock.now(), operator_actor("test"), Origin.COMMAND)
        disable_staff(trail, account, reason="left", at=bench.clock.system_now())
    coordinator.client.post("/clinic/account/name", data={"csrf": token, "printed_name": "X"})
    with bench.database.read() as session:
        assert session.exec(select(KeptFormRow)).all() == []
