"""The whole service over real HTTP: python-telegram-bot on one side, the sandbox's Bot API on the other."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import select

from bot.storage.tables import EntryRow, InboxRow, InstanceRow, MessageRow
from tests.support.service import Site, quiet, running, sandbox_site, tomorrow, until

STEPS = (
    ("ready", "Start"),
    ("1 of 3", "4"),
    ("2 of 3", "1 Mild"),
    ("3 of 3", "1 "),
    ("Change pain", "Submit"),
)


async def join(site: Site, token: str) -> None:
    site.start(token)
    for label in ("English", "Agree", "20:00", "OK"):
        await until(lambda label=label: any(label in found for found in site.labels()), f"the button {label}")
        site.tap(next(found for found in site.labels() if label in found))
    await until(lambda: not any(found == "OK" for found in site.labels()), "the end of joining")


async def test_a_day_is_asked_answered_and_saved_over_http(tmp_path: Path) -> None:
    async with sandbox_site(tmp_path) as site:
        token = site.enrol("SH-001", tomorrow(days=30))
        async with running(site) as service:
            await join(site, token)
            standing = await quiet(service)
            site.move_clock_to(datetime.fromisoformat(str(standing["next_due"])) + timedelta(seconds=2))
            await until(lambda: site.labels()[:1] == ["Start"], "the prompt")
            for sign, label in STEPS:
                await until(lambda sign=sign: sign in f"{site.newest().text} {site.labels()}", sign)
                site.tap(label)
            await until(lambda: "Saved" in site.newest().text, "the receipt")
            await quiet(service)
            with service.database.read() as session:
                entry = session.exec(select(EntryRow)).one()
                assert (entry.stools, entry.pain, entry.wellbeing) == (4, 1, 1)
                assert session.get(InstanceRow, "bot_username").value == "diary_bot"
                assert all(row.state == "done" for row in session.exec(select(InboxRow)))
                assert not any("Planted" in row.body for row in session.exec(select(InboxRow)))
                ends = {row.state for row in session.exec(select(MessageRow)) if row.due_at <= service.clock.now()}
                assert ends == {"sent"}
    assert site.api.violations == []
