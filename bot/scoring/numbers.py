"""Exact numbers: reading them without loss, and the one rounding that a stored score undergoes."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

Number = int | float | Decimal | Fraction


@lru_cache(maxsize=8192)
def _from_decimals(text: str) -> Fraction:
    return Fraction(text)


def exact(value: Number) -> Fraction:
    """Return a number as a fraction; a float is read as the decimals it prints (38.5 is 77/2, 0.1 is 1/10).

    Raises ValueError for infinity and not-a-number.
    """
    if isinstance(value, Fraction):
        return value
    return Fraction(value) if isinstance(value, int) else _from_decimals(str(value))


def round_half_up(value: Fraction, decimals: int) -> Fraction:
    """Round to a number of decimals; a half goes away from zero: 191.25 -> 191.3, -7.25 -> -7.3."""
    return Fraction(_scaled(value, 10**decimals), 10**decimals)


def shown(value: Fraction, decimals: int) -> float:
    """Return a number as it is printed: rounded half-up to so many decimals."""
    scale: int = 10**decimals
    return float(_scaled(value, scale) / scale)


def _scaled(value: Fraction, scale: int) -> int:
    top, bottom = value.numerator * scale, value.denominator
    rounded = (2 * abs(top) + bottom) // (2 * bottom)
    return rounded if top >= 0 else -rounded
