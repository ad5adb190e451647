"""Nothing that was planted stands where an operator looks; `python -m tests.faults.canary` prints what was searched."""

from tests.faults.canary import hits
from tests.support.live import Live


def test_no_name_word_answer_or_token_stands_in_logs_metrics_pages_and_console(site: Live) -> None:
    found, looked = hits(site)
    assert found == []
    assert looked["log"].count("\n") >= 10
    assert "update_aside" in looked["log"]
    assert len(looked["/metrics"]) > 1000
