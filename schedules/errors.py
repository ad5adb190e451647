"""The small error family of the schedules room; the bot's errors extend it."""


class ScheduleError(Exception):
    """A refusal in one sentence that a person can read."""

    @property
    def message(self) -> str:
        return str(self)


class ProtocolFileError(ScheduleError):
    """A protocol file cannot be used; the text reads `file:line: key: sentence`."""

    def __init__(self, file: str, line: int, key: str, sentence: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {sentence}")
        self.file = file
        self.line = line
        self.key = key
        self.sentence = sentence
