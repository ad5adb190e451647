from schedules.toml_lines import key_rows, line_of, line_of_each, path_at

TEXT = '''# comment
[study]
id = { value = "a # not a comment", source = "registry" }
names.en = { value = """
opens = not a key
[nor.a.table]
""", source = "registry" }

[visits."W00"] # trailing
range = { value = [
  1,
  2,
], source = "assumption" }
after = { value = 'one', source = "registry" }
"quoted" = 1
'''


def test_every_key_and_table_has_its_line() -> None:
    lines = line_of_each(key_rows(TEXT))
    assert lines[("study",)] == 2
    assert lines[("study", "id")] == 3
    assert lines[("study", "names", "en")] == lines[("study", "names")] == 4
    assert lines[("visits", "W00")] == 9
    assert lines[("visits", "W00", "range")] == 10
    assert lines[("visits", "W00", "quoted")] == 15


def test_text_within_long_strings_and_lists_is_no_key() -> None:
    assert not {"opens", "nor"} & {part for path in line_of_each(key_rows(TEXT)) for part in path}


def test_a_missing_key_is_found_at_the_table_that_should_hold_it() -> None:
    lines = line_of_each(key_rows(TEXT))
    assert line_of(lines, ("visits", "W00", "day_offset")) == 9
    assert line_of(lines, ("elsewhere", "x")) == 1


def test_the_key_at_a_line_is_the_last_one_begun() -> None:
    rows = key_rows(TEXT)
    assert path_at(rows, 6) == ("study", "names", "en")
    assert path_at(rows, 1) == ()


def test_of_two_like_tables_the_second_is_found_at_its_own_line() -> None:
    rows = key_rows("[a]\nx = 1\n[a]\n")
    assert path_at(rows, 3) == ("a",)
    assert path_at(key_rows("[a]\nx = 1\n[b\n"), 3) == ("b",)
