"""A stored signature as others show it: for the JSON of a draft, and for the printed page."""

from datetime import UTC, datetime

from bot.documents.pdf.parts import SignatureBlock, VoidMark
from bot.documents.signing_words import BECAUSE, CAUSES, MEANINGS, METHODS
from bot.i18n import translate
from bot.storage.signatures import SignedOnce
from bot.storage.tables import SignatureVoidRow

Json = dict[str, object]


def signature_json(found: SignedOnce | None) -> Json | None:
    """The last signature of a visit: by, role, at, meaning, hash, and what made it void; None without one."""
    if found is None:
        return None
    row, void = found.row, found.void
    gone = None if void is None else {"at": _utc(void.at), "by": void.by, "why": why_void(void, "en")}
    return {
        "by": row.printed_name,
        "username": row.username,
        "role": row.role,
        "at": _utc(row.at),
        "timezone": row.tzid,
        "meaning": translate(MEANINGS[row.meaning], row.language),
        "method": row.method,
        "hash": row.hash,
        "audit_seq": row.audit_seq,
        "void": gone,
    }


def signature_block(found: SignedOnce, language: str) -> SignatureBlock:
    """The signature as a page prints it; the meaning stands in the page's language, its code is what was signed."""
    row, void = found.row, found.void
    return SignatureBlock(
        name=row.printed_name,
        role=row.role,
        at=row.at,
        tzid=row.tzid,
        meaning=translate(MEANINGS[row.meaning], language),
        hash=row.hash,
        void=None if void is None else VoidMark(void.at, void.by, why_void(void, language)),
        username=row.username,
        method=translate(METHODS[row.method], language),
    )


def why_void(void: SignatureVoidRow, language: str) -> str:
    """Why a signature no longer stands, with the reason that was given."""
    cause = translate(CAUSES[void.cause], language)
    return translate(BECAUSE, language, cause=cause, reason=void.reason) if void.reason else cause


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
