"""What has changed since the last stored draft of the visit, one line for each value, old before new."""

from collections.abc import Mapping
from datetime import date

from bot.documents import change_words, words
from bot.documents.draft_header import DraftHeader, Speaker, label
from bot.documents.sheet import Section, Sentences
from bot.i18n import Message
from bot.scoring.changes import Change
from bot.scoring.draft import Draft
from bot.scoring.sescd import SEGMENTS

GAP = "–"
SESCD_PREFIX = "sescd_"


def changes_section(draft: Draft, header: DraftHeader, say: Speaker) -> Section:
    """The last stored draft and every change since, or that there is none."""
    since, title = header.since, say(change_words.TITLE)
    if since is None:
        return Section("changes", title, (Sentences((say(change_words.NEVER_STORED),)),))
    occasion = say(change_words.OCCASIONS[since.occasion])
    last = say(change_words.LAST, occasion=occasion, at=say.moment(since.at), hash=since.hash)
    changes = tuple(_change(change, draft, say) for change in since.changes) or (say(change_words.NOTHING),)
    return Section("changes", title, (Sentences((last, *changes)),))


def _change(change: Change, draft: Draft, say: Speaker) -> str:
    old, new = (_value(value, change, say) for value in (change.old, change.new))
    return say(change_words.CHANGE, what=say.list(_what(change, draft, say)), old=old, new=new)


def _what(change: Change, draft: Draft, say: Speaker) -> list[str]:
    """Name the value: the part where it is not plain, the day, group or segment, and the field."""
    key, item = change.key, change.item
    match change.part:
        case "days":
            return [_day(key, draft), *_fields([item], say)]
        case "excluded":
            return [_day(key, draft), say(change_words.LEFT_OUT)]
        case "complications":
            return [say(words.NAMES["complications"]), say(words.GROUPS[key or ""])]
        case "sescd":
            return [say(words.SESCD), say(words.SEGMENT[key or ""])]
        case "carried":
            return [say(words.NAMES[key or ""]), say(change_words.FIELDS["carried"])]
        case "rules":
            return [say(words.RULES), ".".join(part for part in (key, item) if part)]
        case "baseline":
            return [say(words.BASELINE), *_baseline(key or "", say)]
        case "outcome" | "planned" | "person":
            return _fields([key], say)
    return [say(words.NAMES[change.part]), *_fields([key], say)]


def _fields(names: list[str | None], say: Speaker) -> list[str]:
    known: dict[str, Message] = {**change_words.FIELDS, **words.SHORT}
    return [say(known[name]) for name in names if name is not None]


def _baseline(key: str, say: Speaker) -> list[str]:
    segment = key.removeprefix(SESCD_PREFIX)
    if segment in SEGMENTS:
        return [say(words.SESCD), say(words.SEGMENT[segment])]
    return _fields([key], say)


def _day(key: str | None, draft: Draft) -> str:
    on = date.fromisoformat(key or "")
    return f"{label(draft.given.visit_on, on)} ({on})"


def _value(value: object, change: Change, say: Speaker) -> str:
    if value is None:
        return GAP
    if isinstance(value, bool):
        return say(words.YES if value else words.NO)
    if isinstance(value, list):
        return " + ".join(map(str, value)) if change.part in ("sescd", "baseline") else str(value)
    known = words.EXCLUSIONS if change.part == "excluded" else _WORDS.get(change.item or change.key or change.part, {})
    named = None if change.part == "rules" else known.get(str(value))
    return str(value) if named is None else say(named)


_WORDS: Mapping[str, Mapping[str, Message]] = {
    "status": change_words.STATUS,
    "category": words.BAND,
    "state": words.STATES,
    "source": words.SOURCES,
    "sex": words.SEX,
    "mass": words.MASS,
}
