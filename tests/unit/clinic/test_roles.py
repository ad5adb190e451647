"""The table of roles: complete, fresh in the documentation, and without health data for administrators."""

from bot.clinic.app import STATIC
from bot.people.roles import ONE_SITE_ONLY, TABLE, Permission, Role, can, permissions_of, sees_site, table_as_markdown

DOCS = STATIC.parents[2] / "docs" / "roles.md"
HEALTH_DATA = {Permission.SEE_ANSWERS, Permission.SEE_COMPLETENESS, Permission.EXPORT, Permission.SEE_AUDIT}
CHANGES = {
    Permission.ENROL, Permission.RUN_DIARY, Permission.ENTER_LABORATORY, Permission.ASSESS, Permission.WITHDRAW,
    Permission.REQUEST_CORRECTION, Permission.APPROVE_CORRECTION, Permission.SIGN, Permission.UNLOCK,
    Permission.ANSWER_QUERY, Permission.MARK_REVIEWED,
}  # fmt: skip


def test_every_permission_has_its_line() -> None:
    assert set(TABLE) == set(Permission)
    assert all(rule.roles for rule in TABLE.values())


def test_the_documentation_holds_the_table_as_it_is() -> None:
    assert DOCS.read_text(encoding="utf-8").endswith("\n\n" + table_as_markdown())


def test_an_administrator_sees_no_health_data_and_changes_none() -> None:
    assert not permissions_of(Role.ADMIN) & (HEALTH_DATA | CHANGES)


def test_a_monitor_and_a_data_manager_read_but_never_change() -> None:
    assert not (permissions_of(Role.MONITOR) | permissions_of(Role.DATA_MANAGER)) & CHANGES


def test_only_a_clinician_signs_unlocks_assesses_and_approves() -> None:
    for permission in (Permission.SIGN, Permission.UNLOCK, Permission.ASSESS, Permission.APPROVE_CORRECTION):
        assert [role for role in Role if can(role, permission)] == [Role.CLINICIAN]


def test_the_second_person_of_an_unlock_can_be_another_clinician_or_the_data_manager() -> None:
    assert TABLE[Permission.CONFIRM_UNLOCK].roles == {Role.CLINICIAN, Role.DATA_MANAGER}


def test_a_scope_holds_its_sites_and_no_others() -> None:
    assert sees_site("seh", "seh")
    assert not sees_site("seh", "se")
    assert not sees_site("seh", "all")
    assert sees_site("rj,seh", "rj")
    assert sees_site("all", "anything")
    assert {Role.COORDINATOR, Role.CLINICIAN} == ONE_SITE_ONLY
