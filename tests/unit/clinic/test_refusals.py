"""Every refusal that an action can answer a page with has words in both languages, whatever it is about."""

import re
from datetime import date

import pytest

from bot.clinic.refusals import SENTENCE, worded
from bot.errors import InvalidInputError, RefusedError
from bot.people.roles import Role
from bot.scoring.validation import check_complications, check_hct, check_weight
from schedules.errors import AnyOf, Term, Terms
from schedules.loader import load_protocol, seed_protocol_path
from tests.support.clinic import ClinicBench, body_of
from tests.support.refusal_words import family, reached_modules, refusals

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_refusal_is_written_out_where_it_is_raised() -> None:
    hidden = [f"{found.place}: {found.code}" for found in refusals() if found.english is None]
    assert hidden == [], "write the sentence out with %(name)s, and words of ours as Term"
    assert len({found.english for found in refusals() if found.context == SENTENCE}) > 120


def test_the_pages_reach_the_rooms_that_refuse() -> None:
    reached = set(reached_modules())
    assert {
        "bot.actions.move_visit",
        "bot.scoring.validation",
        "bot.storage.participants",
        "schedules.visits",
    } <= reached
    assert {"RefusedError", "InvalidInputError", "NotFoundError", "ScheduleError"} <= family()


def test_a_refusal_is_worded_with_terms_and_lists_of_the_language() -> None:
    moved = Term("move %(visit)s to %(to)s, outside its tolerance of %(first)s to %(last)s,", visit="W04",
                 to=date(2026, 6, 12), first=date(2026, 6, 3), last=date(2026, 6, 9))  # fmt: skip
    error = RefusedError("To %(act)s a reason is needed: give it with --reason.", act=moved)
    assert error.message.startswith(
        "To move W04 to 2026-06-12, outside its tolerance of 2026-06-03 to 2026-06-09, a reas"
    )
    assert worded(error, "zh") == "把 W04 改到 2026-06-12（超出访视窗 2026-06-03 至 2026-06-09）须写明原因。"
    assert worded(error, "en").endswith("a reason is needed: write one.")
    asked = RefusedError(
        "The diary day %(day)s cannot be submitted: %(missing)s not answered yet.",
        day=date(2026, 6, 8), missing=Terms(["pain", "wellbeing"]),
    )  # fmt: skip
    assert asked.message == "The diary day 2026-06-08 cannot be submitted: pain, wellbeing not answered yet."
    assert worded(asked, "zh") == "2026-06-08 的日记无法提交：腹痛、总体感觉尚未填写。"
    told = RefusedError("The role %(role)s may not %(act)s: ask a %(allowed)s.", role=Term("monitor"),
                        act=Term("move visits"), allowed=AnyOf(["clinician", "coordinator"]))  # fmt: skip
    assert told.message == "The role monitor may not move visits: ask a clinician or coordinator."
    assert worded(told, "zh") == "监查员无权更改访视日期：请找研究者或协调员。"


@pytest.mark.parametrize(
    ("check", "chinese"),
    [
        (lambda rules: check_hct(4.5, "%", rules), "红细胞压积 4.5 % 超出 10-70 % 的范围：请核对数值和单位。"),
        (lambda rules: check_weight(900, rules), "体重 900 kg 超出 25-250 kg 的范围。"),
        (lambda _rules: check_complications(["colds"]), "没有“colds”这种并发症；可选：关节炎、"),
    ],
)
def test_values_that_cannot_be_are_refused_in_chinese(check: object, chinese: str) -> None:
    rules = load_protocol(seed_protocol_path()).rules
    with pytest.raises(InvalidInputError) as refused:
        check(rules)  # type: ignore[operator]
    assert worded(refused.value, "zh").startswith(chinese)
    assert HAN.search(refused.value.message) is None


def test_a_page_refuses_in_the_language_of_its_reader(bench: ClinicBench) -> None:
    name = bench.add_staff(Role.ADMIN, language="zh")
    answer = bench.browser_of(name).post("/staff/9999/disable", {"reason": "离职"})
    assert answer.status_code == 404
    assert HAN.search(body_of(answer).split("<main")[1])
    assert "There is no" not in body_of(answer)


def test_a_refused_form_leads_back_to_its_page_and_nowhere_else(bench: ClinicBench) -> None:
    browser = bench.browser_of(bench.add_staff(Role.ADMIN))
    for referer, leads_back in (
        ("http://127.0.0.1:8080/clinic/staff?x=1", True),
        ("https://evil.test/clinic/staff", False),
        ("http://127.0.0.1:8080//evil.test/", False),
    ):
        answer = browser.post("/staff/9999/disable", {"reason": "left"}, headers={"referer": referer})
        assert answer.status_code == 404
        assert ('href="/clinic/staff?x=1"' in answer.text) is leads_back
        assert "evil" not in answer.text
