"""Tell whoever waits at a button that nothing is saved yet, when not even the inbox could take the update."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.channels.telegram.translate import MalformedUpdateError, translate
from bot.chat.incoming import CallbackAnswer, Incoming, Tapped


class NotSaved:
    """Answers each tap of unsaved updates once; `words` says "not saved yet" for a language hint.

    The update is not confirmed, so it comes again; when it has had its effect the card itself shows it.
    """

    def __init__(
        self, answer: Callable[[CallbackAnswer], Awaitable[None]], words: Callable[[str | None], str | None]
    ) -> None:
        self._answer, self._words = answer, words
        self._told: set[str] = set()
        self._answers: set[asyncio.Future[None]] = set()

    def tell(self, updates: Sequence[Any]) -> None:
        """Say so for every tap among these raw updates."""
        for update in updates:
            incoming = read(update)
            if (
                incoming is not None
                and isinstance(incoming.body, Tapped)
                and incoming.body.callback_id not in self._told
            ):
                self._told.add(incoming.body.callback_id)
                self._send(CallbackAnswer(incoming.body.callback_id, self._words(incoming.language_hint)))

    def forget(self) -> None:
        """Updates can be stored again."""
        self._told.clear()

    def _send(self, answer: CallbackAnswer) -> None:
        task = asyncio.ensure_future(self._answer(answer))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)


def read(update: Any) -> Incoming | None:
    """The update as what a participant did; None for what nobody waits for."""
    try:
        found = translate(update)
    except MalformedUpdateError:
        return None
    return found if isinstance(found, Incoming) else None
