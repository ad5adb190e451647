"""Ends a simulated process at the n-th point: a suspension, a statement, a commit, or a request to Telegram."""

import asyncio
import types
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event
from sqlmodel import Session

from bot.storage.database import Database

Result = TypeVar("Result")
COMPILED: dict[Any, Any] = {}  # statements compiled once for all databases of a run
PRODUCT = str(Path(__file__).parents[2] / "bot")


class CrashError(BaseException):
    """The process is gone: nothing that it still tries may have an effect."""


class Fuse:
    """Counts points; at number `at` the process dies, or (`cancels`) one suspended task is cancelled instead.

    `among` limits the points to kinds that begin with it.
    """

    def __init__(self, at: int | None = None, *, among: str = "", cancels: bool = False) -> None:
        self.at, self.among, self.cancels = at, among, cancels
        self.passed: Counter[str] = Counter()
        self.blown_at: str | None = None

    @property
    def points(self) -> int:
        """How many points have been passed."""
        return sum(self.passed.values())

    @property
    def dead(self) -> bool:
        """Whether the process is gone."""
        return self.blown_at is not None and not self.cancels

    def reach(self, kind: str) -> None:
        """Pass a point, or end there. Raises CrashError, also at every point after the end, or CancelledError."""
        if self.dead:
            raise CrashError(kind)
        if not kind.startswith(self.among):
            return
        self.passed[kind] += 1
        if self.points == self.at:
            self.blown_at = kind
            raise asyncio.CancelledError if self.cancels else CrashError(kind)

    def task_factory(self, loop: asyncio.AbstractEventLoop, coro: Any, **given: Any) -> asyncio.Task[Any]:
        """Make tasks; those of the product's own coroutines pass a point whenever they are suspended."""
        code = getattr(coro, "cr_code", None)
        if code is None or not code.co_filename.startswith(PRODUCT):
            return asyncio.Task(coro, loop=loop, **given)
        task = asyncio.Task(self._watched(coro, f"suspension in {code.co_name}"), loop=loop, **given)
        task.add_done_callback(lambda _task: coro.close())  # one that died before it began
        return task

    async def _watched(self, coro: Coroutine[Any, Any, Result], kind: str) -> Result:
        return await drive(coro, lambda: self.reach(kind))


@types.coroutine
def drive(coro: Coroutine[Any, Any, Result], reach: Callable[[], None]) -> Generator[Any, Any, Result]:
    """Run a coroutine and call `reach` at each suspension; what that raises is thrown into the coroutine there."""
    value, error = None, None
    while True:
        try:
            waits_for = coro.send(value) if error is None else coro.throw(error)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        value, error = None, None
        try:
            reach()
            value = yield waits_for
        except BaseException as raised:  # noqa: BLE001  # whatever it is, it belongs into the coroutine
            error = raised


class FusedDatabase(Database):
    """A study database whose statements and commits are points of a fuse; acts run in the loop's own thread."""

    def __init__(self, url: str, fuse: Fuse) -> None:
        super().__init__(url, synchronous="OFF", inline=True)
        self._fuse = fuse
        for engine in (self.engine, self.reader):
            engine.update_execution_options(compiled_cache=COMPILED)
        event.listen(self.engine, "before_cursor_execute", self._statement)
        event.listen(self.engine, "commit", lambda _connection: fuse.reach("before a commit"))

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("ROLLBACK"):
            self._fuse.reach(f"statement {statement.split(None, 1)[0].lower()}")

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            yield session
        self._fuse.reach("after a commit")

    async def _run(self, _pool: object, act: Callable[[], Result]) -> Result:
        await asyncio.sleep(0)
        found = act()
        await asyncio.sleep(0)
        return found


def fused_exchange(exchange: Callable[..., Any], fuse: Fuse) -> Callable[..., Any]:
    """Requests to Telegram as points, before they are carried out and after."""

    async def fused(method: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        fuse.reach(f"before {method}")
        found: tuple[int, bytes] = await exchange(method, fields)
        fuse.reach(f"after {method}")
        return found

    return fused
