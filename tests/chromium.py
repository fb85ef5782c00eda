"""Chromium, driven by Playwright, and a guard that notes what goes wrong on its pages or would leave the machine."""

import asyncio
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.integration.exports.loading import library

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Locator,
        Page,
        Playwright,
        Request,
        WebError,
        expect,
    )
else:  # tests take these from here, so that no worker loads Playwright that opens no page
    Locator = Page = Any

    def expect(actual: Any) -> Any:
        """Return what waits until something holds of a page or a part of it."""
        return library("playwright.sync_api").expect(actual)


__all__ = [
    "BROWSERS", "DEMAND", "Chromium", "Locator", "Page", "PageGuard", "expect", "find_chromium", "home_of",
    "serious_faults",
]  # fmt: skip

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HEADLESS_SHELL = "chromium-headless-shell"
"""The same engine without the browser around it: a page costs half as much."""
FLAGS = (
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
INLINE = ("data:", "blob:")
"""Addresses that hold what they name."""
SERIOUS = frozenset({"serious", "critical"})
DEMAND = "QWAVE_TESTS_NEED_CHROMIUM"
"""The environment variable with which tests fail where there is no Chromium, and are not skipped."""
_COMPLAINTS = frozenset({"error", "warning"})


def find_chromium(programs: Sequence[str] = (HEADLESS_SHELL, *BROWSERS)) -> Path | None:
    """The Chromium of this machine, if it has one: the first of the programs."""
    return next((Path(found) for name in programs if (found := shutil.which(name))), None)


class Chromium:
    """A running Chromium.

    Playwright's loop counts as running in this thread from its start to its end, so that nothing else could run a loop
    here. ``at_hand`` makes it count so only while the browser is used.
    """

    def __init__(self, program: Path) -> None:
        """Start the browser."""
        self._playwright: Playwright = library("playwright.sync_api").sync_playwright().start()
        self.browser: Browser = self._playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)

    @contextmanager
    def at_hand(self) -> "Iterator[Browser]":
        """The browser, to be used in the block only; loops of other code can't run there."""
        asyncio._set_running_loop(self._loop)
        try:
            yield self.browser
        finally:
            asyncio._set_running_loop(None)

    def close(self) -> None:
        """End the browser."""
        with self.at_hand():
            self.browser.close()
            self._playwright.stop()


class PageGuard:
    """The faults of the pages of a browser context, requests for files that are not theirs included.

    A breach of a page's policy is an error on its console.
    """

    def __init__(self, context: "BrowserContext", home: str) -> None:
        """Watch a context whose pages may ask for what is below an address, and nothing else."""
        self.faults: list[str] = []
        self._home = home
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)

    def expect(self, pattern: str) -> None:
        """Take what matches for right from now on."""
        self._expected.append(re.compile(pattern))

    def _note(self, fault: str) -> None:
        if not any(pattern.search(fault) for pattern in self._expected):
            self.faults.append(fault)

    def _on_console(self, message: "ConsoleMessage") -> None:
        if message.type in _COMPLAINTS:
            self._note(f"console {message.type}: {message.text}")

    def _on_error(self, error: "WebError") -> None:
        self._note(f"page error: {error.error}")

    def _on_request(self, request: "Request") -> None:
        if not request.url.startswith((self._home, *INLINE)):
            self._note(f"request that leaves the report: {request.url}")


def home_of(address: str) -> str:
    """The beginning of all addresses that a page may ask for: its folder, or its server on loopback."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return address.partition("#")[0].rpartition("/")[0] + "/"
    if parts.hostname not in LOOPBACK:
        raise ValueError(f"a page of another machine: {address}")
    return f"{parts.scheme}://{parts.netloc}/"


def serious_faults(page: Page) -> list[str]:
    """The faults of a page that axe calls serious or critical: they keep people from using it."""
    axe = Path(library("axe_playwright_python").__file__).parent / "axe.min.js"
    page.evaluate(axe.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run(document, {preload: false, resultTypes: ['violations']}).then((result) => result.violations)"
    )
    return [_said(fault) for fault in found if fault["impact"] in SERIOUS]


def _said(fault: dict[str, Any]) -> str:
    places = [" ".join(map(str, node["target"])) for node in fault["nodes"]]
    return f"{fault['id']}: {fault['help']}: {'; '.join(places[:5])} ({len(places)} in all)"
