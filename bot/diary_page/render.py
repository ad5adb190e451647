"""The page's templates, and the pages that need no participant: the shut door, and what could not be saved."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.diary_page import words
from bot.diary_page.door import CSRF, Door
from bot.diary_page.forms import LANGUAGE, guess_language
from bot.diary_page.markup import dialled
from bot.diary_page.words import Say
from bot.i18n import Message

TEMPLATES: Final = Path(__file__).parent / "templates"
OTHER: Final = {"en": "zh", "zh": "en"}


class Renderer:
    """Answers with pages, in the language asked for."""

    def __init__(self, door: Door, *, shifted: bool) -> None:
        self._door, self._shifted = door, shifted
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["dialled"] = dialled

    def page(
        self,
        request: Request,
        template: str,
        language: str,
        *,
        status: int = 200,
        phone: str | None = None,
        **context: object,
    ) -> Response:
        """Render a template; a page that succeeds also says, once, what the last form brought about."""
        said = self._door.said(request) if status == 200 else ()
        body = self._templates.get_template(template).render(
            say=Say(language),
            other=Say(OTHER[language]),
            words=words,
            url=lambda path: address(request, path),
            csrf=self._door.form_token(request),
            said=said,
            shifted=self._shifted,
            phone=phone,
            **context,
        )
        response = HTMLResponse(body, status_code=status)
        if said:
            self._door.has_said(response)
        return response

    def shut(self, request: Request) -> Response:
        """The one answer to a link that is unknown, revoked or missing."""
        return self._bare(request, words.SHUT, status=404)

    def unavailable(self, request: Request) -> Response:
        """The answer while the database cannot be read."""
        return self._bare(request, words.UNAVAILABLE, status=503)

    def not_saved(self, request: Request, sentence: Message, *, status: int, form: FormData) -> Response:
        """Say plainly that nothing was saved; after a passing trouble the same form can be sent again."""
        fields = [(name, value) for name, value in form.multi_items() if name not in (CSRF, LANGUAGE)]
        again = fields if status >= 500 else []
        return self.page(
            request,
            "not_saved.html",
            guess_language(request, form),
            status=status,
            sentence=sentence,
            again=again,
            target=request.url.path,
            can_repeat=status >= 500,
        )

    def _bare(self, request: Request, sentence: Message, *, status: int) -> Response:
        return self.page(request, "bare.html", guess_language(request), status=status, sentence=sentence)


def address(request: Request, path: str) -> str:
    """An address within the page, wherever it is mounted."""
    return str(request.scope.get("root_path", "")) + path


def go_to(request: Request, path: str) -> Response:
    """See another page next."""
    return RedirectResponse(address(request, path), status_code=303)
