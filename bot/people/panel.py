"""The panel of a participant's own choices: joining, language, hour, stopping and help."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


class PanelStep(StrEnum):
    """What the panel has on screen; the `join_` steps are the way in."""

    JOIN_LANGUAGE = "join_language"
    JOIN_NOTICE = "join_notice"
    JOIN_DECLINED = "join_declined"
    JOIN_HOUR = "join_hour"
    JOIN_REACH = "join_reach"
    JOINED = "joined"
    LANGUAGE = "language"
    LANGUAGE_SET = "language_set"
    HOUR = "hour"
    HOUR_SET = "hour_set"
    STOP = "stop"
    STOPPED = "stopped"
    KEPT = "kept"
    HELP = "help"


@dataclass(frozen=True)
class PanelState:
    """One panel message: its 16-character key, its revision and its step."""

    key: str
    revision: int = 0
    step: PanelStep = PanelStep.JOIN_LANGUAGE


@dataclass(frozen=True)
class SiteWords:
    """What the site says of itself in one language: its name, its phone, its privacy notice with version."""

    name: str
    phone: str
    notice: str
    notice_version: str


@dataclass(frozen=True)
class PanelContext:
    """The circumstances of a panel.

    `words` are keyed by language ("zh", "en"); `hours` are the offered local times; `hour` is the one in
    force, `None` before the first choice; `next_prompt_at` is aware, `None` when nothing is planned. A day that
    is to be answered at once stands in `waiting_on`, its closing in `waiting_until`.
    """

    words: Mapping[str, SiteWords]
    hours: tuple[time, ...]
    default_hour: time
    hour: time | None
    next_prompt_at: datetime | None
    tzid: str
    now: datetime
    waiting_on: date | None = None
    waiting_until: datetime | None = None
