"""Drafts with everything that a printed page shows: the believable one, and the fullest that can occur."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from bot.documents.draft_header import DraftHeader, Entered
from bot.documents.pdf.parts import Anchor, Background, DayChange, SignatureBlock, TrendPoint, VoidMark
from bot.scoring.draft import Draft, as_baseline, build_draft
from bot.scoring.draft_input import Baseline, DraftInput
from bot.scoring.inputs import COMPLICATION_GROUPS, ClinicInputs, DiaryDayInput, ExcludedDay, LabValue
from bot.scoring.response import Interval
from bot.scoring.sescd import SesCd, read_sescd
from schedules.rule_set import RuleSet, default_rules

VISIT_ON = date(2026, 6, 9)
SIGNED_AT = datetime(2026, 6, 9, 1, 41, 7, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"
MEANING = {
    "zh": "本人已审核此 CDAI，内容与原始资料一致。",
    "en": "I have reviewed this CDAI and it reflects the source.",
}
ANCHOR = Anchor(18422, "sha256:efcb90ab782db8dd" + "5c" * 24)


def back(days: int) -> date:
    """The date so many days before the visit."""
    return VISIT_ON - timedelta(days=days)


def day(
    days: int, answers: tuple[int, int, int] | None = (3, 1, 1), state: str = "on_time", **marks: object
) -> DiaryDayInput:
    """One diary day; without answers it is missed unless the state says otherwise."""
    stools, pain, wellbeing = answers or (None, None, None)
    given = {"source": "participant", "revision": 1, **marks} if answers else marks
    return DiaryDayInput(
        back(days), state if answers or state != "on_time" else "missed", stools, pain, wellbeing, **given
    )  # type: ignore[arg-type]


def endoscopy(*ileum: int, colon: int = 0) -> SesCd:
    """An endoscopy with these grades in the ileum and one and the same sum in the right colon."""
    calm = (0, 0, 0, 0)
    return read_sescd(
        {"ileum": ileum, "right_colon": (colon, 0, 0, 0), "transverse_colon": calm, "left_colon": calm, "rectum": calm}
    )


def header(by: str = "chen.li") -> DraftHeader:
    """The names of a W12 draft."""
    at = datetime(2026, 6, 9, 1, 5, tzinfo=UTC)
    keys = ("complications", "antidiarrhoeal", "mass", "hct", "weight")
    return DraftHeader(
        visit_names={"en": "W12 Week 12", "zh": "W12 第 12 周"},
        site_names={"en": "Shanghai East Hospital", "zh": "上海市东方医院"},
        tzid=SHANGHAI,
        protocol_version="1",
        protocol_fingerprint="sha256:" + "5a" * 32,
        entered={key: Entered("W12", by, at, 1) for key in keys},
    )


def draft(**changes: object) -> Draft:
    """Nine days before an endoscopy, one missed, one late, one corrected; the total is 142.7, from 396.2."""
    week = (
        day(9), day(8, (4, 1, 1)), day(7, (2, 1, 1)), day(6, (3, 1, 0), "late"), day(5, None),
        day(4, (4, 1, 1), corrected=True, revision=2), day(3, (2, 1, 1)),
    )  # fmt: skip
    given = {
        "participant": "SH-012",
        "visit": "W12",
        "visit_on": VISIT_ON,
        "held": True,
        "as_of": SIGNED_AT,
        "rules": default_rules(),
        "sex": "male",
        "height_cm": 172,
        "standard_weight_kg": Fraction("65.38064"),
        "days": week,
        "excluded": (ExcludedDay(back(2), "bowel_prep"), ExcludedDay(back(1), "endoscopy")),
        "clinic": clinic(),
        "sescd": endoscopy(2, 2, 2, 0, colon=1),
        "baseline": baseline(),
    }
    return build_draft(DraftInput(**{**given, **changes}))  # type: ignore[arg-type]


def clinic(**changes: object) -> ClinicInputs:
    """Everything entered, nothing found."""
    given = {
        "hct": (LabValue(Fraction("44.1"), back(3)),),
        "weight": (LabValue(Fraction("60.5"), back(1)),),
        "mass": "none",
        "complications": dict.fromkeys(COMPLICATION_GROUPS, False),
        "antidiarrhoeal": False,
    }
    return ClinicInputs(**{**given, **changes})  # type: ignore[arg-type]


def baseline() -> Baseline:
    """Week 0 with a total of 396.2 and an SES-CD of 18."""
    total = Fraction("396.2")
    means = as_baseline(build_draft(_week_0())).means
    return Baseline(total, Interval(total, total), means, read_sescd(_ill_segments()))


def _week_0() -> DraftInput:
    week = tuple(day(n, (9, 2, 3)) for n in range(7, 0, -1))
    return DraftInput(
        "SH-012", "W00", VISIT_ON, held=True, as_of=SIGNED_AT, rules=default_rules(), sex="male", days=week,
        clinic=clinic(), standard_weight_kg=70, is_baseline=True,
    )  # fmt: skip


def _ill_segments() -> dict[str, object]:
    ill, calm = (2, 3, 3, 1), (0, 0, 0, 0)
    return {"ileum": ill, "right_colon": (3, 3, 3, 0), "transverse_colon": calm, "left_colon": calm, "rectum": calm}


def background(**changes: object) -> Background:
    """The course since week 0 and the times of what was late or corrected."""
    given = {
        "study": "NCT05262829",
        "baseline_on": date(2026, 3, 17),
        "trend": tuple(
            TrendPoint(visit, Fraction(total))
            for visit, total in (("W00", "396.2"), ("W04", "288.4"), ("W08", "201.3"))
        ),
        "changes": (DayChange(back(4), "stools", 6, 4, "participant", datetime(2026, 6, 5, 12, 11, tzinfo=UTC)),),
        "late_at": {back(6): datetime(2026, 6, 4, 1, 38, tzinfo=UTC)},
        "synthetic": True,
    }
    return Background(**{**given, **changes})  # type: ignore[arg-type]


def signature(language: str, void: VoidMark | None = None, **changes: object) -> SignatureBlock:
    """The signature of an example investigator."""
    given = {
        "name": "示例研究者 甲" if language == "zh" else "Example Investigator A",
        "role": "clinician",
        "at": SIGNED_AT,
        "tzid": SHANGHAI,
        "meaning": MEANING[language],
        "hash": "sha256:4553e9d238b69051fcbcfd5927dc450130b7d31f22f717bee10542cee13acb8d",
        "void": void,
        "username": "investigator-01",
        "method": "密码 + 六位验证码" if language == "zh" else "password + six-digit code",
    }
    return SignatureBlock(**{**given, **changes})  # type: ignore[arg-type]


def void_mark(language: str) -> VoidMark:
    """A signature made void a day later, with a long reason."""
    why = {
        "zh": "受试者来电说明 6月5日 的稀便次数填错，中心按原始资料更正；"
        "签名随之作废，访视重新进入待签清单，由研究者重新审阅后签名。",
        "en": "The participant phoned to say that the stool count of 5 June was a slip; the site corrected it "
        "from source, so the signature no longer covers what is stored and the visit waits to be signed again.",
    }
    return VoidMark(datetime(2026, 6, 10, 1, 12, 30, tzinfo=UTC), "chen.li", why[language])


def fullest_draft() -> Draft:
    """Fourteen days of look-back with seven excluded, every mark on the others, all groups present, all flags."""
    rules = RuleSet.from_mapping(
        {
            **default_rules().to_mapping(),
            "id": "full-set",
            "version": "12.3-rc",
            "post_endoscopy_excluded_days": 2,
            "antidiarrhoeal_from_diary": True,
            "response": {"clinical_decrease": 85, "endoscopic_percent_decrease": 50, "endoscopic_remission_max": 2},
        }
    )
    excluded = [ExcludedDay(back(n), "bowel_prep") for n in (2, 3, 9, 10)]
    excluded += [ExcludedDay(back(1), "endoscopy"), ExcludedDay(back(13), "endoscopy")]
    marks = {"corrected": True, "helped": True, "outage": True, "revision": 3, "antidiarrhoeal": True}
    week = (
        day(14, (12, 2, 3), "late", **marks), day(8, (15, 3, 4), **marks),
        day(7, (11, 2, 2), source="staff", helped=True, outage=True),
        day(6, (10, 2, 3), "late", **{**marks, "source": "operator"}), day(5, (10, None, None), "partial", outage=True),  # type: ignore[arg-type]
        day(4, (12, 3, 3), "missed", after_closing=True, corrected=True), day(12, (9, 1, 1)), day(11, (9, 1, 1)),
    )  # fmt: skip
    found = clinic(
        hct=(LabValue(Fraction("58.25"), back(20)),),
        weight=(LabValue(Fraction("128.75"), back(30)),),
        mass="definite",
        complications=dict.fromkeys(COMPLICATION_GROUPS, True),
        antidiarrhoeal=True,
    )
    return draft(
        rules=rules, days=week, excluded=tuple(excluded), clinic=found, standard_weight_kg=Fraction("65.38064")
    )


def fullest_background() -> Background:
    """Corrections of all three items of three days, late times, five earlier visits."""
    at = datetime(2026, 6, 5, 12, 11, tzinfo=UTC)
    changes = tuple(
        DayChange(back(n), item, before, before + 1, "staff", at)
        for n in (14, 8, 4)
        for item, before in (("stools", 11), ("pain", 1), ("wellbeing", 2))
    )
    trend = tuple(TrendPoint(f"W{n:02}", Fraction(396 - n)) for n in (0, 2, 4, 6, 8))
    return background(changes=changes, trend=trend, late_at={back(14): at, back(6): at})
