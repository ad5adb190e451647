"""A carried-forward value makes a total provisional until a clinician accepts that very value."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.actions.accept_carried import accept_carried
from bot.actions.assess import ClinicValues
from bot.documents.draft_text import draft_text
from bot.errors import InvalidInputError, NotAllowedError, RefusedError
from bot.people.actor import Actor, ActorKind
from bot.scoring.cdai import COMPUTED, PROVISIONAL
from tests.support.site import ALL_CLINIC, W00, SiteStudy, shanghai, site_study

W04 = W00 + timedelta(days=28)
NOON = shanghai(W04, 12)
CLINICIAN = Actor(ActorKind.STAFF, "li", "clinician")
COORDINATOR = Actor(ActorKind.STAFF, "zhao", "coordinator")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteStudy]:
    """A participant at week 4 whose haematocrit is that of week 0."""
    with site_study(tmp_path) as found:
        found.enrol()
        for on in (W00, W04):
            for back in range(7, 0, -1):
                found.fill(on - timedelta(days=back), 4, 1, 1)
        found.check_in("W00", now=shanghai(W00, 9))
        found.assess("W00", ALL_CLINIC, now=shanghai(W00, 10))
        found.check_in("W04", now=shanghai(W04, 9))
        here = ClinicValues(
            weight_kg=Decimal(61), mass="none", complications=ALL_CLINIC.complications, antidiarrhoeal=False
        )
        found.assess("W04", here, now=shanghai(W04, 10))
        yield found


def accept(site: SiteStudy, component: str = "hct", *, actor: Actor = CLINICIAN) -> None:
    with site.acting(shanghai(W04, 11), actor=actor) as (audit, participant):
        accept_carried(audit, participant, "W04", component, study=site.study)


def test_an_accepted_value_makes_the_total_computed_and_the_document_names_who_accepted(site: SiteStudy) -> None:
    assert site.draft("W04", NOON).draft.status == PROVISIONAL
    accept(site)
    pulled = site.draft("W04", NOON)
    assert pulled.draft.status == COMPUTED
    assert "hct_carried_forward" in pulled.draft.flags
    said = draft_text(pulled.draft, pulled.header, "en")
    assert "carried forward, at most 35 days old, accepted" in said
    assert "accepted by li, 2025-04-28 11:00" in said


def test_another_value_in_its_place_is_provisional_again(site: SiteStudy) -> None:
    accept(site)
    newer = ClinicValues(hct=Decimal(40), hct_unit="%", hct_on=W04 - timedelta(days=9))
    site.assess("W04", newer, now=shanghai(W04, 11, 30))
    assert site.draft("W04", NOON).draft.status == PROVISIONAL


def test_an_acceptance_leaves_an_audit_event_with_the_value_and_its_date(site: SiteStudy) -> None:
    accept(site)
    (event,) = (one for one in site.events("assess") if one.entity_id == "SH-001/W04/accepted/1")
    assert event.new == '{"hct": {"on": "2025-03-31", "value": "77/2"}}'


def test_only_a_clinician_accepts(site: SiteStudy) -> None:
    with pytest.raises(NotAllowedError, match="coordinator may not"):
        accept(site, actor=COORDINATOR)


def test_what_was_measured_in_time_or_accepted_already_needs_no_acceptance(site: SiteStudy) -> None:
    with pytest.raises(RefusedError, match="not carried forward"):
        accept(site, "weight")
    accept(site)
    with pytest.raises(RefusedError, match="accepted already"):
        accept(site)


def test_nothing_but_a_measured_value_can_be_accepted(site: SiteStudy) -> None:
    with pytest.raises(InvalidInputError, match="mass is never carried forward"):
        accept(site, "mass")
