"""Cards, contexts and fingers for tests: valid defaults, and presses by what a button says."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.chat.outcomes import CardOutcome
from bot.chat.steps import step_card
from bot.diary.card import CardContext, CardState, Tap, decode_tap
from bot.diary.items import DAILY_ITEMS, Item
from bot.messages.card import render_card
from bot.messages.rendered import Button, Rendered
from bot.people.panel import PanelContext, PanelState, PanelStep, SiteWords

KEY = "AbCdEf-hIjKlMn_p"
TZID = "Asia/Shanghai"
ZONE = ZoneInfo(TZID)
T0 = datetime(2026, 6, 5, 20, 1, tzinfo=ZONE)
DAY = date(2026, 6, 5)
ALL_ANSWERED = {Item.STOOLS: 3, Item.PAIN: 1, Item.WELLBEING: 1}
WORDS = {
    "en": SiteWords("Ward office", "021-5550 0100", "Your answers are kept at the hospital & nowhere else.", "1"),
    "zh": SiteWords("门诊办公室", "021-5550 0100", "您的答案只保存在医院。", "1"),
}
HOURS = tuple(time(18 + half // 2, 30 * (half % 2)) for half in range(8))


def a_state(**given: Any) -> CardState:
    return CardState(**{"key": KEY, "revision": 5, **given})


def a_context(**given: Any) -> CardContext:
    defaults: dict[str, Any] = {
        "diary_day": DAY,
        "today": DAY,
        "number": 4,
        "of": 7,
        "dots": ("done", "late", "done", "current", "later", "later", "later"),
        "items": DAILY_ITEMS,
        "open": True,
        "closes_at": datetime(2026, 6, 6, 12, tzinfo=ZONE),
        "saved_at": None,
        "next_prompt_at": datetime(2026, 6, 6, 20, tzinfo=ZONE),
        "snooze": ("30", "830"),
        "tzid": TZID,
        "now": T0,
    }
    return CardContext(**{**defaults, **given})


def next_morning(context: CardContext, **given: Any) -> CardContext:
    """The same card twelve hours later."""
    return replace(context, **{"now": T0 + timedelta(hours=12), "today": date(2026, 6, 6), "snooze": (), **given})


def a_panel(step: PanelStep, **given: Any) -> PanelState:
    return PanelState(**{"key": KEY, "revision": 3, "step": step, **given})


def a_panel_context(**given: Any) -> PanelContext:
    defaults: dict[str, Any] = {
        "words": WORDS,
        "hours": HOURS,
        "default_hour": time(20),
        "hour": None,
        "next_prompt_at": datetime(2026, 6, 6, 20, tzinfo=ZONE),
        "tzid": TZID,
        "now": T0,
    }
    return PanelContext(**{**defaults, **given})


def buttons(rendered: Rendered) -> tuple[Button, ...]:
    return tuple(button for row in rendered.rows for button in row)


def labels(rendered: Rendered) -> tuple[str, ...]:
    return tuple(button.label for button in buttons(rendered))


def find(rendered: Rendered, label: str) -> Tap:
    """Find the tap of the one button that begins with `label`; numbers and single words match whole."""
    whole = label.rstrip("+").isdigit()
    matches = [b for b in buttons(rendered) if b.label == label or (not whole and b.label.startswith(label))]
    assert len(matches) == 1, f"{label!r} stands at the beginning of {len(matches)} of {labels(rendered)}"
    tap = decode_tap(matches[0].data)
    assert tap is not None
    return tap


class Finger:
    """Somebody who reads the card in a language and taps or types, collecting what comes of it."""

    def __init__(self, state: CardState | None = None, context: CardContext | None = None, language: str = "en"):
        self.state = state or a_state()
        self.context = context or a_context()
        self.language = language
        self.intents: list[object] = []
        self.taps = 0

    def see(self) -> Rendered:
        return render_card(self.state, self.context, self.language)

    def send(self, incoming: Tap | str) -> CardOutcome:
        outcome = step_card(self.state, self.context, incoming)
        self.state = outcome.state
        self.intents.extend(outcome.intents)
        return outcome

    def press(self, label: str) -> CardOutcome:
        self.taps += 1
        return self.send(find(self.see(), label))

    def press_all(self, *wanted: str) -> None:
        for label in wanted:
            self.press(label)
