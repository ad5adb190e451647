"""How fast we may send: about thirty messages a second over all, about one a second in a chat (pure)."""

from collections import deque
from dataclasses import dataclass, field

WINDOW = 1.02  # seconds; a little over one, since the network squeezes what we space out
PER_WINDOW = 30
CHAT_GAP = 1.05  # seconds between planned messages in one chat
CHAT_BURST = 8  # replies and edits in a row on a participant's own taps; more of them slow down to the gap
FORGET_AFTER = 60.0


@dataclass
class Pace:
    """The rate budget of one bot; instants are monotonic seconds. Answers to taps do not draw on it."""

    per_window: int = PER_WINDOW
    _sent: deque[float] = field(default_factory=deque)
    _chats: dict[int, deque[float]] = field(default_factory=dict)
    _paused_until: float = 0.0

    def room(self, now: float) -> int:
        """How many messages may go out at this moment, over all chats."""
        while self._sent and now - self._sent[0] >= WINDOW:
            self._sent.popleft()
        return 0 if now < self._paused_until else self.per_window - len(self._sent)

    def delay(self, now: float) -> float:
        """Seconds until there is room again; 0 when there is."""
        if self.room(now) > 0:
            return 0.0
        oldest = self._sent[0] + WINDOW if len(self._sent) >= self.per_window else 0.0
        return max(oldest, self._paused_until) - now

    def chat_delay(self, address: int, now: float, *, planned: bool) -> float:
        """Seconds until this chat may get one more; planned messages keep a gap, answers may burst a little."""
        recent = self._chats.get(address)
        if not recent:
            return 0.0
        if planned:
            return max(recent[-1] + CHAT_GAP - now, 0.0)
        return max(recent[0] + CHAT_BURST * CHAT_GAP - now, 0.0) if len(recent) == CHAT_BURST else 0.0

    def note(self, address: int, now: float) -> None:
        """Count one message to this chat."""
        self._sent.append(now)
        self._chats.setdefault(address, deque(maxlen=CHAT_BURST)).append(now)
        if len(self._chats) > 10 * self.per_window:
            self._forget(now)

    def pause(self, seconds: float, now: float) -> None:
        """Send nothing at all for so long: the channel asked for it."""
        self._paused_until = max(self._paused_until, now + seconds)

    def _forget(self, now: float) -> None:
        for address in [chat for chat, recent in self._chats.items() if now - recent[-1] > FORGET_AFTER]:
            del self._chats[address]
