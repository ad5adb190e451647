"""The phone page in a real browser: a person joins, answers, edits, blocks, and moves the study clock."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.sandbox.faults import FaultKind
from bot.sandbox.phone_view import Phone
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from schedules.clock import SystemClock
from tests.support.browser import PATIENCE, chromium, serving

pytestmark = pytest.mark.browser

TOKEN = "123456:sandbox-token"
ANN, BEN = 5001, 5002
CLOCK = SystemClock()
WORDS = {
    "zh": {
        "ready": "今天的三个问题已准备好，约需十秒。",
        "start": "开始",
        "stools": "<b>第 4 天，共 7 天 · 第 1 题，共 3 题</b>\n●●●◉○○○\n点“提交”后才算完成，明天 12:00 前可填可改。\n\n"
        "<b>今天排稀便（稀糊状或水样便）的次数</b>",
        "what": "什么算稀便？",
        "definition": "不成形、稀糊状或水样的都算。",
        "pain": "<b>第 4 天，共 7 天 · 第 2 题，共 3 题</b>\n●●●◉○○○\n\n稀便次数：<b>{}</b>\n\n<b>今天的腹痛</b>",
        "levels": ["0 无", "1 轻度", "2 中度", "3 重度"],
        "back": "‹ 返回",
        "review": "<b>第 4 天，共 7 天 · 核对</b>\n●●●◉○○○\n\n<b>核对后提交。</b>",
        "submit": "提交",
        "change": "修改",
        "saved": "<b>第 4 天，共 7 天</b>\n✓ 已保存 20:02。\n\n下一次提问：明天 20:00。",
        "command": "今天的日记",
        "name": "每日三问",
    },
    "en": {
        "ready": "Your three questions for today are ready, about ten seconds.",
        "start": "Start",
        "stools": "<b>Day 4 of 7 · question 1 of 3</b>\n●●●◉○○○\nSubmit to finish. Open until 12:00 tomorrow.\n\n"
        "<b>Liquid or very soft stools today</b>",
        "what": "What counts?",
        "definition": "Anything unformed, mushy or watery.",
        "pain": "<b>Day 4 of 7 · question 2 of 3</b>\n●●●◉○○○\n\nStools: <b>{}</b>\n\n<b>Abdominal pain today</b>",
        "levels": ["0 None", "1 Mild", "2 Moderate", "3 Severe"],
        "back": "‹ Back",
        "review": "<b>Day 4 of 7 · review</b>\n●●●◉○○○\n\n<b>Check, then submit.</b>",
        "submit": "Submit",
        "change": "Change",
        "saved": "<b>Day 4 of 7</b>\n✓ Saved 20:02.\n\nNext question: tomorrow 20:00.",
        "command": "Today's diary",
        "name": "Three questions",
    },
}


class ScriptedBot:
    """A small bot that polls, plays one fixed day, and keeps a list of due instants like the real one."""

    def __init__(self, address: str, study_file: Path) -> None:
        self.http = httpx.Client(base_url=f"{address}/bot{TOKEN}/", trust_env=False, timeout=10)
        self.study_file = study_file
        self.stopping = threading.Event()
        self.silent = threading.Event()
        self.due: list[datetime] = []
        self.seen_texts: list[str] = []
        self.thread = threading.Thread(target=self.run, daemon=True)

    def study_now(self):
        offset = int(self.study_file.read_text()) if self.study_file.exists() else 0
        return CLOCK.now() + timedelta(seconds=offset)

    def ready_app(self):
        async def readyz(_request):
            now, due = self.study_now(), self.due[0] if self.due else None
            return JSONResponse({
                "ready": True, "reasons": [], "study_now": now.isoformat(), "inbox": 0,
                "outbox_due": int(due is not None and due <= now), "next_due": due.isoformat() if due else None,
            })  # fmt: skip

        return Starlette(routes=[Route("/readyz", readyz)])

    def call(self, method, **parameters):
        return self.http.post(method, json=parameters).json()

    def run(self):
        for language in ("", "en", "zh"):
            words = WORDS[language or "en"]
            commands = [{"command": "today", "description": words["command"]}]
            self.call("setMyCommands", commands=commands, language_code=language)
            self.call("setMyName", name=words["name"], language_code=language)
        offset = 0
        while not self.stopping.is_set():
            try:
                answer = self.call("getUpdates", offset=offset, timeout=0)
            except (httpx.HTTPError, ValueError):
                continue
            for update in answer.get("result", []):
                offset = update["update_id"] + 1
                self.take(update)
            while self.due and self.due[0] <= self.study_now():
                self.prompt(ANN, WORDS["zh"])
                self.due.pop(0)
            self.stopping.wait(0.05)

    def prompt(self, chat, words):
        self.say(chat, words["ready"], [[words["start"]]])

    def say(self, chat, text, rows):
        self.call("sendMessage", chat_id=chat, text=text, parse_mode="HTML", reply_markup=keyboard(rows))

    def take(self, update):
        if "callback_query" in update and not self.silent.is_set():
            self.tapped(update["callback_query"])
        text = update.get("message", update.get("edited_message", {})).get("text", "")
        if text:
            person = update.get("message", update.get("edited_message"))["from"]
            self.seen_texts.append(text)
            self.prompt(person["id"], WORDS["zh" if person["language_code"].startswith("zh") else "en"])

    def tapped(self, query):
        words = WORDS["zh" if query["from"]["language_code"].startswith("zh") else "en"]
        data, toast = query["data"], ""
        pad = [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9", "10+"], [words["what"]]]
        if data == words["start"]:
            self.edit(query, words["stools"], pad)
        elif data == words["what"]:
            toast = words["definition"]
        elif data.isdigit():
            self.edit(query, words["pain"].format(data), [[level] for level in words["levels"]] + [[words["back"]]])
        elif data in words["levels"]:
            self.edit(query, words["review"], [[words["submit"]], [words["change"]]])
        elif data == words["submit"]:
            self.edit(query, words["saved"], [[words["change"]]])
        self.call("answerCallbackQuery", callback_query_id=query["id"], text=toast)

    def edit(self, query, text, rows):
        message = query["message"]
        self.call(
            "editMessageText", chat_id=message["chat"]["id"], message_id=message["message_id"], text=text,
            parse_mode="HTML", reply_markup=keyboard(rows),
        )  # fmt: skip


def keyboard(rows):
    style = {"提交": {"style": "primary"}, "Submit": {"style": "primary"}}
    return {
        "inline_keyboard": [
            [{"text": text, "callback_data": text, **style.get(text, {})} for text in row] for row in rows
        ]
    }


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def stage(tmp_path):
    """A sandbox with two phones, the scripted bot, and a study clock; yields (address, api, bot)."""
    api = BotApi(TOKEN, "diary_bot")
    study_file = tmp_path / "study-clock"
    phones = [Phone(ANN, "SH-001", "invite-1", "zh-hans"), Phone(BEN, "SH-002", "invite-2", "en")]
    bot = ScriptedBot("http://127.0.0.1:1", study_file)
    with serving(bot.ready_app()) as ready:
        app = create_app(
            api, clock=CLOCK, study_clock_file=study_file, bot_ready_url=f"{ready}/readyz", phones=phones,
            links=[("CDAI draft SH-001 W00", "/draft/SH-001/W00", "CDAI 草稿 SH-001 W00")],
            draft_page=lambda code, visit, language: f"<h1>{code} {visit} {language}</h1><p>&lt;24 points</p>",
        )  # fmt: skip
        with serving(app) as address:
            bot.http.base_url = f"{address}/bot{TOKEN}/"
            bot.thread.start()
            yield address, api, bot
            bot.stopping.set()
            bot.thread.join(10)
            bot.http.close()


@pytest.fixture
def open_page(browser, stage):
    """Open the page in a window of the given size and language; fails the test on any error of the page."""
    address, _, _ = stage
    contexts, problems = [], []

    def open_(width=1280, height=800, language="en", path="/", **options):
        context = browser.new_context(viewport={"width": width, "height": height}, locale=language, **options)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        page.on("request", lambda request: request.url.startswith(address) or problems.append(request.url))
        page.goto(address + path)
        contexts.append(context)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []


def phone(page, user_id):
    return page.locator(f"#phone-{user_id}")


def key(page, user_id, label):
    keyboards = phone(page, user_id).locator(".keyboard")
    return keyboards.get_by_role("button", name=label, exact=True).last


def finish_a_day(page, user_id, language):
    words = WORDS[language]
    for label in (words["start"], "4", words["levels"][1], words["submit"]):
        key(page, user_id, label).click()
    phone(page, user_id).get_by_text(words["saved"].splitlines()[1]).wait_for()


def test_a_person_joins_and_finishes_a_day_in_both_languages(stage, open_page):
    _, api, bot = stage
    page = open_page()
    for user_id, begin, language in ((ANN, "开始", "zh"), (BEN, "START", "en")):
        phone(page, user_id).get_by_role("button", name=begin).click()
        finish_a_day(page, user_id, language)
        edited = phone(page, user_id).locator(".message.theirs .foot").last
        expect(edited).to_contain_text("已编辑" if language == "zh" else "edited")

    assert "/start invite-1" in bot.seen_texts
    assert api.violations == []
    expect(phone(page, ANN)).to_have_attribute("lang", "zh-Hans")
    expect(phone(page, BEN)).to_have_attribute("lang", "en")


def test_typing_editing_commands_and_the_phones_language(stage, open_page):
    _, api, bot = stage
    page = open_page()
    phone(page, BEN).get_by_role("button", name="START").click()
    field = phone(page, BEN).get_by_label("Message")
    field.fill("four & <b>five</b>")
    field.press("Enter")
    phone(page, BEN).get_by_text("four & <b>five</b>").wait_for()
    phone(page, BEN).get_by_role("button", name="Edit").click()
    expect(field).to_have_value("four & <b>five</b>")
    field.fill("4")
    field.press("Enter")
    phone(page, BEN).locator(".mine").get_by_text("edited").wait_for()
    until(page, lambda: bot.seen_texts[-1] == "4")

    phone(page, BEN).get_by_role("button", name="中文").click()
    phone(page, BEN).get_by_role("button", name="命令").click()
    phone(page, BEN).get_by_role("button", name="/today 今天的日记").click()
    phone(page, BEN).locator(".mine").get_by_text("/today").wait_for()
    phone(page, BEN).get_by_text(WORDS["zh"]["ready"]).last.wait_for()
    until(page, lambda: api.person(BEN).language_code == "zh-hans")


def test_a_toast_shows_what_the_bot_answered_and_a_spinner_until_then(stage, open_page):
    _, _, bot = stage
    page = open_page()
    phone(page, BEN).get_by_role("button", name="START").click()
    key(page, BEN, "Start").click()
    key(page, BEN, "What counts?").click()
    phone(page, BEN).get_by_text("Anything unformed, mushy or watery.").wait_for()

    bot.silent.set()
    key(page, BEN, "3").click()
    phone(page, BEN).get_by_role("img", name="waiting for the bot").wait_for()


def test_a_blocked_bot_cannot_write_until_the_person_restarts(stage, open_page):
    _, api, _ = stage
    page = open_page()
    phone(page, BEN).get_by_role("button", name="START").click()
    phone(page, BEN).locator("summary").click()
    phone(page, BEN).get_by_role("button", name="Block the bot").click()
    restart = phone(page, BEN).get_by_role("button", name="UNBLOCK AND RESTART")
    restart.wait_for()
    until(page, lambda: api.person(BEN).blocked)
    restart.click()
    phone(page, BEN).get_by_label("Message").wait_for()
    until(page, lambda: not api.person(BEN).blocked)


def test_the_locked_screen_shows_the_newest_message_as_it_was_sent_not_as_edited(stage, open_page):
    page = open_page()
    phone(page, BEN).get_by_role("button", name="START").click()
    key(page, BEN, "Start").click()
    key(page, BEN, "4").wait_for()
    phone(page, BEN).get_by_role("button", name="Lock", exact=True).click()
    locked = phone(page, BEN).locator(".lockscreen")
    expect(locked).to_contain_text("Your three questions for today are ready")
    expect(locked).not_to_contain_text("stools")
    locked.press("Enter")
    expect(locked).to_be_hidden()


def test_the_clock_steps_to_every_due_instant_and_not_over_one(stage, open_page):
    _, api, bot = stage
    page = open_page()
    phone(page, ANN).get_by_role("button", name="开始").click()
    phone(page, ANN).get_by_text(WORDS["zh"]["ready"]).wait_for()
    sent = len(api.chat(ANN).from_bot())
    start = bot.study_now()
    bot.due = [start + timedelta(hours=1, minutes=2), start + timedelta(hours=2), start + timedelta(hours=43)]

    page.get_by_role("button", name="Next:").click(timeout=10_000)
    until(page, lambda: len(bot.due) == 2)
    page.get_by_role("button", name="To tomorrow 18:00").click()
    until(page, lambda: len(bot.due) == 1 and page.get_by_text("The bot is at rest.").is_visible())

    local = bot.study_now() + timedelta(hours=8)
    assert (local.date() - (start + timedelta(hours=8)).date(), local.hour) == (timedelta(days=1), 18)
    assert len(api.chat(ANN).from_bot()) == sent + 2
    at = [message.sent_at + message.shift for message in api.chat(ANN).from_bot()[-2:]]
    assert abs(at[1] - at[0] - 58 * 60) < 5
    expect(page.locator("#time")).to_have_text("18:00")


def test_a_fault_switch_reaches_the_bots_line(stage, open_page):
    _, api, _ = stage
    page = open_page()
    page.get_by_text("Faults", exact=True).click()
    page.get_by_label("Outage: every request is refused").check()
    until(page, lambda: api.faults.outage)
    page.get_by_text("1 on").wait_for()
    page.get_by_label("Outage: every request is refused").uncheck()
    until(page, lambda: not api.faults.outage)
    assert FaultKind.OUTAGE in api.faults.struck


def test_the_whole_page_can_be_worked_by_keyboard(stage, open_page):
    page = open_page()
    phone(page, BEN).get_by_role("button", name="START").press("Enter")
    key(page, BEN, "Start").press("Enter")
    key(page, BEN, "4").press("Enter")
    expect(key(page, BEN, "0 None")).to_be_focused()


def test_the_draft_opens_in_the_language_of_the_page(stage, open_page):
    page = open_page(language="zh-CN")
    page.get_by_role("link", name="CDAI 草稿 SH-001 W00").click()
    page.get_by_role("heading", name="SH-001 W00 zh").wait_for()
    expect(page.get_by_text("<24 points")).to_be_visible()
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name="SH-001 W00 en").wait_for()


SIZES = [(1280, 800), (390, 844)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_nothing_is_cut_off_and_everything_is_large_enough_to_touch(stage, open_page, width, height, language):
    page = open_page(width, height, language)
    user_id, words = (ANN, WORDS["zh"]) if language == "zh-CN" else (BEN, WORDS["en"])
    if width < 900:
        page.get_by_role("button", name="SH-001" if user_id == ANN else "SH-002").click()
    begin = "开始" if user_id == ANN else "START"
    phone(page, user_id).get_by_role("button", name=begin).click()
    key(page, user_id, words["start"]).click()
    key(page, user_id, words["what"]).wait_for()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    touched = ".keyboard button, .gate, .icon, .moves button, .caption .quiet"
    heights = page.evaluate(
        "names => [...document.querySelectorAll(names)].map(e => e.offsetHeight).filter(Boolean)", touched
    )
    assert len(heights) > 10
    assert min(heights) >= 44
    cut = "[...document.querySelectorAll('button, .text')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0


def until(page, done, seconds=15):
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    while not done():
        assert datetime.now(UTC) < end, "waited in vain"
        page.wait_for_timeout(50)
