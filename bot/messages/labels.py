"""Labels of the card's buttons; the listed phrases bind, since people and manuals name them."""

from types import MappingProxyType
from typing import Final

from bot.diary.card import (
    MORE_STOOLS,
    SNOOZE_30_MINUTES,
    SNOOZE_MORNING,
    TYPED_STOOLS,
    CardContext,
    CardState,
    Code,
    offers_back,
    offers_later,
)
from bot.diary.items import GREATEST, LETTERS, Item
from bot.i18n import Message, chat_text, translate
from bot.messages.instrument import answer_label
from bot.messages.rendered import Button, Rows, button, stack

START: Final = chat_text("button.start", "Start")
BACK: Final = chat_text("button.back", "‹ Back")
WHAT_COUNTS: Final = chat_text("button.what_counts", "What counts?")
LATER: Final = chat_text("button.later", "Later")
IN_30_MINUTES: Final = chat_text("button.in_30_minutes", "In 30 minutes")
TOMORROW_MORNING: Final = chat_text("button.tomorrow_830", "Tomorrow 08:30")
THIS_MORNING: Final = chat_text("button.today_830", "Today 08:30")
YES_VALUE: Final = chat_text("button.yes_value", "Yes, %(value)s")
CHANGE: Final = chat_text("button.change", "Change")
SUBMIT: Final = chat_text("button.submit", "Submit")
HELPED: Final = chat_text("button.helped", "Someone helped me")
ASK_CORRECTION: Final = chat_text("button.ask_correction", "Ask for a correction")
CHANGE_ITEM: Final = MappingProxyType(
    {
        Item.STOOLS: chat_text("button.change_stools", "Change stools"),
        Item.PAIN: chat_text("button.change_pain", "Change pain"),
        Item.WELLBEING: chat_text("button.change_wellbeing", "Change well-being"),
        Item.ANTIDIARRHOEAL: chat_text("button.change_antidiarrhoeal", "Change medicine"),
    }
)


def card_button(state: CardState, message: Message, language: str, code: str, value: str = "") -> Button:
    """Make one button of the card as it stands."""
    return button(translate(message, language), state.key, state.revision, code, value)


def question_rows(state: CardState, context: CardContext, language: str) -> Rows:
    """Lay out a question: the pad for a count, full-width coded answers for the rest, then Later or Back."""
    item = state.item or context.items[0]
    answers = pad(state, range(10), "10+", MORE_STOOLS) if item is Item.STOOLS else scale(state, item, language)
    what_counts = card_button(state, WHAT_COUNTS, language, Code.DEFINITION) if item is Item.STOOLS else None
    later = card_button(state, LATER, language, Code.SNOOZE) if offers_later(state, context) else None
    return answers + stack(what_counts, later) + back_row(state, context, language)


def more_rows(state: CardState, context: CardContext, language: str) -> Rows:
    """Lay out the second pad: 10 to 19, and 20 or more."""
    return pad(state, range(10, 20), "20+", TYPED_STOOLS) + back_row(state, context, language)


def pad(state: CardState, numbers: range, opener: str, opens: str) -> Rows:
    """Lay ten numbers and the way to greater ones out in rows of 4, 4 and 3."""
    letter = LETTERS[Item.STOOLS]
    keys = [button(str(number), state.key, state.revision, letter, str(number)) for number in numbers]
    keys.append(button(opener, state.key, state.revision, letter, opens))
    return tuple(keys[:4]), tuple(keys[4:8]), tuple(keys[8:])


def scale(state: CardState, item: Item, language: str) -> Rows:
    """Lay the coded answers out one above the other, code and words on each."""
    values = range(GREATEST[item] + 1)
    return stack(
        *(
            button(answer_label(item, value, language), state.key, state.revision, LETTERS[item], str(value))
            for value in values
        )
    )


def back_row(state: CardState, context: CardContext, language: str) -> Rows:
    """Offer Back where the steps accept it."""
    return stack(card_button(state, BACK, language, Code.BACK) if offers_back(state, context) else None)


def confirm_rows(state: CardState, language: str) -> Rows:
    """Ask for the yes to an unusual number, or the way back to the pad."""
    value = str(state.pending)
    yes = button(translate(YES_VALUE, language, value=value), state.key, state.revision, Code.CONFIRM, value)
    letter = LETTERS[state.item or Item.STOOLS]
    return stack(yes, card_button(state, CHANGE, language, Code.CHANGE, letter))


def review_rows(state: CardState, context: CardContext, language: str) -> Rows:
    """Put Submit first, then one button per answer."""
    changes = (card_button(state, CHANGE_ITEM[item], language, Code.CHANGE, LETTERS[item]) for item in context.items)
    submit = card_button(state, SUBMIT, language, Code.SUBMIT)
    return stack(submit, *changes) + back_row(state, context, language)


def snooze_rows(state: CardState, context: CardContext, language: str) -> Rows:
    """Offer the times that are still possible."""
    morning = TOMORROW_MORNING if context.today == context.diary_day else THIS_MORNING
    labels = {SNOOZE_30_MINUTES: IN_30_MINUTES, SNOOZE_MORNING: morning}
    times = (card_button(state, labels[code], language, Code.SNOOZE, code) for code in context.snooze)
    return stack(*times) + back_row(state, context, language)


def saved_rows(state: CardState, language: str) -> Rows:
    """Offer Change, and the note that somebody helped until it is made."""
    helped = None if state.helped else card_button(state, HELPED, language, Code.HELPED)
    return stack(card_button(state, CHANGE, language, Code.CHANGE), helped)
