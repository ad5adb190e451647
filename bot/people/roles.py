"""Who may do what: one table of roles and permissions, from which code, documentation and tests are made."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

ALL_SITES: Final = "all"


class Role(StrEnum):
    """The five kinds of staff account."""

    COORDINATOR = "coordinator"
    CLINICIAN = "clinician"
    DATA_MANAGER = "data_manager"
    MONITOR = "monitor"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing that a member of staff may be allowed to do."""

    OWN_ACCOUNT = "own_account"
    SEE_COUNTS = "see_counts"
    SEE_COMPLETENESS = "see_completeness"
    SEE_ANSWERS = "see_answers"
    ENROL = "enrol"
    RUN_DIARY = "run_diary"
    ENTER_LABORATORY = "enter_laboratory"
    ASSESS = "assess"
    WITHDRAW = "withdraw"
    REQUEST_CORRECTION = "request_correction"
    APPROVE_CORRECTION = "approve_correction"
    RAISE_QUERY = "raise_query"
    ANSWER_QUERY = "answer_query"
    MARK_REVIEWED = "mark_reviewed"
    VERIFY_SOURCE = "verify_source"
    SIGN = "sign"
    UNLOCK = "unlock"
    CONFIRM_UNLOCK = "confirm_unlock"
    SEE_AUDIT = "see_audit"
    SEE_ACCOUNT_AUDIT = "see_account_audit"
    EXPORT = "export"
    MANAGE_STAFF = "manage_staff"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: what the permission means, and the roles that have it."""

    meaning: str
    roles: frozenset[Role]


def _rule(meaning: str, *roles: Role) -> Rule:
    return Rule(meaning, frozenset(roles))


_SITE_TEAM: Final = (Role.COORDINATOR, Role.CLINICIAN)
_READERS: Final = (*_SITE_TEAM, Role.DATA_MANAGER, Role.MONITOR)

# Deny by default: a role that a line does not name has not got the permission.
TABLE: Final = MappingProxyType(
    {
        Permission.OWN_ACCOUNT: _rule("own password, sessions, language", *Role),
        Permission.SEE_COUNTS: _rule("counts of participants and entries, naming nobody", *Role),
        Permission.SEE_COMPLETENESS: _rule("board, morning list, visits, message ledger", *_READERS),
        Permission.SEE_ANSWERS: _rule("answers, CDAI drafts, study table", *_READERS),
        Permission.ENROL: _rule("enrol, invite, link again, unlink", *_SITE_TEAM),
        Permission.RUN_DIARY: _rule(
            "staff entry, visits, preparation days, check-in, nudge, inbox, time zone", *_SITE_TEAM
        ),
        Permission.ENTER_LABORATORY: _rule("haematocrit and weight of a visit", *_SITE_TEAM),
        Permission.ASSESS: _rule("the whole clinic part of a visit, SES-CD included", Role.CLINICIAN),
        Permission.WITHDRAW: _rule("withdraw a participant", *_SITE_TEAM),
        Permission.REQUEST_CORRECTION: _rule("ask for a correction of a closed day", *_SITE_TEAM),
        Permission.APPROVE_CORRECTION: _rule("approve or refuse a correction", Role.CLINICIAN),
        Permission.RAISE_QUERY: _rule("raise a query on a value", *_READERS),
        Permission.ANSWER_QUERY: _rule("answer a query", *_SITE_TEAM),
        Permission.MARK_REVIEWED: _rule("mark a diary as reviewed", *_SITE_TEAM),
        Permission.VERIFY_SOURCE: _rule("mark a value as verified against its source", Role.MONITOR),
        Permission.SIGN: _rule("sign a CDAI", Role.CLINICIAN),
        Permission.UNLOCK: _rule("ask to unlock a signed CDAI, with a reason", Role.CLINICIAN),
        Permission.CONFIRM_UNLOCK: _rule(
            "be the second person of an unlock; never one's own", Role.CLINICIAN, Role.DATA_MANAGER
        ),
        Permission.SEE_AUDIT: _rule("audit trail of participants and its review", *_READERS),
        Permission.SEE_ACCOUNT_AUDIT: _rule("audit trail of accounts and access", Role.DATA_MANAGER, Role.ADMIN),
        Permission.EXPORT: _rule("export data of the account's sites, coded", *_READERS),
        Permission.MANAGE_STAFF: _rule("create, re-issue and disable accounts", Role.ADMIN),
    }
)

# These act at a bedside: an account of theirs belongs to exactly one site.
ONE_SITE_ONLY: Final = frozenset(_SITE_TEAM)


def can(role: Role, permission: Permission) -> bool:
    """Whether the table gives this role the permission."""
    return role in TABLE[permission].roles


def sees_site(scope: str, site: str) -> bool:
    """Whether an account's scope (site ids joined by commas, or `all`) holds a site."""
    return scope == ALL_SITES or site in scope.split(",")


def permissions_of(role: Role) -> frozenset[Permission]:
    """Everything the role may do."""
    return frozenset(permission for permission in Permission if can(role, permission))


def table_as_markdown() -> str:
    """The table as it stands in the documentation, one line for each permission."""
    head = ["permission", "what it covers", *(role.value.replace("_", " ") for role in Role)]
    lines = [head, ["---"] * len(head)]
    for permission, rule in TABLE.items():
        marks = ["yes" if role in rule.roles else "–" for role in Role]
        lines.append([f"`{permission.value}`", rule.meaning, *marks])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
