from decimal import Decimal
from fractions import Fraction

import pytest

from bot.scoring.numbers import exact, round_half_up, shown


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [
        ("191.25", 1, 191.3),
        ("149.95", 1, 150.0),
        ("149.94", 1, 149.9),
        ("-7.25", 1, -7.3),
        ("0.5", 0, 1.0),
        ("2.5", 0, 3.0),
    ],
)
def test_a_half_goes_away_from_zero(value, decimals, rounded):
    assert shown(Fraction(value), decimals) == rounded
    assert float(round_half_up(Fraction(value), decimals)) == rounded


def test_a_float_is_read_as_the_decimals_it_prints():
    assert exact(0.1) == Fraction(1, 10)
    assert exact(Decimal("38.50")) == exact(38.5) == Fraction(77, 2)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="Invalid literal"):
        exact(value)
