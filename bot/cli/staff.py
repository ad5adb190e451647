"""`staff`: create accounts, make new setup links, disable, list."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import ByOption, JsonOption, looking, print_json, writing
from bot.cli.site import ReasonOption, one_of, print_table, utc_text

if TYPE_CHECKING:  # opened when a command runs, so that --help stays quick
    from bot.people.sealing import Sealer
    from bot.settings import Settings
    from bot.storage.staff import Account

group = typer.Typer(help="Create, re-issue, disable and list staff accounts.", no_args_is_help=True)
ROLES = ("coordinator", "clinician", "data_manager", "monitor", "admin")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name, as in 'Coordinator 01'.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="staff")


@group.command("add")
def add(
    name: NameArgument,
    role: Annotated[str, typer.Option("--role", metavar="|".join(ROLES), parser=one_of(*ROLES))],
    site: Annotated[str, typer.Option("--site", metavar="S", help="An id of the protocol file; `all` for some roles.")],
    language: Annotated[
        str, typer.Option("--language", metavar="zh|en", parser=one_of("zh", "en"), help="Of the account's pages.")
    ] = "en",
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create an account and print its one-time setup link, valid for 72 hours."""
    from bot.actions.add_staff import add_staff

    with writing(by) as work:
        settings = work.room.settings
        account, token = add_staff(
            work.trail, name, role=role, site=site, language=language, study=work.study,
            sealer=sealer(settings), at=work.room.clock.system_now(),
        )  # fmt: skip
        document = link_document(settings, account, token)
    print_link(document, as_json=as_json)


@group.command("link")
def link(name: NameArgument, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Print a new setup link: for a lost phone or password, or when the first link has expired."""
    from bot.actions.add_staff import issue_setup_link
    from bot.storage.staff import account_to_manage

    with writing(by) as work:
        settings = work.room.settings
        account = account_to_manage(work.session, name)
        token = issue_setup_link(
            work.trail, account, study=work.study, sealer=sealer(settings), at=work.room.clock.system_now()
        )
        document = link_document(settings, account, token)
    print_link(document, as_json=as_json)


@group.command("disable")
def disable(name: NameArgument, reason: ReasonOption, by: ByOption = None) -> None:
    """Disable an account for good; its sessions end at once."""
    from bot.actions.disable_staff import disable_staff
    from bot.storage.staff import account_to_manage

    with writing(by) as work:
        account = account_to_manage(work.session, name)
        ended = disable_staff(work.trail, account, reason=reason, at=work.room.clock.system_now())
    print(f"{account.staff.name} is disabled; {ended} session(s) ended.")


@group.command("list")
def list_accounts(as_json: JsonOption = False) -> None:
    """List the accounts."""
    from bot.storage.staff import all_accounts

    with looking() as look:
        accounts = all_accounts(look.session)
    if as_json:
        print_json([account_document(account) for account in accounts])
        return
    rows = [tuple("" if value is None else str(value) for value in account_document(one).values()) for one in accounts]
    print_table(("account", "role", "site", "state", "since"), rows)


def account_document(account: "Account") -> dict[str, str | None]:
    """One account as JSON shows it; `state` is waiting, active or disabled."""
    staff, set_up_at = account.staff, account.credential.set_up_at
    state = "disabled" if staff.disabled_at else "active" if set_up_at else "waiting"
    since = staff.disabled_at or set_up_at or staff.created_at
    return {"name": staff.name, "role": staff.role, "site": staff.site, "state": state, "since": utc_text(since)}


def link_document(settings: "Settings", account: "Account", token: str) -> dict[str, str]:
    """The account and its setup link."""
    return {
        "name": account.staff.name,
        "role": account.staff.role,
        "site": account.staff.site,
        "setup_link": f"{settings.public_url or f'http://{settings.listen}'}/clinic/setup/{token}",
    }


def print_link(document: dict[str, str], *, as_json: bool) -> None:
    """Print the link, for a person or for a program."""
    if as_json:
        print_json(document)
        return
    print(
        f"{document['name']} ({document['role']}, {document['site']}) sets the account up here, once, within 72 hours:"
    )
    print(document["setup_link"])


def sealer(settings: "Settings") -> "Sealer":
    """What seals the account's secrets. Raises SettingsError without a secret key."""
    from bot.people.sealing import Sealer

    return Sealer(settings.read_secret_key().get_secret_value())
