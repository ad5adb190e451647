"""`migrate`: bring the database to this version's schema, and make what an instance needs once."""

import os
import secrets
from pathlib import Path

import typer

from bot.cli.common import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate() -> None:
    """Bring the database to this version's schema."""
    from bot.settings import load_settings
    from bot.storage.database import Database
    from bot.storage.rights import give_service_rights
    from bot.storage.run_lock import alone
    from bot.storage.schema import migrate as bring_up

    settings = load_settings()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # health data: for this account alone
    check_folder(settings.migration_database)
    if settings.secret_key is None and make_secret_key(settings.secret_key_path):
        say(f"Made the secret key {settings.secret_key_path}: keep it, and keep it secret.")
    with alone(settings.migration_database, why="migrate"):
        database = Database(settings.migration_database)
        try:
            before, after = bring_up(database)
            role = give_service_rights(database, settings.database)
        finally:
            database.close()
    say(f"The database has schema {after}." if before == after else f"Migrated from {before or 'nothing'} to {after}.")
    if role is not None:
        say(f"The role {role} has the rights that the service needs, and no others.")


def check_folder(url: str) -> None:
    """Raise SettingsError when a SQLite file is to be made in a folder that does not exist."""
    from sqlalchemy import make_url

    from bot.errors import SettingsError

    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database and not Path(address.database).parent.is_dir():
        raise SettingsError(f"The folder of {address.database} does not exist: make it, or change CDAI_DATABASE_URL.")


def make_secret_key(path: Path) -> bool:
    """Write a fresh key that only its owner can read; False when there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    return True
