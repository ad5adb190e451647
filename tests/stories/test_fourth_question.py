"""A protocol may switch on a fourth question; the day then takes one more tap and the draft reads it."""

from pathlib import Path

from bot.storage.tables import EntryRow
from schedules.loader import seed_protocol_path
from tests.support.world import FIRST_DAY, study_world


def protocol_with_four_questions(folder: Path) -> Path:
    text = seed_protocol_path().read_text(encoding="utf-8")
    changed = text.replace("antidiarrhoeal = { value = false", "antidiarrhoeal = { value = true")
    asked, scored = "antidiarrhoeal_from_diary = { value = false", "antidiarrhoeal_from_diary = { value = true"
    changed = changed.replace(asked, scored)
    assert changed.count("value = true") == text.count("value = true") + 2
    file = folder / "four.toml"
    file.write_text(changed, encoding="utf-8")
    return file


def test_four_questions_take_one_more_tap_and_keep_the_fourth_answer(tmp_path: Path) -> None:
    with study_world(tmp_path, protocol=protocol_with_four_questions(tmp_path)) as world:
        phone = world.joined()
        world.wait_for(FIRST_DAY, "20:00")
        assert "four questions" in phone.last.text
        for label in ("Start", "3", "1 Mild", "1 Slightly", "1 Yes", "Submit"):
            phone.tap(label)
        assert [(row.stools, row.antidiarrhoeal) for row in world.rows(EntryRow)] == [(3, 1)]
        assert "Saved" in phone.last.text


def test_three_questions_never_ask_for_the_fourth(tmp_path: Path) -> None:
    with study_world(tmp_path) as world:
        phone = world.joined()
        world.wait_for(FIRST_DAY, "20:00")
        for label in ("Start", "3", "1 Mild", "1 Slightly", "Submit"):
            phone.tap(label)
        assert [row.antidiarrhoeal for row in world.rows(EntryRow)] == [None]
