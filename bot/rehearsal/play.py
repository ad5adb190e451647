"""Plays a study from instant to instant: phones, site, due messages and housekeeping in the order of their time."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from bot.actions.study import Study
from bot.rehearsal.behaviours import Deed, Role
from bot.rehearsal.clock import LeapingClock
from bot.rehearsal.phone import Phone, whole
from bot.rehearsal.site import Site
from bot.rehearsal.stage import Stage
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.sandbox.rules import BotApi
from bot.storage.database import Database
from schedules.windows import instant

PLANS_EVERY = timedelta(days=7)  # the plan reaches 35 days ahead, and every act plans for itself
BEATS_EVERY = timedelta(seconds=60)
BREATH = timedelta(seconds=1)  # while work is in hand that needs time, such as a pause asked for
AFTER_FAULT = 20.0  # seconds in which something may be tried again
NEW_PHONES = 100_000  # added to the first phone's number
JOINS_WITHIN = 26 * 60  # minutes
TRIES_NEW_WITHIN = 90


@dataclass(order=True)
class _Booked:
    at: datetime
    number: int
    act: Callable[[], Awaitable[None] | None] = field(compare=False)


class Play:
    """One study being played; `until` may be called again and again with later instants."""

    def __init__(
        self, api: BotApi, database: Database, study: Study, roles: Sequence[Role], *,
        seed: int, begins: datetime, loop: VirtualLoop,
    ) -> None:  # fmt: skip
        self.api, self.database, self.study = api, database, study
        self.loop, self.clock = loop, LeapingClock(begins, loop.time)
        self._booked: list[_Booked] = []
        self._numbers = itertools.count()
        self.stage = Stage(
            api,
            database,
            study,
            self.clock,
            loop,
            rng=Random(f"{seed}/dispatcher"),  # noqa: S311  # play, not secrecy
            arrived=self._arrived,
        )
        self.phones = {role.code: Phone(role, api, seed, self._look) for role in roles}
        self._by_user = {phone.user_id: phone for phone in self.phones.values()}
        self._looks: dict[str, datetime] = {}
        self.site = Site(
            database, study, self.clock, seed, self.book, self._invited, self._invited_anew, self._moved_to
        )
        self._seed = seed
        self._plans_at = begins + PLANS_EVERY
        self._beaten_at = begins
        for role in roles:
            self.book(role.enrolled_at, partial(self.site.enrol, role))
            self._book_life(role)

    def book(self, at: datetime, act: Callable[[], Awaitable[None] | None]) -> None:
        """Have something done at an instant; what lies in the past is done at once."""
        heapq.heappush(self._booked, _Booked(whole(max(at, self.clock.now())), next(self._numbers), act))

    async def begin(self) -> None:
        """Bring the service up."""
        await self.stage.greet()
        await self.stage.up()

    async def until(self, end: datetime) -> None:
        """Play on until this instant."""
        while True:
            await self.loop.quiet()
            at = self._next()
            if at > end:
                break
            await self._reach(at)
            await self._act()
            await self._keep_house()
            self.stage.wake_if_due()
        self.clock.leap(max(end, self.clock.now()))

    async def end(self) -> None:
        """End the service for good."""
        await self.stage.close()

    def _next(self) -> datetime:
        """The next instant at which something happens."""
        now, outlook = self.clock.now(), self.stage.outlook()
        found = [self._plans_at, *(one.at for one in self._booked[:1])]
        if outlook.next_due is not None and self.stage.serving:
            found.append(outlook.next_due if outlook.next_due > now else now + BREATH)
        if self.stage.serving and (outlook.busy or self._in_trouble()):
            found.append(now + BREATH)
        found[0] = found[0] if found[0] > now else now + BREATH
        return max(min(found), now)

    def _in_trouble(self) -> bool:
        """Whether something went wrong on the line a moment ago, so that tries and pauses may be running."""
        struck_at = self.stage.line.struck_at
        return struck_at is not None and self.clock.monotonic() - struck_at < AFTER_FAULT

    async def _reach(self, at: datetime) -> None:
        """Let a second pass in the loop's own time while work is in hand; leap over everything else."""
        step = at - self.clock.now()
        if step > BREATH and self.stage.serving:
            self.clock.leap(at)
        elif step > timedelta(0):
            await asyncio.sleep(step.total_seconds())

    async def _act(self) -> None:
        while self._booked and self._booked[0].at <= self.clock.now():
            waiting = heapq.heappop(self._booked).act()
            if waiting is not None:
                await waiting

    async def _keep_house(self) -> None:
        """Plan once a day and beat once a minute of the service's own time, as far as it is up and not in trouble."""
        if not self.stage.serving:
            return
        if self.clock.now() >= self._plans_at and not self._in_trouble():
            self._plans_at = self.clock.now() + PLANS_EVERY
            await self.stage.housekeeper.tick_plan()
            self._beaten_at = self.clock.system_now()
        elif self.clock.system_now() - self._beaten_at >= BEATS_EVERY:
            await self._beat()

    async def _beat(self) -> None:
        await self.stage.housekeeper.tick_beat()
        self._beaten_at = self.clock.system_now()

    def book_interruption(self, at: datetime, length: timedelta) -> None:
        """Have the service down from this instant for so long; who taps meanwhile is not heard."""
        self.book(at, lambda: self._interrupt(length))

    async def _interrupt(self, length: timedelta) -> None:
        if self.stage.serving:
            await self._beat()
            await self.stage.down()
            self.book(self.clock.now() + length, self._resume)

    async def _resume(self) -> None:
        await self.stage.up()
        self._beaten_at = self.clock.system_now()

    # Phones

    def _look(self, phone: Phone, at: datetime) -> None:
        """Book the next look at the chat; only the earliest counts."""
        code = phone.role.code
        booked = self._looks.get(code)
        if booked is None or at < booked:
            self._looks[code] = at
            self.book(at, partial(self._act_on_phone, phone, at))

    def _act_on_phone(self, phone: Phone, at: datetime) -> None:
        if self._looks.get(phone.role.code) != at:
            return
        del self._looks[phone.role.code]
        if phone.act(self.clock.now()):
            self.stage.line.ring()

    def _arrived(self, chat: int, _message: int) -> None:
        phone = self._by_user.get(chat)
        if phone is not None and phone.user_id == chat:
            phone.notice(self.clock.now())

    def _book_life(self, role: Role) -> None:
        for day, at, deed in role.life:
            when = instant(role.baseline_on + timedelta(days=day), at, role.tzid)
            self.book(when, partial(self.do, role, deed))

    def do(self, role: Role, deed: Deed) -> None:
        """Have somebody do something of their own accord, if their phone lets them."""
        if self.phones[role.code].do(self.clock.now(), deed):
            self.stage.line.ring()

    def _invited(self, role: Role, token: str) -> None:
        """Somebody holds an invitation; it is opened within a day or so."""
        self._book_joining(role, JOINS_WITHIN, partial(self._join, role, token))

    def _invited_anew(self, role: Role, token: str) -> None:
        """Somebody has a new phone, and tries it soon."""
        self._book_joining(role, TRIES_NEW_WITHIN, partial(self._join_anew, role, token))

    def _book_joining(self, role: Role, within: int, act: Callable[[], None]) -> None:
        rng = Random(f"{self._seed}/joins/{role.code}/{within}")  # noqa: S311  # play, not secrecy
        at = self.clock.now() + timedelta(minutes=rng.randrange(5, within))
        self.book(self._waking(at, role.tzid), act)

    def _waking(self, at: datetime, tzid: str) -> datetime:
        local = at.astimezone(ZoneInfo(tzid))
        if time(8) <= local.time() < time(22):
            return at
        return at + timedelta(hours=11)

    def _join(self, role: Role, token: str) -> None:
        self.phones[role.code].join(self.clock.now(), token)
        self.stage.line.ring()

    def _join_anew(self, role: Role, token: str) -> None:
        phone = self.phones[role.code]
        phone.get(role.user_id + NEW_PHONES)
        self._by_user[phone.user_id] = phone
        self._join(role, token)

    def _moved_to(self, role: Role, tzid: str) -> None:
        self.phones[role.code].tzid = tzid
