"""Every message, word for word, as a participant sees it in both languages."""

from pathlib import Path

import pytest

from tests.support.gallery import as_seen

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_message_reads_word_for_word_as_it_was_reviewed(language):
    assert as_seen(language) + "\n" == (GOLDEN / f"messages_{language}.txt").read_text(encoding="utf-8")
