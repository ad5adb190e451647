"""The printed page: one A4 sheet, the same bytes for the same content, and everything a reader must find on it."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bot.documents.pdf.compile import render_pdf
from bot.documents.pdf.page import page_data, texts_of
from bot.documents.pdf.parts import NO_BACKGROUND, Anchor, Background, SignatureBlock
from bot.errors import InvalidInputError
from bot.scoring.draft import Draft, build_draft
from bot.scoring.inputs import LabValue
from bot.scoring.response import Interval
from tests.support.printed_pages import (
    ANCHOR,
    SIGNED_AT,
    background,
    baseline,
    clinic,
    day,
    draft,
    fullest_background,
    fullest_draft,
    header,
    signature,
    void_mark,
)

ROOT = Path(__file__).parents[3]
LANGUAGES = ("zh", "en")
IN_ANOTHER_PROCESS = """
import hashlib, sys
from bot.documents.pdf.compile import render_pdf
from tests.support.printed_pages import ANCHOR, background, draft, header, signature
for language in ("zh", "en"):
    signed = signature(language)
    page = render_pdf(draft(), header(), language, signature=signed, anchor=ANCHOR, background=background())
    print(hashlib.sha256(page).hexdigest())
"""


def data(
    shown: Draft | None = None,
    language: str = "en",
    *,
    signed: SignatureBlock | None = None,
    anchor: Anchor | None = None,
    behind: Background = NO_BACKGROUND,
) -> Any:
    return page_data(shown or draft(), header(), language, signature=signed, anchor=anchor, background=behind)


def plain(found: object) -> str:
    """All texts of a page, one a line, with ordinary spaces."""
    return "\n".join(texts_of(found)).replace("\N{NO-BREAK SPACE}", " ")


def pages(pdf: bytes) -> int:
    return int(re.findall(rb"/Count (\d+)", pdf)[0])


def printed(language: str, **parts: Any) -> bytes:
    given = {"signature": signature(language), "anchor": ANCHOR, "background": background(), **parts}
    return render_pdf(draft(), header(), language, **given)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("void", [False, True])
def test_the_fullest_page_stands_on_one_sheet(language: str, void: bool) -> None:
    """Fourteen days with seven excluded, nine corrections, every flag that can stand with a total, six groups."""
    shown, mark = fullest_draft(), void_mark(language) if void else None
    assert len(shown.diary.scored) + len(shown.diary.excluded) == 14
    assert len(shown.flags) >= 7
    pdf = render_pdf(
        shown, header(), language, signature=signature(language, mark), anchor=ANCHOR, background=fullest_background()
    )
    assert pages(pdf) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_with_an_open_interval_and_nothing_from_the_clinic_stands_on_one_sheet(language: str) -> None:
    shown = draft(clinic=clinic(hct=(), weight=(), mass=None, complications={}, antidiarrhoeal=None))
    assert shown.interval is not None
    assert shown.interval.low < shown.interval.high
    assert pages(render_pdf(shown, header(), language, background=background())) == 1


def test_another_process_elsewhere_in_another_zone_prints_the_same_bytes(tmp_path: Path) -> None:
    here = [hashlib.sha256(printed(language)).hexdigest() for language in LANGUAGES]
    elsewhere = {**os.environ, "TZ": "America/Lima", "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == here


def test_neither_page_nor_file_says_when_it_was_printed() -> None:
    first, later = draft(), draft(as_of=SIGNED_AT + timedelta(days=40))
    pages_of = [render_pdf(shown, header(), "en") for shown in (first, later)]
    assert pages_of[0] == pages_of[1]
    assert re.search(rb"CreationDate|ModDate|CreateDate|ModifyDate", pages_of[0]) is None


def test_other_content_gives_other_bytes() -> None:
    assert printed("en") != printed("en", signature=signature("en", role="monitor"))


def test_a_character_that_cannot_be_printed_is_refused_not_boxed() -> None:
    with pytest.raises(InvalidInputError, match="U\\+1F388"):
        render_pdf(draft(), header(), "zh", signature=signature("zh", name="甲🎈"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_it_is_about(language: str) -> None:
    shown = draft()
    text = plain(data(shown, language, behind=background()))
    digits = shown.given.rules.hash.removeprefix("sha256:")
    facts = ("NCT05262829", "SH-012", "W12", "default", f"{digits[:8]} {digits[8:16]}", "172 cm", "396.2", "142.7")
    assert [fact for fact in facts if fact not in text] == []
    assert ("上海市东方医院" if language == "zh" else "Shanghai East Hospital") in text
    assert ("2026年6月9日 周二" if language == "zh" else "Tue 9 Jun 2026") in text


def test_days_run_oldest_first_with_their_marks_words_and_gaps() -> None:
    found = data(behind=background())["days"]
    assert [one["label"] for one in found["columns"]] == [f"D−{back}" for back in range(9, 0, -1)]
    marks = ["entered", "entered", "entered", "late", "missed", "corrected", "entered", "excluded", "excluded"]
    assert [one["mark"] for one in found["columns"]] == marks
    assert [one["word"] for one in found["columns"]][3:] == ["Late", "Missed", "Corrected", "Entered", "prep", "scope"]
    stools = found["rows"][0]
    assert [cell["text"] for cell in stools["cells"]] == ["3", "4", "2", "3", "–", "4", "2", "–", "–"]
    assert stools["cells"][5]["before"] == "6"
    assert (stools["sum"], stools["scaled"]) == ("18", "21.0")


def test_staff_entries_have_their_own_mark_and_unscored_answers_stand_in_brackets() -> None:
    found = data(fullest_draft(), behind=fullest_background())["days"]
    marks = {one["label"]: one["mark"] for one in found["columns"]}
    assert (marks["D−7"], marks["D−6"], marks["D−5"]) == ("staff", "staff", "partial")
    cells = dict(zip(marks, found["rows"][0]["cells"], strict=True))
    assert (cells["D−5"]["text"], cells["D−4"]["text"]) == ("(10)", "(12)")


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            (
                "Not counted: D−2 bowel preparation; D−1 endoscopy.",
                "D−6 (2026-06-04 09:38)",
                "D−4 stools 6 → 4 by participant",
            ),
        ),
        (
            "zh",
            (
                "不计：D−2 肠道准备；D−1 内镜。",
                "补填：D−6（2026-06-04 09:38）。",
                "D−4 稀便次数 6 → 4，受试者 2026-06-05 20:11",
            ),
        ),
    ],
)
def test_exclusions_late_days_and_corrections_are_told_in_words(language: str, sentences: tuple[str, ...]) -> None:
    text = plain(data(language=language, behind=background())["days"]["notes"])
    assert [sentence for sentence in sentences if sentence not in text] == []


def test_the_eight_components_show_value_times_weight_and_points() -> None:
    rows = data()["components"]["rows"]
    told = [(row["working"].replace("\N{NO-BREAK SPACE}", " "), row["points"]) for row in rows]
    assert told == [
        ("21.0 × 2", "42.0"),
        ("7.0 × 5", "35.0"),
        ("5.83 × 7", "40.8"),
        ("0 × 20", "0.0"),
        ("0 × 30", "0.0"),
        ("0 × 10", "0.0"),
        ("(47 − 44.1) × 6", "17.4"),
        ("100 × (1 − 60.5 ÷ 65.38)", "7.5"),
    ]
    assert data()["components"]["total"]["points"] == "142.7"


def test_a_missing_component_shows_its_possible_points_and_is_named() -> None:
    shown = draft(clinic=clinic(mass=None))
    found = data(shown)
    row = found["components"]["rows"][5]
    assert (row["missing"], row["points"], row["source"]) == (True, "0–50", "missing")
    assert found["components"]["total"]["points"] == "142.7 – 192.7"
    assert found["result"]["total"] == "Not yet"
    assert "Missing: Abdominal mass." in plain(found["result"]["remarks"])


def test_a_floor_shows_the_points_before_and_after() -> None:
    row = data(fullest_draft())["components"]["rows"][7]
    assert row["working"].replace("\N{NO-BREAK SPACE}", " ") == "100 × (1 − 128.75 ÷ 65.38) = −96.9 → −10"
    assert row["points"] == "−10.0"


def test_verdicts_say_met_not_met_and_by_how_much() -> None:
    told = [(one["mark"], plain(one["answer"] + one["rest"])) for one in data()["result"]["verdicts"]]
    assert told == [
        ("check", "Met"),
        ("check", "Met, down by 253.5"),
        ("check", "Met, down by 253.5"),
        ("check", "Met, 18 → 7, down by 61.1 %"),
        ("dash", "Not met, 7"),
    ]


def test_a_verdict_is_undecided_or_decided_whatever_is_missing() -> None:
    found = data(draft(clinic=clinic(mass=None), sescd=None))["result"]["verdicts"]
    assert [one["mark"] for one in found] == ["half", "check", "check"]
    assert plain(found[0]).endswith("Undecided\n: depends on what is missing")
    assert plain(found[1]).endswith("Met\n, whatever is missing")


def test_the_axis_has_four_bands_the_dot_week_zero_and_the_response_line() -> None:
    axis = data()["result"]["axis"]
    assert (axis["low"], axis["high"]) == (0, 550)
    assert [band["limits"] for band in axis["bands"]] == ["<150", "150–219.9", "220–450", ">450"]
    assert (axis["interval"], axis["baseline"]) == ([142.7, 142.7], 396.2)
    assert axis["line"] == pytest.approx(326.2)


def test_the_axis_is_extended_where_a_value_lies_beyond() -> None:
    shown = draft(clinic=clinic(hct=(), weight=(), complications={}))
    axis = data(shown)["result"]["axis"]
    assert axis["low"] <= axis["interval"][0] <= axis["interval"][1] <= axis["high"]
    assert axis["high"] % 50 == 0


def test_without_a_total_in_reach_there_is_no_axis_and_the_missing_days_are_named() -> None:
    shown = draft(days=tuple(day(back, None if back > 4 else (3, 1, 1)) for back in range(9, 2, -1)))
    result = data(shown)["result"]
    assert result["axis"] is None
    assert result["total"] == "None possible"
    assert "Only 2 of the 4 diary days needed can be reached. Not in hand: D−9, D−8, D−7, D−6, D−5." in plain(result)


def test_scores_from_the_diary_stand_beside_the_components() -> None:
    rows = dict(data()["scores"]["rows"])
    assert (rows["PRO2"], rows["PRO3"], rows["Short CDAI"], rows["Stools per day"]) == ("11.0", "16.83", "161.8", "3.0")


def test_the_trend_runs_from_week_zero_to_this_visit() -> None:
    points = data(behind=background())["trend"]["points"]
    assert [(one["visit"], one["text"]) for one in points] == [
        ("W00", "396.2"), ("W04", "288.4"), ("W08", "201.3"), ("W12", "142.7")
    ]  # fmt: skip


def test_without_earlier_visits_the_trend_begins_with_the_baseline_the_draft_knows() -> None:
    assert [one["visit"] for one in data()["trend"]["points"]] == ["W00", "W12"]
    between = replace(baseline(), total=None, interval=Interval(Fraction(380), Fraction(410)))
    first = data(draft(baseline=between))["trend"]["points"][0]
    assert (first["low"], first["high"], first["text"]) == (380.0, 410.0, "")


def test_a_baseline_visit_has_neither_verdicts_of_change_nor_a_trend() -> None:
    found = data(draft(is_baseline=True, baseline=None, sescd=None))
    assert found["trend"] is None
    assert found["result"]["verdicts"] == []


def test_with_a_stoma_there_are_no_components_and_the_reason_is_given() -> None:
    found = data(draft(stoma=True))
    assert found["components"] is None
    assert "stoma or pouch, for which the CDAI is not valid" in plain(found["result"])
    assert pages(render_pdf(draft(stoma=True), header(), "zh")) == 1


def test_an_unsigned_page_says_so_twice() -> None:
    found = data()
    assert found["standing"] == ["Draft, for clinician review", "Not signed"]
    assert found["signature"]["signed"] is False
    assert "Not signed" in found["signature"]["sentence"]


def test_a_signature_shows_name_role_time_with_zone_and_utc_meaning_hash_and_anchor() -> None:
    text = plain(data(signed=signature("en"), anchor=ANCHOR)["signature"])
    for part in (
        "“I have reviewed this CDAI and it reflects the source.”",
        "Example Investigator A",
        "(investigator, account investigator-01)",
        "2026-06-09 09:41:07 (UTC+8, Asia/Shanghai) = 01:41:07 UTC",
        "4553e9d2 38b69051 fcbcfd59 27dc4501 30b7d31f 22f717be e10542ce e13acb8d",
        "no. 18 422, head efcb90ab 782db8dd",
    ):
        assert part in text


def test_a_signing_time_on_another_utc_date_names_that_date() -> None:
    early = SIGNED_AT.replace(hour=17)
    text = plain(data(signed=signature("en", at=early))["signature"])
    assert "2026-06-10 01:41:07 (UTC+8, Asia/Shanghai) = 2026-06-09 17:41:07 UTC" in text
    half = plain(data(signed=signature("en", tzid="Asia/Kolkata"))["signature"])
    assert "(UTC+5:30, Asia/Kolkata)" in half


@pytest.mark.parametrize(("language", "word"), [("en", "Signature void"), ("zh", "签名已作废")])
def test_a_void_signature_says_when_by_whom_and_why_and_stays_readable(language: str, word: str) -> None:
    mark = void_mark(language)
    found = data(language=language, signed=signature(language, mark))
    assert found["standing"][0] == word
    void: Mapping[str, Any] = found["signature"]["void"]
    assert [row["plain"] for row in void["rows"]][1:] == ["chen.li", mark.why]
    assert "2026-06-10 09:12:30" in plain(void["rows"][0])
    assert "4553e9d2" in plain(found["signature"]["rows"])


def test_a_value_without_a_date_and_a_participant_without_a_height_are_printed_too() -> None:
    shown = draft(clinic=clinic(hct=(LabValue(40),)), height_cm=None, sex=None, standard_weight_kg=None)
    text = plain(data(shown))
    assert "40 %" in text
    assert "sex not recorded" in text
    assert pages(render_pdf(shown, header(), "en")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_flags_are_told_in_words(language: str) -> None:
    notes = plain(data(fullest_draft(), language)["notes"])
    told = (
        ("raised to the rule set's floor", "carried forward")
        if language == "en"
        else ("提高到规则下限", "沿用较早的一次")
    )
    assert [words for words in told if words not in notes] == []


def test_a_draft_built_again_from_the_same_input_prints_the_same_bytes() -> None:
    shown = draft()
    assert render_pdf(build_draft(shown.given), header(), "en") == render_pdf(shown, header(), "en")
