"""Exact (Clopper-Pearson) confidence limits of a proportion, from the binomial tails.

Clopper and Pearson, Biometrika 1934;26:404-413: the lower limit is the p at which x or more successes have the
probability alpha/2, the upper limit the p at which x or fewer have it. A tail is the regularised incomplete beta
function, here by its continued fraction (NIST DLMF 8.17.22), whose length grows with the square root of the number
counted and not with the number. Both tails are monotone in p, so bisection finds each limit to the last bit of a
float; the tests check them against a statistics library.
"""

from collections.abc import Callable
from functools import lru_cache
from math import exp, lgamma, log, log1p

STEPS = 200
TERMS = 100_000
TINY = 1e-300
LAST_BIT = 2.0**-52


@lru_cache(maxsize=8192)  # a table asks for the same few again and again
def exact_interval(successes: int, of: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the two limits of successes/of, each between 0 and 1, or None when there is nobody to count.

    Raises ValueError when the counts contradict each other or the confidence is not between 0 and 1.
    """
    if not 0 <= successes <= of or not 0 < confidence < 1:
        raise ValueError("successes must lie between 0 and the number counted, confidence between 0 and 1")
    if of == 0:
        return None
    tail, failures = (1 - confidence) / 2, of - successes
    low = 0.0 if successes == 0 else _solve(lambda p: _beta(p, successes, failures + 1) > tail)
    high = 1.0 if failures == 0 else _solve(lambda p: _beta(1 - p, failures, successes + 1) < tail)
    return low, high


def _solve(is_above: Callable[[float], bool]) -> float:
    """Return the p between 0 and 1 from which `is_above` holds."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if is_above(middle) else (middle, high)
    return (low + high) / 2


def _beta(x: float, a: int, b: int) -> float:
    """Return I_x(a, b) for whole a and b from 1: the probability of a or more successes in a + b - 1 trials."""
    if not 0 < x < 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x * (a + b + 2) < a + 1:  # where the fraction converges fast; on the other side its mirror image does
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: int, b: int) -> float:
    """Return the continued fraction by Lentz's method, as modified by Thompson and Barnett."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    found = last = d
    for m in range(1, TERMS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_zero(1 + numerator * d)
            c = _not_zero(1 + numerator / c)
            last = c * d
            found *= last
        if abs(last - 1) <= LAST_BIT:
            break
    return found


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
