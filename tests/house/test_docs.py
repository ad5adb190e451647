"""Documents that cannot rot: what the product offers is written down, links lead somewhere, nothing private is told."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from typer.main import get_command

from bot.chat.commands import COMMANDS
from bot.cli.app import app
from bot.settings import setting_names
from tests.support.pictures import kept

ROOT = Path(__file__).parents[2]
MANUALS = ("participant", "coordinator", "clinician", "reviewer", "operator")
LANGUAGES = ("en", "zh")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOR_READERS = [ROOT / "README.md", *sorted((ROOT / "docs" / "manual").glob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRIVATE = re.compile(
    r"/(?:home|root|Users|work|tmp|opt|mnt)/|[A-Z]:\\|[a-z.]*py[p]i\.|python[h]osted|"
    r"npm[j]s\.|deb[i]an\.org|index-url"
)
LONGEST_DECISION = 40  # lines


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def command_words() -> Iterator[tuple[str, ...]]:
    """Every command that `--help` shows, the ones in groups with the group's word first."""
    for name, command in vars(get_command(app))["commands"].items():
        inner = vars(command).get("commands", {})
        if not command.hidden:
            yield from ((name, word) for word in inner) if inner else ((name,),)


def operator_manual(language: str) -> str:
    return (ROOT / "docs" / "manual" / f"operator.{language}.md").read_text("utf-8")


@pytest.mark.parametrize("name", setting_names())
def test_a_setting_stands_in_the_example_file_and_in_the_operators_manual(name: str) -> None:
    assert re.search(rf"^#?{name}=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    for language in LANGUAGES:
        assert f"`{name}`" in operator_manual(language)


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    texts = {path: path.read_text("utf-8") for path in [*FOR_READERS, ROOT / ".env.example"]}
    named = {(name_of(path), name) for path, text in texts.items() for name in re.findall(r"\bCDAI_[A-Z_]+\b", text)}
    assert {(path, name) for path, name in named if name not in setting_names()} == set()


@pytest.mark.parametrize("words", list(command_words()), ids=" ".join)
def test_a_command_stands_in_the_operators_manual(words: tuple[str, ...]) -> None:
    for language in LANGUAGES:
        assert f"`{' '.join(words)}" in operator_manual(language)


def test_no_document_calls_a_command_that_does_not_exist() -> None:
    known = set(command_words())
    called = re.compile(r"python -m bot ([a-z-]+)(?: ([a-z-]+))?")
    for path in FOR_READERS:
        for first, second in called.findall(path.read_text("utf-8")):
            assert (first,) in known or (first, second) in known, f"{name_of(path)}: python -m bot {first} {second}"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_chat_stands_in_the_participants_manual(command: str) -> None:
    for language in LANGUAGES:
        text = (ROOT / "docs" / "manual" / f"participant.{language}.md").read_text("utf-8")
        assert re.search(rf"/{command}\b", text)


@pytest.mark.parametrize("manual", MANUALS)
def test_a_manual_stands_in_both_languages_with_the_same_parts_and_pictures(manual: str) -> None:
    texts = [(ROOT / "docs" / "manual" / f"{manual}.{language}.md").read_text("utf-8") for language in LANGUAGES]
    shapes = [[len(hashes) for hashes in re.findall(r"^(#+) ", text, re.MULTILINE)] for text in texts]
    pictures = [[re.sub(r"-(?:en|zh)\.png$", "", link) for link in LINK.findall(text) if link.endswith(".png")]
                for text in texts]  # fmt: skip
    assert shapes[0] == shapes[1]
    assert pictures[0] == pictures[1]
    for foreign, text in zip(("-zh.png", "-en.png"), texts, strict=True):
        assert not [link for link in LINK.findall(text) if link.endswith(foreign)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_in_a_document_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text("utf-8")):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        goal = (path.parent / target) if target else path
        assert goal.exists(), link
        assert not anchor or anchor in anchors(goal), link


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    heads = HEADING.findall(path.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_picture_is_used_in_a_document() -> None:
    used = {Path(link).stem for path in DOCUMENTS for link in LINK.findall(path.read_text("utf-8"))}
    assert sorted(name for name in kept() if name not in used) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_document_tells_neither_paths_of_a_machine_nor_hosts_of_packages(path: Path) -> None:
    assert PRIVATE.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=name_of)
def test_a_decision_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_DECISION


def test_decisions_are_numbered_without_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers[0] == 1
    assert all(after - before == 1 for before, after in pairwise(numbers))


def test_the_readme_begins_with_the_two_commands() -> None:
    first, second, *_ = FENCE.findall((ROOT / "README.md").read_text("utf-8"))
    assert first.rstrip().endswith("-m bot demo")
    assert re.search(r" -m pytest( -\S+( [a-z0-9]+)?)*$", second.rstrip())


def test_the_changelog_names_the_validation_impact_of_every_release() -> None:
    releases = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert releases
    assert [release.splitlines()[0] for release in releases if "Validation impact:" not in release] == []
