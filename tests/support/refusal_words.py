"""Every refusal that a page of the clinic may have to word: the raise sites in all modules that the clinic imports."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import bot.clinic.app  # noqa: F401  # so that every class of the family is known
from bot.clinic.refusals import SENTENCE, TERM
from bot.clinic.routes import all_pages
from bot.diary.items import Item
from bot.people.roles import TABLE, Role
from bot.scoring.inputs import COMPLICATION_GROUPS, GROUP_OF_FINDING, MASS_GRADES
from bot.scoring.sescd import SEGMENTS
from bot.storage.assessments import COMPONENTS
from bot.storage.tables.contact import CALL_OUTCOMES
from schedules.delivery import MessageState
from schedules.errors import ScheduleError
from schedules.visits import STOPPED, VisitState

ROOT: Final = Path(__file__).parents[2]
# Told when the service starts or a file is checked, never by a page; and those that name a sentence of the pages.
TOLD_ELSEWHERE: Final = {
    "ProtocolFileError",
    "RuleSetError",
    "SettingsError",
    "WordedRefusalError",
    "StepUpNeededError",
}
# Functions that put one of their arguments into a refusal, and its place among them.
FORWARDING: Final = {
    "check_may": 2, "check_reason": 1, "check_not_withdrawn": 1, "check_words": 1, "_measured": 1, "_grade": 2,
    "_number": 1, "_refuse_without_value": 0, "_measured_on": 3, "_check_one_of": 0, "_unusual": 0,
}  # fmt: skip
OWN: Final = {"bot.scoring.validation", "bot.actions.assess", "bot.actions.enrol"}
_STATES: Final = tuple(state.value for state in VisitState)
_ROLES: Final = tuple(role.value for role in Role)
_SPOKEN_ROLES: Final = tuple(role.replace("_", " ") for role in _ROLES)
_ITEMS: Final = tuple(item.value for item in Item)
# What `Term(...)`, `Terms(...)` and `AnyOf(...)` may hold when it is not written out, by how it stands in the code.
WORDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "component": ("hct", "weight"),
    "one.component": COMPONENTS,
    "COMPLICATION_GROUPS": tuple(COMPLICATION_GROUPS),
    "group": tuple(COMPLICATION_GROUPS),
    "GROUP_OF_FINDING": tuple(GROUP_OF_FINDING),
    "MASS_GRADES": tuple(MASS_GRADES),
    "visit.state.value": _STATES,
    "state.value": _STATES,
    "sorted(STOPPED)": tuple(state.value for state in STOPPED),
    "CALL_OUTCOMES": tuple(CALL_OUTCOMES),
    "row.state": ("open", "approved", "declined"),
    "item.value": _ITEMS,
    "item": _ITEMS,
    "(item.value for item in asked_items(study.protocol) if item.value not in record.answers)": _ITEMS,
    "SEGMENTS": SEGMENTS,
    "known": (*_ITEMS, *COMPONENTS, "male", "female", "zh", "en"),
    "actor.role": _ROLES,
    "role.value": _ROLES,
    "actor.role.replace('_', ' ')": _SPOKEN_ROLES,
    "sorted((role.value for role in TABLE[permission].roles))": _ROLES,
    "sorted((role.value.replace('_', ' ') for role in TABLE[permission].roles))": _SPOKEN_ROLES,
    "TABLE[permission].meaning": tuple(row.meaning for row in TABLE.values()),
    "before.value": tuple(state.value for state in MessageState),
    "after.value": tuple(state.value for state in MessageState),
    "name": SEGMENTS,  # and what FORWARDING found
    "act": (),
}


@dataclass(frozen=True)
class Found:
    """One sentence or term of a refusal, with its place; `english` is None when the code does not write it out."""

    context: str
    english: str | None
    place: str
    code: str


@cache
def refusals() -> tuple[Found, ...]:
    """Every sentence and every term."""
    return tuple(one for module in reached_modules() for one in _of_module(module))


@cache
def reached_modules() -> tuple[str, ...]:
    """The modules of the product that the clinic's pages import, directly or through others."""
    waiting, seen = ["bot.clinic.app", *(page.__module__ for pages in all_pages() for page in _handlers(pages))], set()
    while waiting:
        name = waiting.pop()
        if name in seen or _file(name) is None or not name.startswith(("bot.", "schedules.")):
            continue
        seen.add(name)
        waiting += _imports(name)
    return tuple(sorted(seen))


def _handlers(pages: object) -> list[object]:
    return [route.handler for route in pages.routes]  # type: ignore[attr-defined]


def _file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


@cache
def _tree(name: str) -> ast.Module:
    file = _file(name)
    assert file is not None
    return ast.parse(file.read_text("utf-8"))


def _imports(name: str) -> Iterator[str]:
    for node in ast.walk(_tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def family() -> frozenset[str]:
    """The names of all classes of refusals whose sentence a page words by its English."""
    found, waiting = set(), [ScheduleError]
    while waiting:
        one = waiting.pop()
        found.add(one.__name__)
        waiting += one.__subclasses__()
    return frozenset(found - TOLD_ELSEWHERE)


def _of_module(name: str) -> Iterator[Found]:
    for node in ast.walk(_tree(name)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id.startswith("_") and name not in OWN:
            continue  # another module's function that happens to have the same name
        place, called = f"{name}:{node.lineno}", node.func.id
        if called in family():
            yield from _written(SENTENCE, node.args[0] if node.args else None, name, place)
        elif called == "Term" or called in ("Terms", "AnyOf"):
            yield from _terms(node.args[0], name, place)
        elif called in FORWARDING and len(node.args) > FORWARDING[called]:
            given = node.args[FORWARDING[called]]
            if isinstance(given, ast.Constant):
                yield from _written(TERM, given, name, place)


def _terms(given: ast.expr, name: str, place: str) -> Iterator[Found]:
    code = ast.unparse(given)
    if isinstance(given, ast.Constant):
        yield from _written(TERM, given, name, place)
    elif code in WORDS_OF:
        yield from (Found(TERM, english, place, code) for english in WORDS_OF[code])
    else:
        yield Found(TERM, None, place, code)


def _written(context: str, given: ast.expr | None, name: str, place: str) -> Iterator[Found]:
    code = ast.unparse(given) if given is not None else ""
    for one in _constants(given, name):
        yield Found(context, one, place, code)


def _constants(given: ast.expr | None, name: str) -> Iterator[str | None]:
    """What an expression can be: a text, one of two, or what a name of the module is set to; None for anything else."""
    match given:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=first, orelse=second):
            yield from (*_constants(first, name), *_constants(second, name))
        case ast.Name(id=wanted):
            values = [
                node.value
                for node in ast.walk(_tree(name))
                if isinstance(node, ast.Assign) and any(ast.unparse(target) == wanted for target in node.targets)
            ]
            found = [text for value in values for text in _constants(value, name)]
            yield from found or [None]
        case _:
            yield None
