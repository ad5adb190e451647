"""A Bot API that refuses: a pause for all, a chat that is closed, gone or unknown, a second poller, a revoked token."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx

from bot.rehearsal.line import SandboxLine
from bot.rehearsal.virtual_loop import VirtualLoop
from bot.sandbox.rules import BotApi
from bot.storage.tables import ChatRow, EntryRow, MessageRow
from bot.storage.tables.traffic import ENDS
from schedules.clock import Clock
from tests.support.joined import next_prompt, prompts, to_the_eve_of_the_next_prompt
from tests.support.lab import Lab, TrueClock, evening, quietly
from tests.support.line import Request
from tests.support.live import ANN, TOKEN, Live, until
from tests.support.record import breaches_at_the_end

REVOKED = "123456789:BBa-token-that-was-revoked"
BEN, CHEN, DEE = ANN + 1, ANN + 2, ANN + 3


def test_chats_that_refuse_end_their_messages_with_the_reason_and_are_left_alone(four: Live) -> None:
    to_the_eve_of_the_next_prompt(four)
    four.api.deactivate(CHEN)
    four.api.state.chats[DEE].person.started = False
    four.line.watcher = partial(block_at_the_last_moment, four)
    four.set_clock(next_prompt(four))
    until(lambda: len(four.labels(ANN)) == 1, "the prompt of the one who can be reached")
    four.settle()
    ended = {row.participant_id: (row.state, row.reason) for row in prompts(four) if row.due_at <= four.study_now()}
    reasons = {number: reason for number, (state, reason) in ended.items() if state == "refused"}
    assert {number: words.split()[0] for number, words in reasons.items() if words} == {
        2: "blocked", 3: "deactivated", 4: "chat_not_found",
    }  # fmt: skip
    assert ended[1][0] == "sent"
    shut = {row.participant_id for row in four.rows(ChatRow) if row.blocked_at is not None}
    assert shut == {2, 3, 4}
    before = len(four.line.requests)
    four.step_to(next_prompt(four) + timedelta(minutes=1))
    assert {one.chat for one in four.line.requests[before:] if one.method == "sendMessage"} == {ANN}
    due = [row for row in four.rows(MessageRow) if row.due_at <= four.study_now()]
    assert {row.state for row in due} <= set(ENDS)
    four.api.start(four.study_now() - timedelta(seconds=four.offset), BEN)
    until(lambda: not four.rows(ChatRow, ChatRow.participant_id == 2)[0].blocked_at, "the chat is open again")


def test_a_second_poller_is_named_and_nothing_is_lost(joined: Live) -> None:
    joined.to_prompt(ANN)
    polls = joined.line.count("getUpdates")
    with httpx.Client(trust_env=False, timeout=10) as other:
        until(lambda: disturbed(joined, other), "the code in the log")
        joined.tap(ANN, "Start")
        poll(joined, other)  # takes a copy, confirms nothing
    assert joined.line.count("getUpdates") - polls < 20  # both together: no loop without a rest
    joined.ready()
    joined.tap_when_there(ANN, "4", "1 Mild", "2 Poor", "Submit")
    until(lambda: "✓ Saved" in joined.newest(ANN).text, "the receipt")
    assert [(row.stools, row.pain, row.wellbeing) for row in joined.rows(EntryRow)] == [(4, 1, 2)]


def test_a_revoked_token_stops_the_sending_and_is_asked_about_once_a_minute(tmp_path: Path) -> None:
    quietly(partial(revoked, folder=tmp_path))


class RevocableLine(SandboxLine):
    """Carries requests with a token that may have been revoked."""

    revoked = False

    def __init__(self, api: BotApi, clock: Clock, *, arrived: Callable[[int, int], None]) -> None:
        super().__init__(api, clock, arrived=arrived)
        self._rules, self._time = api, clock
        self.refused: Counter[str] = Counter()

    async def exchange(self, method: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        if not self.revoked:
            return await super().exchange(method, fields)
        reply = self._rules.call(self._time.now(), REVOKED, method, fields)
        self.refused[method] += reply.status == 401
        return reply.status, json.dumps(reply.body).encode()


async def revoked(loop: VirtualLoop, folder: Path) -> None:
    """Ten minutes without a valid token, in virtual time; then it is valid again."""
    lab = Lab(folder, loop, start=evening(wall="19:58:00"))
    lab.line = line = RevocableLine(lab.api, TrueClock(lab.clock), arrived=lambda _chat, _message: None)
    ann = lab.enrol(answers=(4, 1, 2))
    await lab.boot()
    await lab.live(30)
    line.revoked = True
    line.ring()
    await lab.live(600)
    assert lab.serving
    assert lab.poller.trouble == "token_refused"
    assert 8 <= line.refused["getUpdates"] <= 11
    assert 8 <= line.refused["sendMessage"] <= 11
    due = lab.rows(MessageRow, MessageRow.kind == "prompt", MessageRow.due_at <= lab.clock.now())
    assert [(row.state, row.outcome) for row in due] == [("planned", "token_refused")]
    line.revoked = False
    await lab.live(70)
    assert await lab.settle()
    await lab.down()
    assert len(ann.saved) == 1
    assert list(breaches_at_the_end(lab)) == []
    lab.close()


def disturbed(site: Live, other: httpx.Client) -> bool:
    """Poll beside the service, at leisure; answers whether it has named what disturbs it."""
    poll(site, other)
    time.sleep(0.5)
    return any("poll_failed" in line and "another_poller" in line for line in site.log_lines())


def poll(site: Live, other: httpx.Client) -> None:
    """Fetch updates as somebody else with the same token."""
    other.get(f"{site.api_url}/bot{TOKEN}/getUpdates", params={"timeout": 0})


def block_at_the_last_moment(site: Live, request: Request, phase: str) -> None:
    """Ben shuts the chat while the prompt is on its way, so that it meets a closed door."""
    if request.method == "sendMessage" and request.chat == BEN and phase == "came":
        site.api.state.chats[BEN].person.blocked = True
