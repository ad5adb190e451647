"""CHECK constraints in one spelling: the last wall behind the validated input models."""

from collections.abc import Sequence

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    """The column holds one of the given words, or nothing where nothing is allowed."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def between(column: str, low: int, high: int) -> CheckConstraint:
    """The column holds a whole number from low to high, or nothing where nothing is allowed."""
    return CheckConstraint(f"{column} BETWEEN {low} AND {high}", name=f"{column}_range")
