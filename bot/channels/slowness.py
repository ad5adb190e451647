"""Waits for work that may take long, and lets somebody know when it does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")

TELL_AFTER = 5.0  # seconds; a tapped button spins for ten to fifteen


async def or_tell(work: Awaitable[Result], tell: Callable[[], Awaitable[None]], *, after: float = TELL_AFTER) -> Result:
    """The result of the work; `tell` runs meanwhile, once, when it takes longer than `after` seconds."""
    doing = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({doing}, timeout=after)
    if not done:
        await tell()
    return await doing
