"""The draft of one visit as its page shows it: charts, verdicts in sentences, what is missing, who has signed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from markupsafe import Markup

from bot.actions.sign_draft import Missing, Obstacle, missing_to_sign
from bot.clinic.charts import Bar, Bead, Line, interval_bar, spark, trend
from bot.clinic.words import say
from bot.documents.draft_header import DraftHeader, Speaker, decimal
from bot.documents.draft_text import draft_sheet
from bot.documents.pdf.days import STAFF_SOURCES, Column, columns_of
from bot.documents.pdf.page import page_data
from bot.documents.pdf.parts import Background
from bot.documents.pdf.result import edge_text, total_text
from bot.documents.sheet import Section
from bot.documents.words import NAMES
from bot.i18n import Message, clinic_text, format_day, translate
from bot.scoring.draft import Draft
from bot.scoring.inputs import COMPLICATION_GROUPS, COMPONENTS, PENDING_STATES, SCORED_STATES
from bot.scoring.numbers import shown
from bot.scoring.response import NO, OPEN, YES, Interval, decided_remission
from bot.storage.signatures import SignedOnce

Json = dict[str, Any]
ITEMS: Final = ("stools", "pain", "wellbeing")
MOST: Final = {"pain": 3, "wellbeing": 4}

STATUS: Final[dict[str, Message]] = {
    "incomplete": clinic_text("draft_status", "Draft, incomplete"),
    "ready": clinic_text("draft_status", "Draft, ready to sign"),
    "provisional": clinic_text("draft_status", "Draft, provisional"),
    "complete": clinic_text("draft_status", "Draft, complete"),
    "not_computable": clinic_text("draft_status", "Cannot be computed"),
    "signed": clinic_text("draft_status", "Signed"),
    "void": clinic_text("draft_status", "Signature void, sign again"),
    "changed": clinic_text("draft_status", "Changed since it was signed"),
}
STATUS_GLYPHS: Final = {
    "incomplete": "undecided",
    "ready": "check",
    "provisional": "undecided",
    "complete": "check",
    "not_computable": "missed",
    "signed": "check",
    "void": "missed",
    "changed": "missed",
}
REMISSION: Final = {
    YES: clinic_text("verdict", "Remission decided: yes"),
    NO: clinic_text("verdict", "Remission decided: no"),
    OPEN: clinic_text("verdict", "Remission undecided"),
}
RESPONSE: Final = {
    YES: clinic_text("verdict", "Response decided: yes"),
    NO: clinic_text("verdict", "Response decided: no"),
    OPEN: clinic_text("verdict", "Response undecided"),
}
VERDICT_GLYPHS: Final = {YES: "check", NO: "cancelled", OPEN: "undecided"}
TOTAL_IS: Final = clinic_text("verdict", "The total is %(total)s; remission is %(edge)s.")
ALL_BELOW: Final = clinic_text("verdict", "Every total that is still possible is %(edge)s.")
NONE_BELOW: Final = clinic_text("verdict", "No total that is still possible is %(edge)s.")
CROSSES: Final = clinic_text("verdict", "The interval crosses %(limit)s: it depends on what is missing.")
DOWN: Final = clinic_text("verdict", "%(fall)s below week 0; %(needed)s needed.")
UP: Final = clinic_text("verdict", "%(rise)s above week 0; a fall of %(needed)s is needed.")
AT_LEAST: Final = clinic_text("verdict", "At least %(fall)s below week 0, whatever is missing; %(needed)s needed.")
AT_MOST: Final = clinic_text("verdict", "At most %(fall)s below week 0, whatever is missing; %(needed)s needed.")
ABOVE: Final = clinic_text(
    "verdict", "At least %(rise)s above week 0, whatever is missing; a fall of %(needed)s is needed."
)
BETWEEN: Final = clinic_text("verdict", "The fall from week 0 lies between %(low)s and %(high)s; %(needed)s needed.")
NO_WEEK_0: Final = clinic_text("verdict", "Week 0 has no total to compare with.")
RESPONSE_LINE: Final = clinic_text("bar", "Response line")
RESPONSE_SUB: Final = clinic_text("bar", "%(line)s, W00 − %(points)s")
WEEK_0: Final = clinic_text("bar", "W00 %(total)s")
BAR_KNOWN: Final = clinic_text("bar", "The total is %(total)s on an axis with remission %(edge)s.")
BAR_BETWEEN: Final = clinic_text("bar", "The total must lie between %(low)s and %(high)s; remission is %(edge)s.")
ALL_KNOWN: Final = clinic_text("bar", "All 8 components known")
SOME_MISSING: Final = clinic_text("bar", "%(count)s of 8 components missing")
TREND_REMISSION: Final = clinic_text("bar", "remission %(edge)s")
TREND_RESPONSE: Final = clinic_text("bar", "response %(line)s")
TREND_SAID: Final = clinic_text("bar", "CDAI by visit: %(points)s.")
SPARK_SAID: Final = clinic_text("bar", "%(item)s by day: %(values)s.")
FROM_DIARY: Final = clinic_text("known_from", "diary")
FROM_VISIT: Final = clinic_text("known_from", "visit")
FROM_LAB: Final = clinic_text("known_from", "lab %(on)s")
CARRIED: Final = clinic_text("known_from", "%(on)s, to accept")
OF_STANDARD: Final = clinic_text("known_from", "%(weight)s of %(standard)s kg")
FROM_EARLIER: Final = clinic_text("known_from", "earlier visit")
MISSING_WORD: Final = clinic_text("bar", "missing")
TO_SETTLE: Final = {
    Obstacle.NOT_HELD: clinic_text("to_sign", "check-in"),
    Obstacle.DIARY_OPEN: clinic_text("to_sign", "diary days that are still open"),
}
ACCEPT: Final = clinic_text("to_sign", "accept the %(name)s carried forward")
GROUPS_LEFT: Final = clinic_text("to_sign", "%(name)s (%(count)s of 6)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question with its answer and the reason for it."""

    glyph: str
    head: str
    reason: str


@dataclass(frozen=True, slots=True)
class ToSettle:
    """Something to be settled before signing, and where on the page that is done."""

    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One diary item over the days of the table."""

    key: str
    name: str
    weight: int
    cells: Sequence[Mapping[str, Any]]
    spark: Markup
    sum: str
    scaled: str
    points: str


@dataclass(frozen=True)
class DraftView:
    """Everything the page of one draft shows, worded in one language; `sheet` is the printed page's data."""

    draft: Draft
    header: DraftHeader
    sheet: Json
    status: str
    status_words: str
    bar: Markup | None
    bar_note: str
    verdicts: tuple[Verdict, ...]
    rows: tuple[ItemRow, ...]
    trend: Markup | None
    trend_rows: tuple[tuple[str, str], ...]
    to_settle: tuple[ToSettle, ...]
    missing: tuple[Missing, ...]
    arithmetic: Section
    changes: Section
    endoscopy: Section | None

    @property
    def ready(self) -> bool:
        """Whether nothing keeps the draft from being signed."""
        return not self.missing

    @property
    def status_glyph(self) -> str:
        return STATUS_GLYPHS[self.status]


def view_of(
    draft: Draft,
    header: DraftHeader,
    background: Background,
    language: str,
    *,
    signature: SignedOnce | None,
    is_current: bool,
) -> DraftView:
    """Word a draft for its page; `is_current` says that the signature was given for what is stored now."""
    sheet: Json = page_data(draft, header, language, signature=None, anchor=None, background=background)
    _shorten(sheet, draft, language)
    speaker = Speaker(language, header.tzid)
    sections = {section.id: section for section in draft_sheet(draft, header, language).sections}
    missing = missing_to_sign(draft)
    status = status_of(draft, missing, signature, is_current=is_current)
    return DraftView(
        draft=draft,
        header=header,
        sheet=sheet,
        status=status,
        status_words=say(STATUS[status], language),
        bar=_bar(draft, sheet, language),
        bar_note=_bar_note(draft, language),
        verdicts=tuple(_verdicts(draft, language)),
        rows=tuple(_rows(draft, sheet, speaker)),
        trend=_trend(draft, sheet, language),
        trend_rows=tuple(_trend_rows(sheet)),
        to_settle=tuple(_to_settle(one, draft, language) for one in missing if one.obstacle in _SETTLED_HERE),
        missing=missing,
        arithmetic=sections["components"],
        changes=sections["changes"],
        endoscopy=sections.get("endoscopy"),
    )


def _shorten(sheet: Json, draft: Draft, language: str) -> None:
    """Where a component is known from, in the few words that a column of the page has room for."""
    for key, row in zip(COMPONENTS, (sheet["components"] or {"rows": []})["rows"], strict=False):
        if row["missing"]:
            continue
        chosen = {"hct": draft.result.hct, "weight": draft.result.weight}.get(key)
        if key in draft.result.carried:
            row["source"] = say(FROM_EARLIER, language)
        elif chosen is not None and chosen.on is not None:
            on = format_day(chosen.on, language, weekday=False)
            on = say(CARRIED, language, on=on) if chosen.is_provisional else on
            row["source"] = say(FROM_LAB, language, on=on) if key == "hct" else on
            if key == "weight" and draft.visit.standard_weight_kg is not None:
                standard = decimal(shown(draft.visit.standard_weight_kg, 1), 1)
                row["working"] = say(OF_STANDARD, language, weight=decimal(chosen.value), standard=standard)
        else:
            row["source"] = say(FROM_DIARY if key in ITEMS else FROM_VISIT, language)


def status_of(draft: Draft, missing: Sequence[Missing], signature: SignedOnce | None, *, is_current: bool) -> str:
    """One word for where a draft stands."""
    if signature is not None and signature.stands:
        return "signed" if is_current else "changed"
    if draft.reason is not None:
        return "not_computable"
    if signature is not None:
        return "void"
    if not missing:
        return "ready"
    return {"computed": "complete"}.get(draft.status, draft.status)


def _bar_note(draft: Draft, language: str) -> str:
    count = len(draft.missing)
    return say(SOME_MISSING, language, count=count) if count else say(ALL_KNOWN, language)


def _bar(draft: Draft, sheet: Json, language: str) -> Markup | None:
    axis, interval, rules = sheet["result"]["axis"], draft.interval, draft.given.rules
    if axis is None or interval is None:
        return None
    edge = edge_text(rules.bands.remission)
    low, high = axis["texts"]
    known = draft.total is not None
    sentence = say(
        BAR_KNOWN if known else BAR_BETWEEN,
        language,
        **({"total": low} if known else {"low": low, "high": high}),
        edge=edge,
    )
    baseline = None if draft.from_baseline is None else draft.from_baseline.baseline
    response, week_0 = None, ""
    if baseline is not None and axis["line"] is not None:
        points = decimal(shown(rules.response.clinical_decrease, 1))
        line = total_text(baseline - rules.response.clinical_decrease, rules)
        sub = say(RESPONSE_SUB, language, line=line, points=points)
        response = Line(axis["line"], say(RESPONSE_LINE, language), sub)
        week_0 = say(WEEK_0, language, total=total_text(baseline, rules))
    return interval_bar(Bar(axis, known, week_0, response, sentence))


def _verdicts(draft: Draft, language: str) -> Iterator[Verdict]:
    interval = draft.interval
    if interval is None:
        return
    decided = decided_remission(interval, draft.given.rules)
    yield Verdict(VERDICT_GLYPHS[decided], say(REMISSION[decided], language), _why_remission(draft, interval, language))
    if draft.from_baseline is not None:
        decided = draft.from_baseline.decided["clinical_response"]
        reason = _why_response(draft, interval, decided, language)
        yield Verdict(VERDICT_GLYPHS[decided], say(RESPONSE[decided], language), reason)


def _why_remission(draft: Draft, interval: Interval, language: str) -> str:
    rules = draft.given.rules
    edge = edge_text(rules.bands.remission)
    if draft.total is not None:
        return say(TOTAL_IS, language, total=total_text(draft.total, rules), edge=edge)
    decided = decided_remission(interval, rules)
    if decided == OPEN:
        return say(CROSSES, language, limit=decimal(shown(rules.bands.remission.limit, 1)))
    return say(ALL_BELOW if decided == YES else NONE_BELOW, language, edge=edge)


def _why_response(draft: Draft, interval: Interval, decided: str, language: str) -> str:
    rules = draft.given.rules
    needed = decimal(shown(rules.response.clinical_decrease, 1))
    start = draft.given.baseline.interval if draft.given.baseline else None
    if start is None:
        return say(NO_WEEK_0, language)

    def number(value: Fraction) -> str:
        return total_text(value, rules)

    low, high = start.low - interval.high, start.high - interval.low
    if low == high:
        if low < 0:
            return say(UP, language, rise=number(-low), needed=needed)
        return say(DOWN, language, fall=number(low), needed=needed)
    if decided == YES:
        return say(AT_LEAST, language, fall=number(low), needed=needed)
    if decided == NO and high < 0:
        return say(ABOVE, language, rise=number(-high), needed=needed)
    if decided == NO:
        return say(AT_MOST, language, fall=number(high), needed=needed)
    return say(BETWEEN, language, low=number(low), high=number(high), needed=needed)


def _rows(draft: Draft, sheet: Json, speaker: Speaker) -> Iterator[ItemRow]:
    columns = columns_of(draft)
    points = {} if sheet["components"] is None else dict(zip(ITEMS, sheet["components"]["rows"], strict=False))
    for key, row in zip(ITEMS, sheet["days"]["rows"], strict=False):
        yield ItemRow(
            key=key,
            name=translate(NAMES[key], speaker.language),
            weight={"stools": 2, "pain": 5, "wellbeing": 7}[key],
            cells=row["cells"],
            spark=_spark(key, columns, speaker),
            sum=row["sum"],
            scaled=row["scaled"],
            points=points[key]["points"] if key in points else "–",
        )


def _spark(key: str, columns: Sequence[Column], speaker: Speaker) -> Markup:
    beads = [_bead(key, column) for column in columns]
    most = MOST.get(key, max([bead.value or 0 for bead in beads], default=0))
    name = translate(NAMES[key], speaker.language)
    missing = say(MISSING_WORD, speaker.language)
    values = speaker.list([missing if bead.value is None else str(bead.value) for bead in beads])
    return spark(beads, most, say(SPARK_SAID, speaker.language, item=name, values=values))


def _bead(key: str, column: Column) -> Bead:
    day = column.day
    if day is None:
        return Bead(None, "excluded")
    value = getattr(day, key)
    if value is None or str(day.state) not in SCORED_STATES:
        return Bead(None, "coming" if str(day.state) in PENDING_STATES else "gap")
    kind = "staff" if day.source in STAFF_SOURCES else "late" if str(day.state) == "late" else "value"
    return Bead(value, kind)


def _trend(draft: Draft, sheet: Json, language: str) -> Markup | None:
    found = sheet["trend"]
    if found is None:
        return None
    edge = edge_text(draft.given.rules.bands.remission)
    points = "; ".join(f"{visit} {text}" for visit, text in _trend_rows(sheet))
    words = (
        say(TREND_REMISSION, language, edge=edge),
        say(TREND_RESPONSE, language, line=found["line_text"]) if found["line_text"] else "",
    )
    return trend(found, words, say(TREND_SAID, language, points=points))


def _trend_rows(sheet: Json) -> Iterator[tuple[str, str]]:
    for point in (sheet["trend"] or {"points": []})["points"]:
        if point["text"]:
            yield point["visit"], point["text"]
        elif point["low"] is None:
            yield point["visit"], "–"
        else:
            yield point["visit"], f"{point['low']:.1f} – {point['high']:.1f}".replace("-", "−")


NO_TOTAL: Final = clinic_text("to_sign", "no total can be computed")
_SETTLED_HERE: Final = frozenset({Obstacle.NOT_HELD, Obstacle.DIARY_OPEN, Obstacle.COMPONENT, Obstacle.PROVISIONAL})


def settle_words(one: Missing, draft: Draft, language: str) -> str:
    """One obstacle in words, for a list."""
    return _to_settle(one, draft, language).words if one.obstacle in _SETTLED_HERE else say(NO_TOTAL, language)


def _to_settle(one: Missing, draft: Draft, language: str) -> ToSettle:
    if one.obstacle in TO_SETTLE:
        return ToSettle(say(TO_SETTLE[one.obstacle], language), f"#to-{one.obstacle.value}")
    if one.what is None:
        return ToSettle(say(STATUS["provisional"], language), "#components")
    name = translate(NAMES[one.what], language)
    name = name.lower() if language == "en" else name
    if one.obstacle is Obstacle.PROVISIONAL:
        return ToSettle(say(ACCEPT, language, name=name), f"#part-{one.what}")
    answered = len(draft.given.clinic.complications)
    if one.what == "complications" and answered:
        left = len(COMPLICATION_GROUPS) - answered
        return ToSettle(say(GROUPS_LEFT, language, name=name, count=left), "#part-complications")
    return ToSettle(name, f"#part-{one.what}")


def short_days(days: Sequence[date], language: str, tzid: str) -> str:
    """The first and the last of some days."""
    speaker = Speaker(language, tzid)
    return f"{speaker.day(days[0])} – {speaker.day(days[-1])}" if days else ""
