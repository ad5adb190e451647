"""A coordinator's five minutes at 08:00 in a real Chromium: whom to phone, the call, the day, the move, the card."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.people.roles import Role
from tests.support.browser import DESK, PHONE, Windows, chromium, windows
from tests.support.clinic import ClinicBench
from tests.support.clinic_seed import seeded_clinic

pytestmark = pytest.mark.browser
SIZES = {"desk": DESK, "phone": PHONE}
WORDS = {
    "en": {
        "record": "Record the call",
        "dictated": "Answers given by phone, I enter them",
        "mild": "1 Mild",
        "well": "0 Generally well",
        "stools": re.compile("stools"),
        "source": "Source and reason",
        "enter": "Enter Mon 8 Jun",
        "entered": "Mon 8 Jun is entered for SH-001.",
        "move": "Move to Fri 12 Jun",
        "reason": "Reason for the move",
        "evaluable": "Evaluable on this date",
        "moved": "W04 of SH-007 is on Fri 12 Jun now.",
        "invite": "Make a new invitation",
        "saved": "6 diaries can still be saved today",
        "left": "5 diaries can still be saved today",
    },
    "zh": {
        "record": "记录结果",
        "dictated": "口述，由我代录",
        "mild": "1 轻度",
        "well": "0 良好",
        "stools": re.compile("稀便"),
        "source": "来源和原因",
        "enter": "代录 6月8日 周一",
        "entered": "SH-001 的 6月8日 周一 已代录。",
        "move": "改到 6月12日 周五",
        "reason": "改期原因",
        "evaluable": "这一天可评估",
        "moved": "SH-007 的 W04 已改到 6月12日 周五。",
        "invite": "生成新邀请",
        "saved": "今天还来得及的 6 份日记",
        "left": "今天还来得及的 5 份日记",
    },
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClinicBench]:
    with seeded_clinic(tmp_path, demonstration=True) as found:
        yield found


def sit_down(opened: Windows, bench: ClinicBench, language: str, **options: Any) -> Page:
    """A page in which a coordinator who reads this language is signed in."""
    name = bench.add_staff(Role.COORDINATOR, name=f"Coordinator {language}", language=language)
    return opened.open(session=bench.session_of(name), **options)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_coordinators_morning(bench: ClinicBench, browser: Browser, language: str, script: bool) -> None:
    words: dict[str, Any] = WORDS[language]
    with windows(browser, bench.app) as opened:
        page = sit_down(opened, bench, language, java_script_enabled=script)
        page.goto("/clinic/")
        page.get_by_role("heading", name=words["saved"]).wait_for()
        first = page.locator(".row-of-list").first
        expect(first.locator(".deadline")).to_have_text("10:30")
        expect(first).to_contain_text("SH-001")
        page.get_by_label(words["dictated"]).check()
        page.get_by_role("button", name=words["record"]).click()
        page.get_by_label(words["stools"]).fill("4")
        page.get_by_label(words["mild"]).check(force=True)
        page.get_by_label(words["well"]).check(force=True)
        page.get_by_label(words["source"]).fill("by phone 电话")
        page.get_by_role("button", name=words["enter"]).click()
        page.get_by_role("status").filter(has_text=words["entered"]).wait_for()
        page.goto("/clinic/morning")
        page.get_by_role("heading", name=words["left"]).wait_for()
        page.get_by_role("link", name=words["move"]).first.click()
        page.get_by_text(words["evaluable"]).wait_for()
        page.get_by_label(words["reason"]).fill("cannot travel")
        page.get_by_role("button", name=words["move"]).click()
        page.get_by_role("status").filter(has_text=words["moved"]).wait_for()
        page.goto("/clinic/participants/SH-031/invitation")
        page.get_by_role("button", name=words["invite"]).click()
        expect(page.locator(".qr-code svg")).to_have_count(2)
        expect(page.locator(".invitation-line").first).to_contain_text(re.compile(r"start=[\w-]{22}"))
        expect(page.locator(".invitation-line").last).to_contain_text(re.compile(r"/diary/[\w-]{22}"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_fit_and_nothing_is_cut(bench: ClinicBench, browser: Browser, language: str, size: str) -> None:
    with windows(browser, bench.app) as opened:
        page = sit_down(opened, bench, language, size=SIZES[size])
        for path in (
            "board",
            "morning",
            "visits",
            "inbox",
            "participants/SH-004",
            "participants/SH-003/days/2026-06-08",
        ):
            page.goto(f"/clinic/{path}")
            assert page.get_attribute("html", "lang") == {"zh": "zh-Hans", "en": "en"}[language]
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_the_week_stands_in_one_column_for_each_day_whatever_the_state(bench: ClinicBench, browser: Browser) -> None:
    with windows(browser, bench.app) as opened:
        page = sit_down(opened, bench, "en")
        page.goto("/clinic/board")
        edges = page.eval_on_selector_all(
            ".board tbody .week",
            "weeks => weeks.map(w => [...w.children].map(c => Math.round(c.getBoundingClientRect().left)).join(' '))",
        )
        assert len(edges) > 10
        assert len(set(edges)) == 1


def test_the_head_of_the_board_stays_in_sight_and_the_legend_too(bench: ClinicBench, browser: Browser) -> None:
    with windows(browser, bench.app) as opened:
        page = sit_down(opened, bench, "en")
        page.goto("/clinic/board")
        page.mouse.wheel(0, 600)
        page.wait_for_function("window.scrollY > 300")
        assert page.locator(".board thead th").first.evaluate("head => head.getBoundingClientRect().top") >= 0
        assert page.locator(".legend").evaluate("bar => bar.getBoundingClientRect().bottom <= window.innerHeight")


def test_the_next_step_of_the_first_participant_is_reached_by_keyboard(bench: ClinicBench, browser: Browser) -> None:
    with windows(browser, bench.app) as opened:
        page = sit_down(opened, bench, "en")
        page.goto("/clinic/board")
        page.locator("#p-SH-001 .c-who a").focus()
        page.keyboard.press("Tab")
        call = page.locator("#p-SH-001").get_by_role("link", name="Call", exact=True)
        expect(call).to_be_focused()
        expect(call).to_have_css("outline-style", "solid")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Call SH-001").wait_for()


def test_on_paper_the_board_has_a_head_and_words_and_the_invitation_names_no_study(
    bench: ClinicBench, browser: Browser
) -> None:
    with windows(browser, bench.app) as opened:
        page = sit_down(opened, bench, "en")
        page.goto("/clinic/board")
        expect(page.locator(".print-head")).to_be_hidden()
        page.emulate_media(media="print")
        expect(page.locator(".print-head")).to_contain_text("(UTC+8, Asia/Shanghai)")
        expect(page.locator(".top")).to_be_hidden()
        expect(page.locator("#p-SH-001 .c-step")).to_be_hidden()
        expect(page.locator("#p-SH-001 .word").first).to_be_visible()
        page.goto("/clinic/participants/SH-031/invitation")
        page.locator("main form button.primary").evaluate("button => button.click()")
        expect(page.locator(".qr-code svg").first).to_be_visible()
        expect(page.locator("[data-print]")).to_be_hidden()
        expect(page.locator("body")).not_to_contain_text("Crohn")
