"""The questions of a diary day: their codes, their ranges, and what is unusual enough to ask again."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Item(StrEnum):
    """One question; the words are stored, the one-letter codes travel in buttons."""

    STOOLS = "stools"
    PAIN = "pain"
    WELLBEING = "wellbeing"
    ANTIDIARRHOEAL = "antidiarrhoeal"


DAILY_ITEMS: Final = (Item.STOOLS, Item.PAIN, Item.WELLBEING)

LETTERS: Final = MappingProxyType({Item.STOOLS: "s", Item.PAIN: "p", Item.WELLBEING: "w", Item.ANTIDIARRHOEAL: "a"})
ITEM_BY_LETTER: Final = MappingProxyType({letter: item for item, letter in LETTERS.items()})

# Anchors 0-3 and 0-4: Best 1976, Gastroenterology 70:439-444. The bound on stools catches slips of the thumb.
GREATEST: Final = MappingProxyType({Item.STOOLS: 50, Item.PAIN: 3, Item.WELLBEING: 4, Item.ANTIDIARRHOEAL: 1})
CONFIRM_STOOLS_ABOVE: Final = 15


def is_in_range(item: Item, value: int) -> bool:
    """Say whether `value` is a whole number that the item accepts, from 0 to its greatest code."""
    return 0 <= value <= GREATEST[item]


def needs_confirmation(item: Item, value: int) -> bool:
    """Say whether the value is possible but unusual: more than 15 stools in a day."""
    return item is Item.STOOLS and value > CONFIRM_STOOLS_ABOVE
