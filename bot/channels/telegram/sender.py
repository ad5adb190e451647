"""Sends and edits messages and answers taps through python-telegram-bot."""

import asyncio
from collections.abc import Mapping
from typing import Any

from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.actions.prepare_message import Ready
from bot.channels.metrics import CALLBACK_ANSWERS
from bot.channels.outcomes import Delivered, Outcome, Retry, Unknown
from bot.channels.telegram.failures import is_too_late, outcome_of
from bot.channels.telegram.shown import Shown
from bot.channels.telegram.transport import AskedToWaitError
from bot.chat.incoming import CallbackAnswer
from bot.log import get_logger

log = get_logger(__name__)

LONGEST_SEND = 40.0  # seconds; shorter than a lease
LONGEST_ANSWER = 10.0  # seconds; later than that nobody looks at the spinner any more
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
AS_OURS = {"parse_mode": ParseMode.HTML.value, "link_preview_options": NO_PREVIEW.to_dict()}


class TelegramSender:
    """The way out to Telegram; nothing here raises, every attempt has an outcome.

    `alone` says that no other process sends for this bot: then an edit that would change nothing is spared.
    """

    def __init__(self, bot: Bot, *, alone: bool = False) -> None:
        self._bot = bot
        self._shown = Shown() if alone else None

    async def send(self, ready: Ready) -> Outcome:
        """Send or edit one message."""
        if self._shown is None:
            return await self._attempt(ready)
        if self._shown.stands(ready):
            return Delivered(ready.provider_msg_id)
        self._shown.forget(ready)
        outcome = await self._attempt(ready)
        if isinstance(outcome, Delivered):
            self._shown.keep(ready, outcome.provider_msg_id)
        return outcome

    async def _attempt(self, ready: Ready) -> Outcome:
        try:
            async with asyncio.timeout(LONGEST_SEND):
                return Delivered(await self._deliver(ready))
        except TelegramError as error:
            return outcome_of(error, provider_msg_id=ready.provider_msg_id)
        except TimeoutError:
            return Unknown("timed_out")
        except Exception as error:  # noqa: BLE001  # an answer that makes no sense may still mean "delivered"
            log.warning("answer_unreadable", method=ready.method, error=type(error).__name__)
            return Unknown("unreadable_answer")

    async def _deliver(self, ready: Ready) -> int | None:
        fields = {"chat_id": ready.address, "text": ready.text, **AS_OURS, **markup(ready)}
        if ready.method == "send":
            return _number(await self._call("sendMessage", fields | {"protect_content": True}))
        await self._call("editMessageText", fields | {"message_id": ready.provider_msg_id})
        return ready.provider_msg_id

    async def _call(self, method: str, fields: Mapping[str, Any]) -> Any:
        """What the Bot API answers: the client's own way makes an object of every word of a message that we wrote."""
        given = RequestData([RequestParameter(name, value, None) for name, value in fields.items()])
        return await self._bot.request.post(f"{self._bot.base_url}/{method}", given)

    async def answer(self, answer: CallbackAnswer) -> None:
        """End the spinner of a tapped button; "too old" is as good as done, and nothing is queued."""
        try:
            async with asyncio.timeout(LONGEST_ANSWER):
                outcome = await self._answer(answer)
        except TimeoutError:
            outcome = "timed_out"
        CALLBACK_ANSWERS.labels(outcome).inc()
        if outcome not in {"answered", "too_late"}:
            log.warning("callback_not_answered", outcome=outcome)

    async def _answer(self, answer: CallbackAnswer, *, again: bool = True) -> str:
        try:
            await self._bot.answer_callback_query(answer.callback_id, text=answer.toast)
        except BadRequest as error:
            return "too_late" if is_too_late(error) else "refused"
        except AskedToWaitError as error:
            if not again:
                return "too_many_requests"
            await asyncio.sleep(error.seconds)
            return await self._answer(answer, again=False)
        except TelegramError as error:
            if again and isinstance(outcome_of(error, provider_msg_id=None), Retry | Unknown):
                return await self._answer(answer, again=False)
            return type(error).__name__
        return "answered"


def _number(sent: Mapping[str, Any]) -> int:
    """Which message it has become in the chat. Raises KeyError or TypeError for what is no message."""
    number, _date, _chat = (sent[name] for name in ("message_id", "date", "chat"))  # without these it was not sent
    return int(number)


def markup(ready: Ready) -> dict[str, Any]:
    """The message's buttons as the field `reply_markup` of a request; none at all takes the old ones away."""
    if not ready.rows:
        return {}
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in ready.rows]
    return {"reply_markup": {"inline_keyboard": rows}}
