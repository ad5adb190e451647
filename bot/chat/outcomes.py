"""What a step of the conversation brings about: intents to carry out, and what to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from bot.diary.card import CardState
from bot.diary.items import Item
from bot.people.panel import PanelState, PanelStep


@dataclass(frozen=True)
class RecordAnswer:
    """Keep this answer as the newest one of its item."""

    item: Item
    value: int


@dataclass(frozen=True)
class SubmitEntry:
    """Submit the day with the answers that the card holds."""


@dataclass(frozen=True)
class MarkHelped:
    """Mark the entry as filled in with somebody's help."""


@dataclass(frozen=True)
class SnoozeUntil:
    """Ask again later; the code is one of those the context offered ("30", "830")."""

    code: str


@dataclass(frozen=True)
class RequestCorrection:
    """Open a correction request for a closed day."""

    day: date


@dataclass(frozen=True)
class PassToSite:
    """Pass the text of this message on to the site, as a message and never as an answer."""


@dataclass(frozen=True)
class SetLanguage:
    """Speak this language from now on ("zh" or "en")."""

    language: str


@dataclass(frozen=True)
class AgreeNotice:
    """Record the agreement to the notice, with its version and time."""


@dataclass(frozen=True)
class DeclineNotice:
    """Record that the notice was put off; the invitation stays usable."""


@dataclass(frozen=True)
class SetHour:
    """Ask at this local time from now on."""

    hour: time


@dataclass(frozen=True)
class ProveReach:
    """Record that a message reached the participant and came back."""


@dataclass(frozen=True)
class StopMessages:
    """End every unasked message at once and give the site a task."""


@dataclass(frozen=True)
class ResumeMessages:
    """Let messages flow again after a stop."""


@dataclass(frozen=True)
class ShowToday:
    """Answer with the view of today."""


Intent = (
    RecordAnswer | SubmitEntry | MarkHelped | SnoozeUntil | RequestCorrection | PassToSite | SetLanguage
    | AgreeNotice | DeclineNotice | SetHour | ProveReach | StopMessages | ResumeMessages | ShowToday
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """A message of its own, by id; `messages.render_reply` words it, the desk adds `phone`."""

    message_id: str
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def refuses(self) -> bool:
        """Whether it says that something typed was not taken as an answer, so that silence would hide a loss."""
        return self.message_id.startswith(("typed.", "number.")) and self.message_id != "typed.passed_on"


@dataclass(frozen=True)
class CardOutcome:
    """After a tap or text on a card: the new state, what to do, what to say, and whether to edit the card."""

    state: CardState
    intents: tuple[Intent, ...] = ()
    toast: str | None = None
    reply: Reply | None = None
    redraw: bool = False


@dataclass(frozen=True)
class PanelOutcome:
    """After a tap on a panel.

    `redraw` edits the tapped message into the new state. With `fresh` the new state goes out as a message of
    its own instead, and the tapped message is edited to `past` and loses its buttons.
    """

    state: PanelState
    intents: tuple[Intent, ...] = ()
    toast: str | None = None
    redraw: bool = False
    fresh: bool = False
    past: Reply | None = None


@dataclass(frozen=True)
class MessageOutcome:
    """After a command or a text that no card took: a panel to open, what to do, what to say."""

    intents: tuple[Intent, ...] = ()
    open_panel: PanelStep | None = None
    reply: Reply | None = None
