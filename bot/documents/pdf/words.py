"""The words of the printed page that no other document has, by id; the catalogues hold them in both languages."""

from types import MappingProxyType
from typing import Final

from bot.i18n import Message


def print_text(context: str, english: str) -> Message:
    """Name a sentence of the printed page; staff read it, participants never do."""
    return Message("print", context, english)


TITLE: Final = print_text("print.page.title", "Crohn's Disease Activity Index (CDAI)")
PROTOCOL: Final = print_text("print.page.protocol", "protocol %(version)s")
PAGE: Final = print_text("print.page.number", "page %(page)s of %(pages)s")
DEMO: Final = print_text("print.page.demo", "Demonstration · synthetic data, of no real participant")
STANDING: Final = MappingProxyType(
    {
        "draft": print_text("print.standing.draft", "Draft, for clinician review"),
        "signed": print_text("print.standing.signed", "Signed"),
        "void": print_text("print.standing.void", "Signature void"),
    }
)
NOT_SIGNED: Final = print_text("print.standing.not_signed", "Not signed")

BODY: Final = print_text("print.facts.body", "Sex, height")
BODY_VALUE: Final = print_text("print.facts.body_value", "%(sex)s, %(height)s cm")
WEEK_0: Final = print_text("print.facts.week_0", "Week 0")
WEEK_0_ON: Final = print_text("print.facts.week_0_on", "CDAI %(total)s, %(on)s")
DAYS: Final = print_text("print.facts.days", "Diary days")
DAYS_VALUE: Final = print_text("print.facts.days_value", "%(first)s to %(last)s, %(used)s used")
DAY_OF_YEAR: Final = print_text("print.facts.day_of_year", "%(day)s %(year)s")
VISIT_VALUE: Final = print_text("print.facts.visit_value", ", %(day)s, held")
VISIT_PLANNED: Final = print_text("print.facts.visit_planned", ", %(day)s, not held yet")
RULES_VALUE: Final = print_text("print.facts.rules_value", "%(id)s, version %(version)s (%(hash)s)")

TOTAL: Final = print_text("print.result.total", "CDAI total")
NOT_YET: Final = print_text("print.result.not_yet", "Not yet")
NOT_COMPUTABLE: Final = print_text("print.result.not_computable", "None possible")
RANGE: Final = print_text("print.result.range", "%(low)s to %(high)s")
BAND_LIMITS: Final = print_text("print.result.band", "%(band)s (%(limits)s)")
BANDS: Final = MappingProxyType(
    {
        "remission": print_text("print.band.remission", "Remission"),
        "mild": print_text("print.band.mild", "Mild"),
        "moderate": print_text("print.band.moderate", "Moderate"),
        "severe": print_text("print.band.severe", "Severe"),
    }
)
PROVISIONAL: Final = print_text("print.result.provisional", "provisional")
REMISSION: Final = print_text("print.verdict.remission", "Clinical remission (%(edge)s)")
RESPONSE: Final = print_text("print.verdict.response", "Response (down ≥ %(points)s)")
STUDY_RESPONSE: Final = print_text("print.verdict.study_response", "Response of the study (down ≥ %(points)s)")
ENDOSCOPIC_RESPONSE: Final = print_text(
    "print.verdict.endoscopic_response", "Endoscopic response (SES-CD down ≥ %(percent)s %%)"
)
ENDOSCOPIC_REMISSION: Final = print_text(
    "print.verdict.endoscopic_remission", "Endoscopic remission (SES-CD ≤ %(limit)s)"
)
REACHED: Final = MappingProxyType(
    {
        "yes": print_text("print.verdict.yes", "Met"),
        "no": print_text("print.verdict.no", "Not met"),
        "open": print_text("print.verdict.open", "Undecided"),
        "never": print_text("print.verdict.never", "Not decided"),
    }
)
DOWN: Final = print_text("print.verdict.down", ", down by %(points)s")
UP: Final = print_text("print.verdict.up", ", up by %(points)s")
WHATEVER: Final = print_text("print.verdict.whatever", ", whatever is missing")
DEPENDS: Final = print_text("print.verdict.depends", ": depends on what is missing")
NO_TOTAL: Final = print_text("print.verdict.no_total", ": no total can be computed")
SESCD_DOWN: Final = print_text("print.verdict.sescd_down", ", %(before)s → %(now)s, down by %(percent)s %%")
SESCD_UP: Final = print_text("print.verdict.sescd_up", ", %(before)s → %(now)s, up by %(percent)s %%")
SESCD_ZERO: Final = print_text("print.verdict.sescd_zero", ", %(before)s → %(now)s")
SESCD_NOW: Final = print_text("print.verdict.sescd_now", ", %(total)s")
RESPONSE_LINE: Final = print_text("print.axis.response", "Response line %(line)s = %(baseline)s − %(points)s")
BASELINE_MARK: Final = print_text("print.axis.baseline", "Week 0: %(total)s")
REMISSION_LINE: Final = print_text("print.axis.remission", "Remission %(edge)s")

SCORED: Final = print_text("print.days.title", "Scored diary days")
DATE: Final = print_text("print.days.date", "Date")
STATE: Final = print_text("print.days.state", "State")
SUM: Final = print_text("print.days.sum", "Sum")
SCALED: Final = print_text("print.days.scaled", "Scaled")
GRADED: Final = MappingProxyType(
    {
        "stools": print_text("print.item.stools", "Liquid stools"),
        "pain": print_text("print.item.pain", "Pain 0–3"),
        "wellbeing": print_text("print.item.wellbeing", "Well-being 0–4"),
        "antidiarrhoeal": print_text("print.item.antidiarrhoeal", "Antidiarrhoeal"),
    }
)
ITEM: Final = MappingProxyType(
    {
        "stools": print_text("print.short.stools", "stools"),
        "pain": print_text("print.short.pain", "pain"),
        "wellbeing": print_text("print.short.wellbeing", "well-being"),
        "antidiarrhoeal": print_text("print.short.antidiarrhoeal", "antidiarrhoeal"),
    }
)
MARKS: Final = MappingProxyType(
    {
        "entered": print_text("print.mark.entered", "Entered"),
        "late": print_text("print.mark.late", "Late"),
        "corrected": print_text("print.mark.corrected", "Corrected"),
        "staff": print_text("print.mark.staff", "Staff entry"),
        "missed": print_text("print.mark.missed", "Missed"),
        "partial": print_text("print.mark.partial", "Not submitted"),
        "excluded": print_text("print.mark.excluded", "Excluded"),
        "outage": print_text("print.mark.outage", "Outage"),
        "open": print_text("print.mark.open", "Still open"),
        "not_yet": print_text("print.mark.not_yet", "Not yet"),
    }
)
EXCLUDED: Final = MappingProxyType(
    {
        "bowel_prep": print_text("print.excluded.bowel_prep", "prep"),
        "endoscopy": print_text("print.excluded.endoscopy", "scope"),
        "post_endoscopy": print_text("print.excluded.post_endoscopy", "after scope"),
    }
)
NOT_COUNTED: Final = print_text("print.note.not_counted", "Not counted: %(days)s.")
ENTERED_LATE: Final = print_text("print.note.late", "Entered late: %(days)s.")
CORRECTED: Final = print_text("print.note.corrected", "Corrected: %(days)s.")
CHANGED: Final = print_text("print.note.changed", "%(label)s %(item)s %(before)s → %(after)s by %(by)s, %(at)s")
BY_STAFF: Final = print_text("print.note.staff", "Entered by staff: %(days)s.")
HELPED: Final = print_text("print.note.helped", "Somebody helped: %(days)s.")
OUTAGE: Final = print_text("print.note.outage", "The service was down: %(days)s.")
NOT_SCORED: Final = print_text(
    "print.note.not_scored", "In brackets, entered after closing or incomplete, not scored: %(days)s."
)
NOTE_SEPARATOR: Final = print_text("print.note.separator", "; ")
DAYS_AND_WORD: Final = print_text("print.note.days_and_word", "%(days)s %(word)s")
DAY_AND_TIME: Final = print_text("print.note.day_and_time", "%(label)s (%(at)s)")

SOURCE: Final = print_text("print.components.source", "Known from")
RAW: Final = print_text("print.components.raw", "Value × weight")
DIARY_DAYS: Final = print_text("print.source.diary", "diary, %(used)s of %(of)s days")
DIARY_ANSWER: Final = print_text("print.source.diary_answer", "diary, %(answer)s")
AT_VISIT: Final = print_text("print.source.visit", "visit, %(answer)s")
ALL_ABSENT: Final = print_text("print.source.all_absent", "visit, all 6 groups absent")
SOME_PRESENT: Final = print_text("print.source.present", "visit, %(count)s of 6 present")
SOME_ANSWERED: Final = print_text("print.source.answered", "visit, %(count)s of 6 answered")
CARRIED: Final = print_text("print.source.carried", "earlier visit")
MISSING: Final = print_text("print.source.missing", "missing")
CHOICES: Final = MappingProxyType(
    {
        "stools": print_text("print.choices.stools", "sum × 2"),
        "pain": print_text("print.choices.pain", "sum × 5"),
        "wellbeing": print_text("print.choices.wellbeing", "sum × 7"),
        "complications": print_text("print.choices.complications", "groups × 20"),
        "antidiarrhoeal": print_text("print.choices.antidiarrhoeal", "0 or 1 × 30"),
        "mass": print_text("print.choices.mass", "0, 2 or 5 × 10"),
        "hct": print_text("print.choices.hct", "(ref. − value) × 6"),
        "weight": print_text("print.choices.weight", "percent below standard"),
    }
)
ROUNDED: Final = print_text("print.components.rounded", "sum of the unrounded points")
ROUNDING: Final = print_text(
    "print.components.rounding", "Only the total is rounded, once, half up; the points are rounded here for reading."
)
PRESENT: Final = print_text("print.components.present", "Complications present: %(groups)s.")
UNANSWERED: Final = print_text("print.components.unanswered", "Not answered: %(groups)s.")
REFERENCES: Final = print_text(
    "print.components.references", "Haematocrit reference %(reference)s %%; standard weight %(weight)s kg."
)
ENTERED_BY: Final = print_text("print.components.entered_by", "Clinic values entered by %(who)s.")

OTHER: Final = print_text("print.pro.title", "From the same diary days")
SCORE: Final = print_text("print.pro.score", "Score")
VALUE: Final = print_text("print.pro.value", "Value")
MEAN_STOOLS: Final = print_text("print.pro.mean_stools", "Stools per day")
MEAN_PAIN: Final = print_text("print.pro.mean_pain", "Pain per day")
MEAN_WELLBEING: Final = print_text("print.pro.mean_wellbeing", "Well-being per day")
RULES_LINE: Final = print_text("print.pro.rules_line", "%(rule)s: %(verdict)s.")
SEGMENTS: Final = print_text("print.endoscopy.segments", "SES-CD by segment: %(segments)s.")
SEGMENT: Final = print_text("print.endoscopy.segment", "%(name)s %(score)s")
TREND: Final = print_text("print.trend.title", "Since week 0")
TO_NOTE: Final = print_text("print.flags.title", "To note:")

MEANING: Final = print_text("print.signature.meaning", "Meaning")
QUOTED: Final = print_text("print.signature.quoted", "“%(meaning)s”")
SIGNED_BY: Final = print_text("print.signature.by", "Signed by")
ROLE: Final = print_text("print.signature.role", "(%(role)s)")
ROLE_AND_ACCOUNT: Final = print_text("print.signature.role_and_account", "(%(role)s, account %(account)s)")
SIGNED_AT: Final = print_text("print.signature.at", "Signed at")
TIME: Final = print_text("print.signature.time", "%(local)s (%(offset)s, %(zone)s) = %(utc)s UTC")
METHOD: Final = print_text("print.signature.method", "Verified by")
AUDIT: Final = print_text("print.signature.audit", "Audit trail")
AUDIT_VALUE: Final = print_text("print.signature.audit_value", "no. %(seq)s, head %(hash)s")
VOID_SINCE: Final = print_text("print.signature.void_at", "Void since")
VOID_BY: Final = print_text("print.signature.void_by", "Made void by")
VOID_WHY: Final = print_text("print.signature.void_why", "Reason")
IF_CHANGED: Final = print_text(
    "print.signature.if_changed",
    "Any later change of what was signed makes this signature void and returns the visit for signing; "
    "both values are kept.",
)
DRAFT_SENTENCE: Final = print_text("print.signature.draft", "Draft, for clinician review. Not signed: not a result.")
ROLES: Final = MappingProxyType(
    {
        "coordinator": print_text("print.role.coordinator", "coordinator"),
        "clinician": print_text("print.role.clinician", "investigator"),
        "data_manager": print_text("print.role.data_manager", "data manager"),
        "monitor": print_text("print.role.monitor", "monitor"),
        "admin": print_text("print.role.admin", "administrator"),
    }
)
