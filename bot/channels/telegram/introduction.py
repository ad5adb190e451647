"""The calls at the start: who are we, how do updates come, and what people see of the bot."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram import Bot, BotCommand
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.telegram.poller import ALLOWED_UPDATES
from bot.channels.telegram.transport import UNREADABLE, AskedToWaitError
from bot.errors import RefusedError
from bot.log import get_logger
from bot.messages.profile import bot_profile, command_descriptions
from bot.settings import Settings

log = get_logger(__name__)

Result = TypeVar("Result")

FIRST_REST, LONGEST_REST = 1.0, 30.0  # seconds between tries while Telegram does not answer
WEBHOOK_PATH = "/telegram/webhook"
LANGUAGES = (("en", None), ("zh", "zh"))  # ours, and Telegram's code; None is the default for every other


async def learn_name(bot: Bot) -> str:
    """The bot's user name. Waits while Telegram does not answer; raises RefusedError for a wrong token."""
    await persist(bot.initialize, "getMe", "the bot token was refused: check CDAI_TELEGRAM_TOKEN")
    return bot.username


async def choose_polling(bot: Bot) -> None:
    """Have updates wait for our polls; what waits at Telegram is kept."""
    await persist(lambda: bot.delete_webhook(drop_pending_updates=False), "deleteWebhook", "polling was refused")


async def choose_webhook(bot: Bot, settings: Settings) -> None:
    """Have Telegram call us; what waits at Telegram is kept."""
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    await persist(
        lambda: bot.set_webhook(
            f"{settings.public_url}{WEBHOOK_PATH}", secret_token=secret, allowed_updates=list(ALLOWED_UPDATES),
            drop_pending_updates=False,
        ),
        "setWebhook", "the webhook was refused: check CDAI_PUBLIC_URL, which must be an https address",
    )  # fmt: skip


async def persist(call: Callable[[], Awaitable[Result]], method: str, refusal: str) -> Result:
    """Call until it succeeds; a refusal raises RefusedError with the sentence, silence is waited out."""
    rest = FIRST_REST
    while True:
        try:
            return await call()
        except (InvalidToken, BadRequest):
            raise RefusedError(f"Telegram said no to {method}: {refusal}.") from None
        except AskedToWaitError as error:
            await asyncio.sleep(error.seconds)
        except (TelegramError, *UNREADABLE) as error:
            log.warning("telegram_unreachable", method=method, error=type(error).__name__)
            await asyncio.sleep(rest)
            rest = min(rest * 2, LONGEST_REST)


async def introduce(bot: Bot) -> None:
    """Set commands and descriptions in both languages; a refusal is logged once and changes nothing else."""
    for ours, theirs in LANGUAGES:
        await introduce_in(bot, ours, theirs)


async def introduce_in(bot: Bot, language: str, code: str | None) -> None:
    """Introduce the bot to people whose Telegram speaks this language; without a code, to everybody else."""
    profile = bot_profile(language)
    commands = [BotCommand(name, words) for name, words in command_descriptions(language)]
    await attempt("setMyCommands", lambda: bot.set_my_commands(commands, language_code=code))
    short = profile.short_description
    await attempt("setMyShortDescription", lambda: bot.set_my_short_description(short, language_code=code))
    full = profile.description
    await attempt("setMyDescription", lambda: bot.set_my_description(full, language_code=code))


async def attempt(method: str, call: Callable[[], Awaitable[object]]) -> None:
    """Make one call that the service can do without."""
    try:
        await call()
    except (TelegramError, *UNREADABLE) as error:
        log.warning("introduction_refused", method=method, error=type(error).__name__)
