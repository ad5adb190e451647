"""Programs of the system that some tests need, and a free port for them."""

import os
import shutil
import socket

import pytest


def require_program(name: str) -> str:
    """Where a program is; skips with the reason where it is missing, unless TEST_REQUIRE names it: then fails."""
    found = shutil.which(name)
    if found is None and name in os.environ.get("TEST_REQUIRE", "").split(","):
        pytest.fail(f"{name} is not installed")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {name})")
    return found


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
