"""`draft`: the CDAI draft of a visit, as of now."""

from typing import Annotated

import typer

from bot.cli.common import JsonOption, looking, print_json
from bot.cli.site import CodeArgument, VisitArgument


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("draft")(draft)


def read_language(text: str) -> str:
    """zh or en. Raises BadParameter, which counts as wrong usage."""
    if text not in ("zh", "en"):
        raise typer.BadParameter(f"{text} must be zh or en.")
    return text


def draft(
    code: CodeArgument,
    visit: VisitArgument,
    language: Annotated[str, typer.Option("--language", metavar="zh|en", parser=read_language)] = "en",
    as_json: JsonOption = False,
) -> None:
    """Show the draft: scored days, components known and missing, the interval, and what is decided."""
    from bot.actions.pull_draft import pull_draft
    from bot.documents.draft_text import draft_text
    from bot.scoring.draft_json import draft_to_json

    with looking() as look:
        pulled = pull_draft(look.session, code, visit, study=look.study, now=look.now)
    if as_json:
        print_json(draft_to_json(pulled.draft))
    else:
        print(draft_text(pulled.draft, pulled.header, language), end="")
