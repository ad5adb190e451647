"""The way in: language, notice, hour, and a first message that proves reach; one tap each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time
from types import MappingProxyType
from typing import Final

from bot.chat.outcomes import (
    AgreeNotice,
    DeclineNotice,
    PanelOutcome,
    ProveReach,
    Reply,
    SetHour,
    SetLanguage,
)
from bot.diary.card import Code, Tap
from bot.i18n import LANGUAGES
from bot.people.panel import PanelContext, PanelState, PanelStep

YES: Final = "y"
NO: Final = "n"


def start_joining(key: str) -> PanelState:
    """Open the way in; the same link leads here again after "Not now", a new one on a new phone."""
    return PanelState(key, 0, PanelStep.JOIN_LANGUAGE)


def step_joining(state: PanelState, context: PanelContext, tap: Tap) -> PanelOutcome | None:
    """Take a tap of the current revision one step further; `None` when the step offers no such button."""
    step = _STEPS.get((state.step, tap.code))
    return step(state, context, tap.value) if step else None


def advance(state: PanelState, step: PanelStep) -> PanelState:
    """Show another step; the buttons of the one before turn stale."""
    return replace(state, revision=state.revision + 1, step=step)


def read_hour(value: str, context: PanelContext) -> time | None:
    """Read "2000" as one of the offered hours; anything else is `None`."""
    return next((hour for hour in context.hours if f"{hour:%H%M}" == value), None)


def _choose_language(state: PanelState, _context: PanelContext, value: str) -> PanelOutcome | None:
    if value not in LANGUAGES:
        return None
    return PanelOutcome(advance(state, PanelStep.JOIN_NOTICE), (SetLanguage(value),), redraw=True)


def _judge_notice(state: PanelState, _context: PanelContext, value: str) -> PanelOutcome | None:
    if value == YES:
        return PanelOutcome(advance(state, PanelStep.JOIN_HOUR), (AgreeNotice(),), redraw=True)
    if value == NO:
        return PanelOutcome(advance(state, PanelStep.JOIN_DECLINED), (DeclineNotice(),), redraw=True)
    return None


def _choose_hour(state: PanelState, context: PanelContext, value: str) -> PanelOutcome | None:
    hour = read_hour(value, context)
    if hour is None:
        return None
    past = Reply("joining.hour_set", {"hour": hour})
    return PanelOutcome(advance(state, PanelStep.JOIN_REACH), (SetHour(hour),), fresh=True, past=past)


def _prove_reach(state: PanelState, _context: PanelContext, _value: str) -> PanelOutcome:
    return PanelOutcome(advance(state, PanelStep.JOINED), (ProveReach(),), redraw=True)


_Step = Callable[[PanelState, PanelContext, str], PanelOutcome | None]
_STEPS: Final[Mapping[tuple[PanelStep, str], _Step]] = MappingProxyType(
    {
        (PanelStep.JOIN_LANGUAGE, Code.LANGUAGE): _choose_language,
        (PanelStep.JOIN_NOTICE, Code.NOTICE): _judge_notice,
        (PanelStep.JOIN_HOUR, Code.HOUR): _choose_hour,
        (PanelStep.JOIN_REACH, Code.REACH): _prove_reach,
    }
)
