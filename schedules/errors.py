"""The small error family of the schedules room; the bot's errors extend it.

A refusal keeps its English sentence apart from what it is about, so that a page can word both in another language.
"""


class Term(str):
    """Words of ours inside a sentence, such as "weight" or "move a visit"; pages say them in the reader's language."""

    __slots__ = ("params", "template")
    template: str
    params: dict[str, object]

    def __new__(cls, template: str, **params: object) -> "Term":
        made = super().__new__(cls, template % params if params else template)
        made.template, made.params = template, params
        return made

    @classmethod
    def of(cls, words: str) -> "Term":
        """The words as such, unless they are already."""
        return words if isinstance(words, Term) else cls(words)


class Terms(tuple[str, ...]):
    """Several such words, to be read as a list; `between` stands between them in English."""

    __slots__ = ()
    between = ", "

    def __str__(self) -> str:
        return self.between.join(self)


class AnyOf(Terms):
    """Several such words of which one will do."""

    __slots__ = ()
    between = " or "


class ScheduleError(Exception):
    """A refusal in one sentence that a person can read.

    `template` is the English sentence with %(name)s where `params` stand; without params it is the sentence itself.
    """

    def __init__(self, template: str = "", **params: object) -> None:
        super().__init__(template % params if params else template)
        self.template = template
        self.params = params

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
