"""A panel may stand in a chat twice, after a message whose outcome nobody knew: both work, one of them ends."""

from sqlmodel import select

from bot.storage.tables import PanelRow, ParticipantRow
from tests.support.world import Bubble, Phone, World


def doubled(world: World, phone: Phone) -> tuple[Bubble, Bubble]:
    """The older and the newer copy of the panel that stands in the chat."""
    older = phone.last
    newer = Bubble(next(world.messages), older.text, older.rows, older.kind)
    phone.bubbles.append(newer)
    with world.db.write() as session:
        session.exec(select(PanelRow)).one().provider_msg_id = newer.id
    return older, newer


def test_a_tap_on_the_older_copy_counts_and_that_copy_loses_its_buttons(world: World) -> None:
    phone = world.joined()
    phone.command("language")
    older, newer = doubled(world, phone)
    phone.tap("中文", older)
    assert older.rows == ()
    assert newer.rows == ()
    assert "中文" in newer.text
    assert [row.language for row in world.rows(ParticipantRow)] == ["zh"]


def test_a_stale_tap_on_the_older_copy_changes_nothing_and_ends_it(world: World) -> None:
    phone = world.joined()
    phone.command("language")
    older, newer = doubled(world, phone)
    kept = older.rows
    phone.tap("中文", newer)
    older.rows = kept
    phone.tap("English", older)
    assert older.rows == ()
    assert [row.language for row in world.rows(ParticipantRow)] == ["zh"]
    assert phone.toasts
