"""A document as plain parts: titles, sentences, named values and tables, before anything is drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentences:
    """Lines that stand one below the other."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Named values."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; `numeric` are the columns set to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Worked:
    """Named results with the lines by which each can be checked; `missing` marks what is not known."""

    head: tuple[str, str, str, str]
    items: tuple["WorkedItem", ...]


@dataclass(frozen=True, slots=True)
class WorkedItem:
    """One result: its name, the value, how it was worked out, and where its numbers come from, fact by fact."""

    name: str
    value: str
    working: str
    sources: tuple[str, ...] = ()
    missing: bool = False


Part = Sentences | Pairs | Table | Worked


@dataclass(frozen=True, slots=True)
class Section:
    """A titled stretch of a document."""

    id: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document in one language."""

    title: str
    standing: str
    language: str
    sections: tuple[Section, ...]
