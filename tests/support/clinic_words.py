"""The clinic's sentences as the code and the templates hold them; run as a module it prints what a catalogue lacks.

`python -m tests.support.clinic_words` writes the missing Chinese entries as catalogue text to be filled in.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from bot.clinic.render import TEMPLATES
from bot.i18n import FOLDERS, catalogue_path
from tests.support.refusal_words import refusals

ROOT = TEMPLATES.parents[2]
KEYWORDS = {"gettext": None, "_": None, "pgettext": ((1, "c"), 2), "ngettext": (1, 2), "npgettext": ((1, "c"), 2, 3)}
OPTIONS = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.i18n"}
PLACEHOLDER = re.compile(r"%\((\w+)\)")


@dataclass(frozen=True)
class Sentence:
    """One message of the clinic: its context, its English, the plural where it has one, and where it stands."""

    context: str
    english: str
    plural: str | None
    place: str

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.english


def sentences() -> list[Sentence]:
    """Every sentence of templates and code."""
    return [*template_sentences(), *code_sentences(), *refused_sentences()]


def template_sentences() -> Iterator[Sentence]:
    """What the templates give to gettext and its kin."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for line, function, messages, _comments in babel_extract(file, list(KEYWORDS), [], dict(OPTIONS)):
                words = [word for word in (messages if isinstance(messages, tuple) else (messages,)) if word]
                context = words.pop(0) if function in {"pgettext", "npgettext"} else ""
                plural = words[1] if len(words) > 1 and "n" in function[:2] else None
                yield Sentence(context, words[0], plural, f"{path.relative_to(ROOT)}:{line}")


def code_sentences() -> Iterator[Sentence]:
    """What the code names by `clinic_text`."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "clinic_text(" not in text or path.name == "i18n.py":
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "clinic_text":
                context, english = (ast.literal_eval(argument) for argument in node.args)
                yield Sentence(context, english, None, f"{path.relative_to(ROOT)}:{node.lineno}")


def refused_sentences() -> Iterator[Sentence]:
    """What actions refuse with, and the words inside it."""
    for found in refusals():
        if found.english is not None:
            yield Sentence(found.context, found.english, None, found.place)


def entries(language: str) -> Iterator[tuple[Path, Message]]:
    """Every entry of a language's clinic catalogues, with its file."""
    for path in sorted(catalogue_path("clinic", language).parent.glob("clinic*.po")):
        with path.open("rb") as file:
            yield from ((path, entry) for entry in read_po(file, locale=FOLDERS[language]) if entry.id)


def key_of(entry: Message) -> tuple[str, str]:
    """Context and English of an entry; a plural's English is its singular."""
    return str(entry.context or ""), entry.id[0] if isinstance(entry.id, tuple) else str(entry.id)


def as_entry(found: Sentence, wording: str = "") -> str:
    """The sentence as text of a catalogue."""
    quoted = {
        name: text.replace("\\", "\\\\").replace('"', '\\"')
        for name, text in {
            "context": found.context,
            "english": found.english,
            "plural": found.plural or "",
            "new": wording,
        }.items()
    }
    lines = ["#, python-format"] if PLACEHOLDER.search(found.english) else []
    lines += [f'msgctxt "{quoted["context"]}"'] if found.context else []
    lines.append(f'msgid "{quoted["english"]}"')
    lines += (
        [f'msgid_plural "{quoted["plural"]}"', f'msgstr[0] "{quoted["new"]}"']
        if found.plural
        else [f'msgstr "{quoted["new"]}"']
    )
    return "\n".join(lines) + "\n"


def missing(language: str) -> list[Sentence]:
    """Sentences without an entry that says something."""
    known = {key_of(entry) for _path, entry in entries(language) if any(entry.string)}
    found = {sentence.key: sentence for sentence in sentences()}
    return [sentence for key, sentence in found.items() if key not in known]


if __name__ == "__main__":
    for lacking in missing("zh"):
        sys.stdout.write(f"#: {lacking.place}\n{as_entry(lacking)}\n")
