"""`assess`: enter the clinic components of a visit."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import ByOption, JsonOption, print_json, say, writing
from bot.cli.participant import read_decimal
from bot.cli.site import CodeArgument, VisitArgument, participant_for, read_day

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.storage.tables import AssessmentRow

YES_NO = {"yes": True, "no": False}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("assess")(assess)


def read_yes_no(text: str) -> bool:
    """An answer as typed. Raises BadParameter, which counts as wrong usage."""
    if text not in YES_NO:
        raise typer.BadParameter(f"{text} must be yes or no.")
    return YES_NO[text]


def assess(
    code: CodeArgument,
    visit: VisitArgument,
    hct: Annotated[Decimal | None, typer.Option("--hct", metavar="VALUE", parser=read_decimal)] = None,
    hct_unit: Annotated[str | None, typer.Option("--hct-unit", metavar="%|L/L", help="Always needed.")] = None,
    hct_on: Annotated[date | None, typer.Option("--hct-on", metavar="DATE", parser=read_day)] = None,
    weight_kg: Annotated[Decimal | None, typer.Option("--weight-kg", metavar="KG", parser=read_decimal)] = None,
    weight_on: Annotated[date | None, typer.Option("--weight-on", metavar="DATE", parser=read_day)] = None,
    mass: Annotated[str | None, typer.Option("--mass", metavar="none|questionable|definite")] = None,
    complications: Annotated[
        str | None,
        typer.Option("--complications", help="`none`, the groups present, or GROUP=yes|no,... for single groups."),
    ] = None,
    antidiarrhoeal: Annotated[str | None, typer.Option("--antidiarrhoeal", metavar="yes|no")] = None,
    sescd: Annotated[
        Path | None, typer.Option("--sescd", metavar="FILE", help="JSON: {segment: [four grades] or null}.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Unusual values were checked and are right.")] = False,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="hct|weight", help="Accept a value carried forward.")
    ] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enter clinic components: those given become a new revision, the others stay as they are."""
    from bot.actions.accept_carried import accept_carried
    from bot.actions.assess import ClinicValues, read_complications
    from bot.actions.assess import assess as act

    values = ClinicValues(
        hct=hct,
        hct_unit=hct_unit,
        hct_on=hct_on,
        weight_kg=weight_kg,
        weight_on=weight_on,
        mass=mass,
        complications=None if complications is None else read_complications(complications),
        antidiarrhoeal=None if antidiarrhoeal is None else read_yes_no(antidiarrhoeal),
        sescd=None if sescd is None else read_segments(sescd),
        confirmed=confirm,
    )
    with writing(by) as work:
        person = participant_for(work, code)
        only_accepts = accept and values == ClinicValues(confirmed=confirm)
        rows = [] if only_accepts else list(act(work.trail, person, visit, values, study=work.study))
        rows += [accept_carried(work.trail, person, visit, one, study=work.study) for one in accept or ()]
    documents = [row_document(row) for row in rows]
    if as_json:
        print_json(documents)
        return
    for row in rows:
        taken = f", measured on {row.measured_on}" if row.measured_on else ""
        said = worded(json.loads(row.value))
        print(f"{code} {visit} {row.component}: {said}{taken}; revision {row.revision}, source {row.source}")
    if not rows:
        say(f"Every value given stands already for {visit} of {code}: nothing was changed.")


def row_document(row: "AssessmentRow") -> dict[str, Any]:
    """One stored revision as JSON."""
    return {
        "component": row.component,
        "value": json.loads(row.value),
        "measured_on": row.measured_on.isoformat() if row.measured_on else None,
        "revision": row.revision,
        "source": row.source,
    }


def worded(value: object) -> str:
    """A stored value as a person reads it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case {"value": number, "unit": unit}:
            return f"{number} {unit}"
        case dict():
            return ", ".join(f"{key} {worded(one)}" for key, one in value.items())
        case list():
            return "-".join(map(str, value))
        case None:
            return "not explored"
    return str(value)


def read_segments(path: Path) -> Mapping[str, object]:
    """The grades of an endoscopy from a JSON file; raises InvalidInputError when it holds something else."""
    document = read_json(path)
    if not isinstance(document, dict):
        from bot.errors import InvalidInputError

        raise InvalidInputError(f"{path.name} must hold one JSON object, a segment to its four grades or null.")
    return document


def read_json(path: Path) -> object:
    """A JSON file; raises InvalidInputError in one sentence when it cannot be read."""
    from bot.errors import InvalidInputError

    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InvalidInputError(f"{path} cannot be read: give the path of a text file in UTF-8.") from None
    except (ValueError, RecursionError) as fault:
        place = f", line {fault.lineno}" if isinstance(fault, json.JSONDecodeError) else ""
        raise InvalidInputError(f"{path}{place}: this is not JSON.") from None
