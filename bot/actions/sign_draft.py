"""Sign the CDAI of a visit: only what is complete, only what was shown, bound to the text of what was signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.actions.permission import check_permission
from bot.actions.store_draft import store_draft
from bot.actions.study import Study
from bot.errors import RefusedError
from bot.people.actor import ActorKind
from bot.people.roles import Permission
from bot.scoring.cdai import PROVISIONAL
from bot.scoring.draft import Draft
from bot.scoring.record import make_record
from bot.storage.signatures import CANON_VERSION, bundle_of, hash_of, head_of_trail, latest_signature
from bot.storage.tables import ParticipantRow, SignatureRow
from bot.storage.trail import APP_VERSION, Trail
from bot.storage.views.draft import DraftSources, read_draft

REVIEWED = "reviewed"


class Obstacle(StrEnum):
    """What keeps a draft from being signed."""

    NOT_COMPUTABLE = "not_computable"
    NOT_HELD = "not_held"
    DIARY_OPEN = "diary_open"
    COMPONENT = "component"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True)
class Missing:
    """One obstacle; `what` names the component, or the one that was carried forward."""

    obstacle: Obstacle
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, how they proved it, and in which language they read the meaning."""

    printed_name: str
    method: str
    language: str


def missing_to_sign(draft: Draft) -> tuple[Missing, ...]:
    """Everything that keeps a draft from being signed, in the order in which it is settled; empty when it can be."""
    if draft.reason is not None:
        return (Missing(Obstacle.NOT_COMPUTABLE),)
    found = [] if draft.given.held else [Missing(Obstacle.NOT_HELD)]
    if draft.diary.pending:
        found.append(Missing(Obstacle.DIARY_OPEN))
    waiting = {"stools", "pain", "wellbeing"} if draft.diary.pending else set()
    found += [Missing(Obstacle.COMPONENT, key) for key in draft.missing if key not in waiting]
    return (*found, *_unaccepted(draft))


def _unaccepted(draft: Draft) -> Sequence[Missing]:
    chosen = (("hct", draft.result.hct), ("weight", draft.result.weight))
    found = [Missing(Obstacle.PROVISIONAL, key) for key, one in chosen if one is not None and one.is_provisional]
    if not found and draft.status == PROVISIONAL:
        return [Missing(Obstacle.PROVISIONAL)]
    return found


def record_hash(sources: DraftSources) -> str:
    """The hash of the record that would be stored now; a page sends it back to prove what it showed."""
    return make_record(sources.draft, sources.protocol.fingerprint).hash


def sign_draft(
    audit: Trail, participant: ParticipantRow, visit: str, *, shown: str, signer: Signer, study: Study
) -> SignatureRow:
    """Store the draft and the signature on it.

    `shown` is the record hash of the page on which the person decided. Raises NotAllowedError, and RefusedError
    when the draft has changed since, is not complete, or is signed already.
    """
    check_permission(audit.actor, Permission.SIGN)
    if audit.actor.kind is not ActorKind.STAFF:
        raise RefusedError("A CDAI is signed by a member of staff in the clinic pages, where the person is confirmed.")
    latest = latest_signature(audit.session, participant.id or 0, visit)
    if latest is not None and latest.stands:
        raise RefusedError(
            "%(visit)s of %(who)s is signed already, by %(name)s.",
            visit=visit,
            who=participant.code,
            name=latest.row.printed_name,
        )
    sources = read_draft(audit.session, participant, visit, study.protocol, audit.now)
    if record_hash(sources) != shown:
        raise RefusedError(
            "The draft of %(who)s %(visit)s has changed since it was shown: review it again.",
            who=participant.code,
            visit=visit,
        )
    if missing_to_sign(sources.draft):
        raise RefusedError(
            "The draft of %(who)s %(visit)s is not complete: see what is missing on its page.",
            who=participant.code,
            visit=visit,
        )
    stored = store_draft(audit, participant, visit, "signed", study=study)
    bundle = bundle_of(sources, stored.hash)
    digest = hash_of(bundle)
    audit.record("sign_draft", "signature", f"{participant.code}/{visit}", field_name=REVIEWED, new=digest)
    audit.session.flush()
    row = SignatureRow(
        participant_id=participant.id or 0,
        visit=visit,
        stored_draft_id=stored.id or 0,
        at=audit.now,
        username=audit.actor.id,
        printed_name=signer.printed_name,
        role=audit.actor.role,
        tzid=sources.protocol.site(participant.site).timezone,
        meaning=REVIEWED,
        language=signer.language,
        method=signer.method,
        bundle=bundle,
        canon_version=CANON_VERSION,
        hash=digest,
        audit_seq=head_of_trail(audit.session),
        app_version=APP_VERSION,
    )
    audit.session.add(row)
    audit.session.flush()
    return row
