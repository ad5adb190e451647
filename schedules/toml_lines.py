"""Finds the line of every key and table in a TOML text, so that a fault can be named where it stands."""

import re
from collections.abc import Iterator, Mapping

Path = tuple[str, ...]

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<path>[^\[\]#]+?)\s*\]\]?\s*(#.*)?$")
_PAIR = re.compile(r"""^\s*(?P<path>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_SHORT_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) at which each key and each table first stands; values are skipped over."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in _key_rows(text):
        if header := _HEADER.match(line):
            table = _parts(header["path"])
            found.setdefault(table, number)
        elif pair := _PAIR.match(line):
            path = table + _parts(pair["path"])
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of a key, else of the nearest table around it, else 1."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def path_at(lines: Mapping[Path, int], number: int) -> Path:
    """Return the last key or table that begins on or before a line."""
    before = [(line, len(path), path) for path, line in lines.items() if line <= number]
    return max(before)[2] if before else ()


def _parts(path: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(path))


def _key_rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that do not lie within a long string or a list of several lines."""
    fence = ""
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not fence and depth == 0:
            yield number, line
        fence, outside = _skip_long_strings(line, fence)
        bare = _SHORT_STRING.sub("", outside).split("#")[0]
        depth = max(depth + bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}"), 0)


def _skip_long_strings(line: str, fence: str) -> tuple[str, str]:
    """Return the fence of the long string still open after a line, and the text outside of any."""
    outside = ""
    while line:
        if fence:
            _, closed, line = line.partition(fence)
            fence = "" if closed else fence
            continue
        opening = min((line.find(f), f) for f in ('"""', "'''") if f in line) if _has_fence(line) else None
        if opening is None:
            return fence, outside + line
        at, fence = opening
        outside, line = outside + line[:at], line[at + 3 :]
    return fence, outside


def _has_fence(line: str) -> bool:
    return '"""' in line or "'''" in line
