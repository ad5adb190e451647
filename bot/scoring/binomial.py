"""Exact (Clopper-Pearson) confidence limits of a proportion, from the binomial tails themselves.

Clopper and Pearson, Biometrika 1934;26:404-413: the lower limit is the p at which x or more successes have the
probability alpha/2, the upper limit the p at which x or fewer have it. Both tails are monotone in p, so bisection
finds each limit to the last bit of a float; the tests check them against a statistics library.
"""

from collections.abc import Callable, Iterable
from math import exp, fsum, lgamma, log, log1p

STEPS = 200


def exact_interval(successes: int, of: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the two limits of successes/of, each between 0 and 1, or None when there is nobody to count.

    Raises ValueError when the counts contradict each other or the confidence is not between 0 and 1.
    """
    if not 0 <= successes <= of or not 0 < confidence < 1:
        raise ValueError("successes must lie between 0 and the number counted, confidence between 0 and 1")
    if of == 0:
        return None
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else _solve(lambda p: _probability(range(successes, of + 1), of, p) > tail)
    high = 1.0 if successes == of else _solve(lambda p: _probability(range(successes + 1), of, p) < tail)
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


def _probability(counts: Iterable[int], of: int, p: float) -> float:
    """Return the probability of any of these counts; logarithms keep large numbers from overflowing."""
    return fsum(
        exp(lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1) + k * log(p) + (of - k) * log1p(-p)) for k in counts
    )
