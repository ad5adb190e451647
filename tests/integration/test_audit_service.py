"""A running service looks after its trail: it verifies at the start, and anchors in the data folder."""

import asyncio
import json
from pathlib import Path

from pydantic import SecretStr

from bot.actions.anchor_audit import ANCHORED
from bot.actions.verify_audit import VERIFIED
from bot.settings import Settings
from bot.storage.anchors import FILE_NAME, read_anchors
from bot.storage.chain import verify_database
from bot.storage.tables import InstanceRow
from bot.wiring import build
from tests.support.audited import audited_study
from tests.support.database import study_database

PATIENCE = 10.0  # seconds


async def test_the_service_verifies_and_anchors_by_itself(tmp_path: Path) -> None:
    with study_database(tmp_path) as database:
        audited_study(database)
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'diary.sqlite3'}",
        data_dir=tmp_path,
        listen="127.0.0.1:0",
        secret_key=SecretStr("k" * 32),
    )
    service = build(settings)
    await service.start()
    try:
        async with asyncio.timeout(PATIENCE):
            while not (tmp_path / FILE_NAME).exists():  # noqa: ASYNC110  # another thread writes the file
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        with service.database.read() as session:
            facts = {key: session.get(InstanceRow, key) for key in (ANCHORED, VERIFIED)}
        assert all(facts.values())
        assert json.loads(facts[VERIFIED].value)["kind"] is None  # type: ignore[union-attr]
        assert verify_database(service.database, read_anchors(tmp_path / FILE_NAME)).intact
    finally:
        await service.stop()
