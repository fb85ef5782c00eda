"""Pages of reports in a real Chromium, and the run folders that they show, made by the simulator once."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from tests.chromium import DEMAND, Chromium, Page, PageGuard, find_chromium, home_of
from tests.integration.exports.trap_runs import made_once
from tests.integration.report.report_runs import make_changed_run, make_nasty_run, make_run

TIMEOUT_MS = 10_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """A Chromium for all tests of a worker."""
    program = find_chromium()
    if program is None:
        missing = "no Chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get(DEMAND):
            pytest.fail(missing)
        pytest.skip(missing)
    started = Chromium(program)
    yield started
    started.close()


class Pages:
    """Opens pages of reports, each in a profile of its own, and knows what went wrong on them."""

    def __init__(self, chromium: Chromium) -> None:
        """Open pages in this browser."""
        self._chromium = chromium
        self._stack = ExitStack()
        self._browser = self._stack.enter_context(chromium.at_hand())
        self._guards: list[PageGuard] = []

    def open(self, address: Path | str, fragment: str = "", *, width: int = 1280, **options: Any) -> Page:
        """The page of a report, by its folder or its address, with a fragment such as ``page=grid&rows=model``.

        ``options`` are those of a context of Playwright, such as ``color_scheme``. ``page.context.new_page()`` gives a
        second tab of the same profile, which is watched as well.
        """
        url = (address / "index.html").resolve().as_uri() if isinstance(address, Path) else address
        context = self._browser.new_context(viewport={"width": width, "height": 800}, **options)
        self._stack.callback(context.close)
        context.set_default_timeout(TIMEOUT_MS)
        self._guards.append(PageGuard(context, home_of(url)))
        page = context.new_page()
        page.goto(f"{url}#{fragment}" if fragment else url)
        return page

    def expect(self, pattern: str) -> None:
        """Take faults of the pages opened so far that match for right, such as a server that was ended."""
        for guard in self._guards:
            guard.expect(pattern)

    def faults(self) -> list[str]:
        """The faults of all pages so far."""
        return [fault for guard in self._guards for fault in guard.faults]

    def close(self) -> None:
        """Close the pages."""
        self._stack.close()


@pytest.fixture
def pages(chromium: Chromium) -> Iterator[Pages]:
    """Opens pages; the test fails where one complained, broke its policy, or asked for what is not the report's own."""
    opened = Pages(chromium)
    yield opened
    opened.close()
    assert opened.faults() == []


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder; read only.

    66 jobs: models by aspect ratios by seeds, some with three images each; among them are one that failed, one that
    was refused, one whose task is unknown, two that are pending, 13 that were skipped, edits of an image, and prompts
    that fold (``alley`` and ``alley-again``).
    """
    return made_once(tmp_path_factory, "report", make_run)


@pytest.fixture(scope="session")
def changed_run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the same spec as changed since: a prompt more, one less, and one with another text; read only."""
    return made_once(tmp_path_factory, "report-changed", make_changed_run)


@pytest.fixture(scope="session")
def nasty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 100 jobs whose prompts, ids, tags and axes are markup, code, or hard to set in type; read only."""
    return made_once(tmp_path_factory, "report-nasty", make_nasty_run)


def report_of(home: Path, *folders: Path) -> None:
    """Write the report of run folders, which stay as they are."""
    out, talk = home / "run", StringIO()
    status = main(["report", *map(str, folders), "-o", str(out)], talk, talk, environ={})
    assert status == 0, talk.getvalue()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Path:
    """The report of ``run_folder``; read only."""
    return made_once(tmp_path_factory, "page", lambda home: report_of(home, run_folder))


@pytest.fixture(scope="session")
def report_of_two(tmp_path_factory: pytest.TempPathFactory, run_folder: Path, changed_run_folder: Path) -> Path:
    """The report of ``run_folder`` and ``changed_run_folder``; read only."""
    return made_once(tmp_path_factory, "page-of-two", lambda home: report_of(home, run_folder, changed_run_folder))


@pytest.fixture(scope="session")
def nasty_report(tmp_path_factory: pytest.TempPathFactory, nasty_folder: Path) -> Path:
    """The report of ``nasty_folder``; read only."""
    return made_once(tmp_path_factory, "page-nasty", lambda home: report_of(home, nasty_folder))
