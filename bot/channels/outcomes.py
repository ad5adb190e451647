"""What became of one attempt to send, in words of no particular channel."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel took the message (or it already stood there); `provider_msg_id` is its number in the chat."""

    provider_msg_id: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel will not take it, now or later; the reason is a code such as `blocked`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """It certainly did not arrive and may be tried again.

    `after` is the pause in seconds that the channel asks for; `everyone` says that it holds for all chats.
    """

    code: str
    after: float | None = None
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have arrived."""

    code: str


Outcome = Delivered | Refused | Retry | Unknown
