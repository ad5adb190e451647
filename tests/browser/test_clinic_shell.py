"""The clinic's frame in a real Chromium: set up, sign in, account; both languages, light and dark, desk and phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.people.one_time_codes import code_at
from bot.people.roles import Role
from tests.support.browser import DESK, PHONE, chromium, windows
from tests.support.clinic import PASSWORD, ClinicBench, clinic_bench

pytestmark = pytest.mark.browser
SIZES = {"desk": DESK, "phone": PHONE}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with clinic_bench(tmp_path, demonstration=True) as found:
        yield found


def sign_in(page: Page, bench: ClinicBench, name: str) -> None:
    page.goto("/clinic/")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", bench.code(name))
    page.click("button.primary")
    expect(page.locator("body.signed-in")).to_be_visible()


def no_sideways_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def small_targets(page: Page) -> list[str]:
    """What a finger would miss: operable things lower than 44 pixels, links inside a sentence apart."""
    return list(
        page.eval_on_selector_all(
            "button, .button, input:not([type=hidden]):not([type=radio]), select, nav a",
            "all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)",
        )
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_frame_fits_and_is_quiet(
    bench: ClinicBench, browser: Browser, size: str, scheme: str, language: str
) -> None:
    admin = bench.add_staff(Role.ADMIN, language=language)
    bench.add_staff(Role.COORDINATOR)
    locale = "zh-CN" if language == "zh" else "en-GB"
    with windows(browser, bench.app) as opened:
        page = opened.open(size=SIZES[size], color_scheme=scheme, locale=locale)
        page.goto("/clinic/sign-in")
        assert no_sideways_scrolling(page)
        sign_in(page, bench, admin)
        for path in ("/clinic/staff", "/clinic/account"):
            page.goto(path)
            assert page.get_attribute("html", "lang") == {"zh": "zh-Hans", "en": "en"}[language]
            assert no_sideways_scrolling(page)
            assert size == "desk" or small_targets(page) == []
        ground = {"light": "rgb(245, 244, 240)", "dark": "rgb(18, 21, 19)"}[scheme]
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_an_account_is_set_up_from_its_link_and_used(bench: ClinicBench, browser: Browser, script: bool) -> None:
    name = bench.add_staff(Role.CLINICIAN, name="Investigator 01")
    link = bench.setup_link(name)
    with windows(browser, bench.app) as opened:
        page = opened.open(java_script_enabled=script)
        page.goto(f"/clinic/setup/{link}")
        assert page.locator(".qr").evaluate("picture => picture.naturalWidth > 0") if script else True
        page.get_by_label("Name on signatures").fill("研究者 01")
        page.get_by_label("中文").check()
        page.get_by_label("Password", exact=True).fill("walnut ladder silk")
        page.get_by_label("Password again").fill("walnut ladder silk")
        key = page.locator("code").inner_text().replace(" ", "")
        page.get_by_label("Code that the app shows now").fill(code_at(key, bench.clock.system_now()))
        page.get_by_role("button", name="Set up and sign in").click()
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("link", name="已保存好，继续").click()
        page.get_by_role("link", name="Investigator 01").click()
        expect(page.get_by_label("打印姓名")).to_have_value("研究者 01")
        page.get_by_role("button", name="English").click()
        page.get_by_role("heading", name="Where you are signed in").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("You are signed out.").wait_for()


def test_every_step_of_signing_in_can_be_done_by_keyboard(bench: ClinicBench, browser: Browser) -> None:
    name = bench.add_staff(Role.ADMIN)
    with windows(browser, bench.app) as opened:
        page = opened.open()
        page.goto("/clinic/sign-in")
        page.keyboard.type(name)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Tab")
        page.keyboard.type(bench.code(name))
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Accounts").wait_for()
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_have_css("outline-style", "solid")


def test_on_a_phone_the_menu_opens_without_script(bench: ClinicBench, browser: Browser) -> None:
    name = bench.add_staff(Role.ADMIN)
    with windows(browser, bench.app) as opened:
        page = opened.open(size=PHONE, java_script_enabled=False)
        sign_in(page, bench, name)
        entry = page.get_by_role("link", name="Accounts")
        expect(entry).to_be_hidden()
        page.get_by_label("Menu").check(force=True)
        expect(entry).to_be_visible()
        expect(page.get_by_role("link", name=name)).to_be_visible()
