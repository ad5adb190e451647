"""A redraw can be late: what is typed meanwhile answers the question that stands on the screen, or none."""

from datetime import timedelta

from bot.chat.incoming import Tapped, Typed
from bot.storage.tables import AnswerRow
from tests.support.world import FIRST_DAY, Phone, World


def at_the_first_question(world: World) -> Phone:
    phone = world.joined()
    world.wait_for(FIRST_DAY, "20:00")
    phone.tap("Start")
    world.wait(seconds=5)
    return phone


def test_a_number_typed_while_the_next_question_is_on_its_way_is_not_kept(world: World) -> None:
    phone = at_the_first_question(world)
    bubble, data = phone.button("3") or (phone.last, "")
    world.receive(phone, Tapped(data, "callback", bubble.id))
    world.now += timedelta(seconds=9)
    world.receive(phone, Typed("3"))
    world.deliver()
    assert [(row.item, row.value) for row in world.rows(AnswerRow)] == [("stools", 3)]
    assert "not kept" in phone.last.text
    world.wait(seconds=5)
    phone.type("2")
    assert [(row.item, row.value) for row in world.rows(AnswerRow)] == [("stools", 3), ("pain", 2)]


def test_words_typed_while_the_next_question_is_on_its_way_still_reach_the_site(world: World) -> None:
    phone = at_the_first_question(world)
    bubble, data = phone.button("3") or (phone.last, "")
    world.receive(phone, Tapped(data, "callback", bubble.id))
    world.receive(phone, Typed("please call me"))
    world.deliver()
    assert "passed on" in " ".join(bubble.text for bubble in phone.bubbles)
