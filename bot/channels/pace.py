"""How fast we may send: about thirty messages a second over all, about one a second in a chat (pure)."""

from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile

WINDOW = 1.02  # seconds; a little over one, since the network squeezes what we space out
PER_WINDOW = 30
CHAT_GAP = 1.05  # seconds between planned messages in one chat
CHAT_BURST = 8.0  # answers in a row on a participant's own taps; after that one for every gap
FORGET_AFTER = 60.0
LEAD = 0.1  # seconds that a message may be prepared before its turn comes
GATHER = 10  # planned messages that are worth a round of their own
GATHERS_FOR = 0.35  # seconds that room waits for more room


@dataclass(slots=True)
class Turn:
    """When a message leaves (monotonic seconds); put right when it left later."""

    at: float


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
    _turns: deque[Turn] = field(default_factory=deque)
    _chats: dict[int, ChatPace] = field(default_factory=dict)
    _paused_until: float = 0.0

    def room(self, now: float) -> int:
        """How many messages may be prepared at this moment, over all chats: their turn comes within `LEAD`."""
        if now < self._paused_until:
            return 0
        self._forget_turns(now)
        soon = takewhile(lambda turn: self._free_from(turn) <= now, self._turns)
        return self.per_window - len(self._turns) + sum(1 for _ in soon)

    def planned_room(self, now: float) -> int:
        """The same for messages that nobody waits for: none until a few may go together, or for a moment."""
        return self.room(now) if self.delay(now) <= 0 else 0

    def delay(self, now: float) -> float:
        """Seconds until planned messages may be prepared; 0 when they may."""
        self._forget_turns(now)
        gathered = 0.0
        if len(self._turns) >= self.per_window:  # else there has been some room for so long already
            enough, first = self._turns[min(GATHER, self.per_window) - 1], self._turns[0]
            gathered = min(self._free_from(enough), self._free_from(first) + GATHERS_FOR)
        return max(gathered, self._paused_until, now) - now

    def chat_delay(self, address: int, now: float, *, planned: bool) -> float:
        """Seconds until this chat may get one more; planned messages keep a gap, answers may burst a little."""
        chat = self._chats.get(address)
        if chat is None:
            return 0.0
        if planned:
            return max(chat.last_at + CHAT_GAP - now, 0.0)
        return max(1.0 - chat.credit_at(now), 0.0) * CHAT_GAP

    def take(self, address: int, now: float) -> Turn:
        """Count one message to this chat, and say when it may leave: now, or a little later within `LEAD`."""
        turn = Turn(now)
        if len(self._turns) >= self.per_window:
            turn.at = max(now, self._turns.popleft().at + WINDOW)
        self._turns.append(turn)
        chat = self._chats.setdefault(address, ChatPace(turn.at))
        chat.credit, chat.last_at = chat.credit_at(turn.at) - 1.0, turn.at
        if len(self._chats) > 10 * self.per_window:
            self._forget(now)
        return turn

    def pause(self, seconds: float, now: float) -> None:
        """Send nothing at all for so long: the channel asked for it."""
        self._paused_until = max(self._paused_until, now + seconds)

    def paused_for(self, now: float) -> float:
        """Seconds that are left of the pause."""
        return max(self._paused_until - now, 0.0)

    def _free_from(self, turn: Turn) -> float:
        return turn.at + WINDOW - LEAD

    def _forget_turns(self, now: float) -> None:
        while self._turns and now - self._turns[0].at >= WINDOW + GATHERS_FOR:
            self._turns.popleft()

    def _forget(self, now: float) -> None:
        for address in [chat for chat, pace in self._chats.items() if now - pace.last_at > FORGET_AFTER]:
            del self._chats[address]
