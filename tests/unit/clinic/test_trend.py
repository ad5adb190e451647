"""The course of the totals: the first label keeps out of the way of the line that leaves its point."""

import re

import pytest

from bot.clinic.charts import trend


@pytest.mark.parametrize(("first", "second", "above"), [(360.3, 330.3, True), (250.0, 330.3, False)])
def test_the_first_label_stands_where_the_line_does_not_go(first: float, second: float, *, above: bool) -> None:
    points = [
        {"visit": visit, "low": total, "high": total, "text": str(total)}
        for visit, total in (("W00", first), ("W04", second))
    ]
    drawn = str(trend({"points": points, "remission": 150, "line": 290}, ("remission", "response"), "the course"))
    point = float(re.findall(r'cy="([\d.]+)"', drawn)[0])
    label = re.search(rf'<text class="name" x="[\d.]+" y="([\d.]+)">{first}<', drawn)
    assert label
    assert (float(label[1]) < point - 4) if above else (float(label[1]) > point + 10)
