"""Small charts as SVG made on the server: where the total must lie, a week's answers, the course since week 0.

Every number in a chart also stands in a table or sentence of its page. Colours come from the style sheet.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from markupsafe import Markup, escape

LETTER: Final = 6.9  # mean width of a letter at 12 px; a Han character has 12
HAN: Final = 12.4
GAP: Final = 8.0
WIDTHS: Final = (308, 520, 820)  # phone, narrow window, desktop: the page shows the one that fits
BAR_TOP: Final = 26
BAR_HEIGHT: Final = 36
SPARK_STEP: Final = 11
SPARK_HEIGHT: Final = 18
TREND_WIDTH: Final = 204
TREND_HEIGHT: Final = 168
CLEAR: Final = 9.0  # so far a number keeps from a line


@dataclass(frozen=True, slots=True)
class Line:
    """A vertical mark on the bar: its value, its two lines of words, and whether it is dashed."""

    value: float
    name: str
    sub: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What the interval bar shows; `axis` is the printed page's axis, `baseline` and `response` its two marks."""

    axis: dict[str, Any]
    known: bool
    baseline_text: str
    response: Line | None
    sentence: str


def width_of(text: str) -> float:
    """About how wide a text is at 12 px."""
    return sum(HAN if unicodedata.east_asian_width(letter) in "WF" else LETTER for letter in text)


def interval_bar(bar: Bar) -> Markup:
    """The bar in three widths."""
    return Markup("").join(_bar(bar, width) for width in WIDTHS)


def _bar(bar: Bar, width: int) -> Markup:
    scale = _Scale(float(bar.axis["low"]), float(bar.axis["high"]), width)
    names, depth = _names(bar, scale)
    parts = [*_bands(bar, scale), *names, *_marks(bar, scale, depth), *_interval(bar, scale)]
    return _svg(parts, width, depth + 8, f"bar bar-{width}", bar.sentence)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    width: int

    def x(self, value: float) -> float:
        return round((value - self.low) / (self.high - self.low) * self.width, 1)


def _bands(bar: Bar, scale: _Scale) -> Iterable[Markup]:
    edges = [float(band["from"]) for band in bar.axis["bands"]]
    for number, (start, end) in enumerate(pairwise([*edges, scale.high]), start=1):
        x = scale.x(start)
        wide = max(scale.x(end) - x - (1 if end < scale.high else 0), 0)
        yield Markup('<rect class="band-{}" x="{}" y="{}" width="{:.1f}" height="{}"/>').format(
            number, x, BAR_TOP, wide, BAR_HEIGHT
        )


def _names(bar: Bar, scale: _Scale) -> tuple[list[Markup], int]:
    """Each band's name and limits under its left edge, and the response line's; a row lower where there is no room."""
    wanted = [(scale.x(float(band["from"])), str(band["name"]), str(band["limits"])) for band in bar.axis["bands"]]
    if bar.response is not None:
        wanted.append((scale.x(bar.response.value), bar.response.name, bar.response.sub))
    ends = [-GAP] * 4
    parts, lowest = [], 0
    for x, name, sub in sorted(wanted):
        wide = max(width_of(name), width_of(sub))
        start = min(x + (5 if x > 0 else 0), scale.width - wide)
        row = next((at for at, end in enumerate(ends) if end + GAP <= start), len(ends) - 1)
        ends[row] = start + wide
        lowest = max(lowest, row)
        y = BAR_TOP + BAR_HEIGHT + 16 + 34 * row
        parts.append(_text(start, y, name, "name"))
        parts.append(_text(start, y + 15, sub, "sub"))
    return parts, BAR_TOP + BAR_HEIGHT + 34 * (lowest + 1)


def _marks(bar: Bar, scale: _Scale, depth: int) -> Iterable[Markup]:
    """The remission line, the response line and week 0."""
    bottom = min(depth, BAR_TOP + BAR_HEIGHT + 32)
    yield _line(scale.x(float(bar.axis["bands"][1]["from"])), bottom, "remission")
    if bar.response is not None:
        yield _line(scale.x(bar.response.value), bottom, "response")
    if bar.axis["baseline"] is not None:
        x, y = scale.x(float(bar.axis["baseline"])), BAR_TOP + BAR_HEIGHT / 2
        yield Markup('<path class="diamond" d="M{} {}l6 6l-6 6l-6 -6z"/>').format(x, y - 6)


def _line(x: float, bottom: float, kind: str) -> Markup:
    return Markup('<line class="{}-line" x1="{x}" x2="{x}" y1="{}" y2="{}"/>').format(kind, BAR_TOP - 4, bottom, x=x)


def _interval(bar: Bar, scale: _Scale) -> Iterable[Markup]:
    low, high = (scale.x(float(end)) for end in bar.axis["interval"])
    middle = BAR_TOP + BAR_HEIGHT / 2
    if bar.known:
        yield Markup('<circle class="dot" cx="{}" cy="{}" r="6"/>').format(low, middle)
    else:
        yield Markup('<rect class="span" x="{}" y="{}" width="{:.1f}" height="10"/>').format(
            low, middle - 5, max(high - low, 1)
        )
        for end in (low, high):
            yield Markup('<line class="cap" x1="{x}" x2="{x}" y1="{}" y2="{}"/>').format(
                middle - 10, middle + 10, x=end
            )
    yield from _numbers(bar, scale, low, high)


def _numbers(bar: Bar, scale: _Scale, low: float, high: float) -> Iterable[Markup]:
    """The ends above the bar, and week 0 beside them where there is room, else one line higher up."""
    first, last = (str(text) for text in bar.axis["texts"])
    wide = (width_of(first) * 1.2, width_of(last) * 1.2)
    if bar.known:
        start = min(max(low - wide[0] / 2, 0), scale.width - wide[0])
        yield _text(start, BAR_TOP - 9, first, "end")
        taken = [(start, start + wide[0])]
    else:
        left = min(max(low - wide[0] + 6, 0), scale.width - wide[0] - wide[1] - GAP)
        right = min(max(high - wide[1] / 2, left + wide[0] + GAP), scale.width - wide[1])
        yield _text(left, BAR_TOP - 9, first, "end")
        yield _text(right, BAR_TOP - 9, last, "end")
        taken = [(left, left + wide[0]), (right, right + wide[1])]
    if bar.axis["baseline"] is not None and bar.baseline_text:
        yield from _week_zero(bar, scale, taken)


def _week_zero(bar: Bar, scale: _Scale, taken: Sequence[tuple[float, float]]) -> Iterable[Markup]:
    wide = width_of(bar.baseline_text)
    at = scale.x(float(bar.axis["baseline"]))
    wanted = (at - wide / 2, at + GAP, at - wide - GAP)
    for start in (min(max(one, 0), scale.width - wide) for one in wanted):
        if all(start + wide + GAP <= left or start >= right + GAP for left, right in taken):
            yield _text(start, BAR_TOP - 9, bar.baseline_text, "name")
            return


@dataclass(frozen=True, slots=True)
class Bead:
    """One day of a spark: its value, or why there is none (gap, excluded, coming)."""

    value: int | None
    kind: str = "value"


def spark(beads: Sequence[Bead], most: int, sentence: str) -> Markup:
    """A week's answers to one item in the order of the table's days; a missed day is a cross, never a zero bar."""
    parts = [Markup('<line class="ground" x1="0" x2="{}" y1="{y}" y2="{y}"/>').format(
        len(beads) * SPARK_STEP, y=SPARK_HEIGHT - 0.5
    )]  # fmt: skip
    for number, bead in enumerate(beads):
        parts += _bead(bead, number * SPARK_STEP + 1.5, most)
    return _svg(parts, len(beads) * SPARK_STEP, SPARK_HEIGHT, "spark", sentence, fixed=True)


def _bead(bead: Bead, x: float, most: int) -> list[Markup]:
    if bead.value is not None:
        tall = round(max((SPARK_HEIGHT - 3) * bead.value / max(most, 1), 1.5), 1)
        return [Markup('<rect class="day-{}" x="{}" y="{}" width="8" height="{}"/>').format(
            bead.kind, x, SPARK_HEIGHT - 1 - tall, tall
        )]  # fmt: skip
    y = SPARK_HEIGHT - 8
    shapes = {
        "gap": f"M{x + 1.5} {y}l5 5m0 -5l-5 5",
        "excluded": f"M{x + 1} {y + 5}l5 -5",
        "coming": f"M{x + 3} {y + 5}h2",
    }
    return [Markup('<path class="{}" d="{}"/>').format(bead.kind, shapes[bead.kind])]


def trend(found: dict[str, Any], words: tuple[str, str], sentence: str) -> Markup:
    """The totals up to this visit, an interval where there is none yet; `words` name the two lines."""
    points = found["points"]
    values = [point[end] for point in points for end in ("low", "high") if point[end] is not None]
    lines = [found["remission"], *([] if found["line"] is None else [found["line"]])]
    low, high = min([*values, *lines]), max([*values, *lines])
    field = _Field(low - (high - low or 1) * 0.08, high + (high - low or 1) * 0.12)
    step = (TREND_WIDTH - 68) / max(len(points) - 1, 1)
    places = [14 + step * number for number in range(len(points))]
    parts = list(_rules(found, words, field))
    parts += _course(points, places, field, [field.y(float(line)) for line in lines])
    parts += [
        _text(x - width_of(point["visit"]) / 2, TREND_HEIGHT - 4, point["visit"], "sub")
        for x, point in zip(places, points, strict=True)
    ]
    return _svg(parts, TREND_WIDTH, TREND_HEIGHT, "trend", sentence)


@dataclass(frozen=True, slots=True)
class _Field:
    low: float
    high: float

    def y(self, value: float) -> float:
        return round(14 + (self.high - value) / (self.high - self.low) * (TREND_HEIGHT - 46), 1)


def _rules(found: dict[str, Any], words: tuple[str, str], field: _Field) -> Iterable[Markup]:
    for value, kind, text in ((found["remission"], "remission", words[0]), (found["line"], "response", words[1])):
        if value is None:
            continue
        y = field.y(float(value))
        yield Markup('<line class="{}-line" x1="0" x2="{}" y1="{y}" y2="{y}"/>').format(kind, TREND_WIDTH, y=y)
        at = (0.0, y + 14) if kind == "remission" else (TREND_WIDTH - width_of(text), y - 5)
        yield _text(*at, text, "sub")


def _course(
    points: Sequence[dict[str, Any]], places: Sequence[float], field: _Field, rules: Sequence[float]
) -> Iterable[Markup]:
    known = [(x, field.y(float(point["low"]))) for x, point in zip(places, points, strict=True) if point["text"]]
    if len(known) > 1:
        path = "M" + "L".join(f"{x:.1f} {y}" for x, y in known)
        yield Markup('<path class="course" d="{}"/>').format(path)
    for number, (x, point) in enumerate(zip(places, points, strict=True)):
        last = number == len(points) - 1
        if point["text"]:
            y = field.y(float(point["low"]))
            yield Markup('<circle class="{}" cx="{:.1f}" cy="{}" r="{}"/>').format(
                "dot" if last else "was", x, y, 4.5 if last else 3.5
            )
            wide = width_of(point["text"])
            beside = number == 0 or last
            start = x + 8 if beside else max(x - wide - 7, 0)
            below = y + 15
            clear = all(abs(below - 4 - rule) > CLEAR for rule in rules)
            if number == 0 and not last and len(known) > 1:
                height = y - 8 if known[1][1] > y else below  # out of the way of its own line
            else:
                height = y + 4 if beside else below if clear else y - 9
            yield _text(start, height, point["text"], "end" if last else "name")
        elif point["low"] is not None:
            yield from _reach(x, field.y(float(point["low"])), field.y(float(point["high"])))


def _reach(x: float, low: float, high: float) -> Iterable[Markup]:
    """An interval as an upright bar with caps."""
    yield Markup('<rect class="span" x="{:.1f}" y="{}" width="5" height="{:.1f}"/>').format(x - 2.5, high, low - high)
    for y in (low, high):
        yield Markup('<line class="cap" x1="{:.1f}" x2="{:.1f}" y1="{y}" y2="{y}"/>').format(x - 7, x + 7, y=y)


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, text)


def _svg(
    parts: Iterable[Markup], width: float, height: float, kind: str, sentence: str, *, fixed: bool = False
) -> Markup:
    size = Markup(' width="{}" height="{}"').format(width, height) if fixed else Markup("")
    return Markup('<svg class="chart {}" role="img" aria-label="{}" viewBox="0 0 {} {}"{}>{}</svg>').format(
        kind, escape(sentence), width, height, size, Markup("").join(parts)
    )
