"""Enrol a participant: a code, what the score needs, a zone, and the first invitation."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import available_timezones

from bot.actions.invite import invite
from bot.actions.site_acts import check_may, site_day
from bot.actions.study import Study
from bot.errors import InvalidInputError, NotFoundError, RefusedError
from bot.people.roles import Permission
from bot.scoring.cdai import standard_weight
from bot.scoring.validation import check_height, check_standard_weight, is_unusual
from bot.storage.participants import participant_by_code
from bot.storage.tables import ParticipantRow, ZoneRow
from bot.storage.trail import Trail, insert
from schedules.errors import AnyOf, Term
from schedules.protocol import LANGUAGES

CODE_SHAPE = re.compile(r"[A-Z]{2,6}-[0-9]{3,5}")
ZONE_REACHES_BACK = timedelta(days=60)
FARTHEST = timedelta(days=3 * 366)
FIELDS = (
    "code", "site", "sex", "height_cm", "standard_weight_kg", "language", "hour", "baseline_on", "consent_on", "stoma",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the site says of a new participant; no name, no phone number.

    `height_cm` in centimetres; `standard_weight_kg` only where the study enters it by hand.
    """

    code: str
    site: str
    sex: str
    height_cm: Decimal
    language: str
    timezone: str
    baseline_on: date
    consent_on: date | None = None
    stoma: bool = False
    standard_weight_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The new participant, the token of the first invitation, and what the site should hear of."""

    participant: ParticipantRow
    token: str
    warnings: tuple[str, ...]


def enrol(audit: Trail, given: Enrolment, *, study: Study) -> Enrolled:
    """Store the participant; raises InvalidInputError for an impossible value, RefusedError for a code in use."""
    check_may(audit.actor, Permission.ENROL, "enrol participants")
    check_enrolment(given, study)
    _check_code_is_free(audit, given.code)
    audit.participant = given.code
    row = _row(audit, given, study)
    _check_dates(audit, given, row, study)
    insert(audit, row, "enrol", fields=FIELDS)
    zone = ZoneRow(
        participant_id=row.id or 0,
        from_on=site_day(audit.now, row, study) - ZONE_REACHES_BACK,
        tzid=given.timezone,
        set_at=audit.now,
        reason="enrolment",
    )
    insert(audit, zone, "enrol", fields=("from_on", "tzid"))
    return Enrolled(row, invite(audit, row, study=study), tuple(_warnings(audit, given, row, study)))


def check_enrolment(given: Enrolment, study: Study) -> None:
    """Refuse what cannot be right, whatever is stored already."""
    if not CODE_SHAPE.fullmatch(given.code):
        raise InvalidInputError(
            "The code %(given)s does not have the shape of a participant code, such as SH-001: "
            "two to six capital letters, a hyphen, three to five digits.",
            given=given.code or Term("that was given"),
            code="code_invalid",
        )
    study.protocol.site(given.site)
    _check_one_of("sex", given.sex, ("male", "female"))
    _check_one_of("language", given.language, LANGUAGES)
    check_height(given.height_cm, study.protocol.rules)
    check_timezone(given.timezone)


def check_timezone(name: str) -> str:
    """Return the name of an IANA zone; anything else is refused, because an offset has no summer time."""
    if name not in _zones():
        raise InvalidInputError(
            "%(name)s is not the name of a time zone: use an IANA name such as Asia/Shanghai or Europe/London.",
            name=name,
            code="timezone_unknown",
        )
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInputError(
            "The %(name)s %(value)s must be %(known)s.",
            name=Term(name),
            value=value,
            known=AnyOf(known),
            code=f"{name}_invalid",
        )


def _check_code_is_free(audit: Trail, code: str) -> None:
    try:
        found = participant_by_code(audit.session, code)
    except NotFoundError:
        return
    raise RefusedError(
        "%(who)s is enrolled already, since %(on)s: choose another code, "
        "or run `participant invite %(who)s` for a new invitation.",
        who=code,
        on=found.enrolled_at.date(),
    )


def _check_dates(audit: Trail, given: Enrolment, row: ParticipantRow, study: Study) -> None:
    today = site_day(audit.now, row, study)
    if given.consent_on is not None and given.consent_on > today:
        raise InvalidInputError(
            "The consent of %(on)s lies in the future: today is %(today)s at the site.",
            on=given.consent_on,
            today=today,
            code="date_invalid",
        )
    if abs(given.baseline_on - today) > FARTHEST:
        raise InvalidInputError(
            "The baseline date %(on)s lies more than three years from today, %(today)s: check the year.",
            on=given.baseline_on,
            today=today,
            code="date_invalid",
        )
    if given.consent_on is not None and given.consent_on > given.baseline_on:
        raise InvalidInputError(
            "The consent of %(on)s comes after the baseline visit of %(baseline)s: check both dates.",
            on=given.consent_on,
            baseline=given.baseline_on,
            code="date_invalid",
        )


def _row(audit: Trail, given: Enrolment, study: Study) -> ParticipantRow:
    return ParticipantRow(
        code=given.code,
        site=given.site,
        sex=given.sex,
        height_cm=format(given.height_cm, "f"),
        standard_weight_kg=frozen_standard_weight(given, study),
        language=given.language,
        hour=f"{study.protocol.reminders.default_hour:%H:%M}",
        baseline_on=given.baseline_on,
        consent_on=given.consent_on,
        stoma=given.stoma,
        enrolled_at=audit.now,
    )


def frozen_standard_weight(given: Enrolment, study: Study) -> str | None:
    """The standard weight in kg as exact decimal text, by the study's method, from the height at screening."""
    rules = study.protocol.rules
    by_hand = rules.standard_weight_method == "entered"
    if by_hand != (given.standard_weight_kg is not None):
        raise InvalidInputError(
            "This study enters the standard weight by hand: give it in kg with --standard-weight-kg."
            if by_hand
            else "This study computes the standard weight from the height: leave --standard-weight-kg out.",
            code="standard_weight_invalid",
        )
    if given.standard_weight_kg is not None:
        check_standard_weight(given.standard_weight_kg)
        return format(given.standard_weight_kg, "f")
    height = check_height(given.height_cm, rules)
    weight = standard_weight(given.sex, height, rules.standard_weight_method)
    if weight is None:
        return None
    exact = Decimal(weight.numerator) / Decimal(weight.denominator)
    return format(exact.normalize(), "f")


def _warnings(audit: Trail, given: Enrolment, row: ParticipantRow, study: Study) -> list[str]:
    found = []
    if given.stoma:
        found.append(
            f"{given.code} has a stoma or pouch: the CDAI is not valid then and will not be computed; "
            "the diary can still be kept."
        )
    if is_unusual("height_cm", given.height_cm, study.protocol.rules):
        found.append(f"A height of {given.height_cm} cm is unusual: check it, because the standard weight rests on it.")
    today = site_day(audit.now, row, study)
    if given.baseline_on < today:
        found.append(f"The baseline date {given.baseline_on} has passed: its diary days can no longer be filled.")
    return found
