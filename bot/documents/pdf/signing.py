"""The foot of the printed page as data: the signature with its void mark, or the sentence that there is none."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.documents.draft_header import Speaker
from bot.documents.pdf import words
from bot.documents.pdf.parts import Anchor, SignatureBlock, VoidMark
from bot.i18n import Message

Json = dict[str, object]
GROUP = 8
ANCHOR_DIGITS = 16
TIME_FORM = "%Y-%m-%d %H:%M:%S"


def signing_part(signature: SignatureBlock | None, anchor: Anchor | None, say: Speaker) -> Json:
    """The rows of the signature block; each row has a label, a strong part, a plain part and a kind."""
    audit = [] if anchor is None else [_row(words.AUDIT, say, plain=anchor_text(anchor, say), kind="hash")]
    if signature is None:
        return {"signed": False, "sentence": say(words.DRAFT_SENTENCE), "rows": audit, "void": None, "foot": ""}
    return {
        "signed": True,
        "sentence": "",
        "rows": [*_signature(signature, say), *audit],
        "void": None if signature.void is None else _void(signature.void, signature.tzid, say),
        "foot": "" if signature.void else say(words.IF_CHANGED),
    }


def standing_of(signature: SignatureBlock | None) -> str:
    """Whether the page is a draft, signed, or signed with a signature that is void."""
    if signature is None:
        return "draft"
    return "signed" if signature.void is None else "void"


def _signature(signature: SignatureBlock, say: Speaker) -> list[Json]:
    rows = [
        _row(words.MEANING, say, strong=say(words.QUOTED, meaning=one_line(signature.meaning))),
        _row(words.SIGNED_BY, say, strong=one_line(signature.name), plain=_role(signature, say)),
        _row(words.SIGNED_AT, say, plain=moment(signature.at, signature.tzid, say)),
    ]
    if signature.method is not None:
        rows.append(_row(words.METHOD, say, plain=one_line(signature.method)))
    return [*rows, _row("SHA-256", say, plain=grouped(signature.hash), kind="hash")]


def _role(signature: SignatureBlock, say: Speaker) -> str:
    known = words.ROLES.get(signature.role)
    role = one_line(signature.role) if known is None else say(known)
    if signature.username is None:
        return say(words.ROLE, role=role)
    return say(words.ROLE_AND_ACCOUNT, role=role, account=one_line(signature.username))


def _void(void: VoidMark, tzid: str, say: Speaker) -> Json:
    rows = [
        _row(words.VOID_SINCE, say, strong=moment(void.at, tzid, say)),
        _row(words.VOID_BY, say, plain=one_line(void.by)),
        _row(words.VOID_WHY, say, plain=one_line(void.why)),
    ]
    return {"word": say(words.STANDING["void"]), "rows": rows}


def _row(name: Message | str, say: Speaker, *, strong: str = "", plain: str = "", kind: str = "text") -> Json:
    return {"name": name if isinstance(name, str) else say(name), "strong": strong, "plain": plain, "kind": kind}


def moment(at: datetime, tzid: str, say: Speaker) -> str:
    """An instant on the wall of a zone, with its offset and name, and in UTC; the UTC date only where it differs."""
    local, utc = at.astimezone(ZoneInfo(tzid)), at.astimezone(UTC)
    shown = utc.strftime(TIME_FORM if utc.date() != local.date() else "%H:%M:%S")
    return say(words.TIME, local=local.strftime(TIME_FORM), offset=_offset(local), zone=tzid, utc=shown)


def _offset(local: datetime) -> str:
    """UTC+8, UTC+5:30, UTC−3."""
    minutes = int((local.utcoffset() or UTC.utcoffset(None)).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def anchor_text(anchor: Anchor, say: Speaker) -> str:
    """The sequence number in groups of three, and the first digits of the hash."""
    seq = f"{anchor.seq:,}".replace(",", "\N{NO-BREAK SPACE}")
    return say(words.AUDIT_VALUE, seq=seq, hash=grouped(_digits(anchor.hash)[:ANCHOR_DIGITS]))


def grouped(digest: str) -> str:
    """A hash in groups of eight digits, so that two pages can be compared by eye."""
    digits = _digits(digest)
    return " ".join(digits[at : at + GROUP] for at in range(0, len(digits), GROUP))


def _digits(digest: str) -> str:
    """The digits without the name of the algorithm."""
    return digest.rpartition(":")[2]


def one_line(text: str) -> str:
    """A typed text on one line."""
    return " ".join(text.split())
