"""The panels of a participant's own choices, from the invitation to stopping."""

from collections.abc import Callable, Mapping
from datetime import time
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from bot.diary.card import Code
from bot.i18n import (
    Message,
    chat_text,
    format_day_relative,
    format_deadline_relative,
    format_moment_relative,
    format_time,
    resolve_language,
    translate,
)
from bot.messages.rendered import Button, Rendered, Rows, bold, button, escape, stack
from bot.people.panel import PanelContext, PanelState, PanelStep, SiteWords

ENGLISH: Final = chat_text("button.english", "English")
CHINESE: Final = chat_text("button.chinese", "中文")
AGREE: Final = chat_text("button.agree", "Agree")
NOT_NOW: Final = chat_text("button.not_now", "Not now")
REACHED: Final = chat_text("button.ok", "OK")
STOP: Final = chat_text("button.stop", "Stop messages")
KEEP: Final = chat_text("button.keep", "Keep")
HELP_TODAY: Final = chat_text("button.help_today", "Today")
HELP_LANGUAGE: Final = chat_text("button.help_language", "Language")
HELP_HOUR: Final = chat_text("button.help_hour", "Question time")
HELP_STOP: Final = chat_text("button.help_stop", "Stop")
HOUR_DEFAULT: Final = chat_text("button.hour_default", "%(hour)s, usual time")
HOUR_CURRENT: Final = chat_text("button.hour_current", "%(hour)s, as now")

WELCOME: Final = chat_text("panel.welcome", "Welcome. Which language would you like?")
CHOOSE_LANGUAGE: Final = chat_text("panel.language", "Which language would you like?")
LANGUAGE_SET: Final = chat_text("panel.language_set", "From now on in English. Your answers stay as they are.")
NOTICE_HEAD: Final = chat_text("panel.notice_head", "About this chat and your data")
NOTICE_LEAD: Final = chat_text("panel.notice_lead", "Please read this, then tap Agree. Nothing is asked before.")
NOTICE_FOOT: Final = chat_text(
    "panel.notice_foot",
    "This chat is not watched for emergencies.\nWhat you signed on paper comes first.\nVersion %(version)s.",
)
DECLINED: Final = chat_text(
    "panel.declined", "That is fine, nothing will be sent. When you are ready, open the same link again."
)
CHOOSE_HOUR: Final = chat_text("panel.hour", "At what time shall the questions come? This is your local time.")
CHANGE_LATER: Final = chat_text("panel.hour_later", "/hour changes it at any time.")
HOUR_SET: Final = chat_text("panel.hour_set", "From the next time on, the questions come at %(hour)s.")
REACH: Final = chat_text(
    "panel.reach", "This is the first message here. Please tap OK, so that we know messages reach you."
)
JOINED: Final = chat_text("panel.joined", "Thank you, messages reach you.")
NEXT_AT: Final = chat_text("panel.next_at", "Next questions: %(moment)s. Until then there is nothing to do.")
OPEN_NOW: Final = chat_text(
    "panel.open_now", "Your questions for %(day)s are open until %(deadline)s; they come right below."
)
NEXT_UNKNOWN: Final = chat_text("panel.next_unknown", "The next questions will come by themselves.")
HELP_HINT: Final = chat_text("panel.help_hint", "/help shows what you can do here.")
STOP_ASK: Final = chat_text(
    "panel.stop",
    "Stop all messages from here? Your answers are kept, and your care stays the same. The team will be told.",
)
STOPPED: Final = chat_text(
    "panel.stopped",
    "Stopped: nothing more will be sent. /start brings the messages back, /today still answers.",
)
KEPT: Final = chat_text("panel.kept", "Good, nothing changes.")
HELP: Final = chat_text(
    "panel.help",
    "A few questions a day, with buttons or by typing a number. "
    "Anything else you write is passed on to the team. Nobody gives medical advice here, "
    "and this chat is not watched for emergencies. Phone: %(phone)s.",
)


def render_panel(state: PanelState, context: PanelContext, language: str) -> Rendered:
    """Render a panel for its step; the choice of language speaks both."""
    return _RENDERERS[state.step](state, context, language)


def site_words(context: PanelContext, language: str) -> SiteWords:
    """Find the site's own words for a language."""
    return context.words[resolve_language(language)]


def _say(message: Message) -> Callable[[PanelState, PanelContext, str], Rendered]:
    return lambda _state, _context, language: Rendered(escape(translate(message, language)))


def _render_language(message: Message) -> Callable[[PanelState, PanelContext, str], Rendered]:
    def render(state: PanelState, _context: PanelContext, language: str) -> Rendered:
        both = sorted(("en", "zh"), key=lambda one: one != resolve_language(language))
        text = "\n".join(translate(message, one) for one in both)
        return Rendered(escape(text), stack(*_languages(state, language)))

    return render


def _languages(state: PanelState, language: str) -> tuple[Button, ...]:
    return tuple(
        _button(state, message, language, Code.LANGUAGE, value) for message, value in ((ENGLISH, "en"), (CHINESE, "zh"))
    )


def _render_notice(state: PanelState, context: PanelContext, language: str) -> Rendered:
    """The site's own notice, which names hospital, telephone and /stop, and what is so at every site."""
    words = site_words(context, language)
    foot = translate(NOTICE_FOOT, language, version=words.notice_version)
    head = f"{bold(translate(NOTICE_HEAD, language))}\n{escape(translate(NOTICE_LEAD, language))}"
    text = "\n\n".join((head, escape(words.notice.strip()), escape(foot)))
    agree = _button(state, AGREE, language, Code.NOTICE, "y")
    return Rendered(text, stack(agree, _button(state, NOT_NOW, language, Code.NOTICE, "n")))


def _render_hour(state: PanelState, context: PanelContext, language: str) -> Rendered:
    is_joining = state.step is PanelStep.JOIN_HOUR
    lines = (CHOOSE_HOUR, CHANGE_LATER) if is_joining else (CHOOSE_HOUR,)
    text = "\n".join(translate(line, language) for line in lines)
    return Rendered(escape(text), _hours(state, context, language))


def _hours(state: PanelState, context: PanelContext, language: str) -> Rows:
    """Put the usual time first and alone; the others follow in rows of three, in order."""
    others = [hour for hour in context.hours if hour != context.default_hour]
    buttons = [_hour_button(state, context, hour, language) for hour in (context.default_hour, *others)]
    rest = buttons[1:]
    return (buttons[0],), *(tuple(rest[start : start + 3]) for start in range(0, len(rest), 3))


def _hour_button(state: PanelState, context: PanelContext, hour: time, language: str) -> Button:
    clock = format_time(hour, language)
    usual = {context.default_hour: HOUR_DEFAULT}
    current = {context.hour: HOUR_CURRENT} if context.hour else {}
    marks = current | usual if state.step is PanelStep.JOIN_HOUR else usual | current
    label = translate(marks[hour], language, hour=clock) if hour in marks else clock
    return button(label, state.key, state.revision, Code.HOUR, f"{hour:%H%M}")


def _render_hour_set(_state: PanelState, context: PanelContext, language: str) -> Rendered:
    clock = format_time(context.hour or context.default_hour, language)
    return Rendered(escape(translate(HOUR_SET, language, hour=clock)))


def _render_reach(state: PanelState, _context: PanelContext, language: str) -> Rendered:
    reached = _button(state, REACHED, language, Code.REACH)
    return Rendered(escape(translate(REACH, language)), stack(reached))


def _render_joined(_state: PanelState, context: PanelContext, language: str) -> Rendered:
    lines = (
        translate(JOINED, language),
        _next_prompt(context, language),
        translate(HELP_HINT, language),
    )
    return Rendered(escape("\n".join(lines)))


def _next_prompt(context: PanelContext, language: str) -> str:
    if context.waiting_on is not None and context.waiting_until is not None:
        today = context.now.astimezone(ZoneInfo(context.tzid)).date()
        return translate(
            OPEN_NOW,
            language,
            day=format_day_relative(context.waiting_on, today, language),
            deadline=format_deadline_relative(context.waiting_until, context.now, context.tzid, language),
        )
    if context.next_prompt_at is None:
        return translate(NEXT_UNKNOWN, language)
    moment = format_moment_relative(context.next_prompt_at, context.now, context.tzid, language)
    return translate(NEXT_AT, language, moment=moment)


def _render_stop(state: PanelState, _context: PanelContext, language: str) -> Rendered:
    stop = _button(state, STOP, language, Code.STOP, "y")
    keep = _button(state, KEEP, language, Code.STOP, "n")
    return Rendered(escape(translate(STOP_ASK, language)), stack(stop, keep))


def _render_help(state: PanelState, context: PanelContext, language: str) -> Rendered:
    text = translate(HELP, language, phone=site_words(context, language).phone)
    choices = ((HELP_TODAY, "today"), (HELP_LANGUAGE, "language"), (HELP_HOUR, "hour"), (HELP_STOP, "stop"))
    buttons = [_button(state, message, language, Code.HELP, value) for message, value in choices]
    return Rendered(escape(text), (tuple(buttons[:2]), tuple(buttons[2:])))


def _button(state: PanelState, message: Message, language: str, code: str, value: str = "") -> Button:
    return button(translate(message, language), state.key, state.revision, code, value)


_RENDERERS: Final[Mapping[PanelStep, Callable[[PanelState, PanelContext, str], Rendered]]] = MappingProxyType(
    {
        PanelStep.JOIN_LANGUAGE: _render_language(WELCOME),
        PanelStep.JOIN_NOTICE: _render_notice,
        PanelStep.JOIN_DECLINED: _say(DECLINED),
        PanelStep.JOIN_HOUR: _render_hour,
        PanelStep.JOIN_REACH: _render_reach,
        PanelStep.JOINED: _render_joined,
        PanelStep.LANGUAGE: _render_language(CHOOSE_LANGUAGE),
        PanelStep.LANGUAGE_SET: _say(LANGUAGE_SET),
        PanelStep.HOUR: _render_hour,
        PanelStep.HOUR_SET: _render_hour_set,
        PanelStep.STOP: _render_stop,
        PanelStep.STOPPED: _say(STOPPED),
        PanelStep.KEPT: _say(KEPT),
        PanelStep.HELP: _render_help,
    }
)
