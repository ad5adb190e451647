"""Fault switches: the ways in which Telegram or the line to it can fail, as data that the rules draw from."""

import random
from dataclasses import dataclass, field, replace
from enum import Enum


class FaultKind(Enum):
    """One way to fail; what the bot sees, and whether its request was carried out all the same."""

    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    HTML_BODY = "html_body"
    TRUNCATED = "truncated"
    RESET = "reset"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    HANG = "hang"
    OUTAGE = "outage"


CARRIED_OUT = {FaultKind.TRUNCATED, FaultKind.TIMEOUT_AFTER}


@dataclass(frozen=True)
class Fault:
    """A switched-on fault.

    `methods` limits it to these method names (None: all), `count` to that many calls (None: until switched
    off), `probability` (0-1) to a share of the calls. `retry_after` is in seconds. `delivered` overrides
    whether the request is carried out before it fails.
    """

    kind: FaultKind
    methods: frozenset[str] | None = None
    count: int | None = None
    probability: float = 1.0
    retry_after: int = 3
    delivered: bool | None = None

    @property
    def carried_out(self) -> bool:
        """Whether the request takes effect although the bot sees a failure."""
        return self.kind in CARRIED_OUT if self.delivered is None else self.delivered

    def touches(self, method: str) -> bool:
        """Whether a call of `method` can meet this fault."""
        return self.methods is None or method in self.methods


@dataclass
class Switchboard:
    """The faults that are on, in the order in which they were switched on, and how often each kind struck."""

    faults: list[Fault] = field(default_factory=list)
    struck: dict[FaultKind, int] = field(default_factory=dict)

    def on(self, fault: Fault) -> None:
        """Switch a fault on; another of the same kind for the same methods gives way to it."""
        self.off(fault.kind, fault.methods)
        self.faults.append(fault)

    def off(self, kind: FaultKind, methods: frozenset[str] | None = None) -> None:
        """Switch off the fault of this kind for these methods."""
        self.faults = [fault for fault in self.faults if (fault.kind, fault.methods) != (kind, methods)]

    def clear(self) -> None:
        """Switch every fault off."""
        self.faults.clear()

    @property
    def outage(self) -> bool:
        """Whether everything is refused."""
        return any(fault.kind is FaultKind.OUTAGE for fault in self.faults)

    def draw(self, method: str, rng: random.Random) -> Fault | None:
        """Return the fault that strikes this call, if any, and count it down."""
        for index, fault in enumerate(self.faults):
            if not fault.touches(method) or (fault.probability < 1 and rng.random() >= fault.probability):
                continue
            self._count_down(index, fault)
            self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
            return fault
        return None

    def _count_down(self, index: int, fault: Fault) -> None:
        if fault.count is None:
            return
        if fault.count <= 1:
            del self.faults[index]
        else:
            self.faults[index] = replace(fault, count=fault.count - 1)
