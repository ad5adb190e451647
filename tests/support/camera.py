"""A picture of a page: a screenshot, and the hash of the page's HTML and styles that says whether it is stale."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.browser import ARGUMENTS, CHROMIUM, DESK, PHONE, require_chromium
from tests.support.palette import shrink

TIMEOUT = 10_000  # milliseconds
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
# Random by nature: tokens of forms, links and cards, heads of chains, the squares of a QR code, loopback ports.
MASKS = (
    (re.compile(r'(name="(?:csrf|form|tap)" value=)"[^"]*"'), r'\1"…"'),
    (re.compile(r'(data-tap="\d+ 1:)[\w-]{16}:'), r"\1…:"),
    (re.compile(r"(\?start=)[\w-]{16,}"), r"\1…"),
    (re.compile(r"(/diary/)[\w-]{16,}"), r"\1…"),
    (re.compile(r' d="M[^"]*h1m[^"]*"'), ' d="…"'),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "…"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://…"),
    (re.compile(r"\s+"), " "),
)


@contextmanager
def browsers() -> Iterator[dict[str, Browser]]:
    """A Chromium for each language; with the Debian package chromium-l10n its date fields speak it too."""
    require_chromium()
    with sync_playwright() as playwright:
        yield {
            language: playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=ARGUMENTS,
                env={**os.environ, "LANGUAGE": locale.replace("-", "_"), "LANG": f"{locale.replace('-', '_')}.UTF-8"},
            )
            for language, locale in LOCALES.items()
        }  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """One picture: its size in CSS pixels, the page's hash, and the file's bytes unless only the hash was asked for."""

    width: int
    height: int
    page_hash: str
    png: bytes | None


@dataclass
class Camera:
    """Takes pictures under their names; with `film` off it only says what the pages' hashes are."""

    browsers: Mapping[str, Browser]
    film: bool = True
    shots: dict[str, Shot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._darkroom = self.browsers["en"].new_page() if self.film else None

    def window(
        self, base: str, *, size: tuple[int, int] = DESK, language: str, scheme: str = "light"
    ) -> BrowserContext:
        """A browser window that remembers nothing of another; phones are twice as fine as desks."""
        context = self.browsers[language].new_context(
            viewport={"width": size[0], "height": size[1]}, locale=LOCALES[language], base_url=base,
            color_scheme=scheme, reduced_motion="reduce", device_scale_factor=2 if size == PHONE else 1,
        )  # fmt: skip
        context.set_default_timeout(TIMEOUT)
        return context

    def take(self, page: Page, name: str, *, only: str | None = None, until: str | None = None) -> None:
        """Take what is in the window; `only` one element of it, or the page's top down `until` an element's end."""
        if name in self.shots:
            raise ValueError(f"There are two pictures named {name}.")
        page.evaluate("document.fonts.ready")
        clip, seen = self._clip(page, only, until), page_hash(page)  # a screenshot leaves traces in the page
        png = shrink(page.screenshot(clip=clip, full_page=until is not None), self._darkroom) if self.film else None
        self.shots[name] = Shot(round(clip["width"]), round(clip["height"]), seen, png)

    def _clip(self, page: Page, only: str | None, until: str | None) -> Any:
        assert page.viewport_size is not None
        whole = {"x": 0, "y": 0, **page.viewport_size}
        if only is not None:
            return page.locator(only).first.bounding_box()
        if until is None:
            return whole
        ends = page.eval_on_selector_all(until, "all => Math.max(...all.map(e => e.getBoundingClientRect().bottom))")
        return {**whole, "height": round(ends + page.evaluate("scrollY")) + 16}


def page_hash(page: Page) -> str:
    """The hash over a page's HTML as it stands and its style sheets, without what is random by nature."""
    addresses = page.eval_on_selector_all("link[rel=stylesheet]", "all => all.map(link => link.href)")
    sheets = [page.context.request.get(address).text() for address in addresses]
    return hashlib.sha256("\n".join(normalised(text) for text in [page.content(), *sheets]).encode()).hexdigest()


def normalised(text: str) -> str:
    """The text without what differs from one visit to the next."""
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text.strip()
