"""Everything the printed page shows, as plain JSON data in one language; the template only sets it."""

import re
from collections.abc import Iterator
from datetime import date

from bot.documents.draft_header import DraftHeader, Speaker, decimal
from bot.documents.draft_text import draft_sheet
from bot.documents.pdf import words
from bot.documents.pdf.components import components_part
from bot.documents.pdf.days import days_part
from bot.documents.pdf.parts import Anchor, Background, SignatureBlock
from bot.documents.pdf.result import result_part, total_text
from bot.documents.pdf.scores import scores_part, segments_note, trend_part
from bot.documents.pdf.signing import grouped, signing_part, standing_of
from bot.documents.sheet import Sentences, Sheet
from bot.documents.words import PARTICIPANT, RULES, SEX, SEX_UNKNOWN, VISIT
from bot.scoring.draft import Draft
from bot.scoring.numbers import exact

Json = dict[str, object]
HASH_DIGITS = 16
# The notes beneath the days name these already, with the days.
SAID_WITH_THE_DAYS = frozenset({"days_excluded", "window_extended"})
# Spaces that never become the end of a line: number and unit, date and time.
TIES = re.compile(r"(?<=\d) (?=%|kg\b|cm\b|°C|[天个次分组段版周])|(?<=第) (?=\d)|(?<=-\d\d) (?=\d\d:)")


def page_data(
    draft: Draft,
    header: DraftHeader,
    language: str,
    *,
    signature: SignatureBlock | None,
    anchor: Anchor | None,
    background: Background,
) -> Json:
    """The page as JSON values: strings to set, and the few numbers that are drawn."""
    say = Speaker(language, header.tzid)
    sheet = draft_sheet(draft, header, language)
    found: Json = {
        "language": language,
        "title": say(words.TITLE),
        "study": _study(header, background, say),
        "standing": [say(words.STANDING[standing_of(signature)]), _standing_note(signature, say)],
        "facts": _facts(draft, header, background, say),
        "result": result_part(draft, _sentences(sheet, "result")[1:], say),
        "days": days_part(draft, background, say),
        "components": components_part(draft, header, say),
        "scores": scores_part(draft, say),
        "trend": trend_part(draft, background, say),
        "notes": [lines for lines in (segments_note(draft, say), _flags(draft, sheet, say)) if lines],
        "signature": signing_part(signature, anchor, say),
        "foot": _foot(draft, background, say),
        "page": say(words.PAGE, page="{page}", pages="{pages}"),
    }
    return _tied(found)


def texts_of(data: object) -> Iterator[str]:
    """Every text of the page's data, in its order."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts_of(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts_of(value)


def _tied(data: Json) -> Json:
    """A number and its unit never part at the end of a line."""
    return {key: _tie(value) for key, value in data.items()}


def _tie(value: object) -> object:
    if isinstance(value, str):
        return TIES.sub("\N{NO-BREAK SPACE}", value)
    if isinstance(value, dict):
        return {key: _tie(item) for key, item in value.items()}
    return [_tie(item) for item in value] if isinstance(value, list) else value


def _study(header: DraftHeader, background: Background, say: Speaker) -> str:
    version = say(words.PROTOCOL, version=header.protocol_version)
    return " · ".join(filter(None, (background.study, version, header.site_names[say.language])))


def _standing_note(signature: SignatureBlock | None, say: Speaker) -> str:
    if signature is None:
        return say(words.NOT_SIGNED)
    at = signature.at if signature.void is None else signature.void.at
    return Speaker(say.language, signature.tzid).moment(at)


def _facts(draft: Draft, header: DraftHeader, background: Background, say: Speaker) -> list[list[list[str]]]:
    """Two columns of rows; each row is a label, a strong part and a plain part."""
    given, rules = draft.given, draft.given.rules
    visit = words.VISIT_VALUE if given.held else words.VISIT_PLANNED
    left = [[say(PARTICIPANT), given.participant, ""], [say(words.BODY), "", _body(draft, say)]]
    week_0 = _week_0(draft, background, say)
    left += [[say(words.WEEK_0), "", week_0]] if week_0 else []
    short = grouped(rules.hash)[: HASH_DIGITS + 1]
    right = [
        [say(VISIT), header.visit_names[say.language], say(visit, day=_day(given.visit_on, say))],
        [say(words.DAYS), "", _days(draft, say)],
        [say(RULES), "", say(words.RULES_VALUE, id=rules.id, version=rules.version, hash=short)],
    ]
    return [left, right]


def _body(draft: Draft, say: Speaker) -> str:
    given = draft.given
    sex = say(SEX_UNKNOWN if given.sex is None else SEX[given.sex])
    if given.height_cm is None:
        return sex
    return say(words.BODY_VALUE, sex=sex, height=decimal(exact(given.height_cm)))


def _week_0(draft: Draft, background: Background, say: Speaker) -> str:
    baseline = None if draft.from_baseline is None else draft.from_baseline.baseline
    if baseline is None:
        return ""
    total = total_text(baseline, draft.given.rules)
    on = background.baseline_on
    return f"CDAI {total}" if on is None else say(words.WEEK_0_ON, total=total, on=on.isoformat())


def _days(draft: Draft, say: Speaker) -> str:
    days, used = draft.diary.scoring_days, len(draft.diary.used)
    if not days:
        return "–"
    return say(words.DAYS_VALUE, first=days[0].isoformat(), last=days[-1].isoformat(), used=used)


def _day(on: date, say: Speaker) -> str:
    return say(words.DAY_OF_YEAR, day=say.day(on), year=on.year)


def _sentences(sheet: Sheet, section_id: str) -> list[str]:
    return [
        line
        for section in sheet.sections
        if section.id == section_id
        for part in section.parts
        if isinstance(part, Sentences)
        for line in part.lines
    ]


def _flags(draft: Draft, sheet: Sheet, say: Speaker) -> list[str]:
    """The flags in words, in the draft's own order."""
    if not draft.flags:
        return []
    told = zip(draft.flags, _sentences(sheet, "flags"), strict=True)
    lines = [line for flag, line in told if flag not in SAID_WITH_THE_DAYS]
    return [say(words.TO_NOTE), *lines] if lines else []


def _foot(draft: Draft, background: Background, say: Speaker) -> list[str]:
    left = say(words.DEMO) if background.synthetic else say(words.TITLE)
    return [left, " · ".join(filter(None, (background.study, draft.given.participant, draft.given.visit)))]
