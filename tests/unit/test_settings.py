"""Settings: every source is read, every slip is one sentence, and study time moves only on this machine."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, check_data_region, is_loopback, load_settings, setting_names

TOKEN = "123456789:a-token-that-is-long-enough-to-be-one"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)


def load(**given: object) -> Settings:
    return load_settings(env_file=None, secrets_dir=None, **given)


def test_without_any_setting_there_is_a_sqlite_file_in_the_data_folder_and_no_bot() -> None:
    settings = load()
    assert settings.database == "sqlite:///data/diary.sqlite3"
    assert settings.migration_database == settings.database
    assert (settings.listen_host, settings.listen_port) == ("127.0.0.1", 8080)
    assert settings.telegram_token is None
    assert settings.api_is_telegrams_own
    assert not settings.uses_webhook


def test_environment_wins_over_env_file_and_env_file_over_secret_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "CDAI_TELEGRAM_TOKEN").write_text(TOKEN)
    (secrets / "CDAI_LISTEN").write_text("127.0.0.1:1")
    (secrets / "CDAI_PUBLIC_URL").write_text("https://secret.example.org")
    env_file = tmp_path / ".env"
    env_file.write_text("CDAI_LISTEN=127.0.0.1:2\nCDAI_PUBLIC_URL=https://file.example.org\nOTHER=1\n")
    monkeypatch.setenv("CDAI_LISTEN", "127.0.0.1:3")
    settings = load_settings(env_file=env_file, secrets_dir=secrets)
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TOKEN
    assert settings.public_url == "https://file.example.org"
    assert settings.listen_port == 3


def test_an_unknown_name_is_refused_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("CDAI_TELEGRAM_TOKENN=x\n")
    with pytest.raises(SettingsError, match="CDAI_TELEGRAM_TOKENN is not a setting"):
        load_settings(env_file=env_file, secrets_dir=None)
    (tmp_path / "CDAI_SECRET").write_text("x")
    with pytest.raises(SettingsError, match="CDAI_SECRET is not a setting"):
        load_settings(env_file=None, secrets_dir=tmp_path)
    monkeypatch.setenv("CDAI_DATABASE", "x")
    with pytest.raises(SettingsError, match="CDAI_DATABASE is not a setting"):
        load()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("database_url", "mysql://x", "CDAI_DATABASE_URL must begin with sqlite:///"),
        ("telegram_token", "no-token", "CDAI_TELEGRAM_TOKEN must look like the token"),
        ("telegram_api_url", "http://127.0.0.1:8081", "CDAI_TELEGRAM_API_URL must end in /bot"),
        ("telegram_api_url", "ftp://x/bot", "CDAI_TELEGRAM_API_URL must be an http or https address"),
        ("public_url", "diary.example.org", "CDAI_PUBLIC_URL must be an http or https address"),
        ("webhook_secret", "not allowed!", "CDAI_WEBHOOK_SECRET must be 1 to 256"),
        ("webhook_secret", "x" * 257, "CDAI_WEBHOOK_SECRET must be 1 to 256"),
        ("listen", "8080", "CDAI_LISTEN must be an address and a port"),
        ("listen", "127.0.0.1:70000", "CDAI_LISTEN must be an address and a port"),
        ("trusted_proxies", "172.16.0.0/12,proxy", "CDAI_TRUSTED_PROXIES must be addresses or networks"),
        ("trusted_proxies", "*", "CDAI_TRUSTED_PROXIES must be addresses or networks"),
        ("secret_key", "short", "CDAI_SECRET_KEY must have at least 32 characters"),
    ],
)
def test_a_malformed_value_is_one_sentence_that_names_the_setting(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CDAI_{name.upper()}", value)
    with pytest.raises(SettingsError) as refusal:
        load()
    assert refusal.value.message.startswith(sentence)
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("line", ["CDAI_LISTEN 127.0.0.1:8080", "CDAI_LISTEN"])
def test_a_line_of_the_env_file_that_sets_nothing_is_a_slip(line: str, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"# where the web part listens\n\nCDAI_PUBLIC_URL=https://diary.example.org\n{line}\n")
    with pytest.raises(SettingsError, match="line 4: write NAME=value"):
        load_settings(env_file=env_file, secrets_dir=None)


def test_an_empty_secret_file_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / "CDAI_TELEGRAM_TOKEN").write_text("\n")
    (tmp_path / "CDAI_WEBHOOK_SECRET").write_text("kept\n")
    settings = load_settings(env_file=None, secrets_dir=tmp_path)
    assert settings.telegram_token is None
    assert settings.webhook_secret is not None
    assert settings.webhook_secret.get_secret_value() == "kept"


def test_a_secret_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "CDAI_WEBHOOK_SECRET").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load_settings(env_file=None, secrets_dir=tmp_path)


def test_a_malformed_secret_is_not_repeated_in_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDAI_TELEGRAM_TOKEN", "planted-secret")
    with pytest.raises(SettingsError) as refusal:
        load()
    assert "planted-secret" not in refusal.value.message
    assert refusal.value.__cause__ is None


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    shown = repr(load(telegram_token=TOKEN, webhook_secret="hook-secret", secret_key="k" * 40))
    assert TOKEN not in shown
    assert "hook-secret" not in shown
    assert "k" * 40 not in shown


def test_telegram_calls_us_only_with_a_public_address_and_a_secret() -> None:
    assert not load(public_url="https://diary.example.org").uses_webhook
    assert not load(webhook_secret="hook-secret").uses_webhook
    assert load(public_url="https://diary.example.org/", webhook_secret="hook-secret").uses_webhook
    assert load(public_url="https://diary.example.org/").public_url == "https://diary.example.org"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/bot", "http://localhost/bot", "http://[::1]:1/bot", "http://127.9.9.9/bot"]
)
def test_study_time_may_be_moved_beside_a_bot_api_on_this_machine(url: str, tmp_path: Path) -> None:
    assert load(study_clock=tmp_path / "clock", telegram_api_url=url).api_is_loopback


@pytest.mark.parametrize(
    "given", [{}, {"telegram_api_url": "http://10.0.0.7/bot"}, {"telegram_api_url": "http://127.0.0.1.example.org/bot"}]
)
def test_study_time_is_never_moved_against_real_people(given: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CDAI_STUDY_CLOCK moves study time"):
        load(study_clock=tmp_path / "clock", **given)


def test_a_name_that_cannot_be_resolved_is_no_loopback() -> None:
    assert not is_loopback("not an address")


@pytest.mark.parametrize(
    ("given", "region", "legal_basis", "refused", "warned"),
    [
        ({"telegram_token": TOKEN}, "cn", None, True, False),
        ({"telegram_token": TOKEN}, "cn", "  ", True, False),
        ({"telegram_token": TOKEN}, "cn", "Consent form 4.2", False, True),
        ({}, "cn", None, False, True),
        ({"telegram_token": TOKEN, "telegram_api_url": "http://127.0.0.1:1/bot"}, "cn", None, False, True),
        ({"telegram_token": TOKEN}, "eu", None, False, False),
    ],
)
def test_a_study_in_mainland_china_needs_a_legal_basis_before_it_sends_abroad(
    given: dict[str, str], region: str, legal_basis: str | None, refused: bool, warned: bool
) -> None:
    settings = load(**given)
    if refused:
        with pytest.raises(SettingsError, match="legal_basis"):
            check_data_region(settings, region=region, legal_basis=legal_basis)
    else:
        assert bool(check_data_region(settings, region=region, legal_basis=legal_basis)) == warned


def test_the_secret_key_comes_from_the_setting_or_the_file_else_there_is_a_remedy(tmp_path: Path) -> None:
    assert load(secret_key="k" * 40).read_secret_key().get_secret_value() == "k" * 40
    settings = load(data_dir=tmp_path)
    with pytest.raises(SettingsError, match="run `python -m bot migrate`"):
        settings.read_secret_key()
    settings.secret_key_path.write_text("f" * 40 + "\n")
    assert settings.read_secret_key().get_secret_value() == "f" * 40


def test_the_example_file_names_every_setting_and_no_other() -> None:
    example = Path(__file__).parents[2] / ".env.example"
    named = [line.lstrip("#").split("=")[0] for line in example.read_text().splitlines() if line.startswith("#CDAI_")]
    assert sorted(named) == sorted(setting_names())
