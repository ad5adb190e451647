"""Every route, every role, own and foreign site: each cell answers as the table of roles declares."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clinic.routes import Page, all_routes
from bot.people.roles import Role, can
from tests.support.clinic import FOREIGN_SITE, OWN_SITE, SAMPLES, SITELESS, ClinicBench, clinic_bench
from tests.support.declared_routes import DECLARED

ROUTES = all_routes()
GUARDED = [route for route in ROUTES if route.may is not None]
NAMES = [f"{route.method} {route.path}" for route in GUARDED]
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
TAKEN = {200, 303, 400, 409, 422}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicBench]:
    with clinic_bench(Path(tmp_path_factory.mktemp("routes"))) as found:
        for role in Role:
            found.add_staff(role, site=OWN_SITE, name=f"Own {role.value.replace('_', ' ')}")
        yield found


def ask(bench: ClinicBench, route: Page, role: Role, site: str) -> int:
    """The status that this role's account of the own site gets for an object of `site`."""
    name = f"Own {role.value.replace('_', ' ')}"
    browser = bench.browser_of(name)
    path = PARAMETER.sub(lambda found: SAMPLES[found[1]](bench, name, site), route.path)
    answer = browser.get(path) if route.method == "GET" else browser.post(path)
    return int(answer.status_code)


def test_every_route_is_declared_with_who_may_open_it() -> None:
    served: dict[str, set[str]] = {}
    for route in ROUTES:
        served.setdefault(route.may.value if route.may else "open", set()).add(f"{route.method} {route.path}")
    assert served == DECLARED, "say in tests/support/declared_routes.py who may open it"


def test_every_parameter_of_a_route_has_a_sample() -> None:
    assert {found for route in GUARDED for found in PARAMETER.findall(route.path)} <= SAMPLES.keys()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", GUARDED, ids=NAMES)
def test_a_role_may_open_exactly_what_the_table_says(bench: ClinicBench, route: Page, role: Role) -> None:
    assert route.may is not None
    status = ask(bench, route, role, OWN_SITE)
    assert status in TAKEN if can(role, route.may) else status == 403


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", GUARDED, ids=NAMES)
def test_an_object_of_a_foreign_site_is_not_found(bench: ClinicBench, route: Page, role: Role) -> None:
    assert route.may is not None
    if set(PARAMETER.findall(route.path)) <= SITELESS:
        return  # this page has no object that belongs to a site
    assert ask(bench, route, role, FOREIGN_SITE) == (404 if can(role, route.may) else 403)


@pytest.mark.parametrize("route", GUARDED, ids=NAMES)
def test_a_signed_out_person_is_led_to_the_sign_in_page(bench: ClinicBench, route: Page) -> None:
    path = PARAMETER.sub("1", route.path)
    visitor = bench.visitor()
    answer = visitor.get(path) if route.method == "GET" else visitor.post(path, page="/sign-in")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/clinic/sign-in?why=needed")


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=lambda route: route.path)
def test_a_form_without_its_token_is_refused_whoever_sends_it(bench: ClinicBench, route: Page) -> None:
    browser = bench.browser_of("Own coordinator")
    assert browser.client.post("/clinic" + PARAMETER.sub("1", route.path)).status_code == 403


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=lambda route: route.path)
def test_a_form_sent_from_another_site_is_refused_even_with_the_token(bench: ClinicBench, route: Page) -> None:
    browser = bench.browser_of("Own coordinator")
    path = PARAMETER.sub("1", route.path)
    assert browser.post(path, headers={"origin": "https://evil.test"}).status_code == 403
    assert browser.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403
