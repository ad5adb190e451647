"""Inline keyboards: every button has a text and exactly one action, and callback data fits in 64 bytes."""

from typing import Any

from bot.sandbox.answers import RefusalError, bad_request

Keyboard = list[list[dict[str, Any]]]

ACTIONS = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip
_KNOWN = frozenset({*ACTIONS, "text", "style", "icon_custom_emoji_id"})
_STYLES = ("danger", "success", "primary")
_ROW_LIMIT = 8
_BUTTON_LIMIT = 100
_DATA_BYTES = 64


def read_markup(markup: Any) -> Keyboard | None:
    """Return the rows of an inline keyboard, or None when the markup leaves the message without buttons.

    Raises RefusalError naming the fault. Reply keyboards are refused: the phone page shows inline ones only.
    """
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("bad_markup", "object expected as reply markup")
    if "inline_keyboard" in markup:
        return _read_rows(markup)
    if markup.get("remove_keyboard") or markup.get("force_reply"):
        return None
    raise bad_request("bad_markup", "can't parse reply keyboard markup JSON object: the sandbox shows inline keyboards")


def _read_rows(markup: dict[str, Any]) -> Keyboard | None:
    rows = markup["inline_keyboard"]
    unknown = sorted(set(markup) - {"inline_keyboard"})
    if unknown:
        raise bad_request("bad_markup", f'unknown field "{unknown[0]}" in the reply markup')
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("bad_markup", 'field "inline_keyboard" must be an Array of Arrays')
    if any(len(row) > _ROW_LIMIT for row in rows) or sum(map(len, rows)) > _BUTTON_LIMIT:
        raise bad_request("bad_markup", "REPLY_MARKUP_TOO_LONG")
    keyboard = [[_read_button(button) for button in row] for row in rows if row]
    return keyboard or None


def _read_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise _button_error("Object expected")
    text = button.get("text")
    if not isinstance(text, str):
        raise _button_error('Field "text" must be of type String')
    if not text.strip():
        raise bad_request("bad_markup", "inline keyboard button text is empty")
    unknown = button.keys() - _KNOWN
    if unknown:
        raise _button_error(f'unknown field "{min(unknown)}"')
    if button.get("style", "primary") not in _STYLES:
        raise bad_request("bad_markup", "BUTTON_STYLE_INVALID")
    _check_action(button)
    return dict(button)


def _check_action(button: dict[str, Any]) -> None:
    actions = [name for name in ACTIONS if name in button and button[name] not in (None, "")]
    if not actions:
        raise _button_error("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _button_error(f"exactly one action is allowed, found {' and '.join(actions)}")
    data = button.get("callback_data")
    if data is not None and (not isinstance(data, str) or len(data.encode()) > _DATA_BYTES):
        raise bad_request("bad_markup", "BUTTON_DATA_INVALID")


def _button_error(reason: str) -> RefusalError:
    return bad_request("bad_markup", f"can't parse inline keyboard button: {reason}")
