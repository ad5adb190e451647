"""The HTTP front: the webhook stores before it says so, and readiness tells what is still to be done."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from bot.channels.http import create_http
from bot.channels.readiness import Readiness
from bot.channels.telegram.webhook import LARGEST_BODY, SECRET_HEADER, make_webhook
from bot.storage.database import Database
from bot.storage.tables import InboxRow
from schedules.clock import SystemClock
from tests.support.carrying import text_update
from tests.support.database import T0

SECRET = "s" * 43
READY = Readiness((), T0, datetime(2025, 3, 25, 12, 0, tzinfo=UTC), 0, 0)
AT_WORK = Readiness(("starting or stopping",), T0, None, 2, 3)


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://diary")


def app_with(database: Database | None = None, standing: Readiness = READY, woken: list[bool] | None = None) -> FastAPI:
    async def readiness() -> Readiness:
        return standing

    hook = None
    if database is not None:
        hook = make_webhook(SECRET, database, SystemClock(), stored=lambda _chats: (woken or []).append(True))
    return create_http(readiness, webhook=hook)


async def test_readiness_is_the_promised_document() -> None:
    async with client(app_with()) as web:
        answer = await web.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "reasons": [],
        "study_now": "2025-03-24T12:00:00Z",
        "next_due": "2025-03-25T12:00:00Z",
        "inbox": 0,
        "outbox_due": 0,
    }


async def test_a_service_that_is_not_ready_says_why_with_503() -> None:
    async with client(app_with(standing=AT_WORK)) as web:
        answer = await web.get("/readyz")
        assert (await web.get("/healthz")).json() == {"alive": True}
    assert answer.status_code == 503
    assert (answer.json()["reasons"], answer.json()["next_due"]) == (["starting or stopping"], None)


async def test_metrics_show_what_waits_and_name_no_participant() -> None:
    async with client(app_with(standing=AT_WORK)) as web:
        text = (await web.get("/metrics")).text
    assert "cdai_inbox_waiting 2.0" in text
    assert "cdai_outbox_due 3.0" in text
    assert "participant" not in text


async def test_every_answer_carries_the_security_headers_and_there_are_no_api_pages() -> None:
    async with client(app_with()) as web:
        for path in ("/healthz", "/readyz", "/nothing"):
            headers = (await web.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert [(await web.get(path)).status_code for path in ("/docs", "/openapi.json", "/redoc")] == [404] * 3


async def test_an_update_is_stored_before_telegram_is_told_so(database: Database) -> None:
    async with client(app_with(database)) as web:
        for _ in range(2):
            answer = await web.post("/telegram/webhook", json=text_update(7, 5001), headers={SECRET_HEADER: SECRET})
            assert answer.status_code == 200
    with database.read() as session:
        assert [row.update_id for row in session.exec(select(InboxRow))] == [7]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(SECRET_HEADER, "wrong")],
        [(SECRET_HEADER, "")],
        [(SECRET_HEADER, SECRET), (SECRET_HEADER, SECRET)],
        [(SECRET_HEADER, SECRET + "x")],
    ],
)
async def test_without_exactly_the_secret_nothing_is_stored(database: Database, headers: list[tuple[str, str]]) -> None:
    async with client(app_with(database)) as web:
        answer = await web.post("/telegram/webhook", content=json.dumps(text_update(7, 5001)), headers=headers)
    assert answer.status_code == 403
    with database.read() as session:
        assert session.exec(select(InboxRow)).all() == []


async def test_a_body_that_is_too_large_or_no_json_is_refused(database: Database) -> None:
    async with client(app_with(database)) as web:
        large = await web.post("/telegram/webhook", content=b" " * (LARGEST_BODY + 1), headers={SECRET_HEADER: SECRET})
        broken = await web.post("/telegram/webhook", content=b"{", headers={SECRET_HEADER: SECRET})
        assert (large.status_code, broken.status_code) == (413, 400)
        assert (await web.get("/telegram/webhook")).status_code == 405


async def test_while_the_database_is_down_telegram_is_asked_to_come_again(tmp_path: Path) -> None:
    missing = Database(f"sqlite:///{tmp_path / 'no' / 'folder.sqlite3'}")
    async with client(app_with(missing)) as web:
        answer = await web.post("/telegram/webhook", json=text_update(7, 5001), headers={SECRET_HEADER: SECRET})
    missing.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
