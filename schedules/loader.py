"""Reads a protocol file, validates it as `file:line: key: sentence`, and fingerprints what it decides."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from schedules.errors import ProtocolFileError
from schedules.protocol import (
    DATA_REGIONS,
    LANGUAGES,
    DiaryPlan,
    EndpointCriteria,
    InvitationPolicy,
    MarkedValue,
    OutagePolicy,
    PlannedVisit,
    ReminderPolicy,
    Site,
    StudyProtocol,
)
from schedules.protocol_checks import find_contradiction
from schedules.protocol_file import ProtocolFile
from schedules.rule_set import RuleSet, RuleSetError

PROTOCOLS = Path(__file__).parent / "protocols"
SEED = "nct05262829.toml"
LONGEST_NOTICE = 1500
NOTICE_BLANKS = ("{hospital}", "{phone}")

_STUDY = ("id", "version", "registry_id", "timezone", "data_region", "legal_basis", "participants_planned")
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "study": (*_STUDY, "baseline_visit", *(f"names.{language}" for language in LANGUAGES)),
    "diary": ("opens", "closes", "early_days", "antidiarrhoeal"),
    "reminders": (
        "first_hour",
        "last_hour",
        "hour_step_minutes",
        "default_hour",
        "second_after_minutes",
        "second_at_quiet",
        "second_minimum_gap_minutes",
        "last_call",
        "last_call_margin_minutes",
        "quiet_from",
        "quiet_until",
        "snooze_minutes",
        "snooze_tomorrow",
        "in_progress_minutes",
        "prompt_cutoff",
    ),
    "outages": ("minimum_minutes", "grace_hours", "latest"),
    "invitations": ("valid_hours",),
    "endpoints": (
        "remission_below",
        "response_decrease",
        "response_decrease_major",
        "sescd_response_percent",
        "sescd_remission_at_most",
    ),
}
_VISIT = ("day_offset", "days_before", "days_after", "endoscopy", *(f"names.{lang}" for lang in LANGUAGES))
_SITE = (
    "phone",
    "timezone",
    "notice_version",
    *(f"{k}.{lang}" for k in ("names", "notice") for lang in LANGUAGES),
)


def load_protocol(path: Path) -> StudyProtocol:
    """Read a protocol file. Raises ProtocolFileError for the first fault found."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ProtocolFileError(str(path), 1, "file", "cannot be read; it must be a text file in UTF-8.") from None
    return parse_protocol(text, str(path))


def parse_protocol(text: str, name: str) -> StudyProtocol:
    """Read the text of a protocol file; `name` stands in its faults. Raises ProtocolFileError."""
    file = ProtocolFile(name, text)
    _refuse_unknown(file)
    protocol = _assemble(file)
    contradiction = find_contradiction(protocol)
    if contradiction is not None:
        file.fault(*contradiction)
    return protocol


def known_protocols() -> tuple[Path, ...]:
    """Return the protocol files that come with the product."""
    return tuple(sorted(PROTOCOLS.glob("*.toml")))


def seed_protocol_path() -> Path:
    """Return the protocol file of the first study, used unless a setting names another."""
    return PROTOCOLS / SEED


def fingerprint(values: Mapping[str, MarkedValue]) -> str:
    """Return the SHA-256 over every value and mark, written `sha256:...`; comments and order do not count."""
    canonical = {key: [value.value, value.source] for key, value in values.items()}
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _refuse_unknown(file: ProtocolFile) -> None:
    known = {f"{section}.{key}" for section, keys in _SECTIONS.items() for key in keys}
    known |= {f"visits.{code}.{key}" for code in file.tables("visits") for key in _VISIT}
    known |= {f"sites.{site}.{key}" for site in file.tables("sites") for key in _SITE}
    file.refuse_unknown(lambda key: key in known or key.startswith("scoring."))
    for section in file.document:
        if section not in (*_SECTIONS, "visits", "sites", "scoring"):
            file.fault(section, "is not a section of a protocol file; check its spelling.")


def _assemble(file: ProtocolFile) -> StudyProtocol:
    rules = _rules(file)
    return StudyProtocol(
        id=file.code("study.id", r"[a-z0-9][a-z0-9-]{1,31}", "nct05262829: small letters, digits and hyphens"),
        version=file.text("study.version", 32),
        registry_id=file.text("study.registry_id", 32),
        names=file.texts("study.names"),
        timezone=file.zone("study.timezone"),
        data_region=file.choice("study.data_region", DATA_REGIONS),
        legal_basis=file.text("study.legal_basis", 2000) if file.has("study.legal_basis") else None,
        participants_planned=file.whole("study.participants_planned", 1, 100_000),
        visits=_visits(file),
        diary=_diary(file, rules),
        reminders=_reminders(file),
        outages=_outages(file),
        invitations=InvitationPolicy(timedelta(hours=file.whole("invitations.valid_hours", 1, 720))),
        sites=tuple(_site(file, site_id) for site_id in sorted(file.tables("sites"))),
        rules=rules,
        endpoints=_endpoints(file),
        fingerprint=fingerprint(file.values),
        values=tuple(file.values.values()),
    )


def _visits(file: ProtocolFile) -> tuple[PlannedVisit, ...]:
    codes = file.tables("visits")
    baseline = file.choice("study.baseline_visit", codes)
    visits = [_visit(file, code, baseline=code == baseline) for code in codes]
    return tuple(sorted(visits, key=lambda visit: (visit.day_offset, visit.code)))


def _visit(file: ProtocolFile, code: str, *, baseline: bool) -> PlannedVisit:
    key = f"visits.{code}"
    if not (code.isascii() and code.isalnum() and code == code.upper() and len(code) <= 8):
        file.fault(key, "must have a code of up to eight capital letters and digits, such as W04.")
    return PlannedVisit(
        code=code,
        day_offset=file.whole(f"{key}.day_offset", 0, 3660),
        days_before=file.whole(f"{key}.days_before", 0, 60),
        days_after=file.whole(f"{key}.days_after", 0, 60),
        endoscopy=file.flag(f"{key}.endoscopy"),
        baseline=baseline,
        names=file.texts(f"{key}.names", 40),
    )


def _diary(file: ProtocolFile, rules: RuleSet) -> DiaryPlan:
    return DiaryPlan(
        days=rules.scoring_days,
        opens=file.wall("diary.opens"),
        closes=file.wall("diary.closes"),
        early_days=file.whole("diary.early_days", 0, 14),
        minimum_days=rules.min_valid_days,
        antidiarrhoeal=file.flag("diary.antidiarrhoeal"),
    )


def _reminders(file: ProtocolFile) -> ReminderPolicy:
    return ReminderPolicy(
        first_hour=file.wall("reminders.first_hour"),
        last_hour=file.wall("reminders.last_hour"),
        hour_step=file.minutes("reminders.hour_step_minutes", 5, 240),
        default_hour=file.wall("reminders.default_hour"),
        second_after=file.minutes("reminders.second_after_minutes", 30, 360),
        second_at_quiet=file.wall("reminders.second_at_quiet"),
        second_minimum_gap=file.minutes("reminders.second_minimum_gap_minutes", 5, 120),
        last_call=file.wall("reminders.last_call"),
        last_call_margin=file.minutes("reminders.last_call_margin_minutes", 5, 240),
        quiet_from=file.wall("reminders.quiet_from"),
        quiet_until=file.wall("reminders.quiet_until"),
        snooze_minutes=file.whole("reminders.snooze_minutes", 5, 180),
        snooze_tomorrow=file.wall("reminders.snooze_tomorrow"),
        in_progress=file.minutes("reminders.in_progress_minutes", 1, 60),
        prompt_cutoff=file.wall("reminders.prompt_cutoff"),
    )


def _outages(file: ProtocolFile) -> OutagePolicy:
    return OutagePolicy(
        minimum=file.minutes("outages.minimum_minutes", 1, 1440),
        grace=timedelta(hours=file.whole("outages.grace_hours", 0, 24)),
        latest=file.wall("outages.latest"),
    )


def _site(file: ProtocolFile, site_id: str) -> Site:
    key = f"sites.{site_id}"
    if not (site_id.isascii() and site_id.isalnum() and site_id == site_id.lower() and len(site_id) <= 16):
        file.fault(key, "must have an id of up to sixteen small letters and digits, such as seh.")
    names, phone = file.texts(f"{key}.names", 80), file.text(f"{key}.phone", 60)
    return Site(
        id=site_id,
        names=names,
        phone=phone,
        timezone=file.zone(f"{key}.timezone"),
        notice={language: _notice(file, key, language, names[language], phone) for language in LANGUAGES},
        notice_version=file.text(f"{key}.notice_version", 32),
    )


def _notice(file: ProtocolFile, key: str, language: str, hospital: str, phone: str) -> str:
    """Return the privacy notice with hospital and telephone filled in; both and /stop must occur in it."""
    notice_key = f"{key}.notice.{language}"
    text = file.text(notice_key, LONGEST_NOTICE)
    for needed in (*NOTICE_BLANKS, "/stop"):
        if needed not in text:
            file.fault(notice_key, f"must contain {needed}: participants read there whom to call and how to stop.")
    return text.replace("{hospital}", hospital).replace("{phone}", phone)


def _endpoints(file: ProtocolFile) -> EndpointCriteria:
    return EndpointCriteria(
        remission_below=file.whole("endpoints.remission_below", 1, 600),
        response_decrease=file.whole("endpoints.response_decrease", 1, 600),
        response_decrease_major=file.whole("endpoints.response_decrease_major", 1, 600),
        sescd_response_percent=file.whole("endpoints.sescd_response_percent", 1, 100),
        sescd_remission_at_most=file.whole("endpoints.sescd_remission_at_most", 0, 56),
    )


def _rules(file: ProtocolFile) -> RuleSet:
    """Read the scoring section; a rule that it leaves out keeps the product's default."""
    mapping: dict[str, object] = {}
    for key, marked in file.values.items():
        section, *path, last = key.split(".")
        if section == "scoring":
            _inner(mapping, path)[last] = marked.value
    try:
        return RuleSet.from_mapping(mapping)
    except RuleSetError as error:
        file.fault(f"scoring.{error.key}", error.sentence)


def _inner(mapping: dict[str, object], path: list[str]) -> dict[str, object]:
    """Return the mapping within a mapping that a path leads to, made where it is missing."""
    for name in path:
        inner = mapping.setdefault(name, {})
        mapping = inner if isinstance(inner, dict) else {}
    return mapping
