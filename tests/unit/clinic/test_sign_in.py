"""Signing in: both factors, limits, lock-out, one use of each code, and nothing that tells who has an account."""

import logging
from datetime import timedelta

import pytest

from bot.people.roles import Role
from tests.support.clinic import PASSWORD, ClinicBench, Visitor, body_of


def test_signing_in_needs_password_and_code_and_leads_to_the_start(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.COORDINATOR)
    visitor = bench.visitor()
    assert visitor.sign_in(name, code="000000").status_code == 401
    assert visitor.sign_in(name, password="wrong words here").status_code == 401
    answer = visitor.sign_in(name)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/clinic/"
    assert visitor.get("/account").status_code == 200
