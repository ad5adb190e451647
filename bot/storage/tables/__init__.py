"""The tables, by what they hold; importing this package registers all of them."""

from bot.storage.tables.access import (
    AccessRow,
    KeptFormRow,
    RecoveryCodeRow,
    SignInAttemptRow,
    StaffCredentialRow,
    StaffSessionRow,
    StaffSetupRow,
)
from bot.storage.tables.clinic import (
    AssessmentRow,
    CorrectionRow,
    PreparationRow,
    SiteMessageRow,
    SiteTaskRow,
    VisitRow,
)
from bot.storage.tables.contact import PhoneCallRow, SiteReplyRow, StaffChatRow
from bot.storage.tables.diary import AnswerRow, CardRow, EntryRow, HelpedRow
from bot.storage.tables.drafts import StoredDraftRow
from bot.storage.tables.links import DiaryLinkRow
from bot.storage.tables.people import ChatRow, InvitationRow, PanelRow, ParticipantRow, StaffRow, StrangerRow, ZoneRow
from bot.storage.tables.reviews import QueryRow, ReviewMarkRow
from bot.storage.tables.signatures import SignatureRow, SignatureVoidRow, UnlockRequestRow
from bot.storage.tables.study import AuditRow, HeartbeatRow, InstanceRow, OutageRow, ProtocolRow
from bot.storage.tables.traffic import InboxRow, LeaderRow, MessageRow

__all__ = [
    "AccessRow",
    "AnswerRow",
    "AssessmentRow",
    "AuditRow",
    "CardRow",
    "ChatRow",
    "CorrectionRow",
    "DiaryLinkRow",
    "EntryRow",
    "HeartbeatRow",
    "HelpedRow",
    "InboxRow",
    "InstanceRow",
    "InvitationRow",
    "KeptFormRow",
    "LeaderRow",
    "MessageRow",
    "OutageRow",
    "PanelRow",
    "ParticipantRow",
    "PhoneCallRow",
    "PreparationRow",
    "ProtocolRow",
    "QueryRow",
    "RecoveryCodeRow",
    "ReviewMarkRow",
    "SignInAttemptRow",
    "SignatureRow",
    "SignatureVoidRow",
    "SiteMessageRow",
    "SiteReplyRow",
    "SiteTaskRow",
    "StaffChatRow",
    "StaffCredentialRow",
    "StaffRow",
    "StaffSessionRow",
    "StaffSetupRow",
    "StoredDraftRow",
    "StrangerRow",
    "UnlockRequestRow",
    "VisitRow",
    "ZoneRow",
]
