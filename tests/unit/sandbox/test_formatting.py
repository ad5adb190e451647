"""Telegram's HTML: what it becomes, and what is refused."""

import pytest

from bot.sandbox.answers import RefusalError
from bot.sandbox.formatting import parse_html

GOOD = [
    ("plain", "plain", []),
    ("1 &lt; 2 &amp; &quot;3&quot; &#20013; &nbsp;", '1 < 2 & "3" 中 &nbsp;', []),
    ("<b>粗</b>体", "粗体", [(0, 1, "bold")]),
    ("😀<b>x</b>", "😀x", [(2, 1, "bold")]),
    ("<b>a<i>b</i></b>", "ab", [(0, 2, "bold"), (1, 1, "italic")]),
    ("  <B>a</B>  ", "a", [(0, 1, "bold")]),
    ("<b> a</b>", "a", [(0, 1, "bold")]),
    ("<b></b>x", "x", []),
    ('<a href="https://example.org/?a=1&amp;b=2">go</a>', "go", [(0, 2, "text_link")]),
    (
        "<tg-spoiler>a</tg-spoiler><span class='tg-spoiler'>b</span>",
        "ab",
        [(0, 1, "spoiler"), (1, 1, "spoiler")],
    ),
]
BAD = [
    ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
    ("中<div>x", 'Unsupported start tag "div" at byte offset 3'),
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ("3 <b", "Unclosed start tag at byte offset 2"),
    ("<b>3</b", "Unclosed end tag at byte offset 4"),
    ("1 < 2 > 0", 'Unsupported start tag "" at byte offset 2'),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
]


@pytest.mark.parametrize(("source", "text", "entities"), GOOD)
def test_tags_become_entities_counted_in_utf16_units(source, text, entities):
    plain, found = parse_html(source)

    assert plain == text
    assert [(entity["offset"], entity["length"], entity["type"]) for entity in found] == entities


@pytest.mark.parametrize(("source", "reason"), BAD)
def test_a_wrong_tag_is_named_with_its_place(source, reason):
    with pytest.raises(RefusalError) as refusal:
        parse_html(source)
    assert refusal.value.description == f"Bad Request: can't parse entities: {reason}"
