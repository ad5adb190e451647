"""The real product against the plain Bot API server: people in a street of phones, and what they are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.live import TOKEN, Live, until
from tests.support.plain_bot_api import Bubble, PlainBotApi, plain_server

NOTHING = Bubble(0, by_bot=True, text="")


class Quiet:
    """What a site of the sandbox would be told about study time; Telegram knows nothing of it."""

    @staticmethod
    def set_shift(_seconds: int) -> None:
        """Telegram's clock is the world's."""


class Street(Live):
    """A site whose bot talks to the plain server."""

    plain: PlainBotApi

    def waits_outside(self) -> bool:
        """Whether the server still holds updates for the service."""
        return self.plain.waiting() > 0

    def newest(self, user: int) -> Bubble:  # type: ignore[override]
        """The newest message from the bot."""
        found = self.plain.chats[user].from_bot
        return found[-1] if found else NOTHING

    def labels(self, user: int) -> list[str]:
        """The buttons under the newest message from the bot."""
        return self.newest(user).labels

    def tap(self, user: int, label: str) -> str:
        """Tap the newest button whose label begins with these words, among all messages of the chat."""
        for bubble in reversed(self.plain.chats[user].from_bot):
            for button in bubble.buttons:
                if begins(button["text"], label):
                    return self.plain.tap(user, bubble.message_id, button["callback_data"])
        raise AssertionError(f"nothing says {label!r} in the chat of {user}: {self.newest(user)}")

    def tap_when_there(self, user: int, *labels: str) -> None:
        """Tap one button after the other, each as soon as it stands under the newest message."""
        for label in labels:
            until(
                lambda label=label: any(begins(found, label) for found in self.labels(user)),
                f"the button {label} for {user}; now {self.newest(user)}",
            )
            self.tap(user, label)

    def say(self, user: int, text: str) -> int:
        """Send a text."""
        return self.plain.say(user, text)

    def say_when(self, user: int, words: str, text: str) -> None:
        """Send a text as soon as the newest message shows these words."""
        self.see(user, words)
        self.say(user, text)

    def see(self, user: int, words: str) -> Bubble:
        """Wait until the newest message shows these words."""
        until(lambda: words in self.newest(user).text, f"{words!r} for {user}; now {self.newest(user)}")
        return self.newest(user)

    def join(self, user: int, invitation: str, language: str) -> None:
        """Go through all of joining."""
        self.plain.say(user, f"/start {invitation}")
        first = ("English", "Agree", "20:00", "OK") if language == "en" else ("中文", "同意", "20:00", "收到")
        for label in first:
            until(
                lambda label=label: any(label in found for found in self.labels(user)),
                f"the button {label} for {user}; now {self.newest(user)}",
            )
            full = next(found for found in self.labels(user) if label in found)
            self.tap(user, full)
        told = self.newest(user)
        until(lambda: not told.labels, "the end of joining")


def begins(label: str, words: str) -> bool:
    """Whether these are the first words of a label; a number is only itself."""
    return label == words or (label.startswith(words) and not words.isdigit())


@contextmanager
def street(folder: Path, **given: Any) -> Iterator[Street]:
    """A migrated site that has not been started."""
    from tests.support.database import migrated_file

    api = PlainBotApi(TOKEN)
    with plain_server(api) as address:
        (folder / "diary.sqlite3").write_bytes(migrated_file().read_bytes())
        site = Street(Phones(api), None, address, folder, **given)  # type: ignore[arg-type]
        site.plain = api
        try:
            yield site
        finally:
            site.close()


class Phones(Quiet):
    """The few calls that a site makes by itself."""

    def __init__(self, api: PlainBotApi) -> None:
        self._api = api

    def add_person(self, user: int, name: str, language: str) -> None:
        """Give somebody a phone."""
        self._api.add_person(user, name, language)


def transcript(api: PlainBotApi, user: int) -> str:
    """All that stands in a chat, as it looks now."""
    lines = []
    for bubble in api.chats[user].bubbles.values():
        who = "BOT" if bubble.by_bot else "   "
        lines.append(f"{who} #{bubble.message_id} (edits {bubble.edits}): {bubble.text!r}")
        lines += ["      " + "  ".join(f"[{button['text']}]" for button in row) for row in bubble.rows]
    return "\n".join(lines)


def stamp(at: datetime) -> str:
    """An instant in Shanghai, for people."""
    from tests.support.live import SHANGHAI

    return f"{at.astimezone(SHANGHAI):%a %d %b %H:%M:%S}"
