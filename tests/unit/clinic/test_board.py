"""The board: groups by what can still be done, words beside every mark, filters, and a fixed number of queries."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.clinic.weeks import early_columns, legend_of, row_of_cells
from bot.people.roles import Role
from bot.storage.database import Database
from bot.storage.participants import participant_by_code
from bot.storage.views.board import BoardLine, Group, board_lines, earliest_date, present_visit
from bot.storage.views.cohort import read_cohort
from bot.storage.views.days import read_whole_diary
from bot.storage.views.morning import read_morning
from bot.storage.views.standing import kept_standings, signs_of, within
from tests.support.clinic import OWN_SITE, ClinicBench, body_of
from tests.support.clinic_seed import LIVES, MORNING, Life, seeded_clinic


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicBench]:
    with seeded_clinic(Path(tmp_path_factory.mktemp("board")), foreign=[Life("W04", 0, "mememe-")]) as bench:
        for role in (Role.COORDINATOR, Role.MONITOR):
            bench.add_staff(role, site=OWN_SITE, name=f"Own {role.value}")
        bench.add_staff(Role.COORDINATOR, name="Own chinese", language="zh")
        yield bench


@pytest.fixture(scope="module")
def lines(clinic: ClinicBench) -> dict[str, BoardLine]:
    with clinic.database.read() as session:
        cohort = read_cohort(session, clinic.study.protocol, MORNING, scope=OWN_SITE)
        return {line.code: line for line in board_lines(cohort)}


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    for engine in {database.engine, database.reader}:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in {database.engine, database.reader}:
            event.remove(engine, "before_cursor_execute", note)


def test_groups_stand_in_the_order_of_what_can_still_be_done(lines: dict[str, BoardLine]) -> None:
    order = [line.group for line in lines.values()]
    assert order == sorted(order, key=list(Group).index)
    assert set(order) == set(Group)


def test_a_day_that_closes_at_the_check_in_comes_before_one_that_closes_at_noon(lines: dict[str, BoardLine]) -> None:
    savable = [line for line in lines.values() if line.group is Group.SAVE]
    assert savable[0].code == "SH-001"
    assert f"{savable[0].deadline:%H:%M}" == "02:30"
    assert {f"{line.deadline:%H:%M}" for line in savable[1:]} == {"04:00"}
    spare = [line.outlook.spare for line in savable[1:] if line.outlook]
    assert spare == sorted(spare)


def test_days_in_hand_and_what_can_still_come_in_are_counted_from_the_scored_days(lines: dict[str, BoardLine]) -> None:
    outlook = lines["SH-001"].outlook
    assert outlook is not None
    assert (outlook.in_hand, outlook.left, outlook.needed, outlook.of) == (3, 1, 1, 7)
    assert outlook.possible
    assert not outlook.evaluable


def test_a_day_that_staff_entered_after_closing_is_shown_but_not_counted(lines: dict[str, BoardLine]) -> None:
    line = lines["SH-019"]
    kept = [day for day in line.days if day.after_closing]
    assert len(kept) == 1
    assert kept[0].state == "partial"
    assert line.outlook is not None
    assert line.outlook.in_hand == 5  # of emeeeah: the two m and the a do not count


def test_whoever_cannot_reach_the_minimum_is_given_the_earliest_date_that_can(clinic: ClinicBench) -> None:
    with clinic.database.read() as session:
        cohort = read_cohort(session, clinic.study.protocol, MORNING, scope=OWN_SITE)
    cannot = [line for line in board_lines(cohort) if line.group is Group.CANNOT]
    assert [line.code for line in cannot] == ["SH-007", "SH-006"]
    found = [earliest_date(line, cohort) for line in cannot]
    assert all(
        on is not None and line.visit is not None and on > line.visit.on for on, line in zip(found, cannot, strict=True)
    )


def test_the_bulk_reader_says_the_same_of_every_day_as_the_diary_of_one(clinic: ClinicBench) -> None:
    with clinic.database.read() as session:
        cohort = read_cohort(session, clinic.study.protocol, MORNING, scope=OWN_SITE)
        compared = 0
        for line in board_lines(cohort):
            if line.visit is None:
                continue
            participant = participant_by_code(session, line.code)
            diary = read_whole_diary(session, participant, clinic.study.protocol, MORNING)
            assert diary.calendar == line.person.calendar
            for day in line.days:
                record = diary.records[day.on]
                assert (day.state, day.closes_at) == (record.state, record.day.closes_at)
                compared += 1
    assert compared > 100


def test_the_present_visit_is_found_without_a_calendar_being_overlooked(clinic: ClinicBench) -> None:
    """The cheap look that spares calendars may never hide somebody whose diary has begun."""
    with clinic.database.read() as session:
        cohort = read_cohort(session, clinic.study.protocol, MORNING, scope=OWN_SITE)
    for person in cohort.people:
        today = cohort.today(person)
        assert present_visit(person, today) is None or cohort.concerns(person), person.code


def test_the_legend_counts_the_cells_that_are_shown(clinic: ClinicBench, lines: dict[str, BoardLine]) -> None:
    with clinic.database.read() as session:
        everybody = kept_standings().read(session, clinic.study.protocol, MORNING)
    own = [one for one in within(everybody, OWN_SITE) if one.code in lines]
    early = early_columns(lines.values())
    cells = [
        one for line in lines.values() if line.days for one in row_of_cells(line, early, "en", "Asia/Shanghai") if one
    ]
    shown = Counter("missed" if one.mark == "partial" else one.mark for one in cells)
    assert shown["open"] > 0
    assert legend_of(signs_of(own)) == {mark: shown[mark] for mark in legend_of({})}


def test_nobody_of_another_site_is_on_the_board_or_the_list(clinic: ClinicBench) -> None:
    browser = clinic.browser_of("Own coordinator")
    for path in ("/board?code=FH", "/board?site=far", "/morning", "/visits", "/inbox", "/corrections"):
        assert "FH-0" not in browser.get(path).text


def test_every_mark_has_its_sentence_for_those_who_do_not_see_it(clinic: ClinicBench) -> None:
    page = body_of(clinic.browser_of("Own monitor").get("/board"))
    for sentence in (
        "Mon 8 Jun: still open until 10:30",
        "Tue 9 Jun: today, asked this evening",
        "Tue 9 Jun: excluded, bowel preparation",
        "Sat 6 Jun: outage",
        "Sun 7 Jun: staff entry, late",
    ):
        assert sentence in page, sentence


def test_a_monitor_sees_the_board_but_is_offered_no_act(clinic: ClinicBench) -> None:
    page = clinic.browser_of("Own monitor").get("/board").text
    assert "/nudge" not in page
    assert "/check-in" not in page
    assert "SH-001" in page


def test_filters_narrow_and_an_empty_filter_says_how_to_go_on(clinic: ClinicBench) -> None:
    browser = clinic.browser_of("Own coordinator")
    only = browser.get("/board?visit=W24&code=sh-004").text
    assert "SH-004" in only
    assert "SH-001" not in only
    none = body_of(browser.get("/board?code=XX-999"))
    assert "Nobody matches this filter." in none
    assert "Show everybody" in none
    assert browser.get("/board?visit=W99&page=abc&order=odd&site=nowhere").status_code == 200
    assert browser.get("/board?page=99").status_code == 200


def test_the_board_speaks_chinese_without_a_word_of_english_around_the_days(clinic: ClinicBench) -> None:
    page = body_of(clinic.browser_of("Own chinese").get("/board"))
    for word in ("现在还来得及", "已凑不满 4 天", "余下 3 天缺一不可", "6月8日 周一：仍可填，到 10:30 为止", "备肠"):
        assert word in page, word
    for word in ("Still open", "Evaluable", "needed", "before 10:30", "Board"):
        assert word not in page, word


@pytest.mark.parametrize("path", ["/board", "/morning", "/visits", "/inbox", "/corrections"])
def test_a_page_asks_as_many_questions_of_the_database_for_thirty_participants_as_for_one(
    tmp_path: Path, path: str
) -> None:
    found = []
    for number, lives in enumerate((LIVES[:1], LIVES[:30])):
        folder = tmp_path / str(number)
        folder.mkdir()
        with seeded_clinic(folder, lives=lives) as bench:
            browser = bench.signed_in(bench.add_staff(Role.COORDINATOR))
            browser.get(path)  # the counts in the bar are kept for a while
            with counted(bench.database) as sent:
                assert browser.get(path).status_code == 200
            found.append(len(sent))
    assert found[0] == found[1]
    assert found[0] < 40


def test_the_morning_list_names_each_participant_once_and_nobody_else(clinic: ClinicBench) -> None:
    with clinic.database.read() as session:
        found = read_morning(session, clinic.study.protocol, MORNING, scope=OWN_SITE)
    save = [line.code for line in found.save]
    cannot = [line.code for line in found.cannot]
    unreached = [one.code for one in found.unreached]
    assert save[0] == "SH-001"
    assert set(cannot) == {"SH-006", "SH-007"}
    assert unreached == ["SH-017"]
    assert len({*save, *cannot, *unreached}) == found.total


def test_an_empty_study_says_what_to_do_next_on_every_page(tmp_path: Path) -> None:
    with seeded_clinic(tmp_path, lives=()) as bench:
        browser = bench.signed_in(bench.add_staff(Role.COORDINATOR))
        assert "Enrol the first participant" in body_of(browser.get("/board"))
        assert "Enrol the first participant" in body_of(browser.get("/morning"))
        assert "No visit is due within two weeks." in body_of(browser.get("/visits"))
        assert "No message waits." in body_of(browser.get("/inbox"))
        assert "No request waits." in body_of(browser.get("/corrections"))
