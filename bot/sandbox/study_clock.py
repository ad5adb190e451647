"""Moves study time: writes the study-clock file and steps from one due instant of the bot to the next."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bot.errors import RefusedError
from schedules.clock import Clock

_LOOK_SECONDS = 0.1
_ASK_SECONDS = 5.0


class ClockRefusedError(RefusedError):
    """Study time could not be moved; `code` lets the page say why in its own language."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Readiness:
    """What the bot says of itself: instants are aware, the counts are rows still to be handled."""

    ready: bool
    reasons: tuple[str, ...]
    study_now: datetime
    next_due: datetime | None
    inbox: int
    outbox_due: int

    @property
    def at_rest(self) -> bool:
        """Whether nothing that is due is left to do."""
        waiting = self.next_due is not None and self.next_due <= self.study_now
        return self.ready and self.inbox == 0 and self.outbox_due == 0 and not waiting


class StudyClock:
    """Study time as seen by the phone page: system time plus the whole seconds in `file`; it only grows.

    `ready_url` is the bot's `/readyz`; without it time moves in one step. `on_move` is told the new offset.
    `patience` is how long, in seconds, a move waits for the bot. `client` asks the bot while the server runs.
    """

    def __init__(
        self,
        clock: Clock,
        file: Path | None,
        ready_url: str | None,
        on_move: Callable[[int], None],
        *,
        patience: float = 30.0,
    ) -> None:
        self._clock = clock
        self._file = file
        self._ready_url = ready_url
        self._on_move = on_move
        self._patience = patience
        self.client: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()
        self.offset = _read_offset(file)
        on_move(self.offset)

    @property
    def movable(self) -> bool:
        """Whether there is a file to move time with."""
        return self._file is not None

    @property
    def moving(self) -> bool:
        """Whether a move is under way."""
        return self._lock.locked()

    def now(self) -> datetime:
        """Study time."""
        return self._clock.system_now() + timedelta(seconds=self.offset)

    async def readiness(self) -> Readiness | None:
        """Ask the bot; None when there is nobody to ask or it does not answer."""
        if self._ready_url is None or self.client is None:
            return None
        try:
            answer = await self.client.get(self._ready_url, timeout=_ASK_SECONDS)
            return read_readiness(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None

    def leap(self, offset: int) -> None:
        """Set study time ahead by so many seconds at once, before anybody is served; it never goes back."""
        self._write(max(offset, self.offset))

    async def step_next(self) -> None:
        """Move to the bot's next due instant; ClockRefusedError when it plans nothing."""
        async with self._one_mover():
            status = await self._settle()
            if status is None or status.next_due is None:
                sentence = "The bot plans nothing more: there is no next moment to go to."
                raise ClockRefusedError("nothing_planned", sentence)
            await self._go(status.next_due)

    async def move_to(self, target: datetime) -> None:
        """Move to `target`, stopping at every due instant on the way so that nothing is jumped over."""
        async with self._one_mover():
            while self.now() < target:
                status = await self._settle()
                due = status.next_due if status else None
                await self._go(min(due, target) if due else target)

    def _one_mover(self) -> asyncio.Lock:
        if self._file is None:
            raise ClockRefusedError("not_movable", "Study time cannot be moved here: no study-clock file is set.")
        if self._lock.locked():
            raise ClockRefusedError("already_moving", "Study time is already moving; wait until it has arrived.")
        return self._lock

    async def _go(self, target: datetime) -> None:
        offset = math.ceil((target - self._clock.system_now()).total_seconds())
        self._write(max(offset, self.offset))
        await self._settle(target)

    async def _settle(self, reached: datetime | None = None) -> Readiness | None:
        """Wait until the bot has seen `reached` and done all that is due, or refuse."""
        end = self._clock.monotonic() + self._patience
        while self._ready_url is not None:
            status = await self.readiness()
            if status and status.at_rest and (reached is None or status.study_now >= reached):
                return status
            if self._clock.monotonic() > end:
                sentence = f"The bot does not come to rest: {_why(status)}. Try again in a moment."
                raise ClockRefusedError("not_at_rest", sentence)
            await asyncio.sleep(_LOOK_SECONDS)
        return None

    def _write(self, offset: int) -> None:
        """Replace the file in one step, so that a reader never sees half a number."""
        if self._file is None or offset == self.offset:
            return
        fresh = self._file.with_name(self._file.name + ".new")
        fresh.write_text(f"{offset}\n", encoding="ascii")
        fresh.replace(self._file)
        self.offset = offset
        self._on_move(offset)


def read_readiness(body: Any) -> Readiness:
    """Return the readiness that `/readyz` prints; KeyError, TypeError or ValueError for anything else."""
    due = body["next_due"]
    return Readiness(
        ready=bool(body["ready"]),
        reasons=tuple(map(str, body["reasons"])),
        study_now=datetime.fromisoformat(body["study_now"]),
        next_due=datetime.fromisoformat(due) if due else None,
        inbox=int(body["inbox"]),
        outbox_due=int(body["outbox_due"]),
    )


def _read_offset(file: Path | None) -> int:
    if file is None or not file.exists():
        return 0
    text = file.read_text(encoding="ascii").strip()
    return int(text) if text.isdecimal() else 0


def _why(status: Readiness | None) -> str:
    if status is None:
        return "it does not answer"
    if not status.ready:
        return "; ".join(status.reasons) or "it is not ready"
    return f"{status.inbox} updates and {status.outbox_due} messages are waiting"
