"""What the page shows at this moment, read from the database alone: joining, a card, or what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from bot.actions.open_card import open_card
from bot.actions.panels import panel_context, panel_state, site_words
from bot.actions.today import today_view
from bot.diary.card import CardState, Code, Shown, encode_tap
from bot.diary_page.answering import number_data
from bot.diary_page.joining import panel_to_show
from bot.diary_page.markup import Line, PageButton, blocks_of, page_button, rows_of
from bot.diary_page.page_call import PageCall
from bot.diary_page.words import (
    CORRECTION_ASKED,
    DECLINED,
    HOUR,
    HOUR_HINT,
    NOTICE,
    NOTICE_HEAD,
    NOTICE_LEAD,
    NOTICE_VERSION,
    NOTICE_VERSION_LINE,
    OTHER_DAY,
    STOPPED,
)
from bot.i18n import format_day_relative, format_deadline_relative, format_time, translate
from bot.messages.card import render_card
from bot.messages.labels import ASK_CORRECTION, CHANGE, START
from bot.messages.panel import render_panel
from bot.messages.rendered import Rendered, bold, button, escape
from bot.messages.replies import render_reply
from bot.messages.today import CORRECTION, TodayView, render_today
from bot.people.panel import PanelStep
from bot.storage.tables import CardRow, PanelRow
from bot.storage.views.cards import card_state
from bot.storage.views.days import DayRecord

IDLE: Final = frozenset({Shown.NEUTRAL.value, Shown.SAVED.value, Shown.CLOSED.value})


@dataclass(frozen=True, slots=True)
class Aside:
    """A smaller matter beneath the main one: a sentence, and a button where something can be done."""

    text: str
    button: PageButton | None


@dataclass(frozen=True, slots=True)
class View:
    """One page: its text, its buttons, the field for a typed number (what it carries), and what stands beneath."""

    blocks: tuple[tuple[Line, ...], ...]
    rows: tuple[tuple[PageButton, ...], ...] = ()
    number: str | None = None
    asides: tuple[Aside, ...] = ()
    stopped: str | None = None
    has_more: bool = False
    read_again: bool = False
    choosing_language: bool = False


def view_now(call: PageCall) -> View:
    """The page as it stands; makes the card that its buttons act on, so it needs a writing session."""
    if call.sender.withdrawn_at is not None:
        return View(blocks_of(render_reply("withdrawn", {}, call.language)))
    panel = panel_to_show(call)
    return joining_view(call, panel) if panel is not None else diary_view(call)


def joining_view(call: PageCall, panel: PanelRow) -> View:
    """One step of the way in: the chat's buttons under the page's own words."""
    step = PanelStep(panel.step)
    context = replace(panel_context(call.session, panel, call.study, call.now), hour=None)
    rendered = render_panel(panel_state(panel), context, call.language)
    if step is PanelStep.JOIN_DECLINED:
        return View(blocks_of(Rendered(escape(call.voice(DECLINED)))), read_again=True)
    words = {PanelStep.JOIN_NOTICE: notice(call, lead=True), PanelStep.JOIN_HOUR: _hour_words(call)}
    return View(
        blocks_of(Rendered(words.get(step, rendered.text))),
        rows_of(rendered.rows),
        choosing_language=step is PanelStep.JOIN_LANGUAGE,
    )


def notice(call: PageCall, *, lead: bool) -> str:
    """The notice that belongs to the page, in the site's name."""
    site = site_words(call.study.protocol.site(call.sender.site))[call.language]
    text = call.voice(NOTICE, name=site.name, phone=site.phone)
    version = call.voice(NOTICE_VERSION_LINE, name=site.name, phone=site.phone, version=NOTICE_VERSION)
    head = bold(call.voice(NOTICE_HEAD)) + (f"\n{escape(call.voice(NOTICE_LEAD))}" if lead else "")
    return "\n\n".join((head, *(escape(line) for line in text.split("\n")), escape(version)))


def _hour_words(call: PageCall) -> str:
    return f"{bold(call.voice(HOUR))}\n{escape(call.voice(HOUR_HINT))}"


def diary_view(call: PageCall) -> View:
    """The card of an open day, or what comes next; beneath it other open days and a closed one to correct."""
    today = today_view(call.session, call.diary, call.study, call.now)
    call.forget_diary()
    records = call.open_days()
    shown = _day_to_show(records)
    is_idle = shown is None or shown.card is None or shown.card.shown in IDLE
    asides = (*_other_days(call, records, shown), *(_correction(call, today) if is_idle else ()))
    stopped = call.voice(STOPPED) if today.stopped else None
    if shown is None:
        rest = replace(today, stopped=False, correction_on=None, correction_key=None)
        return View(blocks_of(render_today(rest, call.language)), asides=asides, stopped=stopped, has_more=True)
    state = card_state(_card(call, shown), shown)
    rendered = render_card(state, call.card_context(shown), call.language)
    return View(
        blocks_of(rendered), rows_of(rendered.rows), number=_number(state), asides=asides, stopped=stopped,
        has_more=True,
    )  # fmt: skip


def _day_to_show(records: Sequence[DayRecord]) -> DayRecord | None:
    """The day whose card was touched last while it is being filled in, else the one that waits, else the saved one."""
    begun = {
        (record.card.touched_at, record.on): record
        for record in records
        if record.card is not None and record.card.touched_at is not None and record.card.shown not in IDLE
    }
    if begun:
        return begun[max(begun)]
    waiting = [record for record in records if not record.submitted_in_time]
    return waiting[0] if waiting else records[-1] if records else None


def _card(call: PageCall, record: DayRecord) -> CardRow:
    """The day's card; one that was closed before its day was extended is laid open again."""
    asked = call.diary.asked(record.on)
    visit = asked.visit if asked else ""
    card = open_card(call.session, call.sender.id or 0, record.on, visit, study=call.study)
    if card.shown == Shown.CLOSED.value:
        card.shown, card.item, card.pending, card.revision = Shown.NEUTRAL.value, None, None, card.revision + 1
        call.session.add(card)
    return card


def _number(state: CardState) -> str | None:
    return encode_tap(number_data(state)) if state.shown is Shown.TYPED else None


def _other_days(call: PageCall, records: Sequence[DayRecord], shown: DayRecord | None) -> tuple[Aside, ...]:
    """After an outage two days can be open at once; the one that is not on screen has a button."""
    return tuple(_other_day(call, record) for record in records if record is not shown)


def _other_day(call: PageCall, record: DayRecord) -> Aside:
    card = _card(call, record)
    saved = card.shown == Shown.SAVED.value
    label, code = (CHANGE, Code.CHANGE) if saved else (START, Code.START)
    deadline = format_deadline_relative(record.day.closes_at, call.now, record.day.tzid, call.language)
    text = call.voice(OTHER_DAY, deadline=deadline, day=_say_day(call, record))
    return Aside(text, page_button(button(translate(label, call.language), card.key, card.revision, code)))


def _say_day(call: PageCall, record: DayRecord) -> str:
    today = call.now.astimezone(ZoneInfo(record.day.tzid)).date()
    return format_day_relative(record.on, today, call.language)


def _correction(call: PageCall, today: TodayView) -> tuple[Aside, ...]:
    """The latest closed day: a correction can be asked for, or has been."""
    if today.correction_on is None or today.correction_key is None:
        return ()
    day = format_day_relative(today.correction_on, call.now.astimezone(ZoneInfo(today.tzid)).date(), call.language)
    if today.correction_asked:
        return (Aside(call.voice(CORRECTION_ASKED, day=day), None),)
    ask = button(translate(ASK_CORRECTION, call.language), today.correction_key, 0, Code.CORRECTION)
    return (Aside(translate(CORRECTION, call.language, day=day), page_button(ask)),)


@dataclass(frozen=True, slots=True)
class MoreView:
    """The page of smaller matters: hours as (value, label, in force), whether messages are stopped, the notice."""

    hours: tuple[tuple[str, str, bool], ...]
    stopped: bool
    notice: tuple[tuple[Line, ...], ...]


def more_view(call: PageCall) -> MoreView:
    """Time of the questions, a message to the team, stopping, and the notice to read again."""
    offered = call.study.protocol.reminders.hours
    hours = tuple((f"{at:%H%M}", format_time(at, call.language), f"{at:%H:%M}" == call.sender.hour) for at in offered)
    return MoreView(hours, call.sender.stopped_at is not None, blocks_of(Rendered(notice(call, lead=False))))
