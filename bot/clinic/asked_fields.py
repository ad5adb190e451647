"""What forms of the clinic send, read into dates, times and answers; None where it makes no sense."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request

from bot.clinic.call import study_of, text_of, timezone_of
from bot.diary.items import Item, is_in_range, needs_confirmation
from bot.i18n import Message, clinic_text
from bot.storage.views.cards import asked_items

ANSWER: Final = clinic_text("fault", "Answer this question.")
STOOLS: Final = clinic_text("fault", "Enter a whole number from 0 to 50.")
CONFIRM: Final = clinic_text("fault", "%(value)s is unusual: confirm it.")
REASON: Final = clinic_text("fault", "Say why, in a few words: it stands beside the value for good.")
A_DATE: Final = clinic_text("fault", "Choose a date.")
CHOOSE: Final = clinic_text("fault", "Choose one.")

Faults = dict[str, tuple[Message, dict[str, object]]]


def read_date(text: str) -> date | None:
    """A date as a date field sends it."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """A time of day as a time field sends it."""
    try:
        return time.fromisoformat(text[:5]) if len(text) >= 5 else None
    except ValueError:
        return None


def read_local(on: date, at: time, request: Request) -> datetime:
    """An instant on the reader's wall clock."""
    return datetime.combine(on, at, ZoneInfo(timezone_of(request)))


def read_answers(request: Request) -> tuple[Mapping[Item, int], Faults]:
    """The answers of a diary day as a form sends them, and what is wrong with each."""
    values: dict[Item, int] = {}
    faults: Faults = {}
    for item in asked_items(study_of(request).protocol):
        given = text_of(request, item.value)
        if not given.isdecimal() or len(given) > 3 or not is_in_range(item, int(given)):
            faults[item.value] = (STOOLS if item is Item.STOOLS else ANSWER, {})
        elif needs_confirmation(item, int(given)) and text_of(request, f"confirm_{item.value}") != given:
            faults[item.value] = (CONFIRM, {"value": given})
        if item.value not in faults:
            values[item] = int(given)
    return values, faults


def read_reason(request: Request, faults: Faults, name: str = "reason") -> str:
    """The reason given; a fault when there is none."""
    reason = text_of(request, name)[:500]
    if not reason:
        faults[name] = (REASON, {})
    return reason


def page_asked(request: Request) -> int:
    """The page in the address; the first for anything else."""
    given = request.query_params.get("page", "1")
    return int(given) if given.isdecimal() and 0 < len(given) < 5 and int(given) > 0 else 1
