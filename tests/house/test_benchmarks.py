"""Each benchmark of delivery still runs, in its smallest form; what it prints there is no figure."""

import pytest

from tests.benchmarks import bench_dispatch, bench_plan, bench_taps


@pytest.mark.parametrize(("after", "server"), [(0, "answers at once"), (20, "answers after 20 ms")])
def test_the_benchmark_of_the_dispatcher_runs(capsys: pytest.CaptureFixture[str], after: int, server: str) -> None:
    bench_dispatch.without_limit(due=12, postgres=False, answers_after=after)
    printed = capsys.readouterr().out.strip()
    assert [line.split("  ")[0].strip() for line in printed.splitlines()] == [
        f"Bot API that {server}",
        "calibration",
        "dispatcher, receipts committed",
        "bare bot.send_message",
        "the same on our transport",
    ]


def test_the_benchmark_of_intake_runs(capsys: pytest.CaptureFixture[str]) -> None:
    bench_taps.intake_rate(12, postgres=False)
    assert "PTB process_update" in capsys.readouterr().out


def test_the_benchmark_of_the_planner_runs(capsys: pytest.CaptureFixture[str]) -> None:
    bench_plan.planner(3, postgres=False)
    printed = capsys.readouterr().out
    assert [line.split("  ")[0].strip() for line in printed.splitlines()] == [
        "calibration",
        "bare executemany",
        "planner, from no plan",
        "planner, nothing to do",
        "ratio",
    ]
