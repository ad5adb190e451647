"""Every line of the shipped protocol, broken in many ways: one sentence with file, line and key, or a valid file."""

import re
from collections.abc import Iterator
from pathlib import Path

from schedules.errors import ScheduleError
from schedules.loader import load_protocol, seed_protocol_path

LINES = seed_protocol_path().read_text(encoding="utf-8").split("\n")
SETTING = re.compile(r'([\w.]+) = \{ value = (.*), source = "(registry|assumption)" \}')
WRONG = ('"nonsense"', "-5", "1.5", "[]", "99999", "25:00:00", "")
SENTENCE = re.compile(r"\S*broken\.toml:[1-9]\d*: [^\s:]+: [^\n]+[.:}\]]")
MUST_BE_REFUSED = re.compile(
    r"drop (visits|diary|reminders|outages|endpoints)|without a source|renamed|an unknown source"
)


def broken() -> Iterator[tuple[str, str]]:
    """What was done, and the text of the file; a table is named with the settings in it."""
    table = ""
    for number, line in enumerate(LINES):
        if found := re.fullmatch(r"\[(.+)\]", line):
            table = found[1]
            yield f"drop table {table}", with_line(number, "")
        if (found := SETTING.fullmatch(line)) is None:
            continue
        key, value, source = found.groups()
        yield f"drop {table}.{key}", with_line(number, "")
        yield f"{table}.{key} without a source", with_line(number, f"{key} = {{ value = {value} }}")
        yield f"{table}.{key} renamed", with_line(number, line.replace(key, f"{key}zz", 1))
        yield f"{table}.{key} from an unknown source", with_line(number, line.replace(source, "guess"))
        for wrong in WRONG:
            yield f"{table}.{key} = {wrong}", with_line(number, f'{key} = {{ value = {wrong}, source = "{source}" }}')


def with_line(number: int, line: str) -> str:
    return "\n".join((*LINES[:number], line, *LINES[number + 1 :]))


def test_whatever_is_wrong_is_said_in_one_sentence_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    refused, accepted, wordless = 0, [], []
    for deed, text in broken():
        file.write_text(text, encoding="utf-8")
        try:
            load_protocol(file)
        except ScheduleError as error:
            refused += 1
            if not SENTENCE.fullmatch(str(error)):
                wordless.append((deed, str(error)))
        else:
            accepted.append(deed)
    assert wordless == []
    assert refused > 1000
    assert [deed for deed in accepted if MUST_BE_REFUSED.search(deed)] == []
