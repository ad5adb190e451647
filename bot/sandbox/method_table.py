"""Every Bot API method that the sandbox serves, by name, with those about updates and the webhook."""

from typing import Any

from bot.sandbox import methods, profile
from bot.sandbox.state import BotState
from bot.sandbox.updates import WEBHOOK_ACTIVE, conflict
from bot.sandbox.webhooks import Webhook, new_webhook


def _get_me(state: BotState, _now: float, _given: dict[str, Any]) -> Any:
    abilities = {
        "can_join_groups": False, "can_read_all_group_messages": False, "supports_inline_queries": False,
        "can_connect_to_business": False, "has_main_web_app": False,
    }  # fmt: skip
    return state.bot_json() | abilities


def _get_updates(state: BotState, now: float, given: dict[str, Any]) -> Any:
    if state.webhook.url:
        raise conflict(WEBHOOK_ACTIVE)
    state.updates.want(given.get("allowed_updates"))
    return state.updates.ask(now, given.get("offset", 0), given.get("limit", 100))


def _set_webhook(state: BotState, _now: float, given: dict[str, Any]) -> Any:
    webhook = new_webhook(given)
    state.updates.want(given.get("allowed_updates"))
    state.webhook = webhook
    return _after_webhook_change(state, given)


def _delete_webhook(state: BotState, _now: float, given: dict[str, Any]) -> Any:
    state.webhook = Webhook()
    return _after_webhook_change(state, given)


def _after_webhook_change(state: BotState, given: dict[str, Any]) -> bool:
    if given.get("drop_pending_updates"):
        state.updates.waiting.clear()
    state.changed()
    return True


def _accept(_state: BotState, _now: float, _given: dict[str, Any]) -> Any:
    return True


METHODS: dict[str, profile.Setter] = {
    "getMe": _get_me,
    "logOut": _accept,
    "close": _accept,
    "getUpdates": _get_updates,
    "setWebhook": _set_webhook,
    "deleteWebhook": _delete_webhook,
    "getWebhookInfo": lambda state, _now, _given: state.webhook.info_json(state.updates),
    "sendMessage": methods.send_message,
    "sendPhoto": methods.send_photo,
    "editMessageText": methods.edit_message_text,
    "editMessageReplyMarkup": methods.edit_message_reply_markup,
    "deleteMessage": methods.delete_message,
    "answerCallbackQuery": methods.answer_callback_query,
    "sendChatAction": methods.send_chat_action,
    "getChat": methods.get_chat,
    "setMyCommands": profile.set_my_commands,
    "deleteMyCommands": profile.delete_my_commands,
    "getMyCommands": profile.get_my_commands,
    "setMyName": profile.text_setter("name", "names", 64),
    "getMyName": profile.text_getter("name", "names"),
    "setMyDescription": profile.text_setter("description", "descriptions", 512),
    "getMyDescription": profile.text_getter("description", "descriptions"),
    "setMyShortDescription": profile.text_setter("short_description", "short_descriptions", 120),
    "getMyShortDescription": profile.text_getter("short_description", "short_descriptions"),
    "setChatMenuButton": profile.set_chat_menu_button,
    "getChatMenuButton": profile.get_chat_menu_button,
}
