"""`study-table`: by visit and endpoint, how many of how many, with exact limits and what is missing."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import JsonOption, looking, print_json
from bot.cli.site import print_table

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.scoring.study_table import Proportion, StudyRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("study-table")(show)


def show(
    site: Annotated[str | None, typer.Option("--site", metavar="S", help="Only participants of this site.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Endpoints of the study by visit: numerator, denominator, percentage with exact 95 % limits, and the missing."""
    from bot.scoring.study_table import table_to_json
    from bot.storage.views.endpoints import read_study_table

    with looking() as look:
        if site is not None:
            look.study.protocol.site(site)
        rows = read_study_table(look.session, look.study.protocol, look.now, sites=None if site is None else {site})
    if as_json:
        print_json(table_to_json(rows))
        return
    head = ("visit", "endpoint", "planned", "met", "percent (exact 95 %)", "missing", "missing as non-responder")
    print_table(head, [_line(row) for row in rows])


def _line(row: "StudyRow") -> tuple[str, ...]:
    reasons = ", ".join(f"{reason} {count}" for reason, count in row.missing.items() if count)
    provisional = f" ({row.provisional} provisional)" if row.provisional else ""
    return (
        row.visit,
        row.endpoint,
        str(row.planned),
        f"{row.observed.numerator}/{row.observed.denominator}{provisional}",
        _percent(row.observed),
        reasons or "none",
        f"{row.imputed.numerator}/{row.imputed.denominator}, {_percent(row.imputed)}",
    )


def _percent(found: "Proportion") -> str:
    from bot.scoring.study_table import proportion_shown

    percent, low, high = proportion_shown(found)
    return "–" if percent is None else f"{percent:.1f} ({low:.1f}–{high:.1f})"
