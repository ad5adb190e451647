"""What was typed while our webhook was down goes before a late reminder, however slowly Telegram brings it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox.faults import Fault, FaultKind
from bot.storage.tables import AnswerRow
from tests.support.browser import serving
from tests.support.joined import asked, enrol_joined, next_prompt, sends, to_the_eve_of_the_next_prompt
from tests.support.live import ANN, Live, live_site, until
from tests.support.nursery import Nursery
from tests.support.proxy import make_proxy


class Door:
    """The clinic's reverse proxy; while it is shut, nothing that Telegram brings gets through."""

    def __init__(self) -> None:
        self.shut = False
        self.behind: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.behind is not None
        if self.shut and scope["type"] == "http":
            await send({"type": "http.response.start", "status": 502, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.behind(scope, receive, send)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def site(tmp_path: Path, door: Door, nursery: Nursery) -> Iterator[Live]:
    """A running site that Telegram calls through the door; Ann has begun her day and is asked for stools."""
    with live_site(tmp_path, nursery=nursery) as live, serving(door) as public_url:
        door.behind = make_proxy([f"http://127.0.0.1:{live.port}"])
        live.extra |= {"CDAI_PUBLIC_URL": public_url, "CDAI_WEBHOOK_SECRET": "planted-webhook-secret"}
        enrol_joined(live, (ANN,))
        live.run()
        live.ready()
        to_the_eve_of_the_next_prompt(live)
        live.set_clock(next_prompt(live))
        until(lambda: asked(live, ANN), "the prompt")
        live.tap_when_there(ANN, "Start")
        until(lambda: "4" in live.labels(ANN), "the first question")
        live.settle()
        yield live


def type_while_down(site: Live, door: Door) -> int:
    """Ann types her number after the service was killed, and two hours pass; answers how many messages were sent."""
    site.kill()
    door.shut = True
    site.say(ANN, "4")
    until(lambda: site.api.webhook.last_error, "a failed delivery")
    site.set_clock(site.study_now() + timedelta(hours=1, minutes=35))
    return len(sends(site))


def stools(site: Live) -> list[int]:
    return [row.value for row in site.rows(AnswerRow, AnswerRow.item == "stools")]


def test_a_late_reminder_waits_for_what_telegram_still_holds(site: Live, door: Door) -> None:
    before = type_while_down(site, door)
    site.run()
    until(lambda: site.line.count("getWebhookInfo") >= 6, "a few questions about what waits")
    assert (len(sends(site)), stools(site)) == (before, [])
    door.shut = False
    until(lambda: stools(site) == [4], "the answer")
    until(lambda: "question 2 of" in site.newest(ANN).text, "the next question")
    site.settle()
    assert len(sends(site)) == before, "somebody who is answering is not reminded"


def test_an_api_that_does_not_say_what_waits_delays_a_reminder_for_ten_seconds_only(site: Live, door: Door) -> None:
    before = type_while_down(site, door)
    site.api.faults.on(Fault(FaultKind.HANG, frozenset({"getWebhookInfo"})))
    asked = site.line.count("getWebhookInfo")
    site.run()
    until(lambda: site.line.count("getWebhookInfo") > asked, "the question")
    asked_at = [one.came_at for one in site.line.requests if one.method == "getWebhookInfo"][asked]
    until(lambda: len(sends(site)) > before, "the late reminder")
    assert 8.0 <= sends(site)[-1].came_at - asked_at <= 16.0
