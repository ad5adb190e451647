"""`draft`: the CDAI draft of a visit, as of now."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import ByOption, JsonOption, looking, print_json, say, writing
from bot.cli.site import CodeArgument, VisitArgument, one_of, participant_for

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.actions.pull_draft import PulledDraft


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("draft")(draft)


def draft(
    code: CodeArgument,
    visit: VisitArgument,
    language: Annotated[str, typer.Option("--language", metavar="zh|en", parser=one_of("zh", "en"))] = "en",
    store: Annotated[bool, typer.Option("--store", help="Keep this draft on record as printed.")] = False,
    pdf: Annotated[
        Path | None,
        typer.Option("--pdf", metavar="FILE", dir_okay=False, help="Write one A4 page to FILE and keep the draft."),
    ] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the draft: scored days, components known and missing, the interval, and what is decided."""
    from bot.actions.show_signature import signature_json
    from bot.documents.draft_text import draft_text
    from bot.scoring.draft_json import draft_to_json

    if by is not None and not store and pdf is None:
        raise typer.BadParameter("--by goes with --store or --pdf: looking at a draft records nobody.")
    if pdf is not None:
        write_page(code, visit, language, pdf, by)
        if not as_json:
            return
    pulled = stored(code, visit, by) if store else pulled_now(code, visit)
    if as_json:
        print_json(draft_to_json(pulled.draft, pulled.header.since, signature_json(pulled.signature)))
    else:
        print(draft_text(pulled.draft, pulled.header, language), end="")


def pulled_now(code: str, visit: str) -> "PulledDraft":
    """The draft as of now."""
    from bot.actions.pull_draft import pull_draft

    with looking() as look:
        return pull_draft(look.session, code, visit, study=look.study, now=look.now)


def stored(code: str, visit: str, by: str | None) -> "PulledDraft":
    """The draft as of now, kept on record as printed; it shows what had changed before it was kept."""
    from bot.actions.pull_draft import pull_draft
    from bot.actions.store_draft import store_draft

    with writing(by) as work:
        participant = participant_for(work, code)
        pulled = pull_draft(work.session, code, visit, study=work.study, now=work.now)
        row = store_draft(work.trail, participant, visit, "printed", study=work.study)
    say(f"{code} {visit}: on record as printed at {row.at:%Y-%m-%d %H:%M} UTC, {row.hash}")
    return pulled


def write_page(code: str, visit: str, language: str, path: Path, by: str | None) -> None:
    """Write the draft as a PDF page; it is kept on record as printed only when the file could be written."""
    from bot.actions.print_draft import print_draft
    from bot.errors import RefusedError

    with writing(by) as work:
        page = print_draft(work.trail, participant_for(work, code), visit, language, study=work.study)
        try:
            path.write_bytes(page)
        except OSError as problem:
            raise RefusedError(f"{path} cannot be written ({problem.strerror}): name another file.") from problem
    say(f"{code} {visit}: printed to {path} and on record as printed")
