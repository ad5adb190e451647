"""Every half hour of the three days around every change of offset, in every zone, from 2024 to 2028.

Each wall time is compared with a walk through real time by quarter hours: none may be skipped, doubled or invented. On
each of these days the diary opens and closes at the wall times of the protocol, one day after the other, and whoever is
asked at any half hour of the evening gets one prompt and one last call, at their wall times.

python -m tests.faults.zones [--every N]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from schedules.loader import load_protocol, seed_protocol_path
from schedules.reminders import DayFacts, MessageKind, ReminderFacts, plan_reminders
from schedules.windows import ZonePeriod, diary_day, instant
from tests.support.zones import ONE, distinct_zones, first_instants, transitions

HALVES = tuple(time(half // 2, half % 2 * 30) for half in range(48))
EVENINGS = tuple(wall for wall in HALVES if time(18) <= wall <= time(21))
PROTOCOL = load_protocol(seed_protocol_path())


@dataclass
class Figures:
    """What the zones have shown."""

    zones: int = 0
    transitions: int = 0
    cases: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(self, kind: str, where: str) -> None:
        """One breach."""
        self.faults[kind] += 1
        self.examples.append(f"{kind}: {where}")

    def sentence(self) -> str:
        """The figures with their sample."""
        kinds = ("skipped", "doubled", "non-existent", "wrong window", "wrong reminder")
        found = ", ".join(f"{self.faults[kind]} {kind}" for kind in kinds)
        return (
            f"{found}; {len(available_timezones())} zone names in {self.zones} courses, {self.transitions} "
            f"transitions, {self.cases['wall']} wall times ({self.cases['gap']} in a gap, {self.cases['fold']} "
            f"in a doubled hour), {self.cases['day']} diary days, {self.cases['prompt']} evenings with a prompt"
        )


def check(name: str, around: date, figures: Figures) -> None:
    """One change of offset."""
    zone = ZoneInfo(name)
    first, often = first_instants(zone, around)
    for on in (around - ONE, around, around + ONE):
        for wall in HALVES:
            check_wall(name, on, wall, first, often, figures)
        check_day(name, on, figures)


def check_wall(
    name: str, on: date, wall: time, first: dict[datetime, datetime], often: Counter[datetime], figures: Figures
) -> None:
    """A wall time that exists is met when it first comes; one that does not is moved forward by the gap."""
    named, at = datetime.combine(on, wall), instant(on, wall, name)
    figures.cases["wall"] += 1
    if named in first:
        figures.cases["fold"] += often[named] > 1
        if at != first[named]:
            figures.note("doubled" if at > first[named] else "skipped", f"{name} {named}")
        return
    figures.cases["gap"] += 1
    local = at.astimezone(ZoneInfo(name)).replace(tzinfo=None)
    before = max(known for known in first if known < named)
    if local not in first or at != first[before] + (named - before):
        figures.note("non-existent", f"{name} {named} became {local}")


def check_day(name: str, on: date, figures: Figures) -> None:
    """The day's window, and its reminders for every evening hour."""
    figures.cases["day"] += 1
    history = (ZonePeriod(date(2000, 1, 1), name),)
    day = diary_day(on, history, PROTOCOL.diary, PROTOCOL.outages)
    following = diary_day(on + ONE, history, PROTOCOL.diary, PROTOCOL.outages)
    bounds = (PROTOCOL.diary.opens, time(0), PROTOCOL.diary.closes)
    met = (day.opens_at, day.midnight_at, day.closes_at)
    wanted = tuple(instant(on + ONE * (number > 0), wall, name) for number, wall in enumerate(bounds))
    if met != wanted or not day.opens_at < day.midnight_at < day.closes_at <= following.opens_at:
        figures.note("wrong window", f"{name} {on}")
    for hour in EVENINGS:
        figures.cases["prompt"] += 1
        for words in reminder_faults(name, on, hour, DayFacts(day, "W00")):
            figures.note("wrong reminder", words)


def reminder_faults(name: str, on: date, hour: time, facts: DayFacts) -> Iterator[str]:
    """One prompt at the hour and one last call in the morning, and no key twice."""
    long_ago = facts.day.opens_at - timedelta(days=20)
    planned = plan_reminders(PROTOCOL.reminders, ReminderFacts(hour, True, long_ago), [facts], long_ago)
    counts = Counter(message.kind for message in planned)
    if counts[MessageKind.PROMPT] != 1 or counts[MessageKind.LAST_CALL] != 1 or counts[MessageKind.SECOND] > 1:
        yield f"{name} {on} {hour}: {dict(counts)}"
    if len({message.key for message in planned}) != len(planned):
        yield f"{name} {on} {hour}: a key twice"
    for message in planned:
        expected = {
            MessageKind.PROMPT: instant(on, hour, name),
            MessageKind.LAST_CALL: instant(on + ONE, PROTOCOL.reminders.last_call, name),
        }.get(message.kind, message.due_at)
        if message.due_at != expected:
            yield f"{name} {on} {hour}: {message.kind} at {message.due_at}"


def sweep(every: int = 1) -> Figures:
    """Every change of offset of every course of local time, or one in so many."""
    figures, names = Figures(), distinct_zones()
    figures.zones = len(names)
    changes = [(name, around) for name in names for around in transitions(ZoneInfo(name))]
    for name, around in changes[::every]:
        figures.transitions += 1
        check(name, around, figures)
    return figures


def main() -> int:
    """Read the command line, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    figures = sweep(parser.parse_args().every)
    print(figures.sentence(), *figures.examples[:20], sep="\n")  # noqa: T201  # a command that prints its figures
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
