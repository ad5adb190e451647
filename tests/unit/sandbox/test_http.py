"""The sandbox over HTTP, spoken to by the real python-telegram-bot client and by a real webhook."""

import asyncio
import json

import httpx
import pytest
import telegram
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from schedules.clock import SystemClock
from tests.support.browser import serving

TOKEN = "123456:sandbox-token"
ANN = 5_000_000_001
CLOCK = SystemClock()


@pytest.fixture
def api():
    api = BotApi(TOKEN, "diary_bot")
    api.add_person(ANN, "Ann", "zh-hans")
    api.start(CLOCK.now(), ANN, "invitation")
    return api


@pytest.fixture
def address(api):
    with serving(create_app(api, clock=CLOCK, hold_seconds=5)) as address:
        yield address


def client(address, token=TOKEN, read_timeout=3.0):
    request = HTTPXRequest(read_timeout=read_timeout, connect_timeout=3, pool_timeout=3)
    return telegram.Bot(token, base_url=f"{address}/bot", request=request)


async def test_the_real_client_finishes_a_whole_exchange(api, address):
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("开始", callback_data="1:a:b")]])
    async with client(address) as bot:
        assert bot.username == "diary_bot"
        (joined,) = await bot.get_updates(allowed_updates=["message", "callback_query"])
        assert joined.message.text == "/start invitation"
        sent = await bot.send_message(
            ANN, "<b>今天</b>的三个问题", parse_mode="HTML", reply_markup=keyboard, protect_content=True
        )
        api.tap_label(CLOCK.now(), ANN, "开始")
        (tapped,) = await bot.get_updates(offset=joined.update_id + 1)
        assert tapped.callback_query.message.message_id == sent.message_id
        assert await tapped.callback_query.answer("好", show_alert=True)
        edited = await sent.edit_text("第 3 天", reply_markup=None)
        assert (edited.text, edited.reply_markup) == ("第 3 天", None)
        await bot.set_my_commands([("today", "今天")], language_code="zh")
        assert (await bot.get_my_commands(language_code="zh"))[0].description == "今天"
        await bot.send_photo(ANN, b"\x89PNG" + bytes(30), caption="x")
        assert await bot.delete_message(ANN, sent.message_id)
    assert api.violations == []
    assert api.toasts(ANN)[0].alert


async def test_a_waiting_poll_is_answered_as_soon_as_something_happens(api, address):
    async with client(address, read_timeout=20) as bot:
        (first,) = await bot.get_updates()
        started = CLOCK.monotonic()
        poll = asyncio.create_task(bot.get_updates(offset=first.update_id + 1, timeout=10))
        await asyncio.sleep(0.3)
        api.say(CLOCK.now(), ANN, "4")
        (update,) = await poll
    assert update.message.text == "4"
    assert CLOCK.monotonic() - started < 3


async def test_an_empty_poll_ends_with_its_time(api, address):
    async with client(address) as bot:
        (first,) = await bot.get_updates()
        started = CLOCK.monotonic()
        assert await bot.get_updates(offset=first.update_id + 1, timeout=1) == ()
    assert 0.9 < CLOCK.monotonic() - started < 3


async def test_a_second_poller_ends_the_first_with_a_conflict(api, address):
    async with client(address, read_timeout=20) as bot, client(address, read_timeout=20) as other:
        (first,) = await bot.get_updates()
        poll = asyncio.create_task(bot.get_updates(offset=first.update_id + 1, timeout=10))
        await asyncio.sleep(0.3)
        await other.get_updates(offset=first.update_id + 1, timeout=1)
        with pytest.raises(Conflict, match="only one bot instance"):
            await poll


async def test_refusals_reach_the_client_as_its_own_errors(api, address):
    async with client(address) as bot:
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(77, "x")
        api.block(CLOCK.now(), ANN)
        with pytest.raises(Forbidden, match="blocked by the user"):
            await bot.send_message(ANN, "x")
    stranger = client(address, token="123456:wrong")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


FAULTS = [
    (Fault(FaultKind.TOO_MANY, retry_after=9), RetryAfter, 0),
    (Fault(FaultKind.SERVER_ERROR), NetworkError, 0),
    (Fault(FaultKind.BAD_GATEWAY), NetworkError, 0),
    (Fault(FaultKind.HTML_BODY), telegram.error.TelegramError, 0),
    (Fault(FaultKind.TRUNCATED), telegram.error.TelegramError, 1),
    (Fault(FaultKind.RESET), NetworkError, 0),
    (Fault(FaultKind.OUTAGE), NetworkError, 0),
    (Fault(FaultKind.TIMEOUT_BEFORE), TimedOut, 0),
    (Fault(FaultKind.TIMEOUT_AFTER), TimedOut, 1),
    (Fault(FaultKind.HANG), TimedOut, 0),
]


@pytest.mark.parametrize(("fault", "error", "delivered"), FAULTS, ids=lambda value: getattr(value, "kind", ""))
async def test_every_fault_looks_to_the_client_like_the_real_thing(api, address, monkeypatch, fault, error, delivered):
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # the client's own switch; without it RetryAfter warns
    async with client(address, read_timeout=0.4) as bot:
        api.faults.on(fault)
        with pytest.raises(error) as raised:
            await bot.send_message(ANN, "x")
    assert type(raised.value) is not BadRequest
    assert len(api.chat(ANN).from_bot()) == delivered


async def test_an_outage_cuts_a_waiting_poll(api, address):
    async with client(address, read_timeout=20) as bot:
        (first,) = await bot.get_updates()
        poll = asyncio.create_task(bot.get_updates(offset=first.update_id + 1, timeout=10))
        await asyncio.sleep(0.3)
        api.faults.on(Fault(FaultKind.OUTAGE))
        with pytest.raises(NetworkError):
            await poll


FORMS = [
    {"json": {"chat_id": ANN, "text": "x", "disable_notification": True}},
    {"data": {"chat_id": str(ANN), "text": "x", "disable_notification": "true"}},
    {"files": {"chat_id": (None, str(ANN)), "text": (None, "x"), "disable_notification": (None, "true")}},
    {"params": {"chat_id": str(ANN), "text": "x", "disable_notification": "true"}},
]


@pytest.mark.parametrize("form", FORMS, ids=["json", "form", "multipart", "query"])
async def test_every_form_of_request_is_read_alike(api, address, form):
    async with httpx.AsyncClient(trust_env=False) as http:
        verb = "GET" if "params" in form else "POST"
        answer = await http.request(verb, f"{address}/bot{TOKEN}/sendMessage", **form)
    assert answer.json()["ok"], answer.text
    assert api.newest(ANN).silent


async def test_a_body_that_is_no_json_object_is_a_bad_request(api, address):
    async with httpx.AsyncClient(trust_env=False) as http:
        for content in ("{", "[]"):
            headers = {"Content-Type": "application/json"}
            answer = await http.post(f"{address}/bot{TOKEN}/getMe", content=content, headers=headers)
            assert (answer.status_code, answer.json()["error_code"]) == (400, 400)


async def test_the_webhook_gets_every_update_in_order_with_the_secret_and_again_after_a_failure(api, address):
    seen, statuses = [], [200, 500, 503]

    async def hook(request):
        body = await request.json()
        status = statuses.pop() if statuses else 200
        seen.append((status, request.headers.get("x-telegram-bot-api-secret-token"), body["update_id"]))
        if status == 200 and body["message"]["text"] == "2":
            return JSONResponse({"method": "sendMessage", "chat_id": ANN, "text": "in the answer"})
        return Response(status_code=status)

    with serving(Starlette(routes=[Route("/hook", hook, methods=["POST"])])) as target:
        async with client(address) as bot:
            await bot.set_webhook(f"{target}/hook", secret_token="s3cret")
            api.say(CLOCK.now(), ANN, "1")
            api.say(CLOCK.now(), ANN, "2")
            await until(lambda: len(seen) == 5 and api.chat(ANN).from_bot())
            assert (await bot.get_webhook_info()).pending_update_count == 0
            await bot.delete_webhook()
    first = 700000001
    assert [status for status, _, _ in seen] == [503, 500, 200, 200, 200]
    assert {secret for _, secret, _ in seen} == {"s3cret"}
    assert [update for _, _, update in seen] == [first, first, first, first + 1, first + 2]
    assert api.newest(ANN).text == "in the answer"


async def test_the_server_says_that_it_is_alive(address):
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{address}/healthz")).json() == {"alive": True}


async def test_phones_can_be_played_from_this_machine_only(api):
    from bot.sandbox.phone_view import Phone

    phones = [Phone(ANN, "SH-001", "token")]
    with serving(create_app(api, clock=CLOCK, phones=phones)) as address:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            say = f"/phone/{ANN}/say"
            assert (await http.post(say, json={"text": "4"})).status_code == 200
            assert (await http.post(say, content=json.dumps({"text": "5"}))).status_code == 403
            assert (await http.post(say, json={"text": "5"}, headers={"Host": "evil.example"})).status_code == 403
            assert (await http.post(say, json={})).status_code == 400
            assert (await http.post(f"/phone/{ANN}/fly", json={})).status_code == 404
            state = (await http.get("/phone/state")).json()
    assert [message["text"] for message in state["phones"][0]["messages"]] == ["/start invitation", "4"]


async def test_nobody_acts_in_a_past_that_is_still_being_played(api):
    from bot.sandbox.phone_view import Phone

    share = [0.5]
    phones = [Phone(ANN, "SH-001", "token")]
    with serving(create_app(api, clock=CLOCK, phones=phones, progress=lambda: share[0])) as address:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            said = asyncio.create_task(http.post(f"/phone/{ANN}/say", json={"text": "4"}))
            assert (await http.post(f"/phone/{ANN}/language", json={"language": "en"})).status_code == 200
            await asyncio.sleep(0.6)
            before = [one["text"] for one in (await http.get("/phone/state")).json()["phones"][0]["messages"]]
            share[0] = None
            assert (await said).status_code == 200
            after = [one["text"] for one in (await http.get("/phone/state")).json()["phones"][0]["messages"]]
    assert (before, after) == (["/start invitation"], ["/start invitation", "4"])


async def until(done, seconds=8.0):
    end = CLOCK.monotonic() + seconds
    while not done():
        assert CLOCK.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.05)
