"""Every message that the chat can send, gathered for tests that look at all of them."""

from dataclasses import replace
from datetime import date, timedelta

from bot.diary.card import CardContext, CardState, Shown
from bot.diary.items import DAILY_ITEMS, Item
from bot.messages.card import render_card
from bot.messages.neutral import NeutralKind, render_neutral
from bot.messages.panel import render_panel
from bot.messages.rendered import Rendered
from bot.messages.replies import REPLIES, TOASTS, render_reply, render_toast
from bot.messages.today import TodayStatus, TodayView, render_today
from bot.people.panel import PanelStep
from tests.support.cards import (
    ALL_ANSWERED,
    DAY,
    KEY,
    T0,
    TZID,
    a_context,
    a_panel,
    a_panel_context,
    a_state,
    next_morning,
)

EVENING = a_context()
ASKED_ALL = a_state(shown=Shown.REVIEW, answers=ALL_ANSWERED)
SAVED = a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True)
SAVED_AT = a_context(saved_at=T0 + timedelta(minutes=1))

CARDS: dict[str, tuple[CardState, CardContext]] = {
    "neutral": (a_state(), EVENING),
    "first question": (a_state(shown=Shown.QUESTION, item=Item.STOOLS), EVENING),
    "first question next morning": (a_state(shown=Shown.QUESTION, item=Item.STOOLS), next_morning(EVENING)),
    "second pad": (a_state(shown=Shown.MORE, item=Item.STOOLS), EVENING),
    "typed": (a_state(shown=Shown.TYPED, item=Item.STOOLS), EVENING),
    "unusual number": (a_state(shown=Shown.CONFIRM, item=Item.STOOLS, pending=17), EVENING),
    "definition": (a_state(shown=Shown.DEFINITION, item=Item.STOOLS), EVENING),
    "second question": (a_state(shown=Shown.QUESTION, item=Item.PAIN, answers={Item.STOOLS: 3}), EVENING),
    "third question, two days later": (
        a_state(shown=Shown.QUESTION, item=Item.WELLBEING, answers={Item.STOOLS: 3, Item.PAIN: 1}),
        next_morning(
            replace(EVENING, closes_at=EVENING.closes_at + timedelta(days=1)),
            today=date(2026, 6, 7),
            now=T0 + timedelta(hours=36),
        ),
    ),
    "fourth question": (
        a_state(shown=Shown.QUESTION, item=Item.ANTIDIARRHOEAL, answers=ALL_ANSWERED),
        a_context(items=(*DAILY_ITEMS, Item.ANTIDIARRHOEAL)),
    ),
    "later": (a_state(shown=Shown.SNOOZE), EVENING),
    "review": (ASKED_ALL, EVENING),
    "review of an extra day": (ASKED_ALL, a_context(number=None, dots=("later",) * 7)),
    "review after saving": (replace(ASKED_ALL, submitted=True), SAVED_AT),
    "review of a change": (replace(ASKED_ALL, submitted=True, changed=True), SAVED_AT),
    "saved": (SAVED, SAVED_AT),
    "saved with help, next morning": (
        replace(SAVED, helped=True),
        next_morning(EVENING, saved_at=T0 + timedelta(hours=12)),
    ),
    "saved, all days in": (
        SAVED,
        replace(SAVED_AT, number=7, finished=True, next_prompt_at=T0 + timedelta(days=20)),
    ),
    "saved, all days of the last visit in": (
        SAVED,
        replace(SAVED_AT, number=7, finished=True, visit_last=True, next_prompt_at=None),
    ),
    "closed": (a_state(shown=Shown.CLOSED, answers=ALL_ANSWERED), EVENING),
    "closed, no longer needed": (
        a_state(shown=Shown.QUESTION, item=Item.PAIN),
        replace(EVENING, open=False, needed=False),
    ),
    "closed after saving": (replace(SAVED, shown=Shown.CLOSED), SAVED_AT),
    "closed with a change not submitted": (replace(SAVED, shown=Shown.CLOSED, changed=True), SAVED_AT),
}
VIEW = TodayView(
    status=TodayStatus.OPEN,
    now=T0,
    tzid=TZID,
    done=3,
    of=7,
    diary_day=DAY,
    key=KEY,
    revision=4,
    closes_at=EVENING.closes_at,
    next_prompt_at=EVENING.next_prompt_at,
    correction_on=date(2026, 6, 4),
    correction_key=KEY[::-1],
)
VIEWS: dict[str, TodayView] = {
    **{f"today, {status}": replace(VIEW, status=status) for status in TodayStatus},
    "today, between windows": TodayView(TodayStatus.RESTING, T0, TZID, next_prompt_at=T0 + timedelta(days=20)),
    "today, nothing planned": TodayView(TodayStatus.RESTING, T0, TZID),
    "today, correction asked for": replace(VIEW, correction_asked=True),
    "today, stopped": TodayView(TodayStatus.RESTING, T0, TZID, stopped=True),
}
PARAMS = {"phone": "021-5550 0100", "item": Item.PAIN, "value": 17, "day": date(2026, 6, 4), "hour": T0.time()}


def everything(language: str) -> dict[str, Rendered]:
    """Every message that the chat can send, by a name for the reader."""
    shown = {name: render_card(state, context, language) for name, (state, context) in CARDS.items()}
    shown |= {f"{kind} reminder": render_neutral(kind, a_state(), EVENING, language) for kind in NeutralKind}
    shown["only saving"] = render_neutral(NeutralKind.LAST_CALL, ASKED_ALL, next_morning(EVENING), language)
    panels = a_panel_context(hour=T0.time().replace(hour=21, minute=0))
    shown |= {f"panel {step}": render_panel(a_panel(step), panels, language) for step in PanelStep}
    late = replace(panels, waiting_on=DAY, waiting_until=EVENING.closes_at)
    shown["panel joined, a day is open"] = render_panel(a_panel(PanelStep.JOINED), late, language)
    shown |= {name: render_today(view, language) for name, view in VIEWS.items()}
    shown |= {f"reply {name}": render_reply(name, PARAMS, language) for name in REPLIES}
    return shown | {f"toast {name}": Rendered(render_toast(name, language)) for name in TOASTS}


def as_seen(language: str) -> str:
    """Write everything out as plain text, a button in brackets."""
    return "\n\n".join(
        "\n".join((f"== {name}", rendered.text, *("".join(f"[{b.label}]" for b in row) for row in rendered.rows)))
        for name, rendered in everything(language).items()
    )
