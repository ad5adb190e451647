"""The one check of who may do what: the table of roles, asked for a member of staff."""

from bot.errors import NotAllowedError
from bot.people.actor import Actor, ActorKind
from bot.people.roles import TABLE, Permission, Role, can
from schedules.errors import AnyOf, Term


def check_permission(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowedError for staff whose role lacks it; an operator at the console may, as the trail shows."""
    if actor.kind is ActorKind.STAFF and not can(Role(actor.role), permission):
        raise NotAllowedError(
            "The role %(role)s may not do this (%(deed)s): ask a %(allowed)s.",
            role=Term(actor.role.replace("_", " ")),
            deed=Term(TABLE[permission].meaning),
            allowed=AnyOf(sorted(role.value.replace("_", " ") for role in TABLE[permission].roles)),
        )
