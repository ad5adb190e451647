"""Passwords, one-time codes, recovery codes and seals, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from bot.errors import RefusedError
from bot.people.one_time_codes import (
    accepted_step,
    code_at,
    new_recovery_codes,
    new_seed,
    plain_recovery_code,
    provisioning_uri,
    seconds_until_next_code,
    step_at,
)
from bot.people.passwords import PasswordCost, PasswordFault, Passwords, nobodys_hash, password_fault
from bot.people.sealing import Sealer

AT = datetime(2026, 6, 9, 1, 12, 5, tzinfo=UTC)
# RFC 6238, appendix B, SHA-1: the last six digits of the eight, for the seed "12345678901234567890".
RFC_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert code_at(RFC_SEED, at) == code
    assert accepted_step(RFC_SEED, code, at, last_step=0) == step_at(at)


def test_a_code_is_accepted_once_and_one_step_early_or_late() -> None:
    code = code_at(RFC_SEED, AT)
    for shift in (-30, 0, 30):
        assert accepted_step(RFC_SEED, code, AT + timedelta(seconds=shift), last_step=0) == step_at(AT)
    assert accepted_step(RFC_SEED, code, AT + timedelta(seconds=60), last_step=0) is None
    assert accepted_step(RFC_SEED, code, AT, last_step=step_at(AT)) is None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\n6 7"])
def test_what_is_no_six_digits_is_no_code(typed: str) -> None:
    assert accepted_step(RFC_SEED, typed, AT, last_step=0) is None


def test_blanks_in_a_code_do_not_matter() -> None:
    code = code_at(RFC_SEED, AT)
    assert accepted_step(RFC_SEED, f" {code[:3]} {code[3:]} ", AT, last_step=0) == step_at(AT)


def test_the_wait_for_the_next_code_is_told_in_seconds() -> None:
    assert seconds_until_next_code(AT, last_step=step_at(AT)) == 25
    assert seconds_until_next_code(AT, last_step=step_at(AT) - 1) == 0
    assert seconds_until_next_code(AT, last_step=step_at(AT) + 1) == 55


def test_seeds_and_recovery_codes_are_never_the_same() -> None:
    assert len({new_seed() for _ in range(50)}) == 50
    codes = [code for _ in range(10) for code in new_recovery_codes()]
    assert len(set(codes)) == 100
    assert all(plain_recovery_code(code.upper().replace("-", " ")) == code.replace("-", "") for code in codes)
    assert plain_recovery_code("123456") is None


def test_the_app_is_told_the_account_and_the_issuer() -> None:
    uri = provisioning_uri(RFC_SEED, account="Coordinator 01", issuer="CDAI Diary")
    assert uri.startswith("otpauth://totp/CDAI%20Diary:Coordinator%2001?secret=")


def test_a_hash_is_argon2id_of_the_stated_cost() -> None:
    stored = Passwords(PasswordCost(memory_kib=65_536, passes=3, lanes=1)).hash("plum kettle")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_a_password_verifies_however_it_was_composed_and_nothing_else_does() -> None:
    passwords = Passwords(PasswordCost(memory_kib=64, passes=1))
    stored = passwords.hash("café au lait")
    assert passwords.verify(stored, "cafe\u0301 au lait")
    assert not passwords.verify(stored, "cafe au lait")
    assert not passwords.verify(None, "a password that nobody has")
    assert not passwords.verify("not a hash", "café au lait")
    assert Passwords(PasswordCost(memory_kib=128, passes=1)).is_outdated(stored)


def test_where_there_is_no_account_the_whole_function_runs_on_a_hash_that_nothing_matches() -> None:
    cost = PasswordCost(memory_kib=64, passes=1)
    drawn = nobodys_hash(cost)
    assert not Passwords(cost).is_outdated(drawn)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher(1, 64, 1).verify(drawn, "plum kettle")
    assert nobodys_hash(cost) != drawn


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("1234567", PasswordFault.TOO_SHORT),
        ("x" * 129, PasswordFault.TOO_LONG),
        ("Trustno1", PasswordFault.COMMON),
        ("aaaaaaaaaaaa", PasswordFault.COMMON),
        ("5201314520", PasswordFault.COMMON),
        ("Coordinator01 2026", PasswordFault.HOLDS_NAME),
        ("plum kettle orbit", None),
        ("梅子水壶轨道篱笆", None),
        ("x1" * 64, PasswordFault.COMMON),
    ],
)
def test_new_passwords_are_judged_by_length_list_and_name_only(password: str, fault: PasswordFault | None) -> None:
    assert password_fault(password, name="Coordinator 01") == fault


def test_a_seal_opens_only_with_its_key_and_for_its_purpose() -> None:
    sealer = Sealer("k" * 32)
    sealed = sealer.seal("totp", "secret")
    assert "secret" not in sealed
    assert sealer.open("totp", sealed) == "secret"
    for stranger, purpose in ((Sealer("j" * 32), "totp"), (sealer, "other")):
        with pytest.raises(RefusedError, match="CDAI_SECRET_KEY"):
            stranger.open(purpose, sealed)
    assert sealer.stamp("csrf", "a") != sealer.stamp("csrf", "b") != sealer.stamp("recovery", "b")
