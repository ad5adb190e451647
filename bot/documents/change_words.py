"""The sentences that say what has changed since the last stored draft, by id."""

from types import MappingProxyType
from typing import Final

from bot.documents.words import document_text

TITLE: Final = document_text("since.title", "Changed since the last stored draft")
NEVER_STORED: Final = document_text("since.never", "No draft of this visit has been stored yet.")
LAST: Final = document_text("since.last", "Last stored %(occasion)s, %(at)s, %(hash)s")
OCCASIONS: Final = MappingProxyType(
    {
        "signed": document_text("since.signed", "when signed"),
        "printed": document_text("since.printed", "when printed"),
        "exported": document_text("since.exported", "when exported"),
    }
)
NOTHING: Final = document_text("since.nothing", "Nothing has changed.")
CHANGE: Final = document_text("since.change", "%(what)s: %(old)s → %(new)s")
LEFT_OUT: Final = document_text("since.left_out", "left out")
FIELDS: Final = MappingProxyType(
    {
        "status": document_text("since.status", "Status"),
        "total": document_text("since.total", "CDAI total"),
        "category": document_text("since.category", "Band"),
        "visit_on": document_text("since.visit_on", "Date of the visit"),
        "held": document_text("since.held", "Visit held"),
        "baseline_visit": document_text("since.baseline_visit", "Baseline visit"),
        "scored": document_text("since.scored", "scored day"),
        "state": document_text("since.state", "state"),
        "source": document_text("since.source", "source"),
        "revision": document_text("since.revision", "revision"),
        "corrected": document_text("since.corrected", "corrected"),
        "helped": document_text("since.helped", "someone helped"),
        "outage": document_text("since.outage", "service was down"),
        "after_closing": document_text("since.after_closing", "after closing"),
        "value": document_text("since.value", "value"),
        "on": document_text("since.on", "measured on"),
        "accepted": document_text("since.accepted", "accepted"),
        "sex": document_text("since.sex", "Sex"),
        "height_cm": document_text("since.height_cm", "Height in cm"),
        "standard_weight_kg": document_text("since.standard_weight_kg", "Standard weight in kg"),
        "stoma": document_text("since.stoma", "Stoma or pouch"),
        "min": document_text("since.min", "least possible total"),
        "max": document_text("since.max", "greatest possible total"),
        "provisional": document_text("since.provisional", "provisional"),
        "mean_stools": document_text("since.mean_stools", "liquid stools a day"),
        "mean_pain": document_text("since.mean_pain", "pain grade a day"),
        "mean_wellbeing": document_text("since.mean_wellbeing", "well-being grade a day"),
        "carried": document_text("since.carried", "points carried forward"),
    }
)
STATUS: Final = MappingProxyType(
    {
        "computed": document_text("since.computed", "computed"),
        "provisional": document_text("since.is_provisional", "provisional total"),
        "incomplete": document_text("since.incomplete", "no total yet"),
        "not_computable": document_text("since.not_computable", "cannot be computed"),
    }
)
