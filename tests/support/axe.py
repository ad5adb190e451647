"""axe-core on a page: which rules of accessibility are broken, and where."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

COLOURS: Final = "color-contrast"
WHOLE: Final = {"resultTypes": ["violations"]}
ONLY_COLOURS: Final = {**WHOLE, "runOnly": {"type": "rule", "values": [COLOURS]}}


@cache
def script() -> str:
    """The source of axe-core, as the package for Playwright carries it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """One line for each place at which a rule is broken: rule, place, what axe says."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(f"() => {{ {script()} }}")
    found = page.evaluate("options => axe.run(document, options)", ONLY_COLOURS if colours_only else WHOLE)
    return [_line(rule, node) for rule in found["violations"] for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{rule['id']} at {node['target']}: {node['failureSummary']} {node['html'][:160]}"
