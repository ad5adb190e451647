"""A rehearsal's outcome as pages of text, each of which says first what it does not show."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from bot.rehearsal.study import Outcome

SIMULATED: Final = "Simulated participants: shows that the mechanics work, says nothing about adherence"


def pages(outcome: Outcome) -> list[str]:
    """The pages: summary with the promises, completeness, message ledger, endpoints."""
    bodies = (_summary(outcome), _completeness(outcome), _ledger(outcome), _endpoints(outcome))
    return [f"{SIMULATED}\n\n{body}\n" for body in bodies]


def _summary(outcome: Outcome) -> str:
    asked = outcome.asked
    weather = "with" if asked.faults else "without"
    days, pace = outcome.participant_days, f"{outcome.participant_days_per_second:.1f} participant-days/s"
    lines = [
        f"Rehearsal of {asked.participants} participants, seed {asked.seed}, {weather} faults",
        f"{days} participant-days, {outcome.diary_days} diary days, {outcome.seconds:.1f} s: {pace}",
        f"digest {outcome.digest}",
    ]
    if outcome.asked.faults:
        struck = ", ".join(f"{kind} {count}" for kind, count in outcome.struck.items())
        lines.append(f"faults: {struck}; outages of the service: {outcome.outages}")
    rows = [(one.name, str(one.checked), str(one.broken)) for one in outcome.invariants]
    lines += ["", "Promises", _table(("promise", "checked", "broken"), rows)]
    lines += [f"broken, {one.name}: {', '.join(one.examples)}" for one in outcome.invariants if one.broken]
    return "\n".join(lines)


def _completeness(outcome: Outcome) -> str:
    return f"Completeness: scoring days by visit and state\n{_cross('visit', outcome.completeness)}"


def _ledger(outcome: Outcome) -> str:
    return f"Message ledger: rows by kind and end\n{_cross('kind', outcome.ledger)}"


def _endpoints(outcome: Outcome) -> str:
    head = ("visit", "endpoint", "planned", "met", "percent (exact 95 %)", "missing")
    return f"Endpoints of the made-up courses\n{_table(head, [_endpoint(row) for row in outcome.endpoints])}"


def _endpoint(row: dict[str, Any]) -> tuple[str, ...]:
    reasons = ", ".join(f"{reason} {count}" for reason, count in row["missing"].items() if count)
    percent = "-" if row["percent"] is None else f"{row['percent']} ({row['low']} to {row['high']})"
    met = f"{row['numerator']}/{row['evaluable']}"
    return row["visit"], row["endpoint"], str(row["planned"]), met, percent, reasons or "none"


def _cross(name: str, counts: dict[str, dict[str, int]]) -> str:
    """A table of counts, one column for each state that occurs."""
    columns = sorted({state for states in counts.values() for state in states})
    rows = [(key, *(str(states.get(column, 0)) for column in columns)) for key, states in counts.items()]
    return _table((name, *columns), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns side by side, each as wide as its widest cell."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
