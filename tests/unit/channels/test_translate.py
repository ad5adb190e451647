"""Updates, read: private chats only, nothing trusted, whatever is malformed told apart from what is not ours."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.translate import Ignored, MalformedUpdateError, translate
from bot.chat.incoming import Attachment, Blocked, Command, Edited, Incoming, Tapped, Typed, Unblocked
from bot.storage.inbox import strip_names

ANN = {"id": 5_000_000_001, "is_bot": False, "first_name": "Ann", "language_code": "zh-hans"}
CHAT = {"id": 5_000_000_001, "type": "private", "first_name": "Ann"}
BASE = {"message_id": 3, "date": 1_742_817_600, "chat": CHAT, "from": ANN}


def message(**fields: Any) -> dict[str, Any]:
    return {"update_id": 7, "message": BASE | fields}


def member(status: str) -> dict[str, Any]:
    bot = {"id": 9, "is_bot": True, "first_name": "Bot"}
    new = {"user": bot, "status": status} | ({"until_date": 0} if status == "kicked" else {})
    change = {"chat": CHAT, "from": ANN, "date": 1, "old_chat_member": {"user": bot, "status": "member"}}
    return {"update_id": 7, "my_chat_member": change | {"new_chat_member": new}}


def tap(**fields: Any) -> dict[str, Any]:
    query = {"id": "77", "from": ANN, "chat_instance": "1", "data": "1:abc:s4:0", "message": BASE | {"text": "card"}}
    return {"update_id": 7, "callback_query": query | fields}


@pytest.mark.parametrize(
    ("update", "body"),
    [
        (message(text="4"), Typed("4")),
        (message(text="/start AbC_-9"), Command("start", "AbC_-9")),
        (message(text="/TODAY@diary_bot"), Command("today", "")),
        (message(text="/not-a-command"), Typed("/not-a-command")),
        (message(text="a\x00b\ud800"), Typed("ab?")),
        (message(photo=[{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]), Attachment()),
        (message(text="4", forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": ""}), Attachment()),
        ({"update_id": 7, "edited_message": BASE | {"text": "5", "edit_date": 2}}, Edited()),
        (tap(), Tapped("1:abc:s4:0", "77", 3)),
        (tap(message={"chat": CHAT, "message_id": 3, "date": 0}), Tapped("1:abc:s4:0", "77", 3)),
        (member("kicked"), Blocked()),
        (member("member"), Unblocked()),
    ],
)
def test_what_a_participant_does_is_read(update: dict[str, Any], body: object) -> None:
    found = translate(strip_names(update))
    assert isinstance(found, Incoming)
    assert found.body == body
    assert (found.reference, found.channel, found.address) == ("u7", "telegram", 5_000_000_001)
    assert found.language_hint == "zh-hans"


def test_a_text_carries_the_time_at_which_it_was_sent() -> None:
    found = translate(message(text="4"))
    assert isinstance(found, Incoming)
    assert found.sent_at == datetime(2025, 3, 24, 12, 0, tzinfo=UTC)


GROUP = {"id": -100, "type": "supergroup", "title": "Group"}


@pytest.mark.parametrize(
    ("update", "code"),
    [
        (message(text="4", chat=GROUP), "not_private"),
        (message(text="4") | {"message": {**BASE, "text": "4", "from": ANN | {"id": 6}}}, "not_private"),
        (tap(message=BASE | {"chat": GROUP, "text": "card"}), "not_private"),
        (tap(message=BASE | {"chat": CHAT | {"id": 6}, "text": "card"}), "not_private"),
        (tap(message=None, inline_message_id="x"), "inline_tap"),
        (tap(data=None, game_short_name="g"), "tap_without_data"),
        (message(pinned_message={**BASE, "text": "card"}), "service_message"),
        ({"update_id": 7, "channel_post": BASE | {"text": "x"}}, "other_kind"),
        ({"update_id": 7}, "other_kind"),
    ],
)
def test_what_is_none_of_our_business_is_named_and_ignored(update: dict[str, Any], code: str) -> None:
    assert translate(update) == Ignored(code)


@pytest.mark.parametrize(
    "update",
    [
        "text",
        None,
        {},
        {"update_id": "7", "message": BASE},
        {"update_id": -1, "message": {**BASE, "text": "4"}},
        {"update_id": 7, "message": "x"},
        {"update_id": 7, "message": {"message_id": 1}},
        message(text=5),
        message(text="4", date="yesterday"),
        message(text="4", date=10**15),
        {"update_id": 7, "callback_query": {"id": "1", "data": "x"}},
        tap(message={"message_id": "12", "date": 0, "chat": CHAT}),
        {"update_id": 7, "message": {**BASE, "text": "4", "from": {**ANN, "id": "5"}, "chat": {**CHAT, "id": "5"}}},
    ],
)
def test_what_no_bot_api_would_send_is_malformed_and_its_text_stays_out_of_the_error(update: Any) -> None:
    with pytest.raises(MalformedUpdateError) as refusal:
        translate(update)
    assert refusal.value.code.replace("_", "").isalnum()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "from", "chat", "message", "text", "date", "type", "data", "message_id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]), JSON)
def test_any_mutation_is_read_ignored_or_malformed_and_never_anything_else(kind: str, value: Any) -> None:
    try:
        assert isinstance(translate({"update_id": 7, kind: value}), Incoming | Ignored)
    except MalformedUpdateError as error:
        assert error.__cause__ is None  # noqa: PT017  # either answer is right
