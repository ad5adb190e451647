"""A document as a plain semantic HTML fragment, to be set into a page; every text is escaped."""

from collections.abc import Iterator
from html import escape

from bot.documents.sheet import Pairs, Part, Section, Sentences, Sheet, Table, Worked, WorkedItem

LANGUAGE_TAGS = {"zh": "zh-Hans", "en": "en-GB"}


def to_html(sheet: Sheet) -> str:
    """One `article` with a heading, the standing of the document and a `section` for each part."""
    lines = [
        f'<article class="document" lang="{LANGUAGE_TAGS[sheet.language]}">',
        f"<h1>{escape(sheet.title)}</h1>",
        f'<p class="standing">{escape(sheet.standing)}</p>',
    ]
    for section in sheet.sections:
        lines += _section(section)
    return "\n".join([*lines, "</article>"]) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f'<section id="{escape(section.id)}" aria-labelledby="{escape(section.id)}-title">'
    yield f'<h2 id="{escape(section.id)}-title">{escape(section.title)}</h2>'
    for part in section.parts:
        yield from _part(part)
    yield "</section>"


def _part(part: Part) -> Iterator[str]:
    match part:
        case Sentences():
            yield from (f"<p>{escape(line)}</p>" for line in part.lines)
        case Pairs():
            yield "<dl>"
            yield from (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in part.items)
            yield "</dl>"
        case Table():
            yield from _table(part)
        case Worked():
            yield from _worked(part)


def _table(part: Table) -> Iterator[str]:
    yield "<table><thead>"
    yield _row("".join(_cell("th", text, numeric=at in part.numeric) for at, text in enumerate(part.head)))
    yield "</thead><tbody>"
    for row in part.rows:
        yield _row("".join(_cell("td", text, numeric=at in part.numeric) for at, text in enumerate(row)))
    yield "</tbody></table>"


def _worked(part: Worked) -> Iterator[str]:
    yield "<table><thead>"
    yield _row("".join(_cell("th", text, numeric=at == 1) for at, text in enumerate(part.head)))
    yield "</thead><tbody>"
    yield from (_item(item) for item in part.items)
    yield "</tbody></table>"


def _item(item: WorkedItem) -> str:
    name = f'<th scope="row">{escape(item.name)}</th>'
    cells = (
        _cell("td", item.value, numeric=True)
        + _cell("td", item.working)
        + f"<td>{'<br>'.join(map(escape, item.sources))}</td>"
    )
    return _row(name + cells, missing=item.missing)


def _cell(tag: str, text: str, *, numeric: bool = False) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    kind = ' class="number"' if numeric else ""
    return f"<{tag}{scope}{kind}>{escape(text)}</{tag}>"


def _row(cells: str, *, missing: bool = False) -> str:
    return f'<tr class="missing">{cells}</tr>' if missing else f"<tr>{cells}</tr>"
