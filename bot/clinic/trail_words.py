"""The words of the audit trail: what was done, to which field, and values as people read them."""

import json
import re
from typing import Final

from bot.clinic.words import say
from bot.i18n import Message, clinic_text

ACTIONS: Final[dict[str, Message]] = {
    "accept_carried": clinic_text("deed", "Carried-forward value accepted"),
    "acknowledge_message": clinic_text("deed", "Message acknowledged"),
    "add_staff": clinic_text("deed", "Account created"),
    "adopt_protocol": clinic_text("deed", "Protocol put in force"),
    "agree_notice": clinic_text("deed", "Notice agreed to"),
    "answer": clinic_text("deed", "Answered"),
    "answer_query": clinic_text("deed", "Query answered"),
    "approve_correction": clinic_text("deed", "Correction approved"),
    "assess": clinic_text("deed", "Component entered"),
    "bind_chat": clinic_text("deed", "Chat linked"),
    "change_password": clinic_text("deed", "Password changed"),
    "change_zone": clinic_text("deed", "Time zone changed"),
    "chat_open": clinic_text("deed", "Chat takes messages again"),
    "chat_refused": clinic_text("deed", "Chat refuses messages"),
    "check_in": clinic_text("deed", "Visit checked in"),
    "claim_invitation": clinic_text("deed", "Invitation opened"),
    "clock_stepped": clinic_text("deed", "System clock stepped"),
    "close_query": clinic_text("deed", "Query closed"),
    "close_task": clinic_text("deed", "Task done"),
    "confirm_unlock": clinic_text("deed", "Unlocking confirmed"),
    "decline_correction": clinic_text("deed", "Correction declined"),
    "decline_notice": clinic_text("deed", "Notice declined"),
    "disable_staff": clinic_text("deed", "Account disabled"),
    "end_session": clinic_text("deed", "Session ended"),
    "enrol": clinic_text("deed", "Enrolled"),
    "export_audit": clinic_text("deed", "Audit trail exported"),
    "foreign_tap": clinic_text("deed", "Foreign button refused"),
    "invitation_refused": clinic_text("deed", "Invitation refused"),
    "invite": clinic_text("deed", "Invited"),
    "issue_setup_link": clinic_text("deed", "Setup link issued"),
    "join": clinic_text("deed", "Joined"),
    "link_staff_chat": clinic_text("deed", "Chat of staff linked"),
    "lock_account": clinic_text("deed", "Account locked"),
    "make_diary_link": clinic_text("deed", "Diary page link made"),
    "make_staff_chat_link": clinic_text("deed", "Chat link of staff made"),
    "mark_helped": clinic_text("deed", "Helped with the entry"),
    "mark_reviewed": clinic_text("deed", "Marked as reviewed"),
    "message_to_site": clinic_text("deed", "Wrote to the site"),
    "miss_visit": clinic_text("deed", "Visit not held"),
    "move_visit": clinic_text("deed", "Visit moved"),
    "nudge": clinic_text("deed", "Nudged"),
    "open_task": clinic_text("deed", "Task opened"),
    "open_visit": clinic_text("deed", "Visit first recorded"),
    "outage": clinic_text("deed", "Outage noted"),
    "phone_call": clinic_text("deed", "Called"),
    "prepare_visit": clinic_text("deed", "Preparation day marked"),
    "propose_correction": clinic_text("deed", "Correction proposed"),
    "prove_reach": clinic_text("deed", "Reach proved"),
    "raise_query": clinic_text("deed", "Query raised"),
    "refuse_page": clinic_text("deed", "Page refused"),
    "refuse_sign_in": clinic_text("deed", "Sign-in refused"),
    "remove_preparation": clinic_text("deed", "Preparation day removed"),
    "renew_recovery_codes": clinic_text("deed", "Recovery codes renewed"),
    "reply": clinic_text("deed", "Replied"),
    "request_correction": clinic_text("deed", "Correction asked for"),
    "request_unlock": clinic_text("deed", "Unlocking asked for"),
    "resume_messages": clinic_text("deed", "Messages resumed"),
    "revise": clinic_text("deed", "Entry changed"),
    "revise_assessment": clinic_text("deed", "Component changed"),
    "revoke_diary_link": clinic_text("deed", "Diary page link revoked"),
    "revoke_invitation": clinic_text("deed", "Invitation revoked"),
    "revoke_setup_link": clinic_text("deed", "Setup link revoked"),
    "revoke_staff_chat_link": clinic_text("deed", "Chat link of staff revoked"),
    "set_hour": clinic_text("deed", "Hour set"),
    "set_language": clinic_text("deed", "Language set"),
    "set_up_staff": clinic_text("deed", "Account set up"),
    "sign_draft": clinic_text("deed", "CDAI signed"),
    "sign_in": clinic_text("deed", "Signed in"),
    "signature_voided": clinic_text("deed", "Signature made void"),
    "snooze": clinic_text("deed", "Put off until later"),
    "stop_messages": clinic_text("deed", "Messages stopped"),
    "store_draft": clinic_text("deed", "Draft stored"),
    "submit": clinic_text("deed", "Entry submitted"),
    "unbind_chat": clinic_text("deed", "Chat unlinked"),
    "unlink": clinic_text("deed", "Chat unlinked by the site"),
    "unlink_staff_chat": clinic_text("deed", "Chat of staff unlinked"),
    "use_invitation": clinic_text("deed", "Invitation used"),
    "use_recovery_code": clinic_text("deed", "Recovery code used"),
    "verify_audit": clinic_text("deed", "Audit trail verified"),
    "withdraw": clinic_text("deed", "Withdrawn"),
}
SEEN: Final[dict[str, Message]] = {
    "audit": clinic_text("seen", "the audit trail"),
    "board": clinic_text("seen", "the board"),
    "completeness": clinic_text("seen", "completeness"),
    "corrections": clinic_text("seen", "corrections"),
    "draft": clinic_text("seen", "a CDAI draft"),
    "draft_list": clinic_text("seen", "the list of CDAI drafts"),
    "draft_page": clinic_text("seen", "a printed CDAI page"),
    "inbox": clinic_text("seen", "the inbox"),
    "morning": clinic_text("seen", "the morning list"),
    "participant": clinic_text("seen", "a participant's page"),
    "queries": clinic_text("seen", "the list of queries"),
    "query": clinic_text("seen", "a query"),
    "review": clinic_text("seen", "the review"),
    "study_table": clinic_text("seen", "the study table"),
    "visits": clinic_text("seen", "the visits"),
}
VIEWED: Final = clinic_text("deed", "Looked at")

FIELDS: Final[dict[str, Message]] = {
    "stools": clinic_text("field", "Liquid stools"),
    "pain": clinic_text("field", "Pain"),
    "wellbeing": clinic_text("field", "Well-being"),
    "antidiarrhoeal": clinic_text("field", "Antidiarrhoeal"),
    "timing": clinic_text("field", "Timing"),
    "source": clinic_text("field", "Source"),
    "language": clinic_text("field", "Language"),
    "wording_version": clinic_text("field", "Wording version"),
    "hct": clinic_text("field", "Haematocrit"),
    "weight": clinic_text("field", "Weight"),
    "mass": clinic_text("field", "Abdominal mass"),
    "complications": clinic_text("field", "Complications"),
    "sescd": clinic_text("field", "SES-CD"),
    "accepted": clinic_text("field", "Accepted value"),
    "value": clinic_text("field", "Value"),
    "measured_on": clinic_text("field", "Date of measurement"),
    "scheduled_on": clinic_text("field", "Visit date"),
    "moved_against": clinic_text("field", "Planned date"),
    "time": clinic_text("field", "Time of day"),
    "outside_tolerance": clinic_text("field", "Outside the tolerance"),
    "held_at": clinic_text("field", "Held at"),
    "held_on": clinic_text("field", "Held on"),
    "on": clinic_text("field", "Date"),
    "kind": clinic_text("field", "Kind"),
    "state": clinic_text("field", "State"),
    "code": clinic_text("field", "Code"),
    "site": clinic_text("field", "Site"),
    "sex": clinic_text("field", "Sex"),
    "height_cm": clinic_text("field", "Height, cm"),
    "standard_weight_kg": clinic_text("field", "Standard weight, kg"),
    "hour": clinic_text("field", "Hour"),
    "tzid": clinic_text("field", "Time zone"),
    "from_on": clinic_text("field", "From"),
    "baseline_on": clinic_text("field", "Baseline"),
    "consent_on": clinic_text("field", "Consent"),
    "stoma": clinic_text("field", "Stoma or pouch"),
    "joined_at": clinic_text("field", "Joined"),
    "stopped_at": clinic_text("field", "Stopped"),
    "withdrawn_at": clinic_text("field", "Withdrawal"),
    "notice_version": clinic_text("field", "Notice version"),
    "expires_at": clinic_text("field", "Expires"),
    "revoked_at": clinic_text("field", "Revoked"),
    "used_at": clinic_text("field", "Used"),
    "bound_at": clinic_text("field", "Linked"),
    "unbound_at": clinic_text("field", "Unlinked"),
    "blocked_at": clinic_text("field", "Blocked"),
    "reach_at": clinic_text("field", "Reached"),
    "diary_day": clinic_text("field", "Diary day"),
    "visit": clinic_text("field", "Visit"),
    "item": clinic_text("field", "Item"),
    "question": clinic_text("field", "Question"),
    "answer": clinic_text("field", "Answer"),
    "requested_by": clinic_text("field", "Asked for by"),
    "request_reason": clinic_text("field", "Reason of the request"),
    "decision_reason": clinic_text("field", "Reason of the decision"),
    "decided_by": clinic_text("field", "Decided by"),
    "decided_at": clinic_text("field", "Decided"),
    "answered_by": clinic_text("field", "Answered by"),
    "answered_at": clinic_text("field", "Answered"),
    "closed_by": clinic_text("field", "Closed by"),
    "closed_at": clinic_text("field", "Closed"),
    "acknowledged_by": clinic_text("field", "Acknowledged by"),
    "acknowledged_at": clinic_text("field", "Acknowledged"),
    "occasion": clinic_text("field", "Occasion"),
    "hash": clinic_text("field", "Hash"),
    "reviewed": clinic_text("field", "Reviewed"),
    "verified": clinic_text("field", "Verified against the source"),
    "signature_id": clinic_text("field", "Signature"),
    "outcome": clinic_text("field", "Outcome"),
    "channel": clinic_text("field", "Channel"),
    "protocol": clinic_text("field", "Protocol"),
    "fingerprint": clinic_text("field", "Fingerprint"),
    "version": clinic_text("field", "Version"),
    "seconds": clinic_text("field", "Seconds"),
    "started_at": clinic_text("field", "Began"),
    "ended_at": clinic_text("field", "Ended"),
    "created_at": clinic_text("field", "Created"),
    "disabled_at": clinic_text("field", "Disabled"),
    "set_up_at": clinic_text("field", "Set up"),
    "name": clinic_text("field", "Name"),
    "printed_name": clinic_text("field", "Printed name"),
    "role": clinic_text("field", "Role"),
    "snoozed_until": clinic_text("field", "Put off until"),
    "frame": clinic_text("field", "Wording"),
    "by": clinic_text("field", "By"),
}
# The fields that people look for; the trail holds more.
SOUGHT: Final = (
    "stools", "pain", "wellbeing", "antidiarrhoeal", "timing", "source", "value", "measured_on", "scheduled_on",
    "outside_tolerance", "held_at", "on", "tzid", "hour", "language", "withdrawn_at", "reviewed", "verified",
    "question", "answer", "state",
)  # fmt: skip

VALUES: Final[dict[str, Message]] = {
    "yes": clinic_text("value", "yes"),
    "no": clinic_text("value", "no"),
    "on_time": clinic_text("value", "on time"),
    "late": clinic_text("value", "late"),
    "after_closing": clinic_text("value", "after closing"),
    "participant": clinic_text("value", "participant"),
    "staff": clinic_text("value", "staff"),
    "operator": clinic_text("value", "operator"),
    "open": clinic_text("value", "open"),
    "answered": clinic_text("value", "answered"),
    "closed": clinic_text("value", "closed"),
    "approved": clinic_text("value", "approved"),
    "declined": clinic_text("value", "declined"),
    "planned": clinic_text("value", "planned"),
    "held": clinic_text("value", "held"),
    "no_show": clinic_text("value", "no-show"),
    "not_done": clinic_text("value", "not done"),
    "terminated": clinic_text("value", "terminated"),
    "signed": clinic_text("value", "signed"),
    "printed": clinic_text("value", "printed"),
    "exported": clinic_text("value", "exported"),
    "reviewed": clinic_text("value", "reviewed"),
    "verified": clinic_text("value", "verified"),
    "male": clinic_text("value", "male"),
    "female": clinic_text("value", "female"),
    "bowel_prep": clinic_text("value", "bowel preparation"),
    "endoscopy": clinic_text("value", "endoscopy"),
    "zh": clinic_text("value", "Chinese"),
    "en": clinic_text("value", "English"),
    "entry": clinic_text("value", "a diary entry changed"),
    "clinic": clinic_text("value", "a clinic value changed"),
    "visit": clinic_text("value", "the visit changed"),
    "preparation": clinic_text("value", "preparation days changed"),
    "protocol": clinic_text("value", "the rules changed"),
    "unlock": clinic_text("value", "it was unlocked"),
}
MISSING: Final = "\N{EN DASH}"
HASH: Final = re.compile(r"\b((?:sha256:)?[0-9a-f]{12})[0-9a-f]{52}\b")
INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d\.\d{6}Z")
ACTORS: Final[dict[str, Message]] = {
    "participant": clinic_text("actor", "Participant"),
    "operator": clinic_text("actor", "Operator"),
    "system": clinic_text("actor", "System"),
}
ORIGINS: Final[dict[str, Message]] = {
    "chat": clinic_text("origin", "chat"),
    "page": clinic_text("origin", "diary page"),
    "clinic": clinic_text("origin", "clinic"),
    "command": clinic_text("origin", "command line"),
    "housekeeping": clinic_text("origin", "housekeeping"),
}


def action_words(action: str) -> Message | str:
    """What was done; an action without words of its own is shown as it is stored."""
    if action.startswith("view_"):
        return VIEWED
    return ACTIONS.get(action, action.replace("_", " "))


def seen_words(action: str) -> Message | str:
    """What was looked at; empty for an action of another kind."""
    seen = action.removeprefix("view_") if action.startswith("view_") else ""
    return SEEN.get(seen, seen.replace("_", " "))


def field_words(name: str) -> Message | str:
    """The field as people call it."""
    return FIELDS.get(name, name.replace("_", " "))


def value_words(value: str, language: str) -> str:
    """A value as people read it: words for codes, instants to the minute with their zone, hashes by their beginning."""
    if value in VALUES:
        return say(VALUES[value], language)
    if value[:1] in ("{", '"') or value in ("true", "false", "null"):
        return _component(value, language)
    return INSTANT.sub(r"\1 \2 UTC", HASH.sub(r"\1…", value))


def _component(value: str, language: str) -> str:
    """A clinic component, which is stored as JSON."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    if isinstance(found, dict) and {"value", "unit"} <= found.keys():
        return f"{found['value']} {found['unit']}"
    if isinstance(found, dict):
        return ", ".join(f"{key.replace('_', ' ')}: {_plain(one, language)}" for key, one in found.items())
    return _plain(found, language)


def _plain(found: object, language: str) -> str:
    if isinstance(found, bool):
        return say(VALUES["yes" if found else "no"], language)
    if isinstance(found, list):
        return "/".join(_plain(one, language) for one in found)
    return MISSING if found is None else str(found)
