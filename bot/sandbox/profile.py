"""The Bot API methods about the bot itself: commands, names, descriptions, menu button."""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.answers import bad_request
from bot.sandbox.state import BotState

Parameters = dict[str, Any]
Setter = Callable[[BotState, float, Parameters], Any]

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_SCOPES = (
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat",
    "chat_administrators", "chat_member",
)  # fmt: skip
_MAX_COMMANDS = 100
_MAX_DESCRIPTION = 256


def set_my_commands(state: BotState, _now: float, given: Parameters) -> Any:
    """setMyCommands: at most 100, names of [a-z0-9_]{1,32}, descriptions of 1 to 256 characters."""
    commands = given["commands"]
    if not isinstance(commands, list) or len(commands) > _MAX_COMMANDS:
        raise bad_request("bad_commands", "can't parse commands JSON object")
    state.profile.commands[_commands_key(given)] = [_read_command(command) for command in commands]
    state.changed()
    return True


def delete_my_commands(state: BotState, _now: float, given: Parameters) -> Any:
    """deleteMyCommands: for one scope and language."""
    state.profile.commands.pop(_commands_key(given), None)
    state.changed()
    return True


def get_my_commands(state: BotState, _now: float, given: Parameters) -> Any:
    """getMyCommands: for exactly this scope and language."""
    return state.profile.commands.get(_commands_key(given), [])


def menu_commands(state: BotState, chat_id: int, language_code: str | None) -> list[dict[str, str]]:
    """Return the commands that a phone in a private chat shows: the narrowest scope, own language first."""
    language = (language_code or "")[:2].lower()
    for scope in (f"chat:{chat_id}", "all_private_chats", "default"):
        for code in (language, ""):
            commands = state.profile.commands.get((scope, code))
            if commands:
                return commands
    return []


def set_chat_menu_button(state: BotState, _now: float, given: Parameters) -> Any:
    """setChatMenuButton: commands, default, or a web app with an https address."""
    button = given.get("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("commands", "default", "web_app"):
        raise bad_request("bad_parameter", "can't parse menu button: MenuButton has unsupported type")
    chat_id = given.get("chat_id")
    if chat_id is not None:
        state.known_chat(chat_id)
    state.profile.menu_buttons[chat_id] = button
    return True


def get_chat_menu_button(state: BotState, _now: float, given: Parameters) -> Any:
    """getChatMenuButton: the chat's own, else the default one."""
    buttons = state.profile.menu_buttons
    return buttons.get(given.get("chat_id")) or buttons.get(None) or {"type": "commands"}


def text_setter(field: str, place: str, longest: int) -> Setter:
    """Return the method that stores `field` per language, of at most `longest` characters."""

    def store(state: BotState, _now: float, given: Parameters) -> Any:
        text = given.get(field, "")
        if len(text) > longest:
            raise bad_request("bad_text", f"{field.replace('_', ' ')} is too long")
        texts: dict[str, str] = getattr(state.profile, place)
        language = _language(given)
        if text:
            texts[language] = text
        else:
            texts.pop(language, None)
        state.changed()
        return True

    return store


def text_getter(field: str, place: str) -> Setter:
    """Return the method that reads `field` for a language, else the default text."""

    def read(state: BotState, _now: float, given: Parameters) -> Any:
        texts: dict[str, str] = getattr(state.profile, place)
        fallback = state.name if field == "name" else ""
        return {field: texts.get(_language(given)) or texts.get("") or fallback}

    return read


def _read_command(command: Any) -> dict[str, str]:
    if not isinstance(command, dict) or not isinstance(command.get("command"), str):
        raise bad_request("bad_commands", "can't parse BotCommand: Object expected")
    name = command["command"].removeprefix("/")
    description = str(command.get("description", "")).strip()
    if not _COMMAND.fullmatch(name):
        raise bad_request("bad_commands", "BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= _MAX_DESCRIPTION:
        raise bad_request("bad_commands", "BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def _commands_key(given: Parameters) -> tuple[str, str]:
    scope = given.get("scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in _SCOPES:
        raise bad_request("bad_parameter", "can't parse BotCommandScope: unsupported type")
    name = f"chat:{scope.get('chat_id')}" if scope["type"] == "chat" else str(scope["type"])
    return name, _language(given)


def _language(given: Parameters) -> str:
    language = str(given.get("language_code", ""))
    if language and not _LANGUAGE.fullmatch(language):
        raise bad_request("bad_parameter", "invalid language code specified")
    return language
