"""Drafts that differ in what a reader must not overlook, each with the header of its document."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from bot.documents.draft_header import DraftHeader, Entered
from bot.scoring.changes import Change, SinceStored
from bot.scoring.draft import Draft, as_baseline, build_draft
from bot.scoring.draft_input import Baseline
from bot.scoring.inputs import ExcludedDay, LabValue
from bot.scoring.response import Interval
from bot.scoring.sescd import SesCd, read_sescd
from tests.support.scoring import NO_COMPLICATIONS, VISIT_ON, clinic, days_before, diary_day, draft_input, rules

ENTERED_AT = datetime(2025, 3, 31, 0, 40, tzinfo=UTC)
FINGERPRINT = "sha256:" + "5a" * 32
ILL = (9, 2, 3)


def header(entered: Mapping[str, Entered] | None = None, since: SinceStored | None = None) -> DraftHeader:
    """The header of a W04 draft at the hospital of the seed protocol."""
    return DraftHeader(
        visit_names={"en": "W04 week 4", "zh": "W04 第4周"},
        site_names={"en": "Example Hospital", "zh": "示例医院"},
        tzid="Asia/Shanghai",
        protocol_version="1",
        protocol_fingerprint=FINGERPRINT,
        entered=entered or {},
        since=since,
    )


def entered(visit: str = "W04", **components: tuple[str, str]) -> dict[str, Entered]:
    """Who entered each clinic component: staff account `chen`, on the morning of the visit."""
    found = {key: Entered(visit, "chen", ENTERED_AT, 1) for key in ("complications", "antidiarrhoeal", "mass")}
    measured = {"hct": ("41", "%"), "weight": ("63", "kg"), **components}
    return found | {key: Entered(visit, "chen", ENTERED_AT, 1, *typed) for key, typed in measured.items()}


def endoscopy(ileum: tuple[int, int, int, int], transverse: tuple[int, int, int, int] | None = (0, 0, 0, 0)) -> SesCd:
    """An endoscopy with all grades but the ileum's at 0; the transverse colon may not be explored."""
    calm = (0, 0, 0, 0)
    return read_sescd(
        {"ileum": ileum, "right_colon": calm, "transverse_colon": transverse, "left_colon": calm, "rectum": calm}
    )


def baseline(**changes: object) -> Baseline:
    """Week 0 of a participant who was ill: the draft of that visit, seen from a later one."""
    week = tuple(diary_day(back, "on_time", ILL) for back in range(7, 0, -1))
    complete = {"visit": "W00", "is_baseline": True, "held": True, "days": week, "sescd": endoscopy((2, 1, 2, 0))}
    return as_baseline(build_draft(draft_input(**{**complete, **changes})))


def computed() -> tuple[Draft, DraftHeader]:
    """Seven days, everything entered, endoscopy both times; something found, and one day corrected and helped."""
    week = [diary_day(back) for back in range(7, 0, -1)]
    week[2] = diary_day(5, "late", (3, 1, 0), helped=True)
    week[4] = replace(diary_day(3, "on_time", (6, 2, 2), corrected=True), revision=2)
    found = clinic(
        complications={**NO_COMPLICATIONS, "skin_mouth": True, "iritis_uveitis": True},
        hct=(LabValue(Fraction("38.5"), days_before(3)),),
        weight=(LabValue(Fraction("61.4"), VISIT_ON),),
        mass="questionable",
    )
    given = draft_input(
        days=tuple(week), clinic=found, held=True, height_cm=172, standard_weight_kg=Fraction("65.38064"),
        baseline=baseline(), sescd=endoscopy((1, 0, 1, 0)),
    )  # fmt: skip
    since = SinceStored(
        ENTERED_AT - timedelta(hours=3),
        "printed",
        "sha256:" + "0c" * 32,
        (
            Change("outcome", "status", None, "incomplete", "computed"),
            Change("outcome", "total", None, None, 264.1),
            Change("planned", "held", None, False, True),
            Change("days", "2025-03-28", "stools", 4, 6),
            Change("days", "2025-03-28", "revision", 1, 2),
            Change("hct", "value", None, None, "38.5"),
        ),
    )
    return build_draft(given), header(entered(hct=("0.385", "L/L"), weight=("61.4", "kg")), since)


def incomplete() -> tuple[Draft, DraftHeader]:
    """The evening before the visit: day -1 open, one day missed, haematocrit and two groups of findings unknown."""
    week = [diary_day(back) for back in range(7, 1, -1)]
    week[1] = diary_day(6, "missed")
    groups = {key: False for key in NO_COMPLICATIONS if key not in ("fever_over_37_8", "other_fistula")}
    given = draft_input(
        days=(*week, diary_day(1, "open")), clinic=clinic(hct=(), complications=groups), baseline=baseline()
    )
    return build_draft(given), header({key: one for key, one in entered().items() if key != "hct"})


def provisional() -> tuple[Draft, DraftHeader]:
    """An old haematocrit carried forward, preparation days replaced by earlier ones, a partial day, signed floors."""
    week = [diary_day(back, "on_time", (5, 1, 1)) for back in range(9, 0, -1)]
    week[0] = diary_day(9, "partial", (2, None, None))  # type: ignore[arg-type]
    given = draft_input(
        days=tuple(week),
        excluded=(ExcludedDay(days_before(2), "bowel_prep"), ExcludedDay(days_before(1), "endoscopy")),
        clinic=clinic(hct=(LabValue(50, date(2025, 3, 5)),), weight=(LabValue(82, VISIT_ON),)),
        baseline=Baseline(interval=Interval(Fraction("231.4"), Fraction("262.7"))),
        rules=rules(antidiarrhoeal_from_diary=True),
    )
    return build_draft(given), header(entered(hct=("50", "%"), weight=("82", "kg")))


def not_computable() -> tuple[Draft, DraftHeader]:
    """Three days in hand and none to come."""
    states = ["on_time", "missed", "missed", "on_time", "partial", "outage", "late"]
    week = tuple(diary_day(7 - n, state) for n, state in enumerate(states))
    return build_draft(draft_input(days=week, baseline=baseline())), header(entered())


def stoma() -> tuple[Draft, DraftHeader]:
    """A participant with a pouch."""
    return build_draft(draft_input(stoma=True, baseline=Baseline())), header(entered())


def week_zero() -> tuple[Draft, DraftHeader]:
    """The baseline visit, where there is nothing to compare with."""
    given = draft_input(visit="W00", is_baseline=True, held=True, sescd=endoscopy((2, 1, 2, 0), None))
    return build_draft(given), header(entered("W00"))


CASES = {
    "computed": computed,
    "incomplete": incomplete,
    "provisional": provisional,
    "not_computable": not_computable,
    "stoma": stoma,
    "week_zero": week_zero,
}
