"""Reads a TOML text into marked values and hands them out by kind; a fault names file, line and key."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import time, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from schedules.errors import ProtocolFileError
from schedules.protocol import LANGUAGES, MarkedValue, Source
from schedules.toml_lines import key_rows, line_of, line_of_each, path_at

_TOML_PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_TWICE = ("twice", "overwrite", "mutate")
_MARK_HELP = 'write it as { value = ..., source = "registry" } or { value = ..., source = "assumption" }.'


class ProtocolFile:
    """One protocol file: `values` by dotted key, each with its source mark and line."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._rows = key_rows(text)
        self._lines = line_of_each(self._rows)
        self.document = self._parse(text)
        self.values = {value.key: value for value in self._flatten(self.document, ())}

    def fault(self, key: str, sentence: str) -> NoReturn:
        """Raise ProtocolFileError at the line of a key, or of the table that should hold it."""
        raise ProtocolFileError(self.name, line_of(self._lines, tuple(key.split("."))), key, sentence)

    def tables(self, section: str) -> tuple[str, ...]:
        """Return the names of the tables within a section, as they stand in the file."""
        found = self.document.get(section)
        if not isinstance(found, dict) or not found:
            self.fault(section, f"is missing; the file needs at least one table [{section}.NAME].")
        return tuple(found)

    def has(self, key: str) -> bool:
        """Say whether the file gives a value for this key."""
        return key in self.values

    def text(self, key: str, longest: int = 200) -> str:
        """Return a text that is not blank and not too long."""
        value = self._value(key)
        if not isinstance(value, str) or not value.strip():
            self.fault(key, "must be a text in quotes that is not empty.")
        if len(value) > longest:
            self.fault(key, f"is {len(value)} characters long; at most {longest} fit.")
        return value.strip()

    def code(self, key: str, pattern: str, looks_like: str) -> str:
        """Return a text of one fixed form."""
        value = self.text(key)
        if not re.fullmatch(pattern, value):
            self.fault(key, f"must look like {looks_like}.")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        """Return a whole number within bounds, both included."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.fault(key, f"must be a whole number from {least} to {most}.")
        return value

    def minutes(self, key: str, least: int, most: int) -> timedelta:
        """Return a length of time that the file gives in whole minutes."""
        return timedelta(minutes=self.whole(key, least, most))

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            self.fault(key, "must be true or false, without quotes.")
        return value

    def wall(self, key: str) -> time:
        """Return a time of day in whole minutes."""
        value = self._value(key)
        if not isinstance(value, time) or value.second or value.microsecond:
            self.fault(key, "must be a time of day in whole minutes, such as 18:00:00, without quotes.")
        return value

    def zone(self, key: str) -> str:
        """Return the name of a time zone that the time-zone rules know."""
        value = self.text(key)
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError):
            self.fault(key, f"names no known time zone: {value}; use an IANA name such as Asia/Shanghai.")
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Return one of the given words."""
        value = self.text(key)
        if value not in choices:
            self.fault(key, f"must be one of {', '.join(choices)}.")
        return value

    def texts(self, key: str, longest: int = 200) -> Mapping[str, str]:
        """Return one text per language; none may be missing."""
        return {language: self.text(f"{key}.{language}", longest) for language in LANGUAGES}

    def refuse_unknown(self, known: Callable[[str], bool]) -> None:
        """Raise ProtocolFileError for the first key or section that no reader knows."""
        for key in self.values:
            if not known(key):
                self.fault(key, "is not a setting of a protocol file; check its spelling and its table.")

    def _value(self, key: str) -> object:
        if key not in self.values:
            self.fault(key, "is missing; a protocol file states every setting with its source.")
        return self.values[key].value

    def _parse(self, text: str) -> dict[str, object]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._syntax_fault(str(error), len(text.splitlines()))

    def _syntax_fault(self, message: str, last_line: int) -> NoReturn:
        place = _TOML_PLACE.search(message)
        number = int(place["line"]) if place and place["line"] else max(last_line, 1)
        key = ".".join(path_at(self._rows, number)) or "toml"
        reason = _TOML_PLACE.sub("", message)
        sentence = f"cannot be read as TOML: {reason[:1].lower()}{reason[1:]}."
        if any(word in reason for word in _TWICE):
            sentence = "stands twice in the file; each visit, site and setting may stand only once."
        raise ProtocolFileError(self.name, number, key, sentence)

    def _flatten(self, table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[MarkedValue]:
        for name, value in table.items():
            inner = (*path, name)
            if isinstance(value, dict) and not {"value", "source"} & value.keys():
                yield from self._flatten(value, inner)
            else:
                yield self._marked(".".join(inner), value, line_of(self._lines, inner))

    def _marked(self, key: str, value: object, line: int) -> MarkedValue:
        if not isinstance(value, dict) or "source" not in value:
            self.fault(key, f"has no source mark; {_MARK_HELP}")
        if value.keys() != {"value", "source"}:
            self.fault(key, f"must hold a value and a source and nothing else; {_MARK_HELP}")
        if value["source"] not in list(Source):
            self.fault(key, f"must be marked registry or assumption; {_MARK_HELP}")
        return MarkedValue(key, value["value"], Source(value["source"]), line)
