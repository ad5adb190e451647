from bot.documents.plain import aligned, width


def test_a_chinese_character_takes_two_columns() -> None:
    assert (width("W04"), width("第 4 周"), width("，")) == (3, 7, 2)


def test_columns_line_up_in_both_scripts_and_numbers_stand_right() -> None:
    lines = aligned([("腹痛", "7"), ("PRO2", "12.5")], frozenset({1}))
    assert lines == ["腹痛     7", "PRO2  12.5"]


def test_no_rows_give_no_lines() -> None:
    assert aligned([]) == []
