"""The draft's document says everything a clinician needs, in both languages, and nothing that could mislead."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from bot.documents.draft_text import draft_html, draft_text
from bot.i18n import LANGUAGES
from bot.scoring.cdai import PROVISIONAL
from bot.scoring.changes import Change, SinceStored
from bot.scoring.draft import build_draft
from bot.scoring.draft_input import Baseline
from bot.scoring.response import Interval
from bot.scoring.sescd import read_sescd
from tests.support.draft_cases import CASES, ENTERED_AT, baseline, endoscopy, entered, header
from tests.support.scoring import clinic, diary_day, draft_input, rules

GOLDEN = Path(__file__).parent / "golden"


def said(name: str, language: str = "en") -> str:
    draft, head = CASES[name]()
    return draft_text(draft, head, language)


def section(text: str, title: str) -> list[str]:
    """The lines under a title, to the next blank line."""
    return text.split(f"\n{title}\n")[1].split("\n\n", maxsplit=1)[0].splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["computed", "incomplete", "provisional"])
def test_the_document_reads_word_for_word_as_approved(name: str, language: str) -> None:
    assert said(name, language) == (GOLDEN / f"draft_{name}_{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_every_document_can_be_read_in_both_languages(name: str) -> None:
    english, chinese = said(name), said(name, "zh")
    assert not re.search(r"[\u4e00-\u9fff]", english.replace("示例医院", ""))
    assert "%(" not in english + chinese
    draft, head = CASES[name]()
    assert draft_html(draft, head, "zh").startswith('<article class="document" lang="zh-Hans">')


def test_what_is_missing_stands_apart_from_what_only_waits_for_a_day() -> None:
    lines = section(said("incomplete"), "Result so far")
    assert "  Missing: Complications, Haematocrit." in lines
    assert "  Not final yet: Liquid stools, Abdominal pain, General well-being." in lines
    assert "  Diary days that can still be filled: D−1." in lines


def test_the_ranges_of_the_components_add_up_to_the_interval_of_the_total() -> None:
    draft, _ = CASES["incomplete"]()
    assert draft.bounds is not None
    ends = [(one.low, one.high) for one in draft.bounds.components.values()]
    assert (float(round(sum(low for low, _ in ends), 1)), float(sum(high for _, high in ends))) == (126.7, 555.5)
    assert "It must lie between 126.7 and 555.5." in said("incomplete")


def test_no_value_that_would_reach_a_verdict_is_ever_printed() -> None:
    # With a total of 126.7 to 555.5 and 389.0 at week 0, these would tell how much the missing part may be.
    text = said("incomplete")
    for telling in ("319", "289", "23.3", "192.3", "162.3"):
        assert telling not in text
    assert text.count("undecided: it depends on what is missing") == 3


def test_a_stoma_shows_no_points_and_no_diary_scores() -> None:
    text = said("stoma")
    assert section(text, "The eight components") == [
        "  The participant has a stoma or pouch, for which the CDAI is not valid."
    ]
    assert "PRO2" not in text
    assert "not known yet" not in text


def test_a_draft_that_cannot_be_computed_names_the_days_that_are_not_in_hand() -> None:
    text = said("not_computable")
    assert "Only 3 of the 4 diary days needed can be reached. Not in hand: D−6, D−5, D−3, D−2." in text
    assert "  This visit  cannot be computed" in text
    assert text.count("not decided: no total can be computed") == 3


def test_the_baseline_visit_has_nothing_to_compare_with() -> None:
    text = said("week_zero")
    assert "Change from week 0" not in text
    assert "Response" not in text
    assert "5 over 4 of 5 segments" in text
    assert "  Transverse colon                  not explored" in text


def test_a_clinician_and_a_diary_that_disagree_are_both_shown() -> None:
    week = tuple(diary_day(back, antidiarrhoeal=back == 3) for back in range(7, 0, -1))
    given = draft_input(days=week, rules=rules(antidiarrhoeal_from_diary=True))
    text = draft_text(build_draft(given), header(entered()), "en")
    assert "yes: 1 × 30 = 30.0" in text
    assert "clinician says no | diary says yes on D−3" in text


def test_a_week_zero_without_a_total_is_not_called_undecided() -> None:
    text = draft_text(build_draft(draft_input(baseline=Baseline())), header(entered()), "en")
    assert text.count("not decided: week 0 has no total") == 2
    assert "  Decrease    cannot be computed" in text


def test_a_provisional_week_zero_is_marked_beside_its_total() -> None:
    total = Fraction(300)
    start = Baseline(total=total, interval=Interval(total, total), provisional=True)
    text = draft_text(build_draft(draft_input(baseline=start)), header(entered()), "en")
    assert "  Week 0      300.0 (provisional)" in text
    assert CASES["provisional"]()[0].status == PROVISIONAL


def test_endoscopies_are_compared_over_the_segments_seen_both_times_which_are_named() -> None:
    start = baseline(sescd=endoscopy((2, 1, 2, 0), None))
    text = draft_text(build_draft(draft_input(baseline=start, sescd=endoscopy((1, 0, 1, 0)))), header(), "en")
    assert "Ileum, Right colon, Left colon, Rectum\n" in text
    assert "5 → 2, down by 60 %" in text


def test_a_criterion_that_has_nothing_to_fall_from_says_so() -> None:
    calm = read_sescd(dict.fromkeys(("ileum", "right_colon", "transverse_colon", "left_colon", "rectum"), [0] * 4))
    text = draft_text(build_draft(draft_input(baseline=baseline(sescd=calm), sescd=calm)), header(), "en")
    assert "0 → 0, no percentage from 0" in text
    assert text.count("not defined: nothing to fall from") == 2


def test_points_below_zero_are_subtracted_in_the_sum() -> None:
    assert "+ 0.0 − 10.0 = 144.0" in said("provisional")
    assert "+ −" not in said("provisional")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_change_since_the_last_stored_draft_is_worded(language: str) -> None:
    changes = (
        Change("outcome", "category", None, "mild", "remission"),
        Change("planned", "visit_on", None, "2025-03-30", "2025-03-31"),
        Change("days", "2025-03-24", "scored", False, True),
        Change("days", "2025-03-28", "state", "open", "late"),
        Change("excluded", "2025-03-29", None, None, "bowel_prep"),
        Change("complications", "skin_mouth", None, None, True),
        Change("antidiarrhoeal", None, None, None, False),
        Change("mass", None, None, "none", "questionable"),
        Change("weight", "on", None, None, "2025-03-31"),
        Change("carried", "hct", None, None, "36"),
        Change("sescd", "ileum", None, None, [1, 0, 1, 0]),
        Change("person", "sex", None, "male", "female"),
        Change("baseline", "sescd_ileum", None, None, [2, 1, 2, 0]),
        Change("baseline", "total", None, None, "389"),
        Change("rules", "hct_standard", "male", 47, 40),
    )
    since = SinceStored(ENTERED_AT, "signed", "sha256:" + "1" * 64, changes)
    text = draft_text(build_draft(draft_input()), header(since=since), language)
    lines = text.rstrip().splitlines()[-len(changes) :]
    expected = {
        "en": [
            "Band: mild → remission", "Date of the visit: 2025-03-30 → 2025-03-31",
            "D−7 (2025-03-24), scored day: no → yes", "D−3 (2025-03-28), state: still open → entered late",
            "D−2 (2025-03-29), left out: – → bowel preparation",
            "Complications, erythema nodosum, pyoderma gangrenosum or aphthous stomatitis: – → yes",
            "Antidiarrhoeal: – → no", "Abdominal mass: none → questionable", "Body weight, measured on: – → 2025-03-31",
            "Haematocrit, points carried forward: – → 36", "SES-CD, Ileum: – → 1 + 0 + 1 + 0", "Sex: male → female",
            "Week 0, SES-CD, Ileum: – → 2 + 1 + 2 + 0", "Week 0, CDAI total: – → 389",
            "Rule set, hct_standard.male: 47 → 40",
        ],
        "zh": [
            "活动度：轻度活动 → 缓解期", "访视日期：2025-03-30 → 2025-03-31", "D−7 (2025-03-24)、计分日：否 → 是",
            "D−3 (2025-03-28)、状态：仍可填 → 补填", "D−2 (2025-03-29)、不计分：– → 肠道准备",
            "并发症、结节性红斑、坏疽性脓皮病或口腔溃疡（阿弗他溃疡）：– → 是", "止泻药：– → 否", "腹部肿块：无 → 可疑",
            "体重、测量日期：– → 2025-03-31", "红细胞压积、沿用的得分：– → 36", "SES-CD、回肠：– → 1 + 0 + 1 + 0",
            "性别：男 → 女", "第 0 周、SES-CD、回肠：– → 2 + 1 + 2 + 0", "第 0 周、CDAI 总分：– → 389",
            "计分规则、hct_standard.male：47 → 40",
        ],
    }  # fmt: skip
    assert [line.strip() for line in lines] == expected[language]


def test_a_stored_draft_to_which_nothing_happened_says_so() -> None:
    since = SinceStored(ENTERED_AT, "printed", "sha256:" + "1" * 64, ())
    text = draft_text(build_draft(draft_input(clinic=clinic(hct=()))), header(since=since), "en")
    assert section(text, "Changed since the last stored draft")[1] == "  Nothing has changed."
