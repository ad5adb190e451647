"""Two participants on the demonstration's page, in Chinese and in English, through a diary week that never varies."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.actions.prepare_message import Ready
from bot.actions.study import Study
from bot.channels.telegram.sender import markup
from bot.chat.incoming import Body, CallbackAnswer, Command, Typed
from bot.messages.profile import bot_profile, command_descriptions
from bot.people.keys import Keys
from bot.rehearsal.demo import links_beside
from bot.sandbox.limits import NO_LIMITS
from bot.sandbox.phone_view import Phone as PagePhone
from bot.sandbox.rules import BotApi
from bot.sandbox.server import create_app
from schedules.clock import VirtualClock
from schedules.loader import load_protocol, seed_protocol_path
from schedules.windows import instant
from tests.support.browser import serving
from tests.support.camera import DESK, PHONE, Camera
from tests.support.database import study_database
from tests.support.world import FIRST_DAY, SHANGHAI, Phone, World

TOKEN = "123456789:a-token-for-pictures"
PEOPLE = {"zh": 700_001, "en": 700_002}
CODES = {"zh": "SH-001", "en": "SH-002"}
ANSWERS = {
    "zh": ("4", "1 轻度", "1 稍差"),
    "en": ("4", "1 Mild", "1 Slightly"),
}
WORDS = {
    "zh": {"language": "中文", "agree": "同意", "reach": "收到", "start": "开始", "submit": "提交", "change": "修改",
           "back": "‹", "what": "什么算"},
    "en": {"language": "English", "agree": "Agree", "reach": "OK", "start": "Start", "submit": "Submit",
           "change": "Change", "back": "‹", "what": "What counts"},
}  # fmt: skip


@dataclass
class ShownWorld(World):
    """A world whose chats stand on the sandbox's phones; only the deeds of people are played."""

    api: BotApi = field(default_factory=lambda: BotApi(TOKEN, "three_questions_bot", limits=NO_LIMITS))

    def receive(
        self, phone: Phone, body: Body, reference: str | None = None, sent_at: datetime | None = None
    ) -> CallbackAnswer | None:
        match body:
            case Command("start", payload) if not self.api.person(phone.address).started:
                self.api.start(self.now, phone.address, payload)
            case Command(name):
                self.api.say(self.now, phone.address, f"/{name}")
            case Typed(text):
                self.api.say(self.now, phone.address, text)
        return super().receive(phone, body, reference, sent_at)

    def _show(self, ready: Ready, kind: str) -> int:
        given = {"chat_id": ready.address, "text": ready.text, "parse_mode": "HTML", **markup(ready)}
        if ready.method == "send":
            reply = self.api.call(self.now, TOKEN, "sendMessage", given)
            self.messages = itertools.count(reply.body["result"]["message_id"])
        else:
            given["message_id"] = ready.provider_msg_id
            reply = self.api.call(self.now, TOKEN, "editMessageText", given)
        assert reply.status == 200, reply.body
        return super()._show(ready, kind)


@dataclass
class Stage:
    """The world, and the page that shows it."""

    world: ShownWorld
    clock: VirtualClock
    camera: Camera
    base: str

    def phone(self, language: str) -> Phone:
        return self.world.phone(PEOPLE[language], language)

    def page(self, language: str, size: tuple[int, int]) -> Page:
        """The page as it stands now, everything drawn; on a small screen the phone of that language is in front."""
        self.clock.set(self.world.now)
        page = self.camera.window(self.base, size=size, language=language).new_page()
        page.goto(f"/?lang={language}")
        for user_id in PEOPLE.values():
            count = len(self.world.api.chat(user_id).messages)
            page.wait_for_function(
                "([id, count]) => document.querySelectorAll(`#phone-${id} .message`).length >= count",
                arg=[user_id, count],
            )
        page.wait_for_function("() => [...document.querySelectorAll('.status b')].every(time => time.textContent)")
        if size == PHONE:
            page.get_by_role("button", name=CODES[language], exact=True).click()
        return page

    def take(self, name: str, language: str, *, locked: bool = False) -> None:
        """A picture of one phone."""
        page, screen = self.page(language, PHONE), f"#phone-{PEOPLE[language]} .screen"
        if locked:
            page.locator(f"#phone-{PEOPLE[language]} .caption button.quiet").first.click()
        self.camera.take(page, f"{name}-{language}", only=screen)
        page.context.close()

    def take_both(self, name: str) -> None:
        """A picture of the whole page in each language."""
        for language in PEOPLE:
            page = self.page(language, DESK)
            page.wait_for_function("() => document.querySelector('#clock-state').textContent.trim().length > 3")
            self.camera.take(page, f"{name}-{language}")
            page.context.close()


def answer(phone: Phone, language: str) -> None:
    """Tap through today's three questions up to the review."""
    phone.tap(WORDS[language]["start"])
    for label in ANSWERS[language]:
        phone.tap(label)


def play(stage: Stage) -> None:
    """The week, with a picture wherever a manual needs one."""
    for language in PEOPLE:
        join(stage, language)
    stage.world.wait_for(FIRST_DAY, "20:00")
    for language in PEOPLE:
        first_evening(stage, language)
    second_morning(stage)
    third_evening(stage)
    for language in PEOPLE:
        ask_today_and_stop(stage, language)


def join(stage: Stage, language: str) -> None:
    phone, words = stage.phone(language), WORDS[language]
    stage.world.enrol(CODES[language], f"invitation-{language}", language=language)
    phone.start(f"invitation-{language}")
    phone.tap(words["language"])
    stage.take("join", language)
    phone.tap(words["agree"])
    stage.take("hour", language)
    phone.tap("20:00")
    stage.take("reach", language)
    phone.tap(words["reach"])


def first_evening(stage: Stage, language: str) -> None:
    phone, words = stage.phone(language), WORDS[language]
    stage.take("lock", language, locked=True)
    stage.take("prompt", language)
    phone.tap(words["start"])
    stage.take("question", language)
    for label in ANSWERS[language]:
        phone.tap(label)
    stage.take("review", language)
    phone.tap(words["submit"])
    stage.take("saved", language)
    phone.tap(words["change"])
    stage.take("change", language)
    phone.tap(words["back"])


def second_morning(stage: Stage) -> None:
    """The second day was forgotten; the last call rings the next morning."""
    stage.world.wait_for(FIRST_DAY + timedelta(days=2), "08:00")
    for language in PEOPLE:
        phone = stage.phone(language)
        stage.take("late", language)
        answer(phone, language)
        phone.tap(WORDS[language]["submit"])


def third_evening(stage: Stage) -> None:
    """One participant is at the review, the other at the first question: the picture of the README."""
    stage.world.wait_for(FIRST_DAY + timedelta(days=2), "20:01")
    answer(stage.phone("zh"), "zh")
    stage.phone("en").tap("Start")
    stage.take_both("demo")
    for label in ANSWERS["en"]:
        stage.phone("en").tap(label)
    for language in PEOPLE:
        stage.phone(language).tap(WORDS[language]["submit"])


def ask_today_and_stop(stage: Stage, language: str) -> None:
    phone = stage.phone(language)
    phone.command("today")
    stage.take("today", language)
    phone.command("stop")
    stage.take("stop", language)


def ready_app(world: ShownWorld) -> Starlette:
    """What the product says of itself, for the page's clock."""

    async def readyz(_request: object) -> JSONResponse:
        due = world.next_due()
        return JSONResponse({
            "ready": True, "reasons": [], "study_now": world.now.isoformat(), "inbox": 0, "outbox_due": 0,
            "next_due": due.isoformat() if due else None,
        })  # fmt: skip

    return Starlette(routes=[Route("/readyz", readyz)])


@contextmanager
def phones(folder: Path, camera: Camera) -> Iterator[Stage]:
    """The page, served, with two phones that have not joined yet."""
    study = Study(load_protocol(seed_protocol_path()), Keys())
    clock = VirtualClock(instant(FIRST_DAY, time(10), SHANGHAI))
    with study_database(folder, inline=True) as database:
        world = ShownWorld(database, study, clock.now())
        world.tick()
        with serving(ready_app(world)) as ready, serving(page_app(world, clock, folder, ready)) as base:
            introduce(world)
            yield Stage(world, clock, camera, base)


def page_app(world: ShownWorld, clock: VirtualClock, folder: Path, ready: str) -> Starlette:
    held = [
        PagePhone(user_id, CODES[language], "", "zh-hans" if language == "zh" else "en")
        for language, user_id in PEOPLE.items()
    ]
    links = links_beside(held, "/clinic/", "/diary/", FIRST_DAY + timedelta(days=7))
    return create_app(
        world.api, clock=clock, study_clock_file=folder / "clock", bot_ready_url=f"{ready}/readyz", phones=held,
        links=links,
    )  # fmt: skip


def introduce(world: ShownWorld) -> None:
    """Give the bot its name and commands in both languages, as the product does when it starts."""
    for language, code in (("en", ""), ("zh", "zh")):
        commands = [{"command": name, "description": words} for name, words in command_descriptions(language)]
        world.api.call(world.now, TOKEN, "setMyCommands", {"commands": commands, "language_code": code})
        world.api.call(world.now, TOKEN, "setMyName", {"name": {"zh": "每日三问", "en": "Three questions"}[language],
                                                       "language_code": code})  # fmt: skip
        world.api.call(world.now, TOKEN, "setMyDescription",
                       {"description": bot_profile(language).description, "language_code": code})  # fmt: skip


def photograph(folder: Path, camera: Camera) -> None:
    """Every picture of the two phones."""
    with phones(folder, camera) as stage:
        play(stage)
