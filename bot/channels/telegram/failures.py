"""Telegram's errors, read as what became of the message."""

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from bot.channels.outcomes import Delivered, Outcome, Refused, Retry, Unknown
from bot.channels.telegram.transport import AskedToWaitError, NotSentError, ServerTroubleError

TOKEN_PAUSE = 60.0  # seconds between tries while the token is refused

FORBIDDEN = {
    "bot was blocked by the user": "blocked",
    "user is deactivated": "deactivated",
    "bot can't initiate conversation with a user": "never_started",
}
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message to be edited not found")
NO_CHAT = ("chat not found", "peer_id_invalid")
NOT_MODIFIED = "message is not modified"
TOO_OLD = ("query is too old", "query id is invalid", "query_id_invalid")


def outcome_of(error: TelegramError, *, provider_msg_id: int | None) -> Outcome:
    """What became of a message whose sending or editing raised this error."""
    match error:
        case AskedToWaitError():
            return Retry("too_many_requests", error.seconds, everyone=True)
        case Forbidden():
            return Refused(_first_match(FORBIDDEN, error, "forbidden"))
        case BadRequest():
            return _bad_request(error, provider_msg_id)
        case InvalidToken():
            return Retry("token_refused", TOKEN_PAUSE, everyone=True)
        case ChatMigrated():
            return Refused("not_private")
        case ServerTroubleError():
            return Retry(f"server_{error.status}") if error.refused else Unknown(f"server_{error.status}")
    return _transport(error)


def _bad_request(error: BadRequest, provider_msg_id: int | None) -> Outcome:
    said = error.message.lower()
    if NOT_MODIFIED in said:
        return Delivered(provider_msg_id)
    if any(words in said for words in GONE):
        return Refused("message_gone")
    if any(words in said for words in NO_CHAT):
        return Refused("chat_not_found")
    return Refused("bad_request")


def _transport(error: TelegramError) -> Outcome:
    """A failure below the Bot API: retried when the request certainly never left, else unknown."""
    if isinstance(error, NotSentError):
        return Retry("not_connected")
    if isinstance(error, TimedOut):
        return Unknown("timed_out")
    return Unknown("connection_lost" if isinstance(error, NetworkError) else "unreadable_answer")


def _first_match(texts: dict[str, str], error: TelegramError, otherwise: str) -> str:
    said = error.message.lower()
    return next((code for words, code in texts.items() if words in said), otherwise)


def is_too_late(error: BadRequest) -> bool:
    """Whether a tap was answered too late, which is as good as done."""
    return any(words in error.message.lower() for words in TOO_OLD)
