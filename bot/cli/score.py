"""`score`: score a file of test vectors; no database, no clock."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.assess import read_json
from bot.cli.common import JsonOption, print_json
from bot.cli.site import print_table

# What a person wants to see of a result; the whole of it is in --json.
TELLING = (
    "error", "total", "category", "status", "flags", "pro2", "pro3", "scdai", "scdai_band", "decrease", "cdai70",
    "cdai100", "remission", "current", "percent_decrease", "endoscopic_response_ge50", "endoscopic_remission_le2",
    "component",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("score")(score)


def score(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of the schema cdai-vectors/1.")],
    as_json: JsonOption = False,
) -> None:
    """Score every vector of a file; an impossible value is that vector's result."""
    from bot.scoring.vectors import score_document

    results = score_document(read_json(file))
    if as_json:
        print_json(results)
        return
    print_table(("id", "result"), [(str(one["id"]), summary(one["result"])) for one in results])
    print(f"{len(results)} vectors, every one with a result.")


def summary(result: Mapping[str, Any]) -> str:
    """A result in one line: its telling values, or all of them where none is."""
    keys = [key for key in TELLING if key in result] or list(result)
    return ", ".join(f"{key} {_short(result[key])}" for key in keys if result[key] not in (None, []))


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return _short(value.get("total", dict(value)))
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
