"""A document as plain text for a terminal: columns line up in both scripts."""

import unicodedata
from collections.abc import Iterator, Sequence

from bot.documents.sheet import Pairs, Part, Section, Sentences, Sheet, Table, Worked

INDENT = "  "
GAP = "  "
FACTS_WIDTH = 84
BETWEEN = " | "


def to_text(sheet: Sheet) -> str:
    """The whole sheet, ending in a line break."""
    lines = [sheet.title, sheet.standing]
    for section in sheet.sections:
        lines += ["", section.title, *_section(section)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def width(text: str) -> int:
    """How many columns a text takes on a terminal; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)


def _section(section: Section) -> Iterator[str]:
    for part in section.parts:
        for line in _part(part):
            yield INDENT + line


def _part(part: Part) -> Sequence[str]:
    match part:
        case Sentences():
            return part.lines
        case Pairs():
            return aligned(part.items, frozenset())
        case Table():
            return aligned((part.head, *part.rows), part.numeric)
        case Worked():
            return _worked(part)


def aligned(rows: Sequence[Sequence[str]], numeric: frozenset[int] = frozenset()) -> list[str]:
    """Rows of cells as lines whose columns line up; the numeric ones to the right."""
    if not rows:
        return []
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        GAP.join(_cell(text, widths[column], right=column in numeric) for column, text in enumerate(row))
        for row in rows
    ]


def _cell(text: str, columns: int, *, right: bool) -> str:
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def _worked(part: Worked) -> list[str]:
    heads = aligned([(item.name, item.value) for item in part.items], frozenset({1}))
    indent = " " * max(width(line) for line in heads)
    lines: list[str] = []
    for item, head in zip(part.items, heads, strict=True):
        lines.append(head + GAP + item.working)
        lines += [indent + GAP + line for line in _filled(item.sources)]
    return lines


def _filled(facts: Sequence[str]) -> list[str]:
    """Facts side by side as far as a line goes; a fact is never broken."""
    lines: list[str] = []
    for fact in facts:
        if lines and width(lines[-1]) + len(BETWEEN) + width(fact) <= FACTS_WIDTH:
            lines[-1] += BETWEEN + fact
        else:
            lines.append(fact)
    return lines
