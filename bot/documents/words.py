"""The sentences of the documents, by id; the catalogues hold them in both languages."""

from types import MappingProxyType
from typing import Final

from bot.i18n import Message


def document_text(context: str, english: str) -> Message:
    """Name a sentence of a document; staff read it, participants never do."""
    return Message("documents", context, english)


TITLE: Final = document_text("draft.title", "Crohn's CDAI draft: %(participant)s, %(visit)s")
STANDING: Final = document_text("draft.standing", "Draft, for clinician review. Not signed.")

WHAT: Final = document_text("facts.title", "What this is")
PARTICIPANT: Final = document_text("facts.participant", "Participant")
BODY: Final = document_text("facts.body", "%(code)s, %(sex)s, %(height)s cm")
SITE: Final = document_text("facts.site", "Site")
VISIT: Final = document_text("facts.visit", "Visit")
VISIT_HELD: Final = document_text("facts.visit_held", "%(name)s, %(on)s (%(day)s), held")
VISIT_PLANNED: Final = document_text("facts.visit_planned", "%(name)s, planned for %(on)s (%(day)s), not held yet")
AS_OF: Final = document_text("facts.as_of", "As of")
MOMENT: Final = document_text("facts.moment", "%(at)s (%(zone)s)")
RULES: Final = document_text("facts.rules", "Rule set")
RULES_VALUE: Final = document_text("facts.rules_value", "%(id)s, version %(version)s, %(hash)s")
PROTOCOL: Final = document_text("facts.protocol", "Protocol")
PROTOCOL_VALUE: Final = document_text("facts.protocol_value", "version %(version)s, %(fingerprint)s")
SEX: Final = MappingProxyType(
    {"male": document_text("sex.male", "male"), "female": document_text("sex.female", "female")}
)
SEX_UNKNOWN: Final = document_text("sex.unknown", "sex not recorded")

RESULT: Final = document_text("result.title", "Result so far")
STATUS: Final = MappingProxyType(
    {
        "computed": document_text("status.computed", "CDAI total %(total)s, %(band)s."),
        "provisional": document_text(
            "status.provisional",
            "CDAI total %(total)s, %(band)s. Provisional: it rests on a carried-forward value nobody has accepted.",
        ),
        "incomplete": document_text("status.incomplete", "No total yet. It must lie between %(low)s and %(high)s."),
        "not_computable": document_text("status.not_computable", "The CDAI cannot be computed."),
    }
)
REASON: Final = MappingProxyType(
    {
        "stoma": document_text(
            "reason.stoma", "The participant has a stoma or pouch, for which the CDAI is not valid."
        ),
        "days_below_minimum": document_text(
            "reason.days_below_minimum",
            "Only %(used)s of the %(needed)s diary days needed can be reached. Not in hand: %(days)s.",
        ),
    }
)
MISSING: Final = document_text("result.missing", "Missing: %(names)s.")
NOT_FINAL: Final = document_text("result.not_final", "Not final yet: %(names)s.")
PENDING: Final = document_text("result.pending", "Diary days that can still be filled: %(days)s.")
BAND: Final = MappingProxyType(
    {
        "remission": document_text("band.remission", "remission"),
        "mild": document_text("band.mild", "mild"),
        "moderate": document_text("band.moderate", "moderate"),
        "severe": document_text("band.severe", "severe"),
    }
)

DAYS: Final = document_text("days.title", "Scored diary days")
DAY: Final = document_text("days.day", "Day")
DATE: Final = document_text("days.date", "Date")
STATE: Final = document_text("days.state", "State")
SOURCE: Final = document_text("days.source", "Source and marks")
STATES: Final = MappingProxyType(
    {
        "on_time": document_text("state.on_time", "entered"),
        "late": document_text("state.late", "entered late"),
        "open": document_text("state.open", "still open"),
        "not_open": document_text("state.not_open", "not yet"),
        "partial": document_text("state.partial", "not submitted"),
        "missed": document_text("state.missed", "missed"),
        "outage": document_text("state.outage", "outage"),
        "excluded": document_text("state.excluded", "excluded"),
    }
)
SOURCES: Final = MappingProxyType(
    {
        "participant": document_text("source.participant", "participant"),
        "staff": document_text("source.staff", "staff"),
        "operator": document_text("source.operator", "operator"),
    }
)
CORRECTED: Final = document_text("mark.corrected", "corrected, revision %(revision)s")
HELPED: Final = document_text("mark.helped", "someone helped")
OUTAGE: Final = document_text("mark.outage", "service was down")
AFTER_CLOSING: Final = document_text("mark.after_closing", "after closing")
NOT_SCORED: Final = document_text("mark.not_scored", "not scored")
YES: Final = document_text("answer.yes", "yes")
NO: Final = document_text("answer.no", "no")
DAYS_USED: Final = document_text("days.used", "%(used)s of %(of)s scored days used; at least %(needed)s are needed.")
EXCLUDED_DAY: Final = document_text("days.excluded", "%(label)s, %(day)s does not count: %(reason)s.")
EXTENDED: Final = document_text("days.extended", "The scored days therefore reach back to %(day)s.")
NO_DAYS_EXCLUDED: Final = document_text("days.none_excluded", "No day is excluded.")
EXCLUSIONS: Final = MappingProxyType(
    {
        "bowel_prep": document_text("exclusion.bowel_prep", "bowel preparation"),
        "endoscopy": document_text("exclusion.endoscopy", "endoscopy"),
        "post_endoscopy": document_text("exclusion.post_endoscopy", "day after an endoscopy"),
    }
)

COMPONENTS: Final = document_text("components.title", "The eight components")
COMPONENT: Final = document_text("components.component", "Component")
POINTS: Final = document_text("components.points", "Points")
WORKING: Final = document_text("components.working", "Working")
KNOWN_FROM: Final = document_text("components.known_from", "Known from")
NAMES: Final = MappingProxyType(
    {
        "stools": document_text("component.stools", "Liquid stools"),
        "pain": document_text("component.pain", "Abdominal pain"),
        "wellbeing": document_text("component.wellbeing", "General well-being"),
        "complications": document_text("component.complications", "Complications"),
        "antidiarrhoeal": document_text("component.antidiarrhoeal", "Antidiarrhoeal"),
        "mass": document_text("component.mass", "Abdominal mass"),
        "hct": document_text("component.hct", "Haematocrit"),
        "weight": document_text("component.weight", "Body weight"),
        "total": document_text("component.total", "Total"),
    }
)
SHORT: Final = MappingProxyType(
    {
        "stools": document_text("short.stools", "Stools"),
        "pain": document_text("short.pain", "Pain"),
        "wellbeing": document_text("short.wellbeing", "Well-being"),
        "antidiarrhoeal": document_text("short.antidiarrhoeal", "Antidiarrhoeal"),
    }
)
GROUPS: Final = MappingProxyType(
    {
        "arthritis_arthralgia": document_text("group.arthritis_arthralgia", "arthritis or arthralgia"),
        "iritis_uveitis": document_text("group.iritis_uveitis", "iritis or uveitis"),
        "skin_mouth": document_text(
            "group.skin_mouth", "erythema nodosum, pyoderma gangrenosum or aphthous stomatitis"
        ),
        "anal_fissure_fistula_abscess": document_text(
            "group.anal_fissure_fistula_abscess", "anal fissure, fistula or abscess"
        ),
        "other_fistula": document_text("group.other_fistula", "other bowel-related fistula"),
        "fever_over_37_8": document_text("group.fever_over_37_8", "fever over 37.8 °C in the past 7 days"),
    }
)
MASS: Final = MappingProxyType(
    {
        "none": document_text("mass.none", "none"),
        "questionable": document_text("mass.questionable", "questionable"),
        "definite": document_text("mass.definite", "definite"),
    }
)

POSSIBLE: Final = document_text("working.possible", "missing: %(low)s to %(high)s points possible")
STILL_POSSIBLE: Final = document_text("working.still_possible", "not final yet: %(low)s to %(high)s points possible")
UNKNOWN: Final = document_text("working.unknown", "missing")
EXACT_NOTE: Final = document_text(
    "working.exact_note", "Numbers are shown to 4 decimals at most; the sums are made of the exact ones."
)
SUM_ALL: Final = document_text("working.sum_all", "%(values)s = %(sum)s; %(sum)s × %(weight)s = %(points)s")
SUM_SCALED: Final = document_text(
    "working.sum_scaled",
    "%(values)s = %(sum)s over %(days)s days; %(sum)s × %(of)s ÷ %(days)s = %(scaled)s; "
    "%(sum)s × %(of)s ÷ %(days)s × %(weight)s = %(points)s",
)
COUNT: Final = document_text("working.count", "%(count)s of 6 groups × %(weight)s = %(points)s")
ANSWER: Final = document_text("working.answer", "%(answer)s: %(count)s × %(weight)s = %(points)s")
GRADE: Final = document_text("working.grade", "%(label)s: %(grade)s × %(weight)s = %(points)s")
HCT: Final = document_text("working.hct", "(%(reference)s − %(value)s) × %(weight)s = %(raw)s")
WEIGHT: Final = document_text("working.weight", "100 × (1 − %(value)s ÷ %(standard)s) = %(raw)s")
FLOORED: Final = document_text("working.floored", "%(working)s; below the rule set's floor, so %(floor)s")
CARRIED_POINTS: Final = document_text("working.carried", "points carried forward from an earlier visit: %(points)s")
ROUNDED: Final = document_text(
    "working.rounded", "%(points)s = %(exact)s, rounded once, half up (decimals: %(decimals)s): %(total)s"
)
BETWEEN: Final = document_text(
    "working.between",
    "known so far %(points)s = %(sum)s; with every possible value of what is missing: %(low)s to %(high)s",
)
FLOORED_TOTAL: Final = document_text("working.floored_total", "not below the rule set's floor of %(floor)s")

FROM_DAYS: Final = document_text("from.days", "diary, %(count)s days: %(days)s")
FROM_DAYS_SO_FAR: Final = document_text("from.days_so_far", "diary so far, %(count)s days: %(days)s")
FROM_CLINIC: Final = document_text("from.clinic", "entered for %(visit)s by %(by)s, %(at)s, revision %(revision)s")
PRESENT: Final = document_text("from.present", "present: %(groups)s")
ALL_ABSENT: Final = document_text("from.all_absent", "all six groups absent")
NOT_ANSWERED: Final = document_text("from.not_answered", "not answered: %(groups)s")
DIARY_SAYS_YES: Final = document_text("from.diary_yes", "diary says yes on %(days)s")
CLINICIAN_SAYS: Final = document_text("from.clinician", "clinician says %(answer)s")
EVERY_DAY_NO: Final = document_text("from.every_day_no", "diary: no on every scored day")
MEASURED: Final = document_text("from.measured", "%(value)s %(unit)s of %(on)s")
AS_ENTERED: Final = document_text("from.as_entered", "entered as %(value)s %(unit)s")
REFERENCE: Final = document_text("from.reference", "reference %(reference)s %% (%(sex)s)")
STANDARD: Final = document_text("from.standard", "standard weight %(weight)s kg, %(method)s")
METHODS: Final = MappingProxyType(
    {
        "frozen": document_text("method.frozen", "frozen at enrolment"),
        "keys_bmi": document_text("method.keys_bmi", "height squared × 22.1 (men) or 20.8 (women)"),
        "bmi22": document_text("method.bmi22", "height squared × 22"),
        "height_minus_105": document_text("method.height_minus_105", "height in cm − 105"),
    }
)
ACCEPTED_BY: Final = document_text("from.accepted_by", "accepted by %(by)s, %(at)s")
CHOSEN: Final = MappingProxyType(
    {
        "in_window": document_text(
            "chosen.in_window", "latest value from %(first)s days before the visit to the visit"
        ),
        "after_visit": document_text(
            "chosen.after_visit", "earliest value after the visit, at most %(last)s days later"
        ),
        "accepted": document_text("chosen.accepted", "carried forward, at most %(carry)s days old, accepted"),
        "carried_forward": document_text(
            "chosen.carried_forward", "carried forward, at most %(carry)s days old, not accepted yet"
        ),
    }
)

VERDICTS: Final = document_text("verdicts.title", "Decided whatever is missing?")
REMISSION: Final = document_text("verdicts.remission", "Clinical remission (CDAI %(edge)s)")
RESPONSE: Final = document_text("verdicts.response", "Response (down by at least %(points)s from week 0)")
STUDY_RESPONSE: Final = document_text(
    "verdicts.study_response", "Clinical response of the study (down by at least %(points)s from week 0)"
)
BELOW: Final = document_text("verdicts.below", "below %(limit)s")
AT_MOST: Final = document_text("verdicts.at_most", "at most %(limit)s")
DECIDED: Final = MappingProxyType(
    {
        "yes": document_text("decided.yes", "decided: yes"),
        "no": document_text("decided.no", "decided: no"),
        "open": document_text("decided.open", "undecided: it depends on what is missing"),
    }
)
CANNOT_DECIDE: Final = document_text("decided.never", "not decided: no total can be computed")
NO_BASELINE: Final = document_text("decided.no_baseline", "not decided: week 0 has no total")

CHANGE: Final = document_text("change.title", "Change from week 0")
BASELINE: Final = document_text("change.baseline", "Week 0")
BASELINE_BETWEEN: Final = document_text("change.baseline_between", "not known yet, between %(low)s and %(high)s")
BASELINE_NONE: Final = document_text("change.baseline_none", "not known")
NOW_TOTAL: Final = document_text("change.now", "This visit")
DECREASE: Final = document_text("change.decrease", "Decrease")
DECREASE_VALUE: Final = document_text("change.decrease_value", "%(baseline)s − %(total)s = %(decrease)s")
PROVISIONAL_TOTAL: Final = document_text("change.provisional", "%(total)s (provisional)")
NOT_YET: Final = document_text("change.not_yet", "not known yet")
NO_TOTAL: Final = document_text("change.no_total", "cannot be computed")

PRO: Final = document_text("pro.title", "Diary scores from the same days")
MEAN_STOOLS: Final = document_text("pro.mean_stools", "Liquid stools a day")
MEAN_PAIN: Final = document_text("pro.mean_pain", "Pain grade a day")
MEAN_WELLBEING: Final = document_text("pro.mean_wellbeing", "Well-being grade a day")
PRO2: Final = document_text("pro.pro2", "PRO2")
PRO2_VALUE: Final = document_text("pro.pro2_value", "2 × %(stools)s + 5 × %(pain)s = %(score)s")
PRO3: Final = document_text("pro.pro3", "PRO3")
PRO3_VALUE: Final = document_text("pro.pro3_value", "%(pro2)s + 7 × %(wellbeing)s = %(score)s")
SHORT_CDAI: Final = document_text("pro.short_cdai", "Short CDAI")
SHORT_CDAI_VALUE: Final = document_text("pro.short_cdai_value", "44 + 7 × %(pro3)s = %(score)s, %(band)s")
RULE_2_8: Final = document_text("pro.rule_2_8", "Stools at most 2.8 and pain at most 1 a day")
RULE_3: Final = document_text("pro.rule_3", "Stools at most 3 and pain at most 1 a day")
RULE_PRO2: Final = document_text("pro.rule_pro2", "PRO2 at most 8")
RULE_REMISSION: Final = document_text("pro.rule_remission", "Stools at most 2.8, pain at most 1, neither above week 0")
RULE_RESPONSE: Final = document_text(
    "pro.rule_response", "Stools or pain down by at least 30 %%, and neither above week 0"
)
MET: Final = document_text("pro.met", "met")
NOT_MET: Final = document_text("pro.not_met", "not met")
NO_PRO_YET: Final = document_text("pro.not_yet", "Not known while a scored day can still be filled.")
NO_PRO_DAYS: Final = document_text("pro.too_few", "Not computed: too few days.")
NO_PRO_STOMA: Final = document_text("pro.stoma", "Not valid with a stoma or pouch.")

ENDOSCOPY: Final = document_text("endoscopy.title", "Endoscopy (SES-CD)")
SESCD: Final = document_text("endoscopy.total", "SES-CD")
SESCD_VALUE: Final = document_text("endoscopy.value", "%(total)s over %(count)s of 5 segments")
SESCD_CHANGE: Final = document_text("endoscopy.change", "Change over the segments seen both times")
SESCD_CHANGE_VALUE: Final = document_text("endoscopy.change_value", "%(before)s → %(now)s, down by %(percent)s %%")
SESCD_UNDEFINED: Final = document_text("endoscopy.undefined", "%(before)s → %(now)s, no percentage from 0")
SESCD_RESPONSE: Final = document_text("endoscopy.response", "Endoscopic response (down by at least %(percent)s %%)")
SESCD_REMISSION: Final = document_text("endoscopy.remission", "Endoscopic remission (at most %(limit)s)")
SESCD_SEEN: Final = document_text("endoscopy.seen", "Segments compared")
NO_SEGMENT: Final = document_text("endoscopy.no_segment", "none was seen both times")
NOT_DEFINED: Final = document_text("endoscopy.not_defined", "not defined: nothing to fall from")
# Criteria of other studies, beside the study's own.
OTHER_RESPONSES: Final = MappingProxyType(
    {
        "response_gt50": document_text("endoscopy.over_50", "For comparison: down by more than 50 %%"),
        "response_u_excel": document_text(
            "endoscopy.u_excel", "For comparison: down by more than 50 %%, or by at least 2 from a total of 4"
        ),
        "response_ge50_or_le2": document_text(
            "endoscopy.half_or_two", "For comparison: down by at least 50 %%, or a total of at most 2"
        ),
        "remission_le4_drop2_no_sub_gt1": document_text(
            "endoscopy.at_most_four", "For comparison: total at most 4, down by at least 2, no grade above 1"
        ),
    }
)
SEGMENT: Final = MappingProxyType(
    {
        "ileum": document_text("segment.ileum", "Ileum"),
        "right_colon": document_text("segment.right_colon", "Right colon"),
        "transverse_colon": document_text("segment.transverse_colon", "Transverse colon"),
        "left_colon": document_text("segment.left_colon", "Left colon"),
        "rectum": document_text("segment.rectum", "Rectum"),
    }
)
SEGMENT_VALUE: Final = document_text("segment.value", "%(grades)s = %(score)s")
NOT_EXPLORED: Final = document_text("segment.not_explored", "not explored")

FLAGS: Final = document_text("flags.title", "To note")
NO_FLAGS: Final = document_text("flags.none", "Nothing.")
FLAG: Final = MappingProxyType(
    {
        "days_excluded": document_text("flag.days_excluded", "Days were left out for preparation or endoscopy."),
        "window_extended": document_text("flag.window_extended", "The scored days reach back more than a week."),
        "diary_days_below_minimum": document_text(
            "flag.diary_days_below_minimum", "Fewer diary days than the minimum can be reached."
        ),
        "hct_missing": document_text("flag.hct_missing", "No haematocrit that may be used."),
        "weight_missing": document_text("flag.weight_missing", "No body weight that may be used."),
        "hct_floored": document_text("flag.hct_floored", "Haematocrit points were raised to the rule set's floor."),
        "weight_floored": document_text("flag.weight_floored", "Weight points were raised to the rule set's floor."),
        "hct_carried_forward": document_text(
            "flag.hct_carried_forward", "The haematocrit is an older one, carried forward."
        ),
        "weight_carried_forward": document_text(
            "flag.weight_carried_forward", "The weight is an older one, carried forward."
        ),
        "hct_after_visit": document_text("flag.hct_after_visit", "The haematocrit was taken after the visit."),
        "weight_after_visit": document_text("flag.weight_after_visit", "The weight was taken after the visit."),
        "components_carried_forward": document_text(
            "flag.components_carried_forward", "Components were carried forward from an earlier visit."
        ),
        "stoma": document_text("flag.stoma", "The participant has a stoma or pouch."),
    }
)
PRORATED: Final = document_text(
    "flag.prorated", "Sums are the mean over %(used)s of %(of)s days, times 7; missed days are not counted as 0."
)
LIST_SEPARATOR: Final = document_text("list.separator", ", ")
GROUP_SEPARATOR: Final = document_text("list.groups", " · ")
