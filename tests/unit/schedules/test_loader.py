import re
from datetime import time, timedelta
from pathlib import Path

import pytest

from schedules.errors import ProtocolFileError, ScheduleError
from schedules.loader import known_protocols, load_protocol, parse_protocol, seed_protocol_path
from schedules.protocol import ReminderPolicy, Source, StudyProtocol
from schedules.rule_set import default_rules
from tests.unit.schedules.factories import SEED

INDISCREET = re.compile(r"crohn|cdai|trial|stud|stem cell|nct|克罗恩|试验|研究|干细胞|治疗|肠", re.IGNORECASE)
TEXT = seed_protocol_path().read_text(encoding="utf-8")


def changed(old: str, new: str, count: int = 1) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, count)


def fault(text: str) -> ProtocolFileError:
    with pytest.raises(ProtocolFileError) as caught:
        parse_protocol(text, "study.toml")
    return caught.value


def line_starting(text: str, start: str, after: str = "") -> int:
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if after and line.startswith(after)), 0)
    return next(n for n, line in enumerate(lines, start=1) if n > first and line.startswith(start))


def test_the_seed_study_has_its_five_visits_from_week_zero() -> None:
    offsets = {visit.code: visit.day_offset for visit in SEED.visits}
    assert offsets == {"W00": 0, "W04": 28, "W08": 56, "W12": 84, "W24": 168}
    assert [visit.code for visit in SEED.visits if visit.endoscopy] == ["W00", "W12", "W24"]
    assert SEED.baseline.code == "W00"
    assert SEED.marks["visits.W04.day_offset"] is Source.REGISTRY
    assert SEED.marks["visits.W04.days_before"] is Source.ASSUMPTION


def test_the_seed_study_keeps_the_product_s_reminder_policy_and_default_rules() -> None:
    assert SEED.reminders == ReminderPolicy()
    assert SEED.rules == default_rules()
    assert (SEED.diary.opens, SEED.diary.closes, SEED.diary.antidiarrhoeal) == (time(18), time(12), False)
    assert SEED.invitations.valid == timedelta(hours=72)
    assert (SEED.data_region, SEED.legal_basis) == ("cn", None)


@pytest.mark.parametrize("path", known_protocols(), ids=lambda path: path.stem)
def test_a_shipped_protocol_states_and_marks_every_scoring_rule(path: Path) -> None:
    protocol = load_protocol(path)
    stated = {key.split(".")[1] for key in protocol.marks if key.startswith("scoring.")}
    assert stated == set(default_rules().to_mapping())


@pytest.mark.parametrize("path", known_protocols(), ids=lambda path: path.stem)
def test_a_shipped_notice_names_hospital_and_phone_but_neither_illness_nor_study(path: Path) -> None:
    for site in load_protocol(path).sites:
        for language, text in site.notice.items():
            assert site.names[language] in text
            assert site.phone in text
            assert "/stop" in text
            assert not INDISCREET.search(text)


def test_every_value_can_be_listed_with_its_mark_and_line() -> None:
    value = next(value for value in SEED.values if value.key == "endpoints.remission_below")
    assert (value.value, value.source) == (150, Source.REGISTRY)
    assert TEXT.splitlines()[value.line - 1].startswith("remission_below")


def test_the_fingerprint_ignores_comments_and_order_and_sees_values_and_marks() -> None:
    def print_of(text: str) -> str:
        return parse_protocol(text, "x").fingerprint

    diary = TEXT[TEXT.index("[diary]") : TEXT.index("[reminders]")]
    assert print_of(TEXT.replace(diary, "") + "\n# a remark\n" + diary) == SEED.fingerprint
    assert print_of(changed("early_days = { value = 2", "early_days = { value = 3")) != SEED.fingerprint
    marked = changed(
        'opens = { value = 18:00:00, source = "assumption"', 'opens = { value = 18:00:00, source = "registry"'
    )
    assert print_of(marked) != SEED.fingerprint
    assert SEED.fingerprint.startswith("sha256:")


def test_a_legal_basis_can_be_stated() -> None:
    text = changed("[visits.W00]", 'legal_basis = { value = "Approval 7", source = "assumption" }\n[visits.W00]')
    assert parse_protocol(text, "x").legal_basis == "Approval 7"


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("early_days = {", "early_dayz = {", "diary.early_dayz", "not a setting"),
        ('early_days = { value = 2, source = "assumption" }\n', "", "diary.early_days", "is missing"),
        ("early_days = { value = 2,", "early_days = { value = true,", "diary.early_days", "whole number"),
        ("early_days = { value = 2,", "early_days = { value = 2.5,", "diary.early_days", "whole number"),
        ("early_days = { value = 2,", "early_days = { value = -1,", "diary.early_days", "from 0 to 14"),
        ("early_days = { value = 2,", "early_days = { value = 9,", "diary.early_days", "lookback_days"),
        ("value = 18:00:00", 'value = "18:00"', "diary.opens", "time of day"),
        ("value = 18:00:00", "value = 18:00:30", "diary.opens", "whole minutes"),
        ("closes = { value = 12:00:00", "closes = { value = 18:00:00", "diary.closes", "before diary.opens"),
        (
            "antidiarrhoeal = { value = false",
            'antidiarrhoeal = { value = "no"',
            "diary.antidiarrhoeal",
            "true or false",
        ),
        ("from_diary = { value = false", "from_diary = { value = true", "diary.antidiarrhoeal", "must be true"),
        ('opens = { value = 18:00:00, source = "assumption" }', "opens = 18:00:00", "diary.opens", "source mark"),
        (
            'opens = { value = 18:00:00, source = "assumption" }',
            "opens = { value = 18:00:00 }",
            "diary.opens",
            "source mark",
        ),
        (
            'opens = { value = 18:00:00, source = "assumption" }',
            'opens = { source = "registry" }',
            "diary.opens",
            "a value",
        ),
        (
            'opens = { value = 18:00:00, source = "assumption" }',
            'opens = { value = 18:00:00, source = "guess" }',
            "diary.opens",
            "registry or assumption",
        ),
        ('timezone = { value = "Asia/Shanghai"', 'timezone = { value = "Asia/Peking"', "study.timezone", "time zone"),
        ('timezone = { value = "Asia/Shanghai"', 'timezone = { value = "../zone"', "study.timezone", "time zone"),
        ('data_region = { value = "cn"', 'data_region = { value = "moon"', "study.data_region", "one of cn"),
        ('id = { value = "nct05262829"', 'id = { value = "NCT 1"', "study.id", "must look like"),
        ('value = "W00"', 'value = "W99"', "study.baseline_visit", "one of W00"),
        ('value = "W00"', 'value = "W04"', "visits.W04.day_offset", "must be 0"),
        ("day_offset = { value = 56", "day_offset = { value = 33", "visits.W08.day_offset", "overlap"),
        ("[visits.W08]", "[visits.week8]", "visits.week8", "capital letters"),
        ('names.en = { value = "Week 8", source = "assumption" }\n', "", "visits.W08.names.en", "is missing"),
        ('names.en = { value = "Week 8"', 'names.en = { value = " "', "visits.W08.names.en", "not empty"),
        ("[sites.seh]", "[sites.SEH]", "sites.SEH", "small letters"),
        ("first_hour = { value = 18:00:00", "first_hour = { value = 17:30:00", "reminders.first_hour", "diary.opens"),
        (
            "last_hour = { value = 21:30:00",
            "last_hour = { value = 17:30:00",
            "reminders.last_hour",
            "must not come before",
        ),
        ("last_hour = { value = 21:30:00", "last_hour = { value = 21:15:00", "reminders.last_hour", "whole steps"),
        ("default_hour = { value = 20:00:00", "default_hour = { value = 20:10:00", "reminders.default_hour", "choose"),
        ("last_call = { value = 08:00:00", "last_call = { value = 11:30:00", "reminders.last_call", "too late"),
        ("last_call = { value = 08:00:00", "last_call = { value = 23:50:00", "reminders.last_call", "too late"),
        ("last_call = { value = 08:00:00", "last_call = { value = 07:30:00", "reminders.last_call", "quiet hours"),
        (
            "snooze_tomorrow = { value = 08:30:00",
            "snooze_tomorrow = { value = 12:00:00",
            "reminders.snooze_tomorrow",
            "closed",
        ),
        (
            "prompt_cutoff = { value = 22:00:00",
            "prompt_cutoff = { value = 21:00:00",
            "reminders.prompt_cutoff",
            "after",
        ),
        (
            "prompt_cutoff = { value = 22:00:00",
            "prompt_cutoff = { value = 22:30:00",
            "reminders.prompt_cutoff",
            "quiet",
        ),
        (
            "second_at_quiet = { value = 21:45:00",
            "second_at_quiet = { value = 22:00:00",
            "reminders.second_at_quiet",
            "between",
        ),
        ("quiet_until = { value = 08:00:00", "quiet_until = { value = 23:00:00", "reminders.quiet_until", "before"),
        (
            "remission_below = { value = 150",
            "remission_below = { value = 151",
            "endpoints.remission_below",
            "scoring.bands",
        ),
        ("response_decrease = { value = 70", "response_decrease = { value = 80", "endpoints.response_decrease", "70"),
        ("major = { value = 100", "major = { value = 60", "endpoints.response_decrease_major", "below"),
        ("remission_lt", "remission_le", "endpoints.remission_below", "includes"),
        ("min_valid_days = { value = 4", "min_valid_days = { value = 8", "scoring.min_valid_days", "scoring_days"),
        ("prorate = {", "prorated = {", "scoring.prorated", "not a scoring setting"),
        ("remission_lt = { value = 150", 'remission_lt = { value = "x"', "scoring.bands.remission_lt", "number"),
        ("{phone}", "the desk", "sites.seh.notice.zh", "must contain {phone}"),
        ("/stop", "stop", "sites.seh.notice.zh", "must contain /stop"),
    ],
)
def test_a_fault_is_named_with_its_line_its_key_and_a_sentence(old: str, new: str, key: str, words: str) -> None:
    text = changed(old, new)
    found = fault(text)
    assert found.key == key
    assert words in found.sentence
    assert str(found) == f"study.toml:{found.line}: {key}: {found.sentence}"
    assert found.sentence.endswith(".")
    *tables, last = key.split(".")
    named = text.splitlines()[found.line - 1]
    assert last in named or tables[-1] in named


def test_a_missing_key_is_reported_at_its_table() -> None:
    text = changed('early_days = { value = 2, source = "assumption" }\n', "")
    assert fault(text).line == line_starting(text, "[diary]")


def test_a_fault_in_the_second_of_two_like_tables_is_reported_there() -> None:
    text = changed('names.en = { value = "Week 8"', "names.en = { value = 8")
    assert fault(text).line == line_starting(text, "names.en", after="[visits.W08]")


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("[visits.W08]", "[visits.W04]", "visits.W04", "stands twice"),
        ("days_after = { value = 3", "days_before = { value = 3", "visits.W04.days_before", "stands twice"),
        ("early_days = { value = 2,", "early_days = { value = ,", "diary.early_days", "cannot be read as TOML"),
        ("[outages]", "[outages", "outages", "cannot be read as TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_at_the_line(old: str, new: str, key: str, words: str) -> None:
    text = changed(old, new)
    found = fault(text)
    assert words in found.sentence
    assert new in text.splitlines()[found.line - 1]
    assert found.key == key


def test_a_string_that_never_ends_is_refused() -> None:
    assert "cannot be read as TOML" in fault(TEXT.rstrip().removesuffix('""", source = "assumption" }')).sentence


@pytest.mark.parametrize(
    ("text", "key"),
    [("", "visits"), (TEXT + "\n[extras]\n", "extras"), (TEXT + "\n[visits.W36]\n", "visits.W36.day_offset")],
)
def test_an_empty_file_an_unknown_section_and_an_empty_visit_are_refused(text: str, key: str) -> None:
    assert fault(text).key == key


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolFileError, match="cannot be read"):
        load_protocol(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProtocolFileError, match="UTF-8"):
        load_protocol(tmp_path / "latin.toml")


def test_an_unknown_visit_or_site_is_refused_with_the_known_ones() -> None:
    def check(protocol: StudyProtocol) -> None:
        with pytest.raises(ScheduleError, match="W00, W04, W08, W12, W24"):
            protocol.visit("W99")
        with pytest.raises(ScheduleError, match="seh"):
            protocol.site("nowhere")

    check(SEED)
    assert SEED.visit("W04").names["zh"] == "第 4 周"
    assert SEED.site("seh").names["en"] == "Shanghai East Hospital"


def test_the_reminder_hours_run_in_half_hours() -> None:
    hours = SEED.reminders.hours
    assert (hours[0], hours[1], hours[-1], len(hours)) == (time(18), time(18, 30), time(21, 30), 8)
