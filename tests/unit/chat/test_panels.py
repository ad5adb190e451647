"""Joining in four taps after Start, and the panels of the commands."""

from dataclasses import replace
from datetime import time

import pytest

from bot.chat.commands import COMMANDS, Standing, open_panel, step_command, step_panel
from bot.chat.joining import start_joining
from bot.chat.outcomes import (
    AgreeNotice,
    DeclineNotice,
    ProveReach,
    Reply,
    ResumeMessages,
    SetHour,
    SetLanguage,
    ShowToday,
    StopMessages,
)
from bot.diary.card import Tap
from bot.messages.panel import render_panel
from bot.people.panel import PanelState, PanelStep
from tests.support.cards import KEY, a_panel, a_panel_context, find, labels


def press(state: PanelState, label: str, language: str = "en", **context):
    surroundings = a_panel_context(**context)
    return step_panel(state, surroundings, find(render_panel(state, surroundings, language), label))


JOINING = {
    "en": ("English", "Agree", "20:00", "OK"),
    "zh": ("中文", "同意", "20:00", "收到"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_joining_takes_four_taps_after_start(language):
    state, intents = start_joining(KEY), []
    for label in JOINING[language]:
        outcome = press(state, label, language)
        state = outcome.state
        intents.extend(outcome.intents)
    assert intents == [SetLanguage(language), AgreeNotice(), SetHour(time(20)), ProveReach()]
    assert state.step is PanelStep.JOINED


def test_the_message_that_proves_reach_is_one_of_its_own():
    outcome = press(a_panel(PanelStep.JOIN_HOUR), "21:30")
    assert (outcome.fresh, outcome.redraw) == (True, False)
    assert outcome.past == Reply("joining.hour_set", {"hour": time(21, 30)})


@pytest.mark.parametrize(("language", "label"), [("en", "Not now"), ("zh", "以后再说")])
def test_not_now_ends_politely(language, label):
    outcome = press(a_panel(PanelStep.JOIN_NOTICE), label, language)
    assert outcome.intents == (DeclineNotice(),)
    assert labels(render_panel(outcome.state, a_panel_context(), language)) == ()


def test_the_first_hour_offered_is_the_usual_one():
    for step in (PanelStep.JOIN_HOUR, PanelStep.HOUR):
        shown = labels(render_panel(a_panel(step), a_panel_context(), "en"))
        assert shown == ("20:00, usual time", "18:00", "18:30", "19:00", "19:30", "20:30", "21:00", "21:30")


def test_the_hour_in_force_is_marked_with_words():
    context = a_panel_context(hour=time(21))
    assert "21:00, as now" in labels(render_panel(a_panel(PanelStep.HOUR), context, "en"))
    assert "21:00（当前）" in labels(render_panel(a_panel(PanelStep.HOUR), context, "zh"))


def test_while_joining_the_usual_hour_is_called_usual_although_it_is_preset():
    shown = labels(render_panel(a_panel(PanelStep.JOIN_HOUR), a_panel_context(hour=time(20)), "en"))
    assert shown[0] == "20:00, usual time"


def test_a_stale_panel_tap_changes_nothing():
    state = a_panel(PanelStep.JOIN_HOUR)
    outcome = step_panel(state, a_panel_context(), Tap(KEY, "n", "y", 2))
    assert (outcome.state, outcome.intents) == (state, ())
    assert (outcome.toast, outcome.redraw) == ("toast.panel_moved_on", True)


@pytest.mark.parametrize(
    ("step", "code", "value"),
    [
        (PanelStep.JOIN_LANGUAGE, "l", "fr"),
        (PanelStep.JOIN_LANGUAGE, "n", "y"),
        (PanelStep.JOIN_NOTICE, "n", ""),
        (PanelStep.JOIN_HOUR, "o", "0300"),
        (PanelStep.HOUR, "o", "20"),
        (PanelStep.LANGUAGE, "l", "zhhans"),
        (PanelStep.STOP, "x", ""),
        (PanelStep.HELP, "q", "nothing"),
        (PanelStep.JOINED, "t", ""),
        (PanelStep.KEPT, "x", "y"),
    ],
)
def test_a_panel_tap_that_was_not_offered_changes_nothing(step, code, value):
    state = a_panel(step)
    outcome = step_panel(state, a_panel_context(), Tap(KEY, code, value, state.revision))
    assert (outcome.state, outcome.intents, outcome.redraw) == (state, (), True)


def test_language_hour_and_stop_are_settled_with_one_tap():
    assert press(a_panel(PanelStep.LANGUAGE), "中文").intents == (SetLanguage("zh"),)
    assert press(a_panel(PanelStep.HOUR), "18:30").intents == (SetHour(time(18, 30)),)
    assert press(a_panel(PanelStep.STOP), "Stop messages").intents == (StopMessages(),)
    assert press(a_panel(PanelStep.STOP), "Keep").intents == ()
    assert press(a_panel(PanelStep.STOP), "停止", "zh").intents == (StopMessages(),)
    assert press(a_panel(PanelStep.STOP), "保留", "zh").intents == ()


@pytest.mark.parametrize(
    ("label", "step"),
    [("Language", PanelStep.LANGUAGE), ("Question time", PanelStep.HOUR), ("Stop", PanelStep.STOP)],
)
def test_help_turns_into_the_panel_that_was_chosen(label, step):
    state = a_panel(PanelStep.HELP)
    outcome = press(state, label)
    assert outcome.state == replace(state, step=step, revision=state.revision + 1)
    assert outcome.redraw


def test_help_shows_today():
    assert press(a_panel(PanelStep.HELP), "Today").intents == (ShowToday(),)


PANELS = [
    ("language", PanelStep.LANGUAGE),
    ("hour", PanelStep.HOUR),
    ("stop", PanelStep.STOP),
    ("help", PanelStep.HELP),
]


@pytest.mark.parametrize(("command", "step"), PANELS)
def test_commands_open_their_panels(command, step):
    assert step_command(command, Standing()).open_panel is step
    assert open_panel(KEY, step) == PanelState(KEY, 0, step)


@pytest.mark.parametrize("command", ["/HELP", "help@three_questions_bot", "something"])
def test_an_unknown_command_gets_help(command):
    assert step_command(command, Standing()).open_panel is PanelStep.HELP


def test_start_and_today_show_where_one_stands():
    assert step_command("start", Standing()).intents == (ShowToday(),)
    assert step_command("today", Standing()).intents == (ShowToday(),)
    assert step_command("today", Standing(stopped=True)).intents == (ShowToday(),)


def test_start_resumes_after_a_stop_and_a_second_stop_says_so():
    assert step_command("start", Standing(stopped=True)).intents == (ResumeMessages(),)
    assert step_command("stop", Standing(stopped=True)).reply == Reply("stopped")


@pytest.mark.parametrize("command", COMMANDS)
def test_after_withdrawal_every_command_gets_one_sentence(command):
    outcome = step_command(command, Standing(withdrawn=True))
    assert (outcome.intents, outcome.open_panel, outcome.reply) == ((), None, Reply("withdrawn"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stranger_gets_one_neutral_sentence(command):
    outcome = step_command(command, Standing(joined=False))
    assert (outcome.intents, outcome.open_panel, outcome.reply) == ((), None, Reply("unknown_sender"))
