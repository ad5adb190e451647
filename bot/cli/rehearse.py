"""`rehearse`: the whole study on a virtual clock, with simulated participants; no database, token or network."""

from typing import Annotated

import typer

from bot.cli.common import JsonOption, print_json, undisturbed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rehearse")(rehearse)


def rehearse(
    participants: Annotated[int, typer.Option(min=1, max=999, help="How many take part.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed plays the same study.")] = 1,
    faults: Annotated[bool, typer.Option("--faults", help="Let Telegram, the line and the service fail.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Play the whole study on a virtual clock and check its promises; says nothing about adherence."""
    with undisturbed():  # nearly everything here dies by its reference count
        import logging

        from bot.log import set_up
        from bot.rehearsal.report import pages
        from bot.rehearsal.study import Rehearsal
        from bot.rehearsal.study import rehearse as play

        set_up(level=logging.CRITICAL)  # what fails here is meant to fail, and is counted
        outcome = play(Rehearsal(participants, seed, faults))
    if as_json:
        print_json(outcome.as_json())
    else:
        print("\n".join(pages(outcome)), end="")
    if outcome.broken:
        raise typer.Exit(1)
