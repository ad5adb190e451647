"""How the bot presents itself: name, descriptions and commands, neutral enough for any phone."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.i18n import chat_text, translate

NAME: Final = chat_text("profile.name", "Three questions")
SHORT: Final = chat_text("profile.short", "A few questions a day, by invitation.")
DESCRIPTION: Final = chat_text(
    "profile.description",
    "A few short questions a day, about ten seconds. This chat works by personal invitation only. "
    "It is not watched for emergencies and gives no advice.",
)
COMMANDS: Final = MappingProxyType(
    {
        "start": chat_text("command.start", "Begin or go on"),
        "today": chat_text("command.today", "Where I am, and what comes next"),
        "language": chat_text("command.language", "English or 中文"),
        "hour": chat_text("command.hour", "When the questions come"),
        "help": chat_text("command.help", "What I can do here"),
        "stop": chat_text("command.stop", "Stop all messages"),
    }
)


@dataclass(frozen=True)
class BotProfile:
    """What a messenger shows before the first message: at most 64, 120 and 512 characters."""

    name: str
    short_description: str
    description: str


def bot_profile(language: str) -> BotProfile:
    """Word the bot's profile in a language."""
    return BotProfile(*(translate(message, language) for message in (NAME, SHORT, DESCRIPTION)))


def command_descriptions(language: str) -> tuple[tuple[str, str], ...]:
    """List the commands with their descriptions (at most 256 characters each), in menu order."""
    return tuple((name, translate(message, language)) for name, message in COMMANDS.items())
