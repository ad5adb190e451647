"""Promises about typed answers, button data and cards that hold for anything a finger can do."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.outcomes import RecordAnswer, SubmitEntry
from bot.chat.steps import step_card
from bot.diary.answers import Parsed, Reason, Refused, parse_answer
from bot.diary.card import CardState, Shown, Tap, decode_tap, encode_tap
from bot.diary.items import GREATEST, ITEM_BY_LETTER, Item
from bot.messages.card import render_card
from tests.support.cards import KEY, a_context, buttons

ITEMS = st.sampled_from(Item)
KEYS = st.text(string.ascii_letters + string.digits + "-_", min_size=16, max_size=16)


@given(st.text(), ITEMS)
def test_any_text_is_an_answer_in_range_or_a_refusal(text, item):
    outcome = parse_answer(text, item)
    assert isinstance(outcome, Refused) or 0 <= outcome.value <= GREATEST[item]


@given(st.integers(0, 10**6), ITEMS)
def test_a_whole_number_is_read_as_itself_or_refused_as_too_large(number, item):
    expected = Parsed(number) if number <= GREATEST[item] else Refused(Reason.TOO_LARGE)
    assert parse_answer(str(number), item) == expected
    assert parse_answer(str(number).translate({48 + d: 0xFF10 + d for d in range(10)}), item) == expected


@given(st.integers(1, 99))
def test_chinese_numerals_are_read_as_written(number):
    assert parse_answer(_in_chinese(number), Item.STOOLS) == parse_answer(str(number), Item.STOOLS)


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from(["-", "–", "~", "到", " to ", " or ", "至", "、"]))
def test_a_range_is_never_an_answer(low, high, joint):
    assert parse_answer(f"{low}{joint}{high}", Item.STOOLS) == Refused(Reason.RANGE)


@given(st.integers(0, 60), st.integers(0, 99))
def test_a_decimal_is_never_an_answer(whole, part):
    assert parse_answer(f"{whole}.{part}", Item.STOOLS) == Refused(Reason.DECIMAL)


@given(
    KEYS,
    st.sampled_from(string.ascii_lowercase),
    st.text(string.ascii_lowercase + string.digits, max_size=12),
    st.integers(0, 2**31),
)
def test_button_data_fit_and_come_back_whole(key, code, value, revision):
    tap = Tap(key, code, value, revision)
    data = encode_tap(tap)
    assert len(data.encode()) <= 64
    assert decode_tap(data) == decode_tap(data.encode()) == tap


@given(st.one_of(st.text(), st.binary(), st.from_regex(r"1:.{16}:[a-z].*:.*", fullmatch=True)))
def test_forged_button_data_never_raise(data):
    tap = decode_tap(data)
    assert tap is None or len(tap.key) == 16


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_history_of_taps_records_what_no_button_offered(data):
    """Fresh, stale and doubled taps in any order: each recorded value was chosen for that question."""
    state, context, seen = CardState(KEY), a_context(), []
    for _ in range(data.draw(st.integers(5, 40))):
        seen.extend(buttons(render_card(state, context, data.draw(st.sampled_from(["en", "zh"])))))
        tap = decode_tap(data.draw(st.sampled_from(seen)).data)
        assert tap is not None
        outcome = step_card(state, context, tap)
        _check_step(state, tap, outcome)
        state = outcome.state


def _check_step(state, tap, outcome):
    recorded = [intent for intent in outcome.intents if isinstance(intent, RecordAnswer)]
    if tap.revision != state.revision and tap.code != "g":
        assert (outcome.state, outcome.intents) == (state, ())
    assert outcome.state.revision - state.revision in (0, 1)
    assert len(recorded) <= 1
    for intent in recorded:
        assert ITEM_BY_LETTER.get(tap.code, Item.STOOLS) is state.item is intent.item
        assert str(intent.value) == tap.value
    if any(isinstance(intent, SubmitEntry) for intent in outcome.intents):
        assert state.shown is Shown.REVIEW
        assert len(state.answers) == 3


@given(st.text(max_size=12) | st.integers(0, 60).map(str), st.sampled_from(Shown))
def test_a_text_records_nothing_while_no_question_is_shown(text, shown):
    outcome = step_card(CardState(KEY, shown=shown), a_context(), text)
    assert not any(isinstance(intent, RecordAnswer) for intent in outcome.intents)
    assert outcome.reply is not None


def _in_chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十"
    return head + (digits[ones] if ones or not tens else "")
