"""G2: whatever is doubled, replayed or crosses on its way, the diary holds only what the participant chose."""

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat.incoming import Body, Tapped, Typed
from bot.storage.tables import AnswerRow, EntryRow, InboxRow
from tests.support.world import FIRST_DAY, Phone, World, study_world

Update = tuple[Body, str, datetime]
BETWEEN_DEEDS = timedelta(seconds=3)  # a person reads before acting; dates of messages are whole seconds


@dataclass(frozen=True)
class Deed:
    """Something the participant does on the card as they see it: a tap on a label, or a typed number."""

    label: str
    typed: str | None = None
    copies: int = 1
    held_back: bool = False


def deeds() -> st.SearchStrategy[list[Deed]]:
    label = st.sampled_from(
        ["Start", "3", "5", "0 None", "2 Moderate", "1 Slightly", "4 Terrible", "Submit", "Change", "Change stools",
         "Change pain", "‹ Back", "Later", "In 30 minutes", "What counts?", "Someone helped me"]
    )  # fmt: skip
    deed = st.builds(
        Deed,
        label=label,
        typed=st.one_of(st.none(), st.sampled_from(["4", "2", "17", "3-4"])),
        copies=st.integers(1, 3),
        held_back=st.booleans(),
    )
    return st.lists(deed, min_size=1, max_size=14)


def body_for(phone: Phone, deed: Deed) -> Body | None:
    if deed.typed is not None:
        return Typed(deed.typed)
    found = phone.button(deed.label)
    return Tapped(found[1], "callback", found[0].id) if found else None


def deliver_once(world: World, phone: Phone, update: Update) -> None:
    """The intake's own rule: an update id that is known already has no second effect."""
    body, reference, sent_at = update
    number = int(reference[1:])
    with world.db.write() as session:
        known = session.get(InboxRow, number)
        if known is None:
            session.add(
                InboxRow(
                    id=number, update_id=number, address=phone.address, body="{}", received_at=world.now, state="done"
                )
            )
    if known is None:
        phone.send(body, reference=reference, sent_at=sent_at)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds())
def test_doubled_replayed_and_crossing_updates_store_nothing_the_participant_did_not_choose(plan: list[Deed]) -> None:
    with tempfile.TemporaryDirectory() as folder, study_world(Path(folder)) as world:
        phone = world.joined()
        world.wait_for(FIRST_DAY, "20:00")
        chosen: set[tuple[str, int]] = set()
        waiting: list[Update] = []
        sent: list[Update] = []
        for number, deed in enumerate(plan, start=1000):
            body = body_for(phone, deed)
            if body is None:
                continue
            chosen |= meant(phone, deed)
            update = (body, f"u{number}", world.now)
            world.now += BETWEEN_DEEDS
            if deed.held_back:
                waiting.append(update)
                continue
            for one in (*[update] * deed.copies, *waiting):
                deliver_once(world, phone, one)
            sent += [update, *waiting]
            waiting.clear()
        before = stored(world)
        for update in sent:
            deliver_once(world, phone, update)
        assert stored(world) == before
        assert {(row.item, row.value) for row in world.rows(AnswerRow)} <= chosen
        for entry in world.rows(EntryRow):
            assert {("stools", entry.stools), ("pain", entry.pain), ("wellbeing", entry.wellbeing)} <= chosen


def stored(world: World) -> list[tuple[str, int, int]]:
    answers = [(row.item, row.ordinal, row.value) for row in world.rows(AnswerRow)]
    return answers + [("entry", row.revision, row.stools) for row in world.rows(EntryRow)]


def meant(phone: Phone, deed: Deed) -> set[tuple[str, int]]:
    """What the person could mean by this deed, given the question on their screen when they did it."""
    text = phone.last.text
    value = int(deed.typed) if deed.typed is not None and deed.typed.isdigit() else None
    if value is None and deed.typed is None:
        lead = deed.label.split(" ", 1)[0]
        value = int(lead) if lead.isdigit() else None
    if value is None:
        return set()
    shown = {"stools": "liquid or very soft", "pain": "Abdominal pain", "wellbeing": "well-being today"}
    cards = [bubble.text for bubble in phone.bubbles if bubble.rows] or [text]
    return {(item, value) for item, words in shown.items() if any(words in card for card in cards)}
