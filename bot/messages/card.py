"""The diary card as it looks in the chat, from the first question to the closed day."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from bot.diary.card import CardContext, CardState, Shown
from bot.diary.items import Item
from bot.i18n import chat_text, format_day, translate
from bot.messages import labels, lines
from bot.messages.instrument import answer_label, definition, item_name, question
from bot.messages.neutral import NeutralKind, render_neutral
from bot.messages.rendered import Rendered, bold, escape

QUESTION_OF: Final = chat_text("card.header.question", "%(day)s · question %(n)s of %(count)s")
REVIEW: Final = chat_text("card.header.review", "%(day)s · review")
LATER: Final = chat_text("card.header.later", "%(day)s · later")
ANSWER: Final = chat_text("card.answer", "%(name)s: ")
TEN_OR_MORE: Final = chat_text("card.ten_or_more", "Ten or more: how many exactly?")
TYPE_NUMBER: Final = chat_text("card.type_number", "Twenty or more: please type the number, for example 22.")
IS_RIGHT: Final = chat_text("card.is_right", "%(value)s times: is that right?")
CHECK_SUBMIT: Final = chat_text("card.check_submit", "Check, then submit.")
CHECK_CHANGE: Final = chat_text("card.check_change", "Tap what you want to change.")
ASK_WHEN: Final = chat_text("card.ask_when", "When shall I ask again?")
COME_BACK: Final = chat_text("card.come_back", "If you go again before midnight, tap Change; open until %(deadline)s.")
CORRECT: Final = chat_text("card.correct", "To correct anything, tap Change; open until %(deadline)s.")
HELP_NOTED: Final = chat_text("card.help_noted", "Noted: someone helped you.")
ALL_IN: Final = chat_text("card.all_in", "Thank you, all %(of)s days are in.")
LAST_IN: Final = chat_text("card.last_in", "Thank you, all %(of)s days are in, and these were the last questions.")
CLOSED: Final = chat_text("card.closed", "This day is closed. To add something, send /today.")
NOT_NEEDED: Final = chat_text("card.not_needed", "No answers are needed for this day any more. Thank you.")
CHANGE_LOST: Final = chat_text("card.change_lost", "The later change was not submitted; what was saved stands.")


def render_card(state: CardState, context: CardContext, language: str) -> Rendered:
    """Render the card for what it shows, closed when its day is; the first 60 characters name nothing private."""
    if not context.open:
        return _render_closed(state, context, language)
    if state.shown is Shown.NEUTRAL:
        return render_neutral(NeutralKind.PROMPT, state, context, language)
    return _RENDERERS[state.shown](state, context, language)


def _render_question(state: CardState, context: CardContext, language: str) -> Rendered:
    rows = labels.question_rows(state, context, language)
    return Rendered(_join(_lead_of_question(state, context, language), _ask(state, context, language)), rows)


def _render_more(state: CardState, context: CardContext, language: str) -> Rendered:
    ask = f"{_ask(state, context, language)}\n{escape(translate(TEN_OR_MORE, language))}"
    text = _join(_lead_of_question(state, context, language), ask)
    return Rendered(text, labels.more_rows(state, context, language))


def _render_typed(state: CardState, context: CardContext, language: str) -> Rendered:
    ask = f"{_ask(state, context, language)}\n{escape(translate(TYPE_NUMBER, language))}"
    text = _join(_lead_of_question(state, context, language), ask)
    return Rendered(text, labels.back_row(state, context, language))


def _render_confirm(state: CardState, context: CardContext, language: str) -> Rendered:
    right = bold(translate(IS_RIGHT, language, value=state.pending))
    text = _join(_lead_of_question(state, context, language), f"{_ask(state, context, language)}\n{right}")
    return Rendered(text, labels.confirm_rows(state, language))


def _render_definition(state: CardState, context: CardContext, language: str) -> Rendered:
    title = bold(translate(labels.WHAT_COUNTS, language))
    text = _join(_lead_of_question(state, context, language), f"{title}\n{escape(definition(language))}")
    return Rendered(text, labels.back_row(state, context, language))


def _render_review(state: CardState, context: CardContext, language: str) -> Rendered:
    ask = CHECK_CHANGE if state.submitted and not state.changed else CHECK_SUBMIT
    header = translate(REVIEW, language, day=lines.day_header(context, language))
    text = _join(
        _lead(header, state, context, language),
        _answers(state, context, language),
        bold(translate(ask, language)),
    )
    return Rendered(text, labels.review_rows(state, context, language))


def _render_snooze(state: CardState, context: CardContext, language: str) -> Rendered:
    header = translate(LATER, language, day=lines.day_header(context, language))
    text = _join(_lead(header, state, context, language), bold(translate(ASK_WHEN, language)))
    return Rendered(text, labels.snooze_rows(state, context, language))


def _render_saved(state: CardState, context: CardContext, language: str) -> Rendered:
    noted = escape(translate(HELP_NOTED, language)) if state.helped else ""
    further = (escape(line) for line in (*_what_comes(context, language), _until(context, language)))
    text = _join(_saved_head(context, language), "\n".join((*further, *([noted] if noted else []))))
    return Rendered(text, labels.saved_rows(state, language))


def _render_closed(state: CardState, context: CardContext, language: str) -> Rendered:
    if not state.submitted:
        day = lines.day_header(context, language) if context.needed else format_day(context.diary_day, language)
        closed = translate(CLOSED if context.needed else NOT_NEEDED, language)
        return Rendered(f"{bold(day)}\n{escape(closed)}")
    lost = escape(translate(CHANGE_LOST, language)) if state.changed else ""
    return Rendered(_join(_saved_head(context, language), lost))


_RENDERERS: Final[Mapping[Shown, Callable[[CardState, CardContext, str], Rendered]]] = MappingProxyType(
    {
        Shown.QUESTION: _render_question,
        Shown.MORE: _render_more,
        Shown.TYPED: _render_typed,
        Shown.CONFIRM: _render_confirm,
        Shown.DEFINITION: _render_definition,
        Shown.REVIEW: _render_review,
        Shown.SNOOZE: _render_snooze,
        Shown.SAVED: _render_saved,
        Shown.CLOSED: _render_closed,
    }
)


def _lead_of_question(state: CardState, context: CardContext, language: str) -> str:
    header = translate(
        QUESTION_OF,
        language,
        day=lines.day_header(context, language),
        n=context.items.index(_item(state, context)) + 1,
        count=len(context.items),
    )
    lead = _lead(header, state, context, language)
    return _join(lead, _answers(state, context, language, but=_item(state, context)))


def _lead(header: str, state: CardState, context: CardContext, language: str) -> str:
    """Open with what anybody may read over a shoulder: the day, the week, the deadline."""
    status = lines.status_line(state, context, language)
    return "\n".join((bold(header), lines.dots(context), escape(status)))


def _answers(state: CardState, context: CardContext, language: str, but: Item | None = None) -> str:
    given = (item for item in context.items if item in state.answers and item is not but)
    return "\n".join(
        escape(translate(ANSWER, language, name=item_name(item, language)))
        + bold(answer_label(item, state.answers[item], language))
        for item in given
    )


def _ask(state: CardState, context: CardContext, language: str) -> str:
    return bold(question(_item(state, context), context.diary_day, context.today, language))


def _item(state: CardState, context: CardContext) -> Item:
    return state.item or context.items[0]


def _saved_head(context: CardContext, language: str) -> str:
    return f"{bold(lines.day_header(context, language))}\n{escape(lines.saved_line(context, language))}"


def _what_comes(context: CardContext, language: str) -> tuple[str, ...]:
    if context.finished and context.visit_last:
        return (translate(LAST_IN, language, of=context.of),)
    following = lines.next_line(context.next_prompt_at, context.now, context.tzid, language)
    return (translate(ALL_IN, language, of=context.of), following) if context.finished else (following,)


def _until(context: CardContext, language: str) -> str:
    before_midnight = context.now.astimezone(ZoneInfo(context.tzid)).date() == context.diary_day
    return translate(COME_BACK if before_midnight else CORRECT, language, deadline=lines.deadline(context, language))


def _join(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
