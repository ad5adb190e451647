"""The commands and the panels they open: language, hour, stop and help."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.chat.joining import NO, YES, advance, read_hour, step_joining
from bot.chat.outcomes import (
    MessageOutcome,
    PanelOutcome,
    Reply,
    ResumeMessages,
    SetHour,
    SetLanguage,
    ShowToday,
    StopMessages,
)
from bot.diary.card import Code, Tap
from bot.i18n import LANGUAGES
from bot.people.panel import PanelContext, PanelState, PanelStep

COMMANDS: Final = ("start", "today", "language", "hour", "help", "stop")


@dataclass(frozen=True)
class Standing:
    """How the sender stands: bound to a participant and joined, stopped, withdrawn."""

    joined: bool = True
    stopped: bool = False
    withdrawn: bool = False


def step_command(command: str, standing: Standing) -> MessageOutcome:
    """Answer a command, with or without its slash; /start with an invitation is the desk's own case."""
    name = command.removeprefix("/").partition("@")[0].lower()
    if standing.withdrawn:
        return MessageOutcome(reply=Reply("withdrawn"))
    if not standing.joined:
        return MessageOutcome(reply=Reply("unknown_sender"))
    if name == "start":
        return _start(standing)
    if name == "stop":
        return _stop(standing)
    if name == "today":
        return MessageOutcome((ShowToday(),))
    return MessageOutcome(open_panel=_PANELS.get(name, PanelStep.HELP))


def open_panel(key: str, step: PanelStep) -> PanelState:
    """Open a panel at a step, as a message of its own."""
    return PanelState(key, 0, step)


def step_panel(state: PanelState, context: PanelContext, tap: Tap) -> PanelOutcome:
    """Take a tap on any panel, joining included; a stale or unknown one changes nothing and redraws it."""
    if tap.revision != state.revision:
        return PanelOutcome(state, toast="toast.panel_moved_on", redraw=True)
    outcome = step_joining(state, context, tap) or _step_menu(state, context, tap)
    return outcome or PanelOutcome(state, toast="toast.panel_moved_on", redraw=True)


def _start(standing: Standing) -> MessageOutcome:
    if standing.stopped:
        return MessageOutcome((ResumeMessages(),), reply=Reply("resumed"))
    return MessageOutcome((ShowToday(),))


def _stop(standing: Standing) -> MessageOutcome:
    if standing.stopped:
        return MessageOutcome(reply=Reply("stopped"))
    return MessageOutcome(open_panel=PanelStep.STOP)


def _step_menu(state: PanelState, context: PanelContext, tap: Tap) -> PanelOutcome | None:
    step = _STEPS.get((state.step, tap.code))
    return step(state, context, tap.value) if step else None


def _set_language(state: PanelState, _context: PanelContext, value: str) -> PanelOutcome | None:
    if value not in LANGUAGES:
        return None
    return PanelOutcome(advance(state, PanelStep.LANGUAGE_SET), (SetLanguage(value),), redraw=True)


def _set_hour(state: PanelState, context: PanelContext, value: str) -> PanelOutcome | None:
    hour = read_hour(value, context)
    if hour is None:
        return None
    return PanelOutcome(advance(state, PanelStep.HOUR_SET), (SetHour(hour),), redraw=True)


def _settle_stop(state: PanelState, _context: PanelContext, value: str) -> PanelOutcome | None:
    if value == YES:
        return PanelOutcome(advance(state, PanelStep.STOPPED), (StopMessages(),), redraw=True)
    if value == NO:
        return PanelOutcome(advance(state, PanelStep.KEPT), redraw=True)
    return None


def _choose_from_help(state: PanelState, _context: PanelContext, value: str) -> PanelOutcome | None:
    if value == "today":
        return PanelOutcome(state, (ShowToday(),))
    step = _PANELS.get(value)
    return PanelOutcome(advance(state, step), redraw=True) if step else None


_PANELS: Final[Mapping[str, PanelStep]] = MappingProxyType(
    {"language": PanelStep.LANGUAGE, "hour": PanelStep.HOUR, "stop": PanelStep.STOP}
)
_Step = Callable[[PanelState, PanelContext, str], PanelOutcome | None]
_STEPS: Final[Mapping[tuple[PanelStep, str], _Step]] = MappingProxyType(
    {
        (PanelStep.LANGUAGE, Code.LANGUAGE): _set_language,
        (PanelStep.HOUR, Code.HOUR): _set_hour,
        (PanelStep.STOP, Code.STOP): _settle_stop,
        (PanelStep.HELP, Code.HELP): _choose_from_help,
    }
)
