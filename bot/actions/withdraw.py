"""Withdraw a participant: every message ends, the card closes, invitations stop working; the data stay."""

from bot.actions.invite import revoke_invitations
from bot.actions.site_acts import bring_in_step, check_may, check_not_withdrawn, check_reason, standing_cards
from bot.actions.study import Study
from bot.actions.tasks import close_tasks
from bot.people.roles import Permission
from bot.storage.tables import ParticipantRow
from bot.storage.trail import Trail, update

ENDED_TASKS = ("stopped", "blocked")  # messages will not resume, so nobody needs to look after them


def withdraw(audit: Trail, participant: ParticipantRow, *, reason: str | None, study: Study) -> None:
    """Withdraw now; a second withdrawal and one without a reason are refused."""
    check_may(audit.actor, Permission.WITHDRAW, "withdraw participants")
    check_not_withdrawn(participant, "nothing is left to stop")
    words = check_reason(reason, "withdraw a participant")
    before = standing_cards(audit.session, participant, study, audit.now)
    update(audit, participant, "withdraw", withdrawn_at=audit.now, reason=words)
    revoke_invitations(audit, participant)
    for kind in ENDED_TASKS:
        close_tasks(audit, participant, kind)
    bring_in_step(audit, participant, before, study=study)
