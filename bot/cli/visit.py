"""`visit`: list, move with a preview, prepare, check in, record as missed."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.cli.common import ByOption, JsonOption, looking, print_json, say, writing
from bot.cli.site import (
    CodeArgument,
    ReasonOption,
    VisitArgument,
    one_of,
    participant_for,
    print_table,
    read_day,
    read_instant,
    read_time,
    utc_text,
)

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.actions.study import Study
    from bot.cli.common import Work
    from bot.storage.tables import ParticipantRow
    from bot.storage.views.visit_list import ListedVisit
    from schedules.visits import MovePreview, ScheduledVisit

group = typer.Typer(help="List, move, prepare and check in visits.", no_args_is_help=True)
MISSED = ("no_show", "not_done", "terminated")
PreviewOption = Annotated[bool, typer.Option("--preview", help="Show what would change; nothing is stored.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="visit")


@group.command("list")
def show(code: CodeArgument, as_json: JsonOption = False) -> None:
    """Every visit with its window, state and diary days."""
    from bot.storage.participants import participant_by_code
    from bot.storage.views.visit_list import list_visits

    with looking() as look:
        participant = participant_by_code(look.session, code)
        visits = list_visits(look.session, participant, look.study.protocol, look.now)
        today = look.now.astimezone(ZoneInfo(look.study.protocol.site(participant.site).timezone)).date()
    if as_json:
        print_json([visit_document(listed) for listed in visits])
        return
    head = ("visit", "on", "window", "state", "diary days")
    print_table(head, [_row(listed, today) for listed in visits])


def visit_document(listed: "ListedVisit") -> dict[str, Any]:
    """One visit as JSON."""
    visit = listed.visit
    return {
        "visit": visit.code,
        "on": visit.on.isoformat(),
        "held": visit.held,
        "window": {"first": visit.first.isoformat(), "last": visit.last.isoformat()},
        "state": visit.state.value,
        "days": [{"on": day.on.isoformat(), "label": day.label, "state": day.state.value} for day in listed.days],
    }


def _row(listed: "ListedVisit", today: date) -> tuple[str, ...]:
    visit = listed.visit
    days = ", ".join(f"{day.label} {day.state.value}" for day in listed.days if day.state.value != "not_open")
    unopened = sum(day.state.value == "not_open" for day in listed.days)
    coming = f"{unopened} not yet open" if unopened else ""
    window = f"{visit.first} to {visit.last}" + (" (outside)" if visit.outside_tolerance else "")
    return (visit.code, visit.on.isoformat(), window, _state(visit, today), "; ".join(filter(None, (days, coming))))


def _state(visit: "ScheduledVisit", today: date) -> str:
    unrecorded = visit.state.value == "planned" and visit.on < today
    return "not checked in" if unrecorded else visit.state.value


@group.command("move")
def move(
    code: CodeArgument,
    visit: VisitArgument,
    to: Annotated[date, typer.Argument(metavar="DATE", parser=read_day)],
    at: Annotated[
        time | None, typer.Option("--time", metavar="HH:MM", parser=read_time, help="Planned check-in, site time.")
    ] = None,
    preview: PreviewOption = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="R")] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a visit; outside its tolerance only with a reason. Nothing entered is lost or asked again."""
    from bot.actions.move_visit import check_can_move, move_visit, preview_visit_move
    from bot.storage.participants import participant_by_code

    if preview:
        with looking() as look:
            participant = participant_by_code(look.session, code)
            check_can_move(look.session, participant, visit, to, study=look.study, now=look.now)
            found = preview_visit_move(look.session, participant, visit, to, study=look.study, now=look.now, at=at)
    else:
        with writing(by) as work:
            participant = participant_for(work, code)
            found = move_visit(work.trail, participant, visit, to, study=work.study, at=at, reason=reason)
    show_preview(found, as_json=as_json)
    if not as_json:
        print("Nothing was changed." if preview else f"{visit} of {code} is planned for {to}.")


def preview_document(found: "MovePreview") -> dict[str, Any]:
    """A move as JSON."""
    return {
        "from": found.from_on.isoformat(),
        "to": found.to_on.isoformat(),
        "days_in_hand": found.days_in_hand,
        "new_prompts": found.new_prompts,
        "days_lost": found.days_lost,
        "evaluable_before": found.evaluable_before,
        "evaluable_after": found.evaluable_after,
        "outside_tolerance": found.outside_tolerance,
    }


def show_preview(found: "MovePreview", *, as_json: bool) -> None:
    """What a move changes, as JSON or in sentences."""
    if as_json:
        print_json(preview_document(found))
        return
    dates = f"{found.to_on}, as planned" if found.from_on == found.to_on else f"{found.from_on} -> {found.to_on}"
    print(f"{found.code}: {dates}. " + ", ".join(_consequences(found)) + ".")
    for later in found.later:
        mark = ", outside its tolerance" if later.outside_tolerance else ""
        print(f"  {later.code} follows: {later.from_on} -> {later.to_on}{mark}")


def _consequences(found: "MovePreview") -> list[str]:
    scored = len(found.after.scoring_days)
    parts = [
        f"{found.days_in_hand} of {scored} days in hand",
        counted(found.new_prompts, "new prompt", "new prompts"),
        counted(found.days_lost, "entered day no longer counts", "entered days no longer count"),
        _evaluable(found),
    ]
    return [*parts, "outside the tolerance"] if found.outside_tolerance else parts


def counted(number: int, one: str, many: str) -> str:
    """A count with its noun in the right number."""
    return f"{number} {one if number == 1 else many}"


def _evaluable(found: "MovePreview") -> str:
    if found.evaluable_after:
        return "still evaluable" if found.evaluable_before else "evaluable again"
    return "no longer evaluable" if found.evaluable_before else "still not evaluable"


@group.command("prepare")
def prepare(
    code: CodeArgument,
    visit: VisitArgument,
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    bowel_prep: Annotated[
        list[str] | None, typer.Option("--bowel-prep", metavar="DATE...", help="One or more dates.")
    ] = None,
    endoscopy: Annotated[date | None, typer.Option("--endoscopy", metavar="DATE", parser=read_day)] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the preparation days of the visit.")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record the preparation and endoscopy days of a visit; they replace those recorded before."""
    from bot.actions.prepare_visit import prepare_visit

    days = [read_day(text) for part in (*(bowel_prep or ()), *(more or ())) for text in part.split(",") if text]
    if clear == bool(days or endoscopy):
        raise typer.BadParameter("give --bowel-prep DATE and --endoscopy DATE, or --clear on its own.")
    with writing(by) as work:
        participant = participant_for(work, code)
        found = prepare_visit(work.trail, participant, visit, bowel_prep=days, endoscopy_on=endoscopy, study=work.study)
        document = _document(work, participant, visit)
    if as_json:
        print_json(document)
        return
    left_out = ", ".join(f"{day.on} ({day.reason.value})" for day in found.excluded) or "none"
    print(f"{visit} of {code} on {found.on}: left out {left_out}.")
    print(f"The scored days are {found.scoring_days[0]} to {found.scoring_days[-1]}.")


@group.command("checkin")
def checkin(
    code: CodeArgument,
    visit: VisitArgument,
    at: Annotated[
        datetime | None,
        typer.Option("--at", metavar="INSTANT", parser=read_instant, help="When the visit began; now if left out."),
    ] = None,
    preview: PreviewOption = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a visit is held: day -1 closes, and after the baseline visit the later ones follow."""
    from bot.actions.check_in import check_in, preview_check_in
    from bot.storage.participants import participant_by_code

    if preview:
        with looking() as look:
            participant = participant_by_code(look.session, code)
            held_at = _at_site(at, participant, look.study) or look.now
            found = preview_check_in(look.session, participant, visit, held_at, study=look.study, now=look.now)
        show_preview(found, as_json=as_json)
        return
    with writing(by) as work:
        participant = participant_for(work, code)
        held = check_in(work.trail, participant, visit, study=work.study, at=_at_site(at, participant, work.study))
        document = _document(work, participant, visit)
    if held.entered_after is not None:
        say(f"Day -1 was submitted after this check-in, at {utc_text(held.entered_after)}: it stays as it was saved.")
    if as_json:
        print_json(document)
        return
    show_preview(held.preview, as_json=False)
    print(f"{visit} of {code} is held on {held.held_on}; day -1 is closed.")


@group.command("missed")
def missed(
    code: CodeArgument,
    visit: VisitArgument,
    state: Annotated[str, typer.Option("--as", metavar="|".join(MISSED), parser=one_of(*MISSED))],
    reason: ReasonOption,
    by: ByOption = None,
) -> None:
    """Record that a visit does not take place; `terminated` ends every later one too."""
    from bot.actions.miss_visit import miss_visit

    with writing(by) as work:
        miss_visit(work.trail, participant_for(work, code), visit, state=state, reason=reason, study=work.study)
    later = " and every later visit" if state == "terminated" else ""
    print(f"{visit} of {code} is recorded as {state}: no more prompts for it{later}.")


def _at_site(at: datetime | None, participant: "ParticipantRow", study: "Study") -> datetime | None:
    """An instant without an offset is the wall clock of the participant's site."""
    if at is None or at.tzinfo is not None:
        return at
    return at.replace(tzinfo=ZoneInfo(study.protocol.site(participant.site).timezone))


def _document(work: "Work", participant: "ParticipantRow", code: str) -> dict[str, Any]:
    from bot.storage.views.visit_list import list_visits

    visits = list_visits(work.session, participant, work.study.protocol, work.now)
    return next(visit_document(listed) for listed in visits if listed.visit.code == code)
