"""Rows that every tap makes."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlmodel import SQLModel


class MadeOften(SQLModel):
    """A row that takes its values as they are: SQLModel's own way is several times as long."""

    if not TYPE_CHECKING:  # types are checked against the fields

        def __init__(self, **given: Any) -> None:
            self.__dict__.update(_defaults(type(self)), **given)


@cache
def _defaults(kind: type[SQLModel]) -> Mapping[str, Any]:
    return {name: field.default for name, field in kind.model_fields.items() if not field.is_required()}
