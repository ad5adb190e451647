"""Telegram's HTML subset: tagged text in, plain text and entities out, errors in Telegram's words."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from bot.sandbox.answers import RefusalError, bad_request

ENTITY_OF_TAG = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
_TAG = re.compile(r"<(/?)([^\s>/]*)([^>]*)>")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]+))?""")
_REFERENCE = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|lt|gt|amp|quot);")
_COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}\b")


@dataclass
class _Reader:
    """Text read so far and the tags still open, with offsets in UTF-16 units."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    open_tags: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)

    def add_text(self, raw: str) -> None:
        plain = _REFERENCE.sub(lambda found: unescape(found.group(0)), raw) if "&" in raw else raw
        self.parts.append(plain)
        self.length += utf16_length(plain)

    def close_tag(self) -> None:
        name, start, attributes = self.open_tags.pop()
        if self.length == start:
            return
        entity: dict[str, Any] = {"offset": start, "length": self.length - start, "type": ENTITY_OF_TAG[name]}
        if name == "a":
            if not attributes.get("href"):
                return
            entity["url"] = attributes["href"]
        self.entities.append(entity)


def utf16_length(text: str) -> int:
    """Return the length of `text` in UTF-16 code units, in which Telegram counts entity offsets."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Return plain text and entities of `source`.

    Raises RefusalError ("can't parse entities: ...") for an unknown, unclosed or crossing tag.
    """
    reader = _Reader()
    position = 0
    while (start := source.find("<", position)) >= 0:
        reader.add_text(source[position:start])
        position = _read_tag(reader, source, start)
    reader.add_text(source[position:])
    if reader.open_tags:
        raise _entity_error(f'Can\'t find end tag corresponding to start tag "{reader.open_tags[-1][0]}"')
    return trim("".join(reader.parts), sorted(reader.entities, key=lambda e: (e["offset"], -e["length"])))


def trim(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Return text without outer white space, entities shifted and cut to match, as Telegram does."""
    leading = utf16_length(text) - utf16_length(text.lstrip())
    plain = text.strip()
    end = utf16_length(plain)
    kept = []
    for entity in entities:
        first = max(entity["offset"] - leading, 0)
        last = min(entity["offset"] - leading + entity["length"], end)
        if last > first:
            kept.append({**entity, "offset": first, "length": last - first})
    return plain, kept


def commands_in(text: str) -> list[dict[str, Any]]:
    """Return the `bot_command` entities that Telegram finds by itself."""
    return [
        {"offset": utf16_length(text[: found.start()]), "length": len(found.group(0)), "type": "bot_command"}
        for found in _COMMAND.finditer(text)
    ]


def _read_tag(reader: _Reader, source: str, start: int) -> int:
    """Take in the tag that begins at `start` and return the position after it."""
    found = _TAG.match(source, start)
    if found is None:
        which = "end" if source.startswith("</", start) else "start"
        raise _entity_error(f"Unclosed {which} tag {_at(source, start)}")
    closing, name, rest = found.group(1), found.group(2).lower(), found.group(3)
    if closing:
        _check_end_tag(reader, name, source, start)
        reader.close_tag()
    else:
        attributes = _attributes(rest)
        _check_start_tag(name, attributes, source, start)
        reader.open_tags.append((name, reader.length, attributes))
    return found.end()


def _check_start_tag(name: str, attributes: dict[str, str], source: str, start: int) -> None:
    if name not in ENTITY_OF_TAG:
        raise _entity_error(f'Unsupported start tag "{name}" {_at(source, start)}')
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise _entity_error(f'Tag "span" must have class "tg-spoiler" {_at(source, start)}')


def _check_end_tag(reader: _Reader, name: str, source: str, start: int) -> None:
    if not reader.open_tags:
        raise _entity_error(f"Unexpected end tag {_at(source, start)}")
    expected = reader.open_tags[-1][0]
    if name and name != expected:
        raise _entity_error(f'Unmatched end tag {_at(source, start)}, expected "</{expected}>", found "</{name}>"')


def _at(source: str, start: int) -> str:
    return f"at byte offset {len(source[:start].encode())}"


def _attributes(rest: str) -> dict[str, str]:
    return {
        found.group(1).lower(): unescape((found.group(2) or "").strip("\"'")) for found in _ATTRIBUTE.finditer(rest)
    }


def _entity_error(reason: str) -> RefusalError:
    return bad_request("bad_entities", f"can't parse entities: {reason}")
