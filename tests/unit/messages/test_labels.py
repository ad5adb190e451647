"""The labels that people, manuals and checks name, and the room that buttons have."""

import unicodedata
from dataclasses import replace

import pytest

from bot.diary.card import Shown
from bot.diary.items import Item
from bot.messages.card import render_card
from bot.messages.panel import render_panel
from bot.messages.today import render_today
from bot.people.panel import PanelStep
from tests.support.cards import (
    ALL_ANSWERED,
    Finger,
    a_context,
    a_panel,
    a_panel_context,
    a_state,
    buttons,
    find,
    labels,
)
from tests.support.gallery import VIEW, everything

WIDEST = {"en": 20, "zh": 20}

AT = {
    "stools": a_state(shown=Shown.QUESTION, item=Item.STOOLS),
    "more": a_state(shown=Shown.MORE, item=Item.STOOLS),
    "pain": a_state(shown=Shown.QUESTION, item=Item.PAIN, answers={Item.STOOLS: 3}),
    "wellbeing": a_state(shown=Shown.QUESTION, item=Item.WELLBEING, answers={Item.STOOLS: 3, Item.PAIN: 1}),
    "confirm": a_state(shown=Shown.CONFIRM, item=Item.STOOLS, pending=17),
    "review": a_state(shown=Shown.REVIEW, answers=ALL_ANSWERED),
    "saved": a_state(shown=Shown.SAVED, answers=ALL_ANSWERED, submitted=True),
    "snooze": a_state(shown=Shown.SNOOZE),
    "neutral": a_state(),
}
BINDING = {
    "neutral": (("Start", "开始"),),
    "stools": (*((str(n), str(n)) for n in range(10)), ("10+", "10+"), ("Later", "稍后")),
    "more": (*((str(n), str(n)) for n in range(10, 20)), ("20+", "20+")),
    "pain": (("3 Severe", "3 重度"), ("0 None", "0 无"), ("1 Mild", "1 轻度"), ("2 Moderate", "2 中度")),
    "wellbeing": (
        ("0 Generally well", "0 良好"),
        ("2 Poor", "2 差"),
        ("3 Very poor", "3 很差"),
        ("4 Terrible", "4 极差"),
    ),
    "confirm": (("Yes, 17", "是的，17"), ("Change", "修改")),
    "review": (
        ("Submit", "提交"),
        ("Change stools", "修改稀便次数"),
        ("Change pain", "修改腹痛"),
        ("Change well-being", "修改总体感觉"),
    ),
    "saved": (("Change", "修改"), ("Someone helped me", "有人帮我填写")),
    "snooze": (("In 30 minutes", "30 分钟后"), ("Tomorrow 08:30", "明天 08:30")),
}
WHOLE = {"Start", "开始", "Later", "稍后", "Change", "修改", "Submit", "提交"}


@pytest.mark.parametrize("screen", list(BINDING))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_listed_label_stands_at_the_beginning_of_exactly_one_button(screen, language):
    rendered = render_card(AT[screen], a_context(), language)
    for pair in BINDING[screen]:
        label = pair[language == "zh"]
        assert find(rendered, label)
        if label in WHOLE:
            assert labels(rendered).count(label) == 1


PANEL_LABELS = [
    (PanelStep.JOIN_LANGUAGE, "English", "English"),
    (PanelStep.JOIN_LANGUAGE, "中文", "中文"),
    (PanelStep.JOIN_NOTICE, "Agree", "同意"),
    (PanelStep.JOIN_NOTICE, "Not now", "以后再说"),
    (PanelStep.JOIN_HOUR, "20:00", "20:00"),
    (PanelStep.JOIN_REACH, "OK", "收到"),
    (PanelStep.STOP, "Stop messages", "停止"),
    (PanelStep.STOP, "Keep", "保留"),
]


@pytest.mark.parametrize(("step", "english", "chinese"), PANEL_LABELS)
def test_panels_carry_the_listed_labels(step, english, chinese):
    assert find(render_panel(a_panel(step), a_panel_context(), "en"), english)
    assert find(render_panel(a_panel(step), a_panel_context(), "zh"), chinese)


def test_today_offers_the_correction_in_the_listed_words():
    assert find(render_today(VIEW, "en"), "Ask for a correction").code == "r"
    assert find(render_today(VIEW, "zh"), "申请更正").key == VIEW.correction_key


def test_the_pad_stands_in_rows_of_four_four_and_three():
    rows = render_card(AT["stools"], a_context(), "en").rows
    assert [len(row) for row in rows] == [4, 4, 3, 1, 1]
    assert [button.label for button in rows[2]] == ["8", "9", "10+"]


def test_the_review_puts_submit_first():
    assert labels(render_card(AT["review"], a_context(), "en"))[0] == "Submit"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_labels_fit_a_small_phone(language):
    for name, rendered in everything(language).items():
        for row in rendered.rows:
            for button in row:
                assert _width(button.label) * len(row) <= (WIDEST[language] if len(row) == 1 else 40), (name, button)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_button_has_data_of_its_own(language):
    for name, rendered in everything(language).items():
        data = [button.data for button in buttons(rendered)]
        assert len(set(data)) == len(data), name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_offered_button_is_taken_by_the_steps(language):
    for name, state in AT.items():
        for button in labels(render_card(state, a_context(), language)):
            finger = Finger(state, language=language)
            assert finger.press(button).toast != "toast.moved_on", (name, button)


def test_text_is_escaped_and_bold_is_the_only_markup():
    notice = render_panel(a_panel(PanelStep.JOIN_NOTICE), a_panel_context(), "en").text
    assert "hospital &amp; nowhere" in notice
    for language in ("en", "zh"):
        for rendered in everything(language).values():
            assert "<" not in rendered.text.replace("<b>", "").replace("</b>", "")
            assert len(rendered.text) <= 4096


def test_the_morning_is_no_longer_called_tomorrow_after_midnight():
    early = replace(a_context(), today=a_context().closes_at.date())
    assert find(render_card(AT["snooze"], early, "zh"), "今天 08:30").value == "830"


def _width(label: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in label)
