"""What a lock screen may show: the first characters name no symptom, answer, disease, study or score."""

import re
from typing import Final

from bot.messages.rendered import plain

LOCK_SCREEN: Final = 60
TELLING_WORDS: Final = re.compile(
    r"stool|faec|fec(?:al|es)|bowel|gut\b|toilet|diarrh|abdom|belly|\bpain|well-?being|symptom|\bill(?:ness)?\b"
    r"|disease|crohn|colitis|\bibd\b|cdai|\bpro2\b|score|trial|stud(?:y|ies)\b|patient|subject\b|stem cell"
    r"|drug|medicine|loperamide|opiate"
    r"|\bmild\b|\bmoderate\b|\bsevere\b|\bterrible\b|\bpoor\b|under par|generally well"
    r"|(?<![方随顺即以])便(?![于利])|排泄|肠|腹|肚|疼|痛|病|患者|受试|克罗恩|症状|评分|得分|研究|试验|临床"
    r"|轻度|中度|重度|稍差|很差|极差|良好|总体感觉|止泻|药",
    re.IGNORECASE,
)


def telling_words(text: str) -> tuple[str, ...]:
    """Find what would give the reader away in the first 60 characters of a message, markup stripped."""
    start = re.sub(r"\s+", " ", plain(text))[:LOCK_SCREEN]
    return tuple(TELLING_WORDS.findall(start))
