"""Audit trail, review and queries in a real Chromium: a monitor's main job, both languages, light, dark, phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.people.roles import Role
from tests.support.audit_scene import audit_clinic
from tests.support.audited import CODE
from tests.support.browser import DESK, PHONE, chromium, windows
from tests.support.clinic import PASSWORD, ClinicBench

pytestmark = pytest.mark.browser
SIZES = {"desk": DESK, "phone": PHONE}
PAGES = ("/audit", "/audit/review", "/queries", "/queries/1", "/queries/2", "/queries/new", "/audit/access")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with audit_clinic(tmp_path) as found:
        yield found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_fits_its_window(
    bench: ClinicBench, browser: Browser, size: str, scheme: str, language: str
) -> None:
    name = bench.add_staff(Role.DATA_MANAGER, language=language)
    with windows(browser, bench.app) as opened:
        page = opened.open(size=SIZES[size], session=bench.session_of(name), color_scheme=scheme)
        for path in PAGES:
            page.goto(f"/clinic{path}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
            assert size == "desk" or small_targets(page) == [], path
            assert overlapping(page) == [], path


def small_targets(page: Page) -> list[str]:
    """What a finger would miss: operable things lower than 44 pixels, links inside a sentence apart."""
    return list(
        page.eval_on_selector_all(
            "button, .button, .segment, .pick, select, input:not([type=hidden]):not([type=radio]):not([type=checkbox])",
            "all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)",
        )
    )


def overlapping(page: Page) -> list[str]:
    """Choices of a row whose words are wider than their place."""
    return list(
        page.eval_on_selector_all(
            "a.segment", "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
        )
    )


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_monitor_reads_asks_and_verifies(bench: ClinicBench, browser: Browser, script: bool) -> None:
    name = bench.add_staff(Role.MONITOR)
    with windows(browser, bench.app) as opened:
        page = opened.open(session=bench.session_of(name), java_script_enabled=script)
        page.goto("/clinic/audit")
        page.get_by_label("Participant").fill(CODE)
        page.get_by_label("Field").select_option("stools")
        page.get_by_role("button", name="Show").click()
        expect(page).to_have_url(re.compile("field=stools"))
        row = page.locator("tr", has_text="Entry changed")
        expect(row.locator(".changed")).to_have_text("3 → 5")
        row.get_by_role("link", name="Raise a query").click()
        page.get_by_label("Question").fill("The note says 4.")
        page.get_by_role("button", name="Raise the query").click()
        expect(page.get_by_text("The query was raised")).to_be_visible()
        page.goto("/clinic/audit/review")
        page.locator(".pick input").first.check()
        page.get_by_role("button", name="Mark the chosen days as verified").click()
        expect(page.get_by_text("1 marked.")).to_be_visible()
        page.get_by_role("link", name="Changes", exact=True).click()
        page.get_by_role("button", name="Verify now").click()
        expect(page.get_by_text("events verified.")).to_be_visible()


def test_a_coordinator_answers_and_the_data_manager_closes(bench: ClinicBench, browser: Browser) -> None:
    coordinator, manager = bench.add_staff(Role.COORDINATOR), bench.add_staff(Role.DATA_MANAGER)
    with windows(browser, bench.app) as opened:
        page = opened.open(size=PHONE, session=bench.session_of(coordinator))
        page.goto("/clinic/queries")
        page.get_by_role("link", name="The paper note says 4 stools: which is right?").click()
        page.get_by_label("Answer").fill("Five, by phone; the note was made at noon.")
        page.get_by_role("button", name="Store the answer").click()
        expect(page.get_by_text("Somebody else than you closes it")).to_be_visible()
        page = opened.open(session=bench.session_of(manager))
        page.goto("/clinic/queries/1")
        page.get_by_role("button", name="Close the query").click()
        expect(page.get_by_text("The query is closed.")).to_be_visible()


def test_an_export_asks_who_it_is_and_then_comes_as_a_file(bench: ClinicBench, browser: Browser) -> None:
    name = bench.add_staff(Role.MONITOR)
    with windows(browser, bench.app) as opened:
        page = opened.open(session=bench.session_of(name))
        page.goto("/clinic/audit")
        page.get_by_role("button", name="Export as CSV").click()
        page.locator("[name=confirm_password]").fill(PASSWORD)
        page.locator("[name=confirm_code]").fill(bench.code(name))
        with page.expect_download() as download:
            page.locator("main button.primary").click()
        assert download.value.suggested_filename.endswith(".csv")
