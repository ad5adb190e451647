"""Settings from the environment, `.env` or secret files; whatever is wrong is said in one sentence."""

import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from bot.errors import SettingsError

PREFIX = "CDAI_"
TELEGRAM_API_URL = "https://api.telegram.org/bot"
SECRETS_DIR = Path("/run/secrets")
SECRET_KEY_FILE = "secret_key"  # noqa: S105  # the name of a file
MIN_SECRET_KEY = 32
NOT_IN_SENTENCE = re.compile(r"\s+")


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
    return value


def _telegram_token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"\d+:[A-Za-z0-9_-]{3,}", value.get_secret_value()):
        raise ValueError("must look like the token that BotFather gave you: digits, a colon, letters")
    return value


def _telegram_api_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http or https address")
    if not parts.path.endswith("/bot") and "{token}" not in parts.path:
        raise ValueError("must end in /bot, as in http://127.0.0.1:8081/bot")
    return value


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http or https address without a question mark or hash")
    return value.rstrip("/")


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
        raise ValueError("must be 1 to 256 letters, digits, _ or -")
    return value


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65_535:
        raise ValueError("must be an address and a port, as in 127.0.0.1:8080")
    return value


def _secret_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < MIN_SECRET_KEY:
        raise ValueError(f"must have at least {MIN_SECRET_KEY} characters")
    return value


def _trusted_proxies(value: str) -> str:
    for address in value.split(","):
        try:
            ipaddress.ip_network(address.strip(), strict=False)
        except ValueError:
            raise ValueError(
                "must be addresses or networks with commas between, as in 10.0.0.5,172.16.0.0/12"
            ) from None
    return value


class SecretFiles(SecretsSettingsSource):
    """Secret files of the settings' names; an empty one counts as absent, as an empty variable does."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        value, key, is_complex = super().get_field_value(field, field_name)
        return value or None, key, is_complex


class Settings(BaseSettings):
    """What an operator decides for one instance; study decisions stand in the protocol file instead."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: Annotated[str, AfterValidator(_database_url)] | None = None
    migrate_database_url: Annotated[str, AfterValidator(_database_url)] | None = None
    data_dir: Path = Path("data")
    protocol: Path | None = None
    telegram_token: Annotated[SecretStr, AfterValidator(_telegram_token)] | None = None
    telegram_api_url: Annotated[str, AfterValidator(_telegram_api_url)] = TELEGRAM_API_URL
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = None
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    trusted_proxies: Annotated[str, AfterValidator(_trusted_proxies)] | None = None
    secret_key: Annotated[SecretStr, AfterValidator(_secret_key)] | None = None
    study_clock: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The given values win, then the environment, then `.env`, then secret files."""
        folder = file_secret_settings.secrets_dir if isinstance(file_secret_settings, SecretsSettingsSource) else None
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls, secrets_dir=folder)

    @property
    def database(self) -> str:
        """The address of the study database; a SQLite file in the data folder unless one is given."""
        return self.database_url or f"sqlite:///{self.data_dir / 'diary.sqlite3'}"

    @property
    def migration_database(self) -> str:
        """The address that `migrate` uses: the owner's, where one is given."""
        return self.migrate_database_url or self.database

    @property
    def listen_host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def uses_webhook(self) -> bool:
        """Telegram calls us when both the public address and the webhook secret are set; else we poll."""
        return self.public_url is not None and self.webhook_secret is not None

    @property
    def api_is_loopback(self) -> bool:
        """Whether the Bot API is a server on this very machine."""
        return is_loopback(self.telegram_api_url)

    @property
    def api_is_telegrams_own(self) -> bool:
        return urlsplit(self.telegram_api_url).hostname == urlsplit(TELEGRAM_API_URL).hostname

    @property
    def secret_key_path(self) -> Path:
        return self.data_dir / SECRET_KEY_FILE

    def read_secret_key(self) -> SecretStr:
        """The key that signs our own tokens: the setting, else the file that `migrate` made.

        Raises SettingsError when there is neither.
        """
        if self.secret_key is not None:
            return self.secret_key
        try:
            return SecretStr(self.secret_key_path.read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                f"There is no secret key: set {PREFIX}SECRET_KEY, or run `python -m bot migrate`, "
                f"which makes {self.secret_key_path}."
            ) from None


def is_loopback(url: str) -> bool:
    """Whether an address names this machine: localhost, 127.0.0.0/8 or ::1."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load_settings(
    *, env_file: Path | None = Path(".env"), secrets_dir: Path | None = SECRETS_DIR, **given: object
) -> Settings:
    """Read every source; `given` values win over them. Raises SettingsError with one sentence."""
    env_file = env_file if env_file and env_file.is_file() else None
    secrets_dir = secrets_dir if secrets_dir and secrets_dir.is_dir() else None
    try:
        refuse_unknown_names(_names(env_file, secrets_dir))
        settings = Settings(_env_file=env_file, _secrets_dir=secrets_dir, **given)  # type: ignore[call-arg, arg-type]  # pydantic-settings takes sources as keywords
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except (OSError, UnicodeDecodeError, SourceError) as error:
        raise SettingsError(_unreadable(error)) from None
    check_study_clock(settings)
    return settings


def setting_names() -> tuple[str, ...]:
    """Every setting's name as it stands in the environment."""
    return tuple(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


def refuse_unknown_names(names: Iterable[str]) -> None:
    """Raise SettingsError when a name begins with CDAI_ and is no setting: most likely a slip of the pen."""
    known = set(setting_names())
    for name in sorted(names):
        if name not in known:
            raise SettingsError(f"{name} is not a setting; the settings are {', '.join(setting_names())}.")


def _names(env_file: Path | None, secrets_dir: Path | None) -> set[str]:
    names = set(os.environ)
    if env_file:
        names |= _names_in(env_file)
    if secrets_dir:
        names |= {path.name for path in secrets_dir.iterdir() if path.is_file()}
    return {name.upper() for name in names if name.upper().startswith(PREFIX)}


def _names_in(env_file: Path) -> set[str]:
    """The names of an `.env` file; a line that is read as no setting is a slip too, and would pass in silence."""
    with env_file.open(encoding="utf-8") as file:
        lines = list(parse_stream(file))
    for line in lines:
        if line.error or (line.key is not None and line.value is None):
            raise SettingsError(f"{env_file}, line {line.original.line}: write NAME=value, or begin with # to explain.")
    return {line.key for line in lines if line.key is not None}


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = f"{PREFIX}{str(first['loc'][0]).upper()}" if first["loc"] else "A setting"
    reason = NOT_IN_SENTENCE.sub(" ", first["msg"].removeprefix("Value error, ")).strip()
    return f"{name} {reason if reason.startswith('must') else 'is malformed: ' + reason}."


def _unreadable(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, SourceError) else error
    if isinstance(cause, OSError):
        return f"{cause.filename} cannot be read ({cause.strerror}): let this account read it."
    return "`.env` or a secret file is not UTF-8 text: save it as UTF-8."


def check_study_clock(settings: Settings) -> None:
    """Raise SettingsError when study time would be moved against real people."""
    if settings.study_clock is not None and not settings.api_is_loopback:
        raise SettingsError(
            f"{PREFIX}STUDY_CLOCK moves study time and is only for rehearsing: set {PREFIX}TELEGRAM_API_URL "
            "to a Bot API server on this machine, or remove the study clock."
        )


def check_data_region(settings: Settings, *, region: str, legal_basis: str | None) -> str | None:
    """What a person should know about where messages travel; None when there is nothing to say.

    Raises SettingsError when a study in mainland China would send through Telegram's own servers without
    a stated legal basis.
    """
    if region != "cn":
        return None
    sends_abroad = settings.telegram_token is not None and settings.api_is_telegrams_own
    if sends_abroad and not (legal_basis or "").strip():
        raise SettingsError(
            'The protocol says data_region = "cn" and Telegram\'s servers stand outside mainland China: '
            "write the legal basis into the protocol file as legal_basis, or use another channel."
        )
    return "The study's data region is mainland China, and Telegram keeps messages on servers elsewhere."
