"""Panels: where a dialogue outside the diary stands, and the circumstances its words depend on."""

from datetime import datetime, time

from sqlmodel import Session

from bot.actions.study import Study
from bot.people.panel import PanelContext, PanelState, PanelStep, SiteWords
from bot.storage.participants import participant_by_id, zone_history
from bot.storage.tables import PanelRow, ParticipantRow
from bot.storage.views.cards import next_prompt_at, waiting_on_joining
from bot.storage.views.days import read_diary
from schedules.protocol import Site
from schedules.windows import local_day, zone_on


def panel_state(panel: PanelRow) -> PanelState:
    """The panel as the pure steps see it."""
    return PanelState(panel.key, panel.revision, PanelStep(panel.step))


def panel_context(session: Session, panel: PanelRow, study: Study, now: datetime) -> PanelContext:
    """What a panel's words depend on: the site, the hours on offer, the hour in force, the next question."""
    participant = participant_by_id(session, panel.participant_id or 0)
    policy = study.protocol.reminders
    zones = zone_history(session, participant.id or 0)
    diary = read_diary(session, participant, study.protocol, now)
    waiting = waiting_on_joining(diary, now)
    return PanelContext(
        words=site_words(study.protocol.site(participant.site)),
        hours=policy.hours,
        default_hour=policy.default_hour,
        hour=_hour(participant),
        next_prompt_at=next_prompt_at(diary, now),
        tzid=zone_on(zones, local_day(now, zones)),
        now=now,
        waiting_on=waiting.on if waiting else None,
        waiting_until=waiting.day.closes_at if waiting else None,
    )


def site_words(site: Site) -> dict[str, SiteWords]:
    """The site's own texts, by language."""
    return {
        language: SiteWords(site.names[language], site.phone, site.notice[language], site.notice_version)
        for language in site.names
    }


def _hour(participant: ParticipantRow) -> time | None:
    return time.fromisoformat(participant.hour) if participant.joined_at is not None else None
