import pytest
from scipy.stats import binomtest

from bot.scoring.binomial import exact_interval


@pytest.mark.parametrize("of", [1, 2, 7, 40, 200, 2_000, 10_000])
def test_limits_agree_with_a_statistics_library(of):
    for successes in range(0, of + 1, max(1, of // 20)):
        theirs = binomtest(successes, of).proportion_ci(0.95, method="exact")
        assert exact_interval(successes, of) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_other_confidences_agree_too():
    theirs = binomtest(3, 10).proportion_ci(0.9, method="exact")
    assert exact_interval(3, 10, 0.9) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_none_and_all_have_the_closed_forms():
    low, high = exact_interval(0, 10)
    assert (low, high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 10)))
    low, high = exact_interval(10, 10)
    assert (low, high) == (pytest.approx(0.025 ** (1 / 10)), 1.0)


def test_nobody_to_count_has_no_interval():
    assert exact_interval(0, 0) is None


@pytest.mark.parametrize(("successes", "of", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_impossible_counts_are_refused(successes, of, confidence):
    with pytest.raises(ValueError, match="successes"):
        exact_interval(successes, of, confidence)
