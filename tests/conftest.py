"""What holds for every test: one profile for property tests, and logs that are set up in one test stay in it."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.log import RedactingFormatter

# No deadline, because machines are shared, and no refusal of a slow start.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Take back what a test has set up for logs, so that the next one does not read it on its console."""
    level = logging.getLogger().level
    yield
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one.formatter, RedactingFormatter)]:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
