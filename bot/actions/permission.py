"""The one check of who may do what: the table of roles, asked for a member of staff."""

from bot.errors import NotAllowedError
from bot.people.actor import Actor, ActorKind
from bot.people.roles import TABLE, Permission, Role, can


def check_permission(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowedError for staff whose role lacks it; an operator at the console may, as the trail shows."""
    if actor.kind is ActorKind.STAFF and not can(Role(actor.role), permission):
        roles = " or ".join(sorted(role.value.replace("_", " ") for role in TABLE[permission].roles))
        raise NotAllowedError(
            f"The role {actor.role.replace('_', ' ')} may not do this ({TABLE[permission].meaning}): ask a {roles}."
        )
