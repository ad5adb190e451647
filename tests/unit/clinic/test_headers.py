"""Headers on every answer: nothing inline, nobody frames us, nothing with health data is kept by a browser."""

from pathlib import Path

import pytest

from bot.clinic.render import TEMPLATES
from tests.support.clinic import ClinicBench, Visitor, clinic_bench

PATHS = ["/account", "/", "/no/such/page", "/kept/1", "/sign-in", "/static/clinic.css"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_bears_the_headers(coordinator: Visitor, path: str) -> None:
    headers = coordinator.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("public, max-age=3600" if "static" in path else "no-store")
    assert "strict-transport-security" not in headers


def test_over_https_the_cookie_is_bound_to_the_host_and_https_is_promised(tmp_path: Path) -> None:
    with clinic_bench(tmp_path, public_url="https://diary.example") as bench:
        answer = bench.visitor().get("/sign-in")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-clinic_visitor=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<style" not in text, path
        assert " style=" not in text, path
        assert " onclick=" not in text, path
        assert "javascript:" not in text, path
        ours = text.replace('"<br>"|safe', "")  # a constant
        assert "|safe" not in ours, path
        assert text.count("<script") == text.count("<script src="), path


def test_what_a_person_typed_is_shown_as_text_never_as_markup(bench: ClinicBench, coordinator: Visitor) -> None:
    typed = "<script>alert(1)</script>\"'{{7*7}}"
    coordinator.post("/account/name", {"printed_name": typed})
    text = coordinator.get("/account").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "49" not in text.split("printed_name")[1][:200]


def test_a_body_that_is_too_long_is_refused_without_being_read_to_the_end(coordinator: Visitor) -> None:
    answer = coordinator.post("/account/name", {"printed_name": "x" * 1_100_000})
    assert answer.status_code == 413
    assert "too long" in answer.text


def test_what_should_not_happen_becomes_a_page_with_a_number(tmp_path: Path) -> None:
    from bot.clinic.routes import Page, all_routes
    from bot.people.roles import Permission, Role

    def broken(_request: object, _staff: object) -> object:
        raise KeyError("secret words of a participant")

    routes = (*all_routes(), Page("GET", "/broken", Permission.OWN_ACCOUNT, broken))  # type: ignore[arg-type]
    with clinic_bench(tmp_path, routes=routes) as bench:
        answer = bench.browser_of(bench.add_staff(Role.MONITOR)).get("/broken")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "secret words" not in answer.text
