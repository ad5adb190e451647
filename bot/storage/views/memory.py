"""What a running clinic keeps in memory of every participant, so that no list is worked out anew for each look."""

from dataclasses import dataclass, field, fields

from bot.storage.views.completeness import PersonWeeks, kept_weeks
from bot.storage.views.dates import PersonDates, kept_dates
from bot.storage.views.endpoints import PersonFacts, kept_facts
from bot.storage.views.kept import Kept
from bot.storage.views.standing import Standing, kept_standings


@dataclass(frozen=True)
class Memory:
    """One of each; each is filled when it is first read."""

    standings: Kept[Standing] = field(default_factory=kept_standings)
    dates: Kept[PersonDates] = field(default_factory=kept_dates)
    facts: Kept[PersonFacts] = field(default_factory=kept_facts)
    weeks: Kept[PersonWeeks] = field(default_factory=kept_weeks)

    def forget(self) -> None:
        """Begin anew, as after a start."""
        for each in fields(self):
            getattr(self, each.name).forget()
