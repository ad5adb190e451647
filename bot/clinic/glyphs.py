"""The marks of diary days and messages: which shape stands for a state, and its name in words."""

from typing import Final

from bot.i18n import Message, clinic_text

# symbol -> its name; the shapes are in templates/macros/glyphs.html.
DAY_MARKS: Final[dict[str, Message]] = {
    "entered": clinic_text("day", "Entered"),
    "late": clinic_text("day", "Late"),
    "corrected": clinic_text("day", "Corrected"),
    "staff": clinic_text("day", "Staff entry"),
    "missed": clinic_text("day", "Missed"),
    "partial": clinic_text("day", "Not submitted"),
    "excluded": clinic_text("day", "Excluded"),
    "outage": clinic_text("day", "Outage"),
    "open": clinic_text("day", "Still open"),
    "today": clinic_text("day", "Today"),
    "not_yet": clinic_text("day", "Not yet"),
}
EXCLUSIONS: Final[dict[str, Message]] = {
    "bowel_prep": clinic_text("exclusion", "prep"),
    "endoscopy": clinic_text("exclusion", "scope"),
}
MESSAGE_MARKS: Final[dict[str, Message]] = {
    "sent": clinic_text("message", "Sent"),
    "refused": clinic_text("message", "Refused"),
    "unknown": clinic_text("message", "Unknown"),
    "planned": clinic_text("message", "Planned"),
    "expired": clinic_text("message", "Expired"),
    "cancelled": clinic_text("message", "Cancelled"),
}
ROLE_NAMES: Final[dict[str, Message]] = {
    "coordinator": clinic_text("role", "Coordinator"),
    "clinician": clinic_text("role", "Investigator"),
    "data_manager": clinic_text("role", "Data manager"),
    "monitor": clinic_text("role", "Monitor"),
    "admin": clinic_text("role", "Administrator"),
}


def day_mark(state: str, *, past_its_day: bool = False, by_staff: bool = False, corrected: bool = False) -> str:
    """The one mark of a day, first that applies: staff entry, late, corrected, entered.

    `state` is a diary day's state word; `past_its_day` tells an open day that can still be saved from today's.
    """
    match state:
        case "on_time" | "late" if by_staff:
            return "staff"
        case "late":
            return "late"
        case "on_time":
            return "corrected" if corrected else "entered"
        case "open":
            return "open" if past_its_day else "today"
        case "not_open":
            return "not_yet"
        case "missed" | "partial" | "outage" | "excluded":
            return state
    raise ValueError(f"{state} is not the state of a diary day")
