"""The clinician's two minutes in a real Chromium: open today's draft, fill in, understand the total, sign, print."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.people.roles import Role
from tests.support.browser import DESK, PHONE, chromium, windows
from tests.support.clinic import PASSWORD, ClinicBench
from tests.support.draft_seed import draft_bench

pytestmark = pytest.mark.browser
SIZES = {"desk": DESK, "phone": PHONE}
PAGES = (
    "/drafts",
    "/drafts/SH-012/W12",
    "/drafts/SH-013/W08/sign",
    "/drafts/SH-016/W04",
    "/study",
    "/study/completeness",
)
WORDS = {
    "en": {
        "save": "Save the visit part",
        "review": "Review and sign",
        "sign": "Sign as Dr chen",
        "signed": "Signed",
        "not_yet": "Not yet",
        "remission": "Remission (<150)",
        "typed": "with what you typed, not saved yet",
    },
    "zh": {
        "save": "保存访视填写",
        "review": "审核并签名",
        "sign": "以 Dr chen 身份签名",
        "signed": "已签名",
        "not_yet": "待定",
        "remission": "缓解",
        "typed": "按您输入的内容计算，尚未保存",
    },
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with draft_bench(tmp_path, demonstration=True) as found:
        yield found


def answer_everything(page: Page) -> None:
    """The six groups, mass and antidiarrhoeal, by their radio buttons."""
    groups = page.locator(".groups input[value=no]")
    expect(groups).to_have_count(6)
    for group in groups.all():
        group.check(force=True)
    page.check("#f-mass-none", force=True)
    page.check("#f-antidiarrhoeal-no", force=True)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_clinician_fills_in_understands_signs_and_prints(
    bench: ClinicBench, browser: Browser, language: str, script: bool
) -> None:
    name, words = bench.add_staff(Role.CLINICIAN, name="chen", language=language), WORDS[language]
    with windows(browser, bench.app) as opened:
        page = opened.open(session=bench.session_of(name), java_script_enabled=script)
        page.goto("/clinic/drafts")
        page.get_by_role("link", name="SH-012 · W12").click()
        expect(page).to_have_url(re.compile("/drafts/SH-012/W12$"))
        expect(page.locator(".total")).to_have_text(words["not_yet"])
        answer_everything(page)
        if script:
            expect(page.locator(".total")).to_have_text("142.7")
            expect(page.locator("[data-typed]")).to_have_text(words["typed"])
            expect(page.get_by_role("link", name=words["review"])).to_have_count(0)
        page.get_by_role("button", name=words["save"]).click()
        expect(page.locator(".total")).to_have_text("142.7")
        expect(page.locator(".total-panel")).to_contain_text(words["remission"])
        page.get_by_role("link", name=words["review"]).click()
        page.fill("[name=confirm_password]", PASSWORD)
        page.fill("[name=confirm_code]", bench.code(name))
        page.get_by_role("button", name=words["sign"]).click()
        expect(page.locator(".chip")).to_contain_text(words["signed"])
        printed = page.request.get(f"/clinic/drafts/SH-012/W12/cdai.pdf?language={language}")
        assert printed.body().startswith(b"%PDF")


def test_the_total_follows_the_typing_and_returns_when_it_is_undone(bench: ClinicBench, browser: Browser) -> None:
    name = bench.add_staff(Role.CLINICIAN)
    with windows(browser, bench.app) as opened:
        page = opened.open(session=bench.session_of(name))
        page.goto("/clinic/drafts/SH-013/W08")
        expect(page.locator(".total")).to_have_text("168.7")
        page.fill("#f-hct", "45")
        expect(page.locator(".total")).to_have_text("144.7")
        expect(page.locator(".verdict").first).to_have_text(re.compile("Remission decided: yes"))
        page.fill("#f-hct", "4.5")
        expect(page.locator("[data-part=problems]")).to_contain_text("4.5 % is outside 10–70 %")
        page.fill("#f-hct", "41")
        expect(page.locator(".total")).to_have_text("168.7")
        expect(page.get_by_role("link", name="Review and sign")).to_be_visible()


def test_the_links_of_what_is_missing_lead_to_their_fields(bench: ClinicBench, browser: Browser) -> None:
    name = bench.add_staff(Role.CLINICIAN)
    with windows(browser, bench.app) as opened:
        page = opened.open(session=bench.session_of(name))
        page.goto("/clinic/drafts/SH-012/W12")
        links = page.locator(".sign-panel .waiting a")
        expect(links.first).to_be_visible()
        for link in links.all():
            expect(page.locator(str(link.get_attribute("href")))).to_have_count(1)


def test_the_clinic_part_is_filled_in_by_keyboard_alone(bench: ClinicBench, browser: Browser) -> None:
    name = bench.add_staff(Role.CLINICIAN)
    with windows(browser, bench.app) as opened:
        page = opened.open(session=bench.session_of(name))
        page.goto("/clinic/drafts/SH-012/W12")
        page.focus("#f-group_skin_mouth-no")
        page.keyboard.press("Space")
        expect(page.locator("#f-group_skin_mouth-no")).to_be_checked()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#f-group_skin_mouth-yes")).to_be_checked()
        page.focus("#f-hct")
        page.keyboard.press("End")
        page.keyboard.type("5")
        page.keyboard.press("Enter")
        expect(page.locator(".said")).to_be_visible()
        expect(page.locator("#f-hct")).to_have_value("44.15")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_fits_and_is_quiet(
    bench: ClinicBench, browser: Browser, size: str, scheme: str, language: str
) -> None:
    name = bench.add_staff(Role.CLINICIAN, language=language)
    with windows(browser, bench.app) as opened:
        page = opened.open(size=SIZES[size], session=bench.session_of(name), color_scheme=scheme)
        for path in PAGES:
            page.goto(f"/clinic{path}")
            assert page.get_attribute("html", "lang") == {"zh": "zh-Hans", "en": "en"}[language]
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
            charts = page.eval_on_selector_all(
                ".fit .chart", "all => all.filter(one => getComputedStyle(one).display !== 'none').length"
            )
            assert charts <= 1, path
            small = page.eval_on_selector_all(
                ".chart text",
                "all => all.filter(one => one.getBoundingClientRect().width && "
                "parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a < 11.9).map(one => one.textContent)",
            )
            assert small == [], path
