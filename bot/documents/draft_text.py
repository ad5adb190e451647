"""The CDAI draft as a document, in Chinese or English: text for a terminal, a fragment for a page."""

import re

from bot.documents import words
from bot.documents.draft_changes import changes_section
from bot.documents.draft_components import components_section
from bot.documents.draft_days import days_section
from bot.documents.draft_header import DraftHeader, Speaker, decimal, fixed, is_waiting, label
from bot.documents.draft_scores import endoscopy_section, pro_section
from bot.documents.draft_verdicts import change_section, verdicts_section
from bot.documents.fragment import to_html
from bot.documents.plain import to_text
from bot.documents.sheet import Pairs, Section, Sentences, Sheet
from bot.scoring.diary_part import needed_days
from bot.scoring.draft import Draft
from bot.scoring.numbers import exact, shown

PRORATED = re.compile(r"prorated_(\d+)_of_(\d+)")


def draft_text(draft: Draft, header: DraftHeader, language: str) -> str:
    """The draft for a terminal; `language` is zh or en."""
    return to_text(draft_sheet(draft, header, language))


def draft_html(draft: Draft, header: DraftHeader, language: str) -> str:
    """The draft as an `article` for a page; `language` is zh or en."""
    return to_html(draft_sheet(draft, header, language))


def draft_sheet(draft: Draft, header: DraftHeader, language: str) -> Sheet:
    """Everything the draft shows, in the order in which a clinician reads it."""
    say = Speaker(language, header.tzid)
    sections = [
        _facts(draft, header, say),
        _result(draft, say),
        days_section(draft, say),
        components_section(draft, header, say),
    ]
    if draft.from_baseline is not None:
        sections += [verdicts_section(draft, draft.from_baseline, say), change_section(draft, draft.from_baseline, say)]
    sections.append(pro_section(draft, say))
    if draft.given.sescd is not None:
        sections.append(endoscopy_section(draft, draft.given.sescd, say))
    sections += [_flags(draft, say), changes_section(draft, header, say)]
    title = say(words.TITLE, participant=draft.given.participant, visit=draft.given.visit)
    return Sheet(title, say(words.STANDING), language, tuple(sections))


def _facts(draft: Draft, header: DraftHeader, say: Speaker) -> Section:
    given, rules = draft.given, draft.given.rules
    held = words.VISIT_HELD if given.held else words.VISIT_PLANNED
    visit = say(held, name=header.visit_names[say.language], on=given.visit_on, day=say.day(given.visit_on))
    items = (
        (say(words.PARTICIPANT), _body(draft, say)),
        (say(words.SITE), header.site_names[say.language]),
        (say(words.VISIT), visit),
        (say(words.AS_OF), say(words.MOMENT, at=say.moment(given.as_of), zone=header.tzid)),
        (say(words.RULES), say(words.RULES_VALUE, id=rules.id, version=rules.version, hash=rules.hash)),
        (
            say(words.PROTOCOL),
            say(words.PROTOCOL_VALUE, version=header.protocol_version, fingerprint=header.protocol_fingerprint),
        ),
    )
    return Section("facts", say(words.WHAT), (Pairs(items),))


def _body(draft: Draft, say: Speaker) -> str:
    given = draft.given
    sex = say(words.SEX_UNKNOWN if given.sex is None else words.SEX[given.sex])
    height = "–" if given.height_cm is None else decimal(exact(given.height_cm))
    return say(words.BODY, code=given.participant, sex=sex, height=height)


def _result(draft: Draft, say: Speaker) -> Section:
    decimals = draft.given.rules.round_total_decimals
    params: dict[str, object] = {}
    if draft.interval is not None:
        low, high = (fixed(shown(end, decimals), decimals) for end in (draft.interval.low, draft.interval.high))
        params |= {"low": low, "high": high, "total": low}
    if draft.total is not None and draft.result.band is not None:
        params["band"] = say(words.BAND[draft.result.band])
    lines = [say(words.STATUS[draft.status], **params)]
    if draft.reason is not None:
        lines.append(_reason(draft, draft.reason, say))
    lines += _absent(draft, say)
    if draft.diary.pending and draft.interval is not None:
        days = [label(draft.given.visit_on, day.on) for day in draft.diary.pending]
        lines.append(say(words.PENDING, days=say.list(days)))
    return Section("result", say(words.RESULT), (Sentences(tuple(lines)),))


def _absent(draft: Draft, say: Speaker) -> list[str]:
    """What is missing, apart from what is only waiting for a day that can still be filled."""
    waiting = [key for key in draft.missing if is_waiting(key, draft)]
    missing = [key for key in draft.missing if key not in waiting]
    lines = ((words.MISSING, missing), (words.NOT_FINAL, waiting))
    return [say(line, names=say.list([say(words.NAMES[key]) for key in keys])) for line, keys in lines if keys]


def _reason(draft: Draft, reason: str, say: Speaker) -> str:
    diary = draft.diary
    absent = [label(draft.given.visit_on, day.on) for day in diary.scored if day not in diary.used]
    reachable = len(diary.used) + len(diary.pending)
    needed = needed_days(draft.given.rules)
    return say(words.REASON[reason], used=reachable, needed=needed, days=say.list(absent))


def _flags(draft: Draft, say: Speaker) -> Section:
    lines = tuple(_flag(flag, say) for flag in draft.flags) or (say(words.NO_FLAGS),)
    return Section("flags", say(words.FLAGS), (Sentences(lines),))


def _flag(flag: str, say: Speaker) -> str:
    counted = PRORATED.fullmatch(flag)
    if counted is not None:
        return say(words.PRORATED, used=counted[1], of=counted[2])
    return say(words.FLAG[flag])
