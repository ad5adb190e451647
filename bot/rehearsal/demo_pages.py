"""The demonstration's own page: the sign-ins for the clinic with their current one-time codes."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.people.one_time_codes import STEP_SECONDS, code_at
from bot.people.roles import Role
from bot.rehearsal.demo_cast import PASSWORD, SignIn
from schedules.clock import Clock

ROLE_WORDS = {
    Role.COORDINATOR: ("Coordinator", "协调员"),
    Role.CLINICIAN: ("Investigator", "研究者"),
    Role.DATA_MANAGER: ("Data manager", "数据管理员"),
    Role.MONITOR: ("Monitor", "监查员"),
    Role.ADMIN: ("Administrator", "管理员"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Refresh": "5",
}
FRAME = """<!DOCTYPE html>
<html lang="{tag}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/page/phone.css"></head>
<body class="reading"><header class="bar"><a href="/?lang={language}">‹ {back}</a>
<nav class="segments"><a href="?lang=zh" lang="zh-Hans"{zh}>中文</a><a href="?lang=en" lang="en"{en}>English</a></nav>
</header><main class="sheet"><h1>{title}</h1><p>{lead} <a href="{clinic}">{go}</a></p><p>{password} <b>{secret}</b></p>
<table><thead><tr><th scope="col">{role}</th><th scope="col">{account}</th><th scope="col" class="number">{code}</th>
</tr></thead><tbody>{rows}</tbody></table><p class="hint">{note}</p></main></body></html>
"""
WORDS = {
    "en": {
        "tag": "en", "title": "Sign-ins of the demonstration", "back": "Back to the phones", "go": "Open the clinic",
        "lead": "Choose a role and sign in with its account, the password, and the code shown now.",
        "password": "Password of every account:", "role": "Role", "account": "Account", "code": "Code now",
        "note": "Codes change every 30 seconds, this page follows; each works once. All data are synthetic.",
    },
    "zh": {
        "tag": "zh-Hans", "title": "演示用账号", "back": "返回手机", "go": "打开临床页面",
        "lead": "选择一个角色，用其账号、密码和此刻显示的验证码登录。",
        "password": "所有账号的密码：", "role": "角色", "account": "账号", "code": "当前验证码",
        "note": "验证码每 30 秒更换一次，本页随之更新；每个验证码只能用一次。所有数据均为合成数据。",
    },
}  # fmt: skip


class SignInPage:
    """Lists the accounts of the demonstration; there are no secrets here, because nothing here is real."""

    def __init__(self, sign_ins: Sequence[SignIn], clinic: str, clock: Clock) -> None:
        self._sign_ins, self._clinic, self._clock = sign_ins, clinic, clock

    def route(self) -> Route:
        return Route("/sign-ins", self.answer)

    async def answer(self, request: Request) -> Response:
        """The page in the language asked for."""
        language = "zh" if request.query_params.get("lang", "en").startswith("zh") else "en"
        return HTMLResponse(self.render(language, self._clock.system_now()), headers=HEADERS)

    def render(self, language: str, at: datetime) -> str:
        """The page at a moment of security time."""
        current = {"zh": "", "en": "", language: ' aria-current="true"'}
        rows = "".join(self._row(one, language, at) for one in self._sign_ins)
        clinic = f"{self._clinic}?lang={language}"
        return FRAME.format(
            **WORDS[language], **current, language=language, rows=rows, clinic=clinic, secret=escape(PASSWORD)
        )

    def _row(self, one: SignIn, language: str, at: datetime) -> str:
        word = ROLE_WORDS[one.role][language == "zh"]
        left = STEP_SECONDS - int(at.timestamp()) % STEP_SECONDS
        code = f"{code_at(one.seed, at)} · {left} s"
        return f'<tr><th scope="row">{word}</th><td>{escape(one.name)}</td><td class="number">{code}</td></tr>'
