"""Posted fields, read with care: few, short, and text only."""

from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from bot.i18n import LANGUAGES, resolve_language

MOST_FIELDS: Final = 10
LONGEST_FIELD: Final = 4096
LANGUAGE: Final = "lang"


async def read_form(request: Request) -> FormData:
    """The posted fields; an empty form for one that cannot be read, which is then refused."""
    try:
        return await request.form(max_fields=MOST_FIELDS, max_files=0)
    except (ClientDisconnect, HTTPException):
        return FormData()


def text_of(form: FormData, name: str) -> str:
    """A field's text; what is no text counts as empty, and nothing is longer than a message may be."""
    value = form.get(name)
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""


def guess_language(request: Request, form: FormData | None = None) -> str:
    """The language for a page that could not ask the database: the form's own, else the browser's."""
    given = text_of(form, LANGUAGE) if form is not None else ""
    if given in LANGUAGES:
        return given
    return resolve_language(request.headers.get("accept-language", "").split(",")[0].split(";")[0])
