"""axe-core finds nothing on any page: clinic, diary page, phone page; both languages, light and dark, desk and phone.

The structure of a page is checked at both widths in light; in dark only the colours differ, so only they are checked.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.requests import Request
from starlette.responses import Response

from bot.clinic.call import SignedInStaff
from bot.clinic.routes import Page as Route
from bot.clinic.routes import all_routes
from bot.people.roles import Permission, Role
from tests.support.audit_scene import audit_clinic
from tests.support.axe import violations
from tests.support.browser import DESK, PHONE, chromium, spilled, windows
from tests.support.camera import LOCALES, Camera
from tests.support.clinic import PASSWORD, ClinicBench, clinic_bench, sample_form
from tests.support.clinic_seed import LIVES, seeded_clinic
from tests.support.diary_page import diary_link, page_app
from tests.support.draft_seed import draft_bench
from tests.support.scene_phones import phones
from tests.support.world import FIRST_DAY, World, study_world

pytestmark = pytest.mark.browser
HTML_LANG = {"en": "en", "zh": "zh-Hans"}
DOOR = ("/sign-in", "/setup/a-token", "/staff")  # looked at while somebody is set up, and by the administrator
ANSWERS_NO_PAGE = {"/drafts/{code}/{visit}/cdai.pdf", "/setup/{token}/qr.svg", "/"}
FEW = (*LIVES[:18], *LIVES[24:28], *LIVES[33:35])  # every group of the board, without its length
Bench = Callable[..., AbstractContextManager[ClinicBench]]
SCENES: Mapping[str, tuple[Bench, Mapping[Role, tuple[str, ...]]]] = {
    "morning": (
        partial(seeded_clinic, lives=FEW),
        {
            Role.COORDINATOR: (
                "/morning", "/morning/chat", "/board", "/board?q=nobody", "/visits", "/inbox", "/corrections",
                "/participants/new", "/participants/SH-004", "/participants/SH-004?visit=W24&to=2026-06-15",
                "/participants/SH-004?visit=W24&to=2020-01-01", "/participants/SH-001/call",
                "/participants/SH-003/days/2026-06-08", "/participants/SH-003/days/2026-06-07/correction",
                "/participants/SH-022/invitation", "/participants/SH-022/manage",
                "/participants/SH-001/visits/W04/check-in", "/participants/SH-016/visits/W00/preparation",
                "/participants/SH-008/visits/W12/missed", "/study/completeness", "/nowhere", "/staff",
            ),
        },
    ),
    "drafts": (
        draft_bench,
        {
            Role.CLINICIAN: (
                "/drafts", "/drafts/SH-012/W12", "/drafts/SH-013/W08", "/drafts/SH-015/W04", "/drafts/SH-016/W04",
                "/drafts/SH-018/W00", "/drafts/SH-013/W08/sign", "/study", "/account", "/kept/{form}",
            ),
        },
    ),
    "audit": (
        audit_clinic,
        {
            Role.DATA_MANAGER: (
                "/audit", "/audit/review", "/audit/access", "/queries", "/queries/1", "/queries/2", "/queries/3",
                "/queries/new", "/queries/new?participant=SH-001&visit=W00",
            ),
        },
    ),
    "empty": (
        clinic_bench,
        {
            Role.COORDINATOR: (
                "/morning", "/board", "/visits", "/inbox", "/corrections", "/drafts", "/study", "/queries",
            ),
            Role.DATA_MANAGER: ("/audit", "/audit/review", "/audit/access", "/study/completeness"),
        },
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def check(page: Page, what: str) -> list[str]:
    """Whatever axe finds on the page as it stands, and words that run over: both widths, light and dark."""
    found = []
    for size in (DESK, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        found += [f"{what} {size[0]}: runs over: {one}" for one in spilled(page)]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{what} {size[0]} {scheme}: {one}" for one in violations(page, colours_only=scheme == "dark")]
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize("language", HTML_LANG)
@pytest.mark.parametrize("scene", SCENES)
def test_no_page_of_the_clinic_breaks_a_rule(tmp_path: Path, browser: Browser, scene: str, language: str) -> None:
    build, pages = SCENES[scene]
    found = []
    with build(tmp_path, demonstration=True) as bench, windows(browser, bench.app) as opened:
        for role, paths in pages.items():
            name = bench.add_staff(role, language=language)
            page = opened.open(session=bench.session_of(name), locale=LOCALES[language])
            for path in paths:
                given = path.replace("{form}", sample_form(bench, name, "")) if "{form}" in path else path
                page.goto(f"/clinic{given}")
                expect(page.locator("html")).to_have_attribute("lang", HTML_LANG[language])
                found += check(page, path)
        opened.problems[:] = [one for one in opened.problems if not re.search("status of (403|404)", one)]
    assert not found, "\n".join(found)


def test_no_page_that_the_clinic_serves_is_left_out() -> None:
    listed = [path.split("?")[0] for _build, pages in SCENES.values() for paths in pages.values() for path in paths]
    served = {route.path for route in all_routes() if route.method == "GET"} - ANSWERS_NO_PAGE
    unseen = [path for path in served if not any(_matches(path, one) for one in (*listed, *DOOR))]
    assert unseen == [], "name these pages in SCENES"


def _matches(path: str, listed: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), listed) is not None


@pytest.mark.parametrize("language", HTML_LANG)
def test_no_page_at_the_door_breaks_a_rule(tmp_path: Path, browser: Browser, language: str) -> None:
    """Signing in and setting up, the administrator's pages, and the pages for what goes wrong."""
    broken = Route("GET", "/broken", Permission.OWN_ACCOUNT, fall_over)
    with clinic_bench(tmp_path, routes=(*all_routes(), broken), demonstration=True) as bench:
        name = bench.add_staff(Role.ADMIN, language=language)
        bench.add_staff(Role.COORDINATOR)
        with windows(browser, bench.app) as opened:
            page = opened.open(locale=LOCALES[language])
            page.goto("/clinic/sign-in?why=kept")
            found = check(page, "sign-in")
            page.fill("[name=name]", name)
            page.fill("[name=password]", "not this one")
            page.fill("[name=code]", "000000")
            page.click("main button.primary")
            expect(page.locator("main .error, main [role=alert]").first).to_be_visible()
            found += check(page, "sign-in refused")
            page.goto(f"/clinic/setup/{bench.setup_link(name)}")
            found += check(page, "setup") + set_up(page, bench, name)
            page.goto("/clinic/staff")
            found += check(page, "staff")
            page.locator("form[action$='/link'] button").first.click()
            bench.next_code()
            page.fill("[name=confirm_password]", PASSWORD)
            page.fill("[name=confirm_code]", bench.code(name))
            page.click("main button.primary")
            expect(page.locator("main code").first).to_be_visible()
            found += check(page, "setup link")
            page.goto("/clinic/broken")
            found += check(page, "failed")
            opened.problems[:] = [one for one in opened.problems if not re.search("status of (401|422|500)", one)]
    assert not found, "\n".join(found)


def set_up(page: Page, bench: ClinicBench, name: str) -> list[str]:
    """Fill in the page of a setup link; answers what is wrong with the page of recovery codes that follows."""
    key = page.locator("main code").inner_text().replace(" ", "")
    page.fill("[name=printed_name]", "Investigator 09")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=repeated]", PASSWORD)
    bench.seeds[name] = key
    page.fill("[name=code]", bench.code(name))
    page.click("main button.primary")
    expect(page.locator(".codes li")).to_have_count(10)
    return check(page, "recovery codes")


def fall_over(_request: Request, _staff: SignedInStaff) -> Response:
    raise ZeroDivisionError


@pytest.mark.parametrize("language", HTML_LANG)
def test_no_answer_to_a_form_breaks_a_rule(tmp_path: Path, browser: Browser, language: str) -> None:
    """The invitation's card, an act that asks who it is, a form with mistakes, a refusal."""
    with seeded_clinic(tmp_path, demonstration=True) as bench, windows(browser, bench.app) as opened:
        name = bench.add_staff(Role.COORDINATOR, language=language)
        page = opened.open(session=bench.session_of(name), locale=LOCALES[language])
        page.goto("/clinic/participants/SH-022/invitation")
        page.locator("main form button.primary").click()
        expect(page.locator(".qr-code svg").first).to_be_visible()
        found = check(page, "invitation card")
        page.goto("/clinic/participants/SH-001/days/2026-06-08")
        page.locator("main form").first.evaluate("form => { form.noValidate = true; form.submit() }")
        expect(page.locator("main .error").first).to_be_visible()
        found += check(page, "day with mistakes")
        page.goto("/clinic/audit")
        page.locator("form[action$='/audit/export'] button").first.click()
        expect(page.locator("[name=confirm_password]")).to_be_visible()
        found += check(page, "confirm")
        opened.problems[:] = [one for one in opened.problems if "status of 422" not in one]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", HTML_LANG)
def test_no_step_of_the_diary_page_breaks_a_rule(tmp_path: Path, browser: Browser, language: str) -> None:
    with study_world(tmp_path) as world, windows(browser, page_app(world)) as opened:
        world.enrol(language=language)
        page = opened.open(size=PHONE, locale=LOCALES[language])
        page.goto(f"/diary/{diary_link(world)}")
        found = walk_the_diary(page, world)
        for path in ("/diary/more", "/diary/stop", "/diary/not-a-link-of-anybody"):
            page.goto(path)
            found += check(page, path)
        opened.problems[:] = [one for one in opened.problems if "status of 404" not in one]
    assert not found, "\n".join(found)


def walk_the_diary(page: Page, world: World) -> list[str]:
    """From the personal link to the saved day, by the first button of each step; every step is looked at."""
    found = []
    for step in range(12):
        if step == 3:
            world.wait_for(FIRST_DAY, "20:00")
            page.goto("/diary/")
        found += check(page, f"step {step}")
        if page.locator(".saved").count():
            return found
        with page.expect_navigation():
            page.locator("main .tap").first.click()
    raise AssertionError("the day was never saved")


@pytest.mark.parametrize("language", HTML_LANG)
def test_the_page_of_phones_breaks_no_rule(tmp_path: Path, browser: Browser, language: str) -> None:
    camera = Camera({"en": browser, "zh": browser}, film=False)
    with phones(tmp_path, camera) as stage:
        phone = stage.phone(language)
        stage.world.enrol("SH-001" if language == "zh" else "SH-002", f"invitation-{language}", language=language)
        page = stage.page(language, DESK)
        page.route("**/page/words.json", lambda _asked: None)  # a slow line: the script waits, the page must not
        page.reload()
        found = check(page, "before its script")
        page.unroute("**/page/words.json")
        page.reload()
        found += check(page, "before joining")
        phone.start(f"invitation-{language}")
        for label in ({"zh": "中文", "en": "English"}[language], {"zh": "同意", "en": "Agree"}[language], "20:00"):
            phone.tap(label)
        page.goto(f"/?lang={language}")
        expect(page.locator(".message").first).to_be_visible()
        found += check(page, "after joining")
        page.context.close()
    assert not found, "\n".join(found)
