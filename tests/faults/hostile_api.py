"""A Bot API that fails in every known way: each message ends in the documented state, and nothing leaks.

python -m tests.faults.hostile_api
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.faults import Fault, FaultKind
from bot.storage.tables import EntryRow, MessageRow
from bot.storage.tables.traffic import ENDS
from tests.faults.kill_torture import say
from tests.support.live import ANN, Live, live_site, local_day, until

SEND, EDIT, ANSWER = frozenset({"sendMessage"}), frozenset({"editMessageText"}), frozenset({"answerCallbackQuery"})


@dataclass(frozen=True)
class Evening:
    """One fault at the moment of the prompt: how the prompt's rows end, and how many copies reach the phone."""

    kind: FaultKind
    delivered: bool
    ends: tuple[str, ...]
    copies: int


EVENINGS = (
    Evening(FaultKind.TOO_MANY, False, ("sent",), 1),
    Evening(FaultKind.SERVER_ERROR, False, ("sent",), 1),
    Evening(FaultKind.BAD_GATEWAY, False, ("unknown", "sent"), 1),
    Evening(FaultKind.BAD_GATEWAY, True, ("unknown", "sent"), 2),
    Evening(FaultKind.HTML_BODY, False, ("unknown", "sent"), 1),
    Evening(FaultKind.TRUNCATED, True, ("unknown", "sent"), 2),
    Evening(FaultKind.RESET, True, ("unknown", "sent"), 2),
    Evening(FaultKind.TIMEOUT_BEFORE, False, ("unknown", "sent"), 1),
    Evening(FaultKind.TIMEOUT_AFTER, True, ("unknown", "sent"), 2),
)


def play(joined: Live, evenings: Sequence[Evening] = EVENINGS) -> None:
    """Ann, who has joined, keeps her diary through these evenings. Raises AssertionError for what must not be."""
    for number, evening in enumerate(evenings):
        before = joined.newest(ANN).message_id
        prompt_with_fault(joined, evening)
        prompts = joined.rows(MessageRow, MessageRow.kind == "prompt", MessageRow.diary_day == day_of(joined))
        assert tuple(row.state for row in prompts) == evening.ends, evening
        copies = [message for message in joined.api.chat(ANN).messages.values() if message.message_id > before]
        assert len(copies) == evening.copies, evening
        answer_with_faults(joined, evening, str(number))
    joined.say(ANN, "PlantedWords are for the site only")
    joined.settle()
    entries = joined.rows(EntryRow)
    assert [entry.stools for entry in entries] == list(range(len(evenings)))
    due = [row for row in joined.rows(MessageRow) if row.due_at <= joined.study_now()]
    assert {row.state for row in due} <= set(ENDS)
    assert "not_modified" in {violation.kind for violation in joined.api.violations}
    allowed = {"not_modified", "repeated_callback", "late_callback"}
    assert joined.api.violations_except(*allowed) == []
    assert joined.line.overlaps == 0
    assert joined.line.invalid() == []
    assert joined.leaks("PlantedWords") == []


def prompt_with_fault(site: Live, evening: Evening) -> None:
    """Step to the prompt with the fault on, and on to the copy that may follow a minute later."""
    while True:
        following = site.settle()["next_due"]
        rows = site.rows(MessageRow, MessageRow.state == "planned", MessageRow.kind == "prompt")
        if following and min(row.due_at for row in rows).isoformat()[:19] == str(following)[:19]:
            break
        site.step()
    site.api.faults.on(Fault(evening.kind, SEND, count=1, retry_after=2, delivered=evening.delivered))
    site.step()
    assert evening.kind not in {fault.kind for fault in site.api.faults.faults}
    if "unknown" in evening.ends:
        site.step()


def answer_with_faults(site: Live, evening: Evening, stools: str) -> None:
    """Answer the day while the end of one spinner and the redraw of the receipt fail as well."""
    site.tap_when_there(ANN, "Start")
    until(lambda: stools in site.labels(ANN), "the pad")
    site.api.faults.on(Fault(evening.kind, ANSWER, count=1, retry_after=1, delivered=evening.delivered))
    site.tap_when_there(ANN, stools, "1 Mild", "2 Poor")
    until(lambda: "Submit" in site.labels(ANN), "the review")
    site.api.faults.on(Fault(evening.kind, EDIT, count=1, retry_after=1, delivered=evening.delivered))
    site.tap(ANN, "Submit")
    until(lambda: "✓ Saved" in site.newest(ANN).text, "the receipt")
    site.settle()


def day_of(site: Live) -> object:
    """The diary day whose evening it is."""
    return local_day(site.study_now())


def main() -> int:
    """Play every evening, and say that nothing was found; what is found ends this with its sentence."""
    with tempfile.TemporaryDirectory(prefix="cdai-diary-hostile-") as folder, live_site(Path(folder)) as site:
        invitation = site.enrol("SH-001", ANN, "en")
        site.run()
        site.ready()
        site.join(ANN, invitation, "en")
        play(site)
    say(f"0 faults in {len(EVENINGS)} evenings, each with a failing prompt, end of a spinner and redraw")
    return 0


if __name__ == "__main__":
    sys.exit(main())
