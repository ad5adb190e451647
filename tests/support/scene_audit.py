"""The pages of data managers and monitors: the audit trail, its review, queries on values, completeness."""

from pathlib import Path

from bot.people.roles import Role
from tests.support.audit_scene import audit_clinic
from tests.support.browser import serving
from tests.support.camera import Camera
from tests.support.scene_clinic import Desk


def photograph(folder: Path, camera: Camera) -> None:
    """Every picture of the review."""
    with audit_clinic(folder) as bench, serving(bench.app) as base:
        here = Desk(bench, camera, base)
        here.take("audit", "/audit", role=Role.DATA_MANAGER)
        here.take("audit-review", "/audit/review", role=Role.MONITOR)
        here.take("queries", "/queries", role=Role.DATA_MANAGER)
