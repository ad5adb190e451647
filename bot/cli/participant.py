"""`participant`: enrol, invite, make a diary link, change a zone, unlink, withdraw, list."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import ByOption, JsonOption, looking, print_json, say, writing
from bot.cli.site import (
    CodeArgument,
    ReasonOption,
    check_own_site,
    invite_link,
    one_of,
    participant_for,
    print_table,
    read_day,
    utc_text,
)

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.cli.common import Work
    from bot.storage.tables import ParticipantRow

group = typer.Typer(help="Enrol, invite, withdraw and list participants.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="participant")


def read_decimal(text: str) -> Decimal:
    """A number as typed, with a point. Raises BadParameter, which counts as wrong usage."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise typer.BadParameter(f"{text} is not a number: write it with a point, as in 172.5.")
    return number


@group.command("add")
def add(
    code: CodeArgument,
    site: Annotated[str, typer.Option("--site", metavar="S", help="An id of the protocol file.")],
    sex: Annotated[str, typer.Option("--sex", metavar="male|female", parser=one_of("male", "female"))],
    height_cm: Annotated[Decimal, typer.Option("--height-cm", metavar="H", parser=read_decimal)],
    language: Annotated[str, typer.Option("--language", metavar="zh|en", parser=one_of("zh", "en"))],
    timezone: Annotated[str, typer.Option("--timezone", metavar="TZ", help="An IANA name, as in Asia/Shanghai.")],
    baseline: Annotated[date, typer.Option("--baseline", metavar="DATE", parser=read_day)],
    consent_on: Annotated[date | None, typer.Option("--consent-on", metavar="DATE", parser=read_day)] = None,
    stoma: Annotated[bool, typer.Option("--stoma", help="Stoma or pouch: the CDAI is blocked.")] = False,
    standard_weight_kg: Annotated[
        Decimal | None,
        typer.Option("--standard-weight-kg", metavar="KG", parser=read_decimal, help="Only if the study enters it."),
    ] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol a participant and make the first invitation."""
    from bot.actions.enrol import Enrolment, enrol

    given = Enrolment(
        code=code,
        site=site,
        sex=sex,
        height_cm=height_cm,
        language=language,
        timezone=timezone,
        baseline_on=baseline,
        consent_on=consent_on,
        stoma=stoma,
        standard_weight_kg=standard_weight_kg,
    )
    with writing(by) as work:
        check_own_site(work, site)
        enrolled = enrol(work.trail, given, study=work.study)
        document = invitation_document(work, code, enrolled.token) | new_diary_link(work, enrolled.participant)
        weight = enrolled.participant.standard_weight_kg
    for warning in enrolled.warnings:
        say(warning)
    if as_json:
        print_json(document)
        return
    print(f"{code} is enrolled at {site}. Standard weight {weight or 'unknown'} kg, frozen.")
    print_invitation(document)


def invitation_document(work: "Work", code: str, token: str) -> dict[str, str | None]:
    """What a site needs to hand on an invitation; the token is shown this once."""
    return {
        "code": code,
        "start_payload": token,
        "invite_link": invite_link(work.session, token),
        "diary_link": None,
        "valid_until": utc_text(work.now + work.study.protocol.invitations.valid),
    }


def print_invitation(document: dict[str, str | None]) -> None:
    """The invitation in words."""
    link = document["invite_link"]
    print(f"Invitation, single use, valid until {document['valid_until']}:")
    print(f"  {link or '/start ' + str(document['start_payload'])}")
    if link is None:
        print("  The link is known once `run` has learnt the bot's name; until then send the line above in the chat.")
    if document["diary_link"]:
        print_diary_link(document["diary_link"])


def new_diary_link(work: "Work", participant: "ParticipantRow") -> dict[str, str | None]:
    """A new personal link to the diary page; null, and none made, while the page has no address."""
    from bot.actions.make_diary_link import diary_link_address, make_diary_link

    settings = work.room.settings
    if diary_link_address("", public_url=settings.public_url, listen=settings.listen) is None:
        return {"diary_link": None}
    work.trail.participant = participant.code
    token = make_diary_link(work.trail, participant, study=work.study)
    return {"diary_link": diary_link_address(token, public_url=settings.public_url, listen=settings.listen)}


def print_diary_link(link: str) -> None:
    """The personal link in words."""
    print("Personal link to the diary page, for the participant alone; it works until it is revoked:")
    print(f"  {link}")


@group.command("invite")
def invite(code: CodeArgument, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Make a new single-use invitation; earlier ones stop working."""
    from bot.actions import invite as act

    with writing(by) as work:
        token = act.invite(work.trail, participant_for(work, code), study=work.study)
        document = invitation_document(work, code, token)
    if as_json:
        print_json(document)
    else:
        print_invitation(document)


@group.command("link")
def link(
    code: CodeArgument,
    revoke: Annotated[bool, typer.Option("--revoke", help="Only end the present link; make no new one.")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new personal link to the diary page; the earlier one stops working at once."""
    from bot.actions.revoke_diary_link import revoke_diary_link
    from bot.errors import RefusedError

    with writing(by) as work:
        participant = participant_for(work, code)
        if revoke:
            revoke_diary_link(work.trail, participant)
            made: dict[str, str | None] = {"diary_link": None}
        elif (made := new_diary_link(work, participant))["diary_link"] is None:
            raise RefusedError("The diary page has no address that a participant could open: set CDAI_PUBLIC_URL.")
    if as_json:
        print_json({"code": code, **made})
    elif made["diary_link"]:
        print_diary_link(made["diary_link"])
    else:
        print(f"{code}'s link to the diary page opens nothing any more: `participant link {code}` makes a new one.")


@group.command("zone")
def zone(
    code: CodeArgument,
    timezone: Annotated[str, typer.Argument(metavar="TZ", help="An IANA name, as in Europe/London.")],
    reason: ReasonOption,
    by: ByOption = None,
) -> None:
    """Give a participant another time zone, from the next diary day."""
    from bot.actions.change_zone import change_zone

    with writing(by) as work:
        from_on = change_zone(work.trail, participant_for(work, code), timezone, reason=reason, study=work.study)
    print(f"{code} lives by {timezone} from the diary day of {from_on}.")


@group.command("unlink")
def unlink(code: CodeArgument, reason: ReasonOption, by: ByOption = None) -> None:
    """Let go of a participant's chat; a new invitation binds another."""
    from bot.actions import unlink as act

    with writing(by) as work:
        act.unlink(work.trail, participant_for(work, code), reason=reason, study=work.study)
    print(f"{code} has no chat now: `participant invite {code}` makes a new invitation.")


@group.command("withdraw")
def withdraw(code: CodeArgument, reason: ReasonOption, by: ByOption = None) -> None:
    """Stop everything for a participant; the data stay."""
    from bot.actions import withdraw as act

    with writing(by) as work:
        act.withdraw(work.trail, participant_for(work, code), reason=reason, study=work.study)
    print(f"{code} is withdrawn: no further messages; what was entered stays.")


@group.command("list")
def show(as_json: JsonOption = False) -> None:
    """Every participant: status, language, zone, hour, and whether messages reach them."""
    from bot.storage.views.roster import roster

    with looking() as look:
        lines = roster(look.session, look.study.protocol, look.now)
    rows = [{**asdict(line), "joined": utc_text(line.joined) if line.joined else None} for line in lines]
    if as_json:
        print_json(rows)
    elif not rows:
        print("Nobody is enrolled yet: `participant add` enrols the first participant.")
    else:
        print_table(list(rows[0]), [[str(value or "–") for value in row.values()] for row in rows])
