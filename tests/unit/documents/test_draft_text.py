import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.documents.draft_header import DraftHeader, Entered
from bot.documents.draft_text import draft_html, draft_text
from bot.scoring.draft import build_draft
from bot.scoring.draft_input import Baseline
from bot.scoring.inputs import ExcludedDay, LabValue
from bot.scoring.numbers import exact
from bot.scoring.response import Interval
from bot.scoring.sescd import SEGMENTS, read_sescd
from tests.support.scoring import T0, VISIT_ON, clinic, days_before, diary, diary_day, draft_input, rules

HEADER = DraftHeader(
    visit_names={"en": "W04 Week 4", "zh": "W04 第 4 周"},
    site_names={"en": "Shanghai East Hospital", "zh": "上海市东方医院"},
    tzid="Asia/Shanghai",
    protocol_version="1",
    protocol_fingerprint="sha256:abc",
    entered={"hct": Entered("W04", "operator:console", T0, 2, "0.41", "L/L"), "mass": Entered("W04", "ann", T0, 1)},
)
BASELINE = Baseline(total=exact(310), interval=Interval(exact(310), exact(310)))


def text(language: str = "en", **given: Any) -> str:
    return draft_text(build_draft(draft_input(**given)), HEADER, language)


def section(document: str, title: str) -> str:
    """One section of a document, from its title to the next blank line."""
    return document[document.index(f"\n{title}\n") :].strip("\n").split("\n\n", 1)[0]


def test_every_component_can_be_worked_out_by_hand() -> None:
    shown = section(text(), "The eight components")
    for line in (
        "4 + 4 + 4 + 4 + 4 + 4 + 4 = 28; 28 × 2 = 56.0",
        "1 + 1 + 1 + 1 + 1 + 1 + 1 = 7; 7 × 5 = 35.0",
        "(47 − 41) × 6 = 36.0",
        "100 × (1 − 63 ÷ 70) = 10.0",
        "56.0 + 35.0 + 49.0 + 0.0 + 0.0 + 0.0 + 36.0 + 10.0 = 186.0, rounded once, half up (decimals: 1): 186.0",
    ):
        assert line in shown


def test_a_missed_day_is_prorated_in_the_open() -> None:
    shown = text(days=diary("on_time", "missed", "late", "on_time", "on_time", "on_time", "on_time"))
    assert "over 6 days; 24 × 7 ÷ 6 = 28; 24 × 7 ÷ 6 × 2 = 56.0" in shown
    assert "6 of 7 scored days used; at least 4 are needed." in shown
    assert "missed days are not counted as 0" in shown
    assert re.search(r"D−6 +Tue 25 Mar +missed +– +– +–", shown)


def test_every_number_names_its_source() -> None:
    shown = text()
    assert "diary, 7 days: D−7, D−6, D−5, D−4, D−3, D−2, D−1" in shown
    assert "41 % of 2025-03-31 | entered as 0.41 L/L" in shown
    assert "entered for W04 by operator:console, 2025-03-31 09:10, revision 2" in shown
    assert "reference 47 % (male)" in shown
    assert "standard weight 70 kg, frozen at enrolment" in shown
    assert rules().from_mapping(draft_input().rules.to_mapping()).hash in shown


def test_what_is_missing_is_named_with_its_possible_points() -> None:
    shown = text(clinic=clinic(hct=(), mass=None, complications={"iritis_uveitis": True}))
    assert "Missing: Complications, Abdominal mass, Haematocrit." in shown
    assert "missing: 20 to 120 points possible" in shown
    assert "missing: 0 to 50 points possible" in shown
    assert "missing: 0 to 222 points possible" in shown
    assert "present: iritis or uveitis" in shown
    assert "No total yet. It must lie between 170.0 and 542.0." in shown


def test_open_days_leave_no_diary_points_and_say_which_days_can_be_filled() -> None:
    shown = text(days=diary(*["on_time"] * 5, "open", "not_open"))
    assert "Diary days that can still be filled: D−2, D−1." in shown
    assert "diary so far, 5 days: D−7, D−6, D−5, D−4, D−3" in shown
    assert "Not known while a scored day can still be filled." in shown


def test_excluded_days_are_named_with_their_reason() -> None:
    days = tuple(diary_day(back) for back in (9, 8, 7, 6, 5, 4, 3))
    excluded = (ExcludedDay(days_before(2), "bowel_prep"), ExcludedDay(days_before(1), "endoscopy"))
    shown = text(days=days, excluded=excluded)
    assert "D−2, Sat 29 Mar does not count: bowel preparation." in shown
    assert "D−1, Sun 30 Mar does not count: endoscopy." in shown
    assert "reach back to Sat 22 Mar" in shown


def test_too_few_days_are_named_and_no_interval_is_shown() -> None:
    shown = text(days=diary("on_time", "on_time", "on_time", *["missed"] * 4), baseline=BASELINE)
    assert "The CDAI cannot be computed." in shown
    assert "Only 3 of the 4 diary days needed can be reached. Not in hand: D−4, D−3, D−2, D−1." in shown
    assert "must lie between" not in shown
    assert section(shown, "Decided whatever is missing?").count("not decided: no total can be computed") == 3


def test_a_stoma_blocks_every_number_with_the_reason() -> None:
    shown = text(stoma=True)
    assert "stoma or pouch, for which the CDAI is not valid" in shown
    assert " = " not in section(shown, "The eight components")


def test_a_carried_forward_value_makes_the_total_provisional_in_words() -> None:
    old = (LabValue(41, VISIT_ON - timedelta(days=28)),)
    shown = text(clinic=clinic(hct=old))
    assert "Provisional: it rests on a carried-forward value nobody has accepted." in shown
    assert "carried forward, at most 35 days old, not accepted yet" in shown
    accepted = text(clinic=clinic(hct=(replace(old[0], accepted=True),)))
    assert "Provisional" not in accepted
    assert "carried forward, at most 35 days old, accepted" in accepted


def test_a_floor_shows_the_points_before_and_after() -> None:
    shown = text(clinic=clinic(hct=(LabValue(50, VISIT_ON),)))
    assert "(47 − 50) × 6 = −18.0; below the rule set's floor, so 0.0" in shown


def test_an_open_verdict_never_says_which_value_would_decide_it() -> None:
    shown = text(
        clinic=clinic(mass=None, antidiarrhoeal=None), baseline=Baseline(exact(260), Interval(exact(260), exact(260)))
    )
    verdicts = section(shown, "Decided whatever is missing?").splitlines()[1:]
    assert [line.split("  ")[-1].strip() for line in verdicts] == [
        "decided: no",
        "undecided: it depends on what is missing",
        "decided: no",
    ]


def test_the_change_from_week_0_shows_both_totals() -> None:
    change = section(text(baseline=BASELINE), "Change from week 0")
    assert "310.0 − 186.0 = 124.0" in change
    unknown = section(text(baseline=Baseline(interval=Interval(exact(180), exact(300)))), "Change from week 0")
    assert "between 180.0 and 300.0" in unknown
    assert "not known yet" in unknown


def test_the_baseline_visit_has_no_change_and_no_verdict() -> None:
    shown = text(is_baseline=True)
    assert "Change from week 0" not in shown
    assert "Decided whatever" not in shown


def test_an_endoscopy_is_shown_by_segment_and_compared_over_segments_seen_twice() -> None:
    before = read_sescd(dict.fromkeys(SEGMENTS, (1, 1, 1, 1)))
    now = read_sescd({**{name: [1, 0, 0, 0] for name in before.segments}, "rectum": None})
    shown = section(text(sescd=now, baseline=replace(BASELINE, sescd=before)), "Endoscopy (SES-CD)")
    assert re.search(r"Rectum +not explored", shown)
    assert "4 over 4 of 5 segments" in shown
    assert "16 → 4, down by 75 %" in shown


def test_marks_stand_beside_the_day() -> None:
    days = (
        diary_day(7, "late", corrected=True, helped=True),
        diary_day(6, "partial", (5, 2, 2)),
        diary_day(5, "outage", outage=True),
        *(diary_day(back) for back in (4, 3, 2, 1)),
    )
    shown = section(text(days=days), "Scored diary days")
    assert "participant, corrected, revision 1, someone helped" in shown
    assert "participant, not scored" in shown
    assert "service was down" in shown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_standing_of_a_draft_is_the_first_thing_said(language: str) -> None:
    assert (
        text(language).splitlines()[1]
        == {
            "en": "Draft, for clinician review. Not signed.",
            "zh": "草稿，供研究者审阅。尚未签名。",
        }[language]
    )


def test_the_chinese_document_has_no_english_word() -> None:
    given = {"clinic": clinic(hct=(LabValue(41, VISIT_ON - timedelta(days=28)),), mass=None), "baseline": BASELINE}
    shown = text("zh", **given, days=diary("late", "partial", "open", *["on_time"] * 4))
    codes = r"SH-001|CDAI|PRO[23]|Asia/Shanghai|default|sha256:\w+|operator:console|ann|kg|cm"
    assert re.findall(r"[A-Za-z]{2,}", re.sub(codes, "", shown)) == []


def test_the_fragment_is_one_article_and_escapes_what_it_is_given() -> None:
    header = replace(HEADER, site_names={"en": "<script>", "zh": "<script>"})
    page = draft_html(build_draft(draft_input(clinic=clinic(mass=None))), header, "zh")
    assert page.startswith('<article class="document" lang="zh-Hans">')
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count('<tr class="missing">') == 2
    assert page.count("<section") == page.count("</section>")
