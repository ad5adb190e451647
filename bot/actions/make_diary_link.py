"""Make a participant's personal link to the diary page; the one before it stops working."""

from ipaddress import ip_address

from bot.actions.revoke_diary_link import revoke_links
from bot.actions.site_acts import check_may, check_not_withdrawn
from bot.actions.study import Study
from bot.people.keys import token_hash
from bot.people.roles import Permission
from bot.storage.tables import DiaryLinkRow, ParticipantRow
from bot.storage.trail import Trail, insert

DIARY_PATH = "/diary"


def make_diary_link(audit: Trail, participant: ParticipantRow, *, study: Study) -> str:
    """Return the token of a new link (128 random bits, 22 characters); it is shown once, only its hash is kept."""
    check_may(audit.actor, Permission.ENROL, "make diary links")
    check_not_withdrawn(participant, "a diary link would lead nowhere")
    revoke_links(audit, participant)
    token = study.keys.invitation_token()
    row = DiaryLinkRow(participant_id=participant.id or 0, token_hash=token_hash(token), created_at=audit.now)
    insert(audit, row, "make_diary_link", fields=("created_at",))
    return token


def diary_link_address(token: str, *, public_url: str | None, listen: str | None = None) -> str | None:
    """The address that opens the diary page: below the public one, else below a loopback `host:port` listened on.

    None when the page has no address that a person could type.
    """
    if public_url is not None:
        return f"{public_url.rstrip('/')}{DIARY_PATH}/{token}"
    host, _, port = (listen or "").rpartition(":")
    if port in ("", "0") or not _is_loopback(host.strip("[]")):
        return None
    return f"http://{host}:{port}{DIARY_PATH}/{token}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
