"""How fast we may send: about thirty messages a second over all, about one a second in a chat (pure)."""

from collections import deque
from dataclasses import dataclass, field

WINDOW = 1.02  # seconds; a little over one, since the network squeezes what we space out
PER_WINDOW = 30
CHAT_GAP = 1.05  # seconds between planned messages in one chat
CHAT_BURST = 8.0  # answers in a row on a participant's own taps; after that one for every gap
FORGET_AFTER = 60.0


@dataclass
class ChatPace:
    """One chat's budget: it grows by one for every gap of time, up to the burst."""

    last_at: float
    credit: float = CHAT_BURST

    def credit_at(self, now: float) -> float:
        return min(self.credit + (now - self.last_at) / CHAT_GAP, CHAT_BURST)


@dataclass
class Pace:
    """The rate budget of one bot; instants are monotonic seconds. Answers to taps do not draw on it."""

    per_window: int = PER_WINDOW
    _sent: deque[float] = field(default_factory=deque)
    _chats: dict[int, ChatPace] = field(default_factory=dict)
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
        chat = self._chats.get(address)
        if chat is None:
            return 0.0
        if planned:
            return max(chat.last_at + CHAT_GAP - now, 0.0)
        return max(1.0 - chat.credit_at(now), 0.0) * CHAT_GAP

    def note(self, address: int, now: float) -> None:
        """Count one message to this chat."""
        self._sent.append(now)
        chat = self._chats.setdefault(address, ChatPace(now))
        chat.credit, chat.last_at = chat.credit_at(now) - 1.0, now
        if len(self._chats) > 10 * self.per_window:
            self._forget(now)

    def pause(self, seconds: float, now: float) -> None:
        """Send nothing at all for so long: the channel asked for it."""
        self._paused_until = max(self._paused_until, now + seconds)

    def _forget(self, now: float) -> None:
        for address in [chat for chat, pace in self._chats.items() if now - pace.last_at > FORGET_AFTER]:
            del self._chats[address]
