"""What a lock screen shows of any message."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diary.card import ASKING, Shown
from bot.diary.items import DAILY_ITEMS, Item
from bot.i18n import translate
from bot.messages.card import render_card
from bot.messages.discreet import LOCK_SCREEN, telling_words
from bot.messages.instrument import ANCHORS, NAMES, QUESTIONS
from bot.messages.neutral import NeutralKind, render_neutral
from bot.messages.profile import bot_profile, command_descriptions
from bot.messages.rendered import Rendered, plain
from tests.support.cards import ALL_ANSWERED, DAY, T0, a_context, a_state
from tests.support.gallery import everything


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_beginning_of_every_message_gives_nothing_away(language):
    for name, rendered in everything(language).items():
        if not name.startswith("toast"):
            assert telling_words(rendered.text) == (), name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_message_begins_with_the_number_that_was_answered(language):
    shown = {name: plain(rendered.text)[:LOCK_SCREEN] for name, rendered in everything(language).items()}
    assert [name for name, start in shown.items() if "17" in start and not name.startswith("toast")] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_bot_presents_itself_discreetly(language):
    profile = bot_profile(language)
    texts = [profile.name, profile.short_description, profile.description]
    for text in texts + [description for _, description in command_descriptions(language)]:
        assert telling_words(text) == ()


@pytest.mark.parametrize("item", list(ANCHORS))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_question_would_be_noticed(item, language):
    assert telling_words(translate(QUESTIONS[item], language, day=""))
    assert telling_words(translate(NAMES[item], language))


@pytest.mark.parametrize(
    "text", ["方便的时候", "随时可填，也可以改", "Nothing will be sent", "以便我们知道", "即便如此"]
)
def test_innocent_words_are_not_noticed(text):
    assert telling_words(text) == ()


STATES = st.builds(
    a_state,
    shown=st.sampled_from(Shown),
    item=st.none(),
    answers=st.sampled_from([{}, {Item.STOOLS: 17}, ALL_ANSWERED]),
    submitted=st.booleans(),
    changed=st.booleans(),
    helped=st.booleans(),
    pending=st.just(17),
)
DOTS = st.lists(
    st.sampled_from(["done", "late", "current", "open", "missed", "later", "excluded"]), min_size=7, max_size=7
)
CONTEXTS = st.builds(
    a_context,
    number=st.none() | st.integers(1, 7),
    dots=DOTS.map(tuple),
    today=st.integers(0, 2).map(lambda days: DAY + timedelta(days=days)),
    closes_at=st.integers(1, 40).map(lambda hours: T0 + timedelta(hours=hours)),
    saved_at=st.none() | st.just(T0),
    next_prompt_at=st.none() | st.integers(1, 900).map(lambda hours: T0 + timedelta(hours=hours)),
    items=st.sampled_from([DAILY_ITEMS, (*DAILY_ITEMS, Item.ANTIDIARRHOEAL)]),
    finished=st.booleans(),
    visit_last=st.booleans(),
)


@settings(deadline=None)
@given(STATES, CONTEXTS, st.sampled_from(Item), st.sampled_from(NeutralKind), st.sampled_from(["en", "zh"]))
def test_no_card_in_any_circumstances_gives_anything_away(state, context, item, kind, language):
    if state.shown in ASKING:
        state = replace(state, item=item if item in context.items else Item.PAIN)
    for rendered in (render_card(state, context, language), render_neutral(kind, state, context, language)):
        assert telling_words(rendered.text) == ()
        assert not _shows_answers_early(rendered, language)


def _shows_answers_early(rendered: Rendered, language: str) -> bool:
    beginning = " ".join(plain(rendered.text).split())[:LOCK_SCREEN]
    return any(translate(NAMES[item], language) in beginning for item in Item)
