"""The diary page in a real Chromium: both languages, light and dark, two phones, with and without script."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.storage.tables import EntryRow
from tests.support.browser import PHONE, Windows, chromium, serving, windows
from tests.support.diary_page import diary_link, page_app
from tests.support.world import FIRST_DAY, World, study_world

pytestmark = pytest.mark.browser
WIDTHS = {"phone": PHONE, "small phone": (320, 568)}
LABELS = {
    "en": ("English", "Agree", "20:00, usual time", "Start", "10+", "20+", "Yes, 23", "1 Mild", "2 Poor", "Submit"),
    "zh": ("中文", "同意", "20:00（常用）", "开始", "10+", "20+", "是的，23", "1 轻度", "2 差", "提交"),
}


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with study_world(tmp_path) as made:
        yield made


def tap(page: Page, label: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=label, exact=True).click()


def type_number(page: Page, number: str) -> None:
    page.locator("input[name=number]").fill(number)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def faults(page: Page) -> list[str]:
    """What a thumb, a screen reader or a narrow screen would stumble over."""
    return list(
        page.evaluate(
            """() => {
              const found = [];
              if (document.documentElement.scrollWidth > innerWidth) found.push("scrolls sideways");
              if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
              const targets = "button, input:not([type=hidden]), select, footer a, .back";
              for (const one of document.querySelectorAll(targets)) {
                const box = one.getBoundingClientRect();
                if (box.height < 44 || box.width < 44) found.push("small: " + one.outerHTML);
              }
              for (const one of document.querySelectorAll("main .tap")) {
                if (one.getBoundingClientRect().height < 52) found.push("low: " + one.outerHTML);
                if (one.scrollWidth > one.clientWidth) found.push("cut: " + one.outerHTML);
              }
              for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
                if (!one.labels.length) found.push("no label: " + one.outerHTML);
              }
              if (document.querySelector("img:not([alt])")) found.push("no alt");
              return found;
            }"""
        )
    )


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_first_day_from_the_link_to_saved_fits_every_screen(
    world: World, chrome: Browser, language: str, scheme: str, size: str
) -> None:
    world.enrol(language=language)
    labels = LABELS[language]
    with windows(chrome, page_app(world)) as opened:
        page = opened.open(size=WIDTHS[size], color_scheme=scheme)
        page.goto(f"/diary/{diary_link(world)}")
        expect(page).to_have_url(f"{opened.base}/diary/")
        for label in labels[:3]:
            assert faults(page) == []
            tap(page, label)
        world.wait_for(FIRST_DAY, "20:00")
        page.goto("/diary/")
        for label in labels[3:]:
            assert faults(page) == []
            if label == labels[6]:
                type_number(page, "23")
                assert faults(page) == []
            tap(page, label)
        assert faults(page) == []
        expect(page.locator(".saved")).to_contain_text("20:00")
        for path in ("/diary/more", "/diary/stop"):
            page.goto(path)
            assert faults(page) == []
        assert page.title() == {"zh": "三个问题", "en": "Three questions"}[language]
        assert page.get_attribute("html", "lang") == {"zh": "zh-Hans", "en": "en"}[language]
        ground = {"light": "rgb(245, 244, 240)", "dark": "rgb(18, 21, 19)"}[scheme]
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    assert [(row.stools, row.pain, row.wellbeing) for row in world.rows(EntryRow)] == [(23, 1, 2)]


def at_the_questions(world: World, opened: Windows, **options: Any) -> Page:
    """A page at eight on the first diary day, joined before."""
    page = opened.open(size=PHONE, **options)
    page.goto(f"/diary/{diary_link(world)}")
    for label in LABELS["en"][:3]:
        tap(page, label)
    world.wait_for(FIRST_DAY, "20:00")
    page.goto("/diary/")
    return page


def test_without_script_the_same_forms_do_the_same(world: World, chrome: Browser) -> None:
    world.enrol()
    with windows(chrome, page_app(world)) as opened:
        page = at_the_questions(world, opened, java_script_enabled=False)
        for label in ("Start", "4", "中文", "1 轻度", "English", "2 Poor", "Submit"):
            tap(page, label)
        expect(page.get_by_text("✓ Saved 20:00.")).to_be_visible()
    assert [(row.stools, row.pain, row.wellbeing) for row in world.rows(EntryRow)] == [(4, 1, 2)]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_back_button_leads_to_the_present_and_loses_nothing(world: World, chrome: Browser, script: bool) -> None:
    world.enrol()
    with windows(chrome, page_app(world)) as opened:
        page = at_the_questions(world, opened, java_script_enabled=script)
        for label in ("Start", "4", "1 Mild"):
            tap(page, label)
        page.go_back()
        page.goto("/diary/")
        expect(page.get_by_text("question 3 of 3")).to_be_visible()
        for label in ("2 Poor", "Submit"):
            tap(page, label)
    assert [(row.stools, row.pain, row.wellbeing) for row in world.rows(EntryRow)] == [(4, 1, 2)]


def test_with_script_the_history_holds_one_page_however_many_questions(world: World, chrome: Browser) -> None:
    world.enrol()
    with windows(chrome, page_app(world)) as opened:
        page = at_the_questions(world, opened)
        before = page.evaluate("history.length")
        for label in ("Start", "4", "1 Mild"):
            tap(page, label)
        assert page.evaluate("history.length") == before


def test_a_missing_network_is_said_in_words_and_the_answer_can_be_given_again(world: World, chrome: Browser) -> None:
    world.enrol()
    with serving(page_app(world)) as base:
        context = chrome.new_context(viewport={"width": 390, "height": 844}, base_url=base)
        page = context.new_page()
        page.goto(f"/diary/{diary_link(world)}")
        for label in LABELS["en"][:3]:
            tap(page, label)
        world.wait_for(FIRST_DAY, "20:00")
        page.goto("/diary/")
        tap(page, "Start")
        context.set_offline(True)
        page.get_by_role("button", name="4", exact=True).click()
        said = page.get_by_role("alert")
        expect(said).to_contain_text("this may not be saved")
        context.set_offline(False)
        tap(page, "4")
        expect(page.get_by_text("question 2 of 3")).to_be_visible()


def test_everything_can_be_reached_by_keyboard_with_a_ring_to_see(world: World, chrome: Browser) -> None:
    world.enrol()
    with windows(chrome, page_app(world)) as opened:
        page = at_the_questions(world, opened)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        start = page.get_by_role("button", name="Start", exact=True)
        expect(start).to_be_focused()
        expect(start).to_have_css("outline-style", "solid")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_text("question 1 of 3")).to_be_visible()


def test_a_second_tap_while_the_first_is_on_its_way_sends_nothing(world: World, chrome: Browser) -> None:
    world.enrol()
    with windows(chrome, page_app(world)) as opened:
        page = at_the_questions(world, opened)
        tap(page, "Start")
        with page.expect_navigation():
            page.evaluate("document.querySelectorAll('.tap').forEach((one, at) => at < 3 && one.click())")
        expect(page.get_by_text("question 2 of 3")).to_be_visible()
        expect(page.locator(".note")).to_have_count(0)


def test_the_next_day_begins_with_a_clean_card(world: World, chrome: Browser) -> None:
    world.enrol()
    with windows(chrome, page_app(world)) as opened:
        page = at_the_questions(world, opened)
        for label in ("Start", "4", "1 Mild", "2 Poor", "Submit"):
            tap(page, label)
        world.wait_for(FIRST_DAY + timedelta(days=1), "20:00")
        page.goto("/diary/")
        tap(page, "Start")
        expect(page.get_by_text("Day 2 of 7 · question 1 of 3")).to_be_visible()
        expect(page.locator("main")).not_to_contain_text("Mild")
