"""However a file of vectors is broken, every case gets a result in plain JSON or the file one sentence."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InvalidInputError
from bot.scoring.vectors import score_document

DOCUMENT = json.loads((Path(__file__).parents[1] / "data" / "cdai_vectors.json").read_text(encoding="utf-8"))
GROUPS = ("cdai", "pro_scores", "response", "ses_cd", "input_validation")

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**300, -(10**300), 10**400]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.sampled_from(["0001-01-01", "9999-12-31", "2025-02-30", "none", "male", "%"]),
)


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """The given file with a few values somewhere inside replaced by something odd, or taken out."""
    document = copy.deepcopy(DOCUMENT)
    for _ in range(draw(st.integers(1, 6))):
        spoil(draw, document)
    document["schema"] = DOCUMENT["schema"]
    return document


def spoil(draw: st.DrawFn, document: object) -> None:
    """Walk down at random and spoil what is there."""
    place: object = document
    while isinstance(place, dict | list) and place:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inside = place[key]  # type: ignore[index]  # a key of this dict or list
        if not isinstance(inside, dict | list) or not inside or draw(st.integers(0, 9)) == 0:
            if isinstance(place, dict) and draw(st.booleans()):
                del place[key]
            else:
                place[key] = draw(odd)  # type: ignore[index]
            return
        place = inside


def results_or_sentence(document: object) -> list[dict[str, Any]] | str:
    try:
        return score_document(document)
    except InvalidInputError as refusal:
        return refusal.message


@settings(max_examples=300, deadline=None)
@given(spoiled())
def test_a_spoiled_file_gives_results_or_one_sentence(document: dict[str, Any]) -> None:
    found = results_or_sentence(document)
    if isinstance(found, str):
        assert found.endswith(".")
        return
    assert len(found) == sum(len(document[group]) for group in GROUPS if group in document)
    json.dumps(found, allow_nan=False)
    for one in found:
        assert "error" not in one["result"] or one["result"]["message"].endswith(".")


@settings(max_examples=100, deadline=None)
@given(odd)
def test_any_other_document_is_refused_in_one_sentence(document: object) -> None:
    with pytest.raises(InvalidInputError, match="cdai-vectors/1"):
        score_document(document)
