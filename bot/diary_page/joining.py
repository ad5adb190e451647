"""The way in on the page: the chat's own steps for language, notice and hour; no message has to prove reach."""

from bot.actions.join_on_page import join_on_page
from bot.actions.panels import panel_context, panel_state
from bot.actions.set_hour import set_hour
from bot.actions.set_language import set_language
from bot.chat.commands import step_panel
from bot.chat.outcomes import AgreeNotice, DeclineNotice, Intent, SetHour, SetLanguage
from bot.diary.card import Tap
from bot.diary_page.page_call import CHANNEL, PageCall
from bot.diary_page.words import DONE_ALREADY, NOTICE_VERSION, WELCOME
from bot.people.panel import PanelStep
from bot.storage.participants import panel_at
from bot.storage.tables import PanelRow


def panel_to_show(call: PageCall) -> PanelRow | None:
    """The step of joining that comes next; None for a participant who has joined, here or in a chat."""
    panel = panel_at(call.session, CHANNEL, call.address)
    if call.sender.joined_at is not None:
        return panel if panel is not None and panel.step == PanelStep.JOIN_HOUR else None
    return panel or _open(call)


def _open(call: PageCall) -> PanelRow:
    panel = PanelRow(
        channel=CHANNEL,
        address=call.address,
        participant_id=call.sender.id,
        key=call.study.keys.card_key(),
        step=PanelStep.JOIN_LANGUAGE.value,
        language=call.language,
    )
    call.session.add(panel)
    call.session.flush()
    return panel


def take_tap(call: PageCall, panel: PanelRow, tap: Tap) -> None:
    """One step of joining, and what follows from it."""
    outcome = step_panel(panel_state(panel), panel_context(call.session, panel, call.study, call.now), tap)
    for intent in outcome.intents:
        _carry_out(call, panel, intent)
    step = outcome.state.step
    if step is PanelStep.JOIN_REACH:
        step = PanelStep.JOINED
        call.note(WELCOME)
    panel.revision, panel.step = outcome.state.revision, step.value
    call.session.add(panel)
    if outcome.toast is not None and tap.revision + 1 != panel.revision:  # a finger that tapped twice hears nothing
        call.note(DONE_ALREADY)


def read_again(call: PageCall) -> None:
    """After "Not now", begin again; at any other point nothing happens."""
    panel = panel_at(call.session, CHANNEL, call.address)
    if panel is not None and panel.step == PanelStep.JOIN_DECLINED:
        panel.revision, panel.step = panel.revision + 1, PanelStep.JOIN_LANGUAGE.value
        call.session.add(panel)


def speak(call: PageCall, language: str) -> None:
    """Speak this language from now on, here and in the chat; answers are free of language and stay."""
    set_language(call.trail, call.sender, language)
    panel = panel_at(call.session, CHANNEL, call.address)
    if panel is not None:
        panel.language = language
        call.session.add(panel)
    call.forget_diary()
    call.redraw_open_cards()


def _carry_out(call: PageCall, panel: PanelRow, intent: Intent) -> None:
    match intent:
        case SetLanguage(language):
            speak(call, language)
        case AgreeNotice():
            join_on_page(call.trail, call.sender, notice_version=NOTICE_VERSION)
        case DeclineNotice():
            call.trail.record("decline_notice", "panel", str(panel.id))
        case SetHour(hour):
            set_hour(call.trail, call.sender, hour, study=call.study)
        case _:
            raise TypeError(f"{type(intent).__name__} does not follow from joining on the page")
