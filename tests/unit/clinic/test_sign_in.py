"""Signing in: both factors, limits, lock-out, one use of each code, and nothing that tells who has an account."""

import re
from datetime import timedelta
from html import unescape

from sqlmodel import select

from bot.people.roles import Role
from bot.storage.staff import account_by_name
from bot.storage.tables import AccessRow, SignInAttemptRow, StaffSessionRow
from tests.support.clinic import PASSWORD, ClinicBench, body_of

WRONG = "Name, password and code do not go together."


def actions(bench: ClinicBench) -> list[str]:
    with bench.database.read() as session:
        return list(session.exec(select(AccessRow.action).order_by(AccessRow.seq)).all())  # type: ignore[arg-type]


def test_signing_in_needs_password_and_code_and_leads_to_the_start(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.visitor()
    assert visitor.sign_in(name, code="000000").status_code == 401
    assert visitor.sign_in(name, password="wrong words here").status_code == 401
    answer = visitor.sign_in(name)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/clinic/"
    assert visitor.get("/account").status_code == 200
    assert actions(bench) == ["refuse_sign_in", "refuse_sign_in", "sign_in"]


def test_the_language_chosen_on_the_way_in_is_the_persons_and_where_they_were_heading_is_kept(
    bench: ClinicBench,
) -> None:
    name, visitor = bench.add_staff(Role.COORDINATOR), bench.visitor()
    assert "Morning list" in body_of(bench.signed_in(name).get("/morning"))
    bench.next_code()
    door = visitor.get("/sign-in?why=needed&next=/clinic/board").text
    (other,) = re.findall(r'href="(\?[^"]*lang=zh[^"]*)"', door)
    asked = visitor.get("/sign-in" + unescape(other))
    assert 'name="lang" value="zh"' in asked.text
    assert 'name="next" value="/clinic/board"' in asked.text
    data = {"name": name, "password": PASSWORD, "code": bench.code(name), "next": "", "lang": "zh"}
    assert visitor.post("/sign-in", data, page="/sign-in").status_code == 303
    assert "今早清单" in body_of(visitor.get("/morning"))


def test_the_language_of_an_account_stays_when_another_was_spoken_at_this_browser(bench: ClinicBench) -> None:
    name, visitor = bench.add_staff(Role.COORDINATOR), bench.visitor()
    visitor.get("/sign-in?lang=zh")
    assert 'name="lang"' not in visitor.get("/sign-in").text
    visitor.sign_in(name)
    assert "Morning list" in body_of(visitor.get("/morning"))


def test_switching_the_language_shows_the_same_page_with_what_was_asked_of_it(bench: ClinicBench) -> None:
    visitor = bench.signed_in(bench.add_staff(Role.COORDINATOR))
    page = "/board?q=SH&visit=W04"
    assert f'name="back" value="/clinic{page.replace("&", "&amp;")}"' in visitor.get(page).text
    answer = visitor.post("/language", {"language": "zh", "back": f"/clinic{page}"}, page="/board")
    assert answer.headers["location"] == f"/clinic{page}"


def test_an_address_with_a_language_leads_through_the_door_in_it(bench: ClinicBench) -> None:
    assert bench.visitor().get("/?lang=zh").headers["location"].endswith("&lang=zh")
    assert "lang=" not in bench.visitor().get("/?lang=elvish").headers["location"].replace("lang%3D", "")


def test_a_wrong_name_and_a_wrong_password_read_alike(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    unknown = body_of(bench.visitor().sign_in("Nobody Here", code="123456"))
    known = body_of(bench.visitor().sign_in(name, password="wrong words here"))
    assert WRONG in unknown
    assert WRONG in known
    with bench.database.read() as session:
        assert all(row.staff_id != 0 for row in session.exec(select(SignInAttemptRow)).all())


def test_each_code_is_accepted_once_and_the_page_says_when_the_next_one_comes(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    bench.signed_in(name)
    again = bench.visitor().sign_in(name)
    assert again.status_code == 401
    assert "The next one comes in 30 seconds." in body_of(again)
    bench.next_code()
    assert bench.visitor().sign_in(name).status_code == 303


def test_codes_of_the_step_before_and_after_are_accepted_but_none_further_off(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    older = bench.code(name)
    bench.next_code()
    assert bench.visitor().sign_in(name, code=older).status_code == 303
    oldest = bench.code(name)
    bench.next_code()
    bench.next_code()
    assert bench.visitor().sign_in(name, code=oldest).status_code == 401


def test_five_wrong_tries_lock_the_account_for_a_quarter_of_an_hour_and_raise_an_alarm(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    inside = bench.signed_in(name)
    bench.next_code()
    for _ in range(5):
        assert bench.visitor().sign_in(name, password="wrong words here").status_code == 401
    locked = bench.visitor().sign_in(name)
    assert "opens again in 15 min" in body_of(locked)
    assert inside.get("/account").status_code == 303
    assert "lock_account" in actions(bench)
    bench.clock.advance(timedelta(minutes=15))
    assert bench.visitor().sign_in(name).status_code == 303


def test_a_locked_account_is_not_told_from_an_unknown_one_without_its_password(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    for _ in range(6):
        answer = body_of(bench.visitor().sign_in(name, password="wrong words here"))
    assert WRONG in answer
    assert "locked after" not in answer


def test_twenty_wrong_tries_from_one_address_are_enough_whatever_the_name(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    for number in range(20):
        bench.visitor().sign_in(f"Nobody {number}", code="123456")
    answer = bench.visitor().sign_in(name)
    assert answer.status_code == 429
    bench.clock.advance(timedelta(minutes=15, seconds=1))
    assert bench.visitor().sign_in(name).status_code == 303


def test_a_recovery_code_stands_in_for_the_app_once(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.signed_in(name)
    bench.next_code()
    page = visitor.post("/account/recovery-codes", visitor.confirm(name))
    codes = [line.split("<")[0] for line in page.text.split("<li>")[1:]][-10:]
    assert len(set(codes)) == 10
    assert bench.visitor().sign_in(name, code=codes[0].upper()).status_code == 303
    assert bench.visitor().sign_in(name, code=codes[0]).status_code == 401
    assert bench.visitor().sign_in(name, code=codes[1].replace("-", " ")).status_code == 303


def test_the_fourth_session_ends_the_oldest(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    browsers = []
    for _ in range(4):
        browsers.append(bench.signed_in(name))
        bench.next_code()
    assert [browser.get("/account").status_code for browser in browsers] == [303, 200, 200, 200]


def test_going_where_one_was_heading_never_leads_away_from_the_clinic(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    wanted = {
        "/clinic/account?a=1": "/clinic/account?a=1",
        "//evil.test/clinic/": "/clinic/",
        "https://evil.test": "/clinic/",
    }
    wanted |= {
        "/other": "/clinic/",
        "/clinic/\\evil": "/clinic/",
        "/clinic/a\r\nset-cookie: x=1": "/clinic/a%0D%0Aset-cookie:%20x=1",
    }
    for asked, led in wanted.items():
        assert bench.visitor().sign_in(name, heading=asked).headers["location"] == led
        bench.next_code()


def test_the_cookie_is_hidden_from_scripts_and_its_value_is_not_stored(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.visitor()
    cookie = next(
        value for value in visitor.sign_in(name).headers.get_list("set-cookie") if value.startswith("clinic=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = cookie.split(";")[0].removeprefix("clinic=")
    assert len(token) == 43
    with bench.database.read() as session:
        assert token not in str(session.exec(select(StaffSessionRow)).all())


def test_passwords_and_codes_are_stored_as_nothing_that_can_be_read_back(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    with bench.database.read() as session:
        account = account_by_name(session, name.upper())
    assert account is not None
    stored = str(account.credential)
    assert "$argon2id$" in stored
    assert PASSWORD not in stored
    assert bench.seeds[name] not in stored
