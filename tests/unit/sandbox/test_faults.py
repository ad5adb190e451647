"""Fault switches: which calls they strike, how often, and whether the message went out all the same."""

import random

import pytest

from bot.sandbox.faults import Fault, FaultKind, Switchboard

ANN = 5_000_000_001
TOKEN = "123456:sandbox-token"


def send(talk):
    return talk.api.exchange(talk.now, TOKEN, "sendMessage", {"chat_id": ANN, "text": "x"})


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_says_whether_the_message_went_out(talk, kind):
    talk.api.faults.on(Fault(kind, count=1))
    struck, after = send(talk), send(talk)
    carried_out = kind in (FaultKind.TIMEOUT_AFTER, FaultKind.TRUNCATED)

    assert struck.fault is not None
    assert struck.fault.kind is kind
    assert len(talk.api.chat(ANN).from_bot()) == 1 + carried_out
    assert (after.fault, after.reply.status) == (None, 200)


def test_a_bad_gateway_can_hide_a_delivered_message(talk):
    talk.api.faults.on(Fault(FaultKind.BAD_GATEWAY, delivered=True))
    send(talk)

    assert len(talk.api.chat(ANN).from_bot()) == 1


def test_a_flood_fault_answers_with_its_own_wait_and_is_no_violation(talk):
    talk.api.faults.on(Fault(FaultKind.TOO_MANY, retry_after=7))
    reply = send(talk).reply

    assert (reply.status, reply.body["parameters"]) == (429, {"retry_after": 7})
    assert talk.api.violations == []


def test_a_fault_strikes_only_the_methods_it_names(talk):
    talk.api.faults.on(Fault(FaultKind.SERVER_ERROR, methods=frozenset({"editMessageText"})))

    assert send(talk).fault is None
    assert talk.api.exchange(talk.now, TOKEN, "EDITMESSAGETEXT", {}).fault.kind is FaultKind.SERVER_ERROR


def test_a_probable_fault_strikes_about_its_share_of_calls_and_alike_for_the_same_seed():
    def struck(seed):
        board, rng = Switchboard([Fault(FaultKind.RESET, probability=0.2)]), random.Random(seed)
        return [board.draw("sendMessage", rng) is not None for _ in range(500)]

    assert 60 <= sum(struck(1)) <= 140
    assert struck(1) == struck(1)


def test_switching_on_twice_leaves_one_switch_and_off_removes_it():
    board = Switchboard()
    board.on(Fault(FaultKind.OUTAGE))
    board.on(Fault(FaultKind.OUTAGE, count=3))
    assert (len(board.faults), board.outage) == (1, True)
    board.off(FaultKind.OUTAGE)
    assert (board.faults, board.outage) == ([], False)
