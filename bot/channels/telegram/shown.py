"""What the chats show, as far as this process sent it: an edit that would change nothing need not be asked for."""

from collections import OrderedDict

from bot.actions.prepare_message import Ready

LATEST = 20_000  # messages; an older one is edited for good measure


class Shown:
    """The latest words and buttons of each message, kept as their hash.

    Only for a process that sends alone: what another one has edited since is not known here.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[int, int], int] = OrderedDict()

    def stands(self, ready: Ready) -> bool:
        """Whether the message that is to be edited shows exactly this already."""
        if ready.method != "edit" or ready.provider_msg_id is None:
            return False
        return self._seen.get((ready.address, ready.provider_msg_id)) == _content(ready)

    def keep(self, ready: Ready, message_id: int | None) -> None:
        """Note what arrived."""
        if message_id is None:
            return
        self._seen[ready.address, message_id] = _content(ready)
        self._seen.move_to_end((ready.address, message_id))
        if len(self._seen) > LATEST:
            self._seen.popitem(last=False)

    def forget(self, ready: Ready) -> None:
        """After anything but a receipt nobody knows what the message shows."""
        if ready.provider_msg_id is not None:
            self._seen.pop((ready.address, ready.provider_msg_id), None)


def _content(ready: Ready) -> int:
    return hash((ready.text, ready.rows))
