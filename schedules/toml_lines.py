"""Finds the line of every key and table in a TOML text, so that a fault can be named where it stands."""

import re
from collections.abc import Iterable, Iterator, Mapping

Path = tuple[str, ...]

# The closing bracket is not asked for: a header that lacks it is still where the fault is.
_HEADER = re.compile(r"^\s*\[\[?\s*(?P<path>[^\[\]#]+)")
_PAIR = re.compile(r"""^\s*(?P<path>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_SHORT_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")


def key_rows(text: str) -> list[tuple[int, Path]]:
    """Return the line (from 1) of every key and every table header, in order; values are skipped over."""
    rows: list[tuple[int, Path]] = []
    table: Path = ()
    for number, line in _outer_lines(text):
        if header := _HEADER.match(line):
            table = _parts(header["path"])
            rows.append((number, table))
        elif pair := _PAIR.match(line):
            rows.append((number, table + _parts(pair["path"])))
    return rows


def line_of_each(rows: Iterable[tuple[int, Path]]) -> dict[Path, int]:
    """Return the line at which each key, and each table around one, first stands."""
    found: dict[Path, int] = {}
    for number, path in rows:
        for length in range(1, len(path) + 1):
            found.setdefault(path[:length], number)
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of a key, else of the nearest table around it, else 1."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def path_at(rows: Iterable[tuple[int, Path]], number: int) -> Path:
    """Return the last key or table that begins on or before a line."""
    return max(((line, path) for line, path in rows if line <= number), default=(0, ()), key=lambda r: r[0])[1]


def _parts(path: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(path))


def _outer_lines(text: str) -> Iterator[tuple[int, str]]:
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
