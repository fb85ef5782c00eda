"""Does a report of 10,000 cells open, scroll and stay small, beside a plain page of as many lazy images?

A folder is made without a run (many_cells.py), `qwave-batch report` makes the page, and Chromium, headless and with a
profile of its own, opens it from disk. Asked are: the milliseconds until the first screen is useful, so that every cell
in sight shows its thumbnail or its placeholder and headers are labelled; the longest frame, and the longest task of the
page's thread, while the wheel turns, slowly, fast, and in leaps; and the memory of the tab (PSS of its process) at its
most. A plain page with the same thumbnails in one table, `loading=lazy`, is measured in the same way. On a machine that
does other work frames wait for it; the CPU time of tasks does not.

    python -m benchmarks.report_page
    python -m benchmarks.report_page --cells 10000 --keep /tmp/cells --seconds 6 --rounds 3
    python -m benchmarks.report_page --scores --fragment 'showscore=many.score_0&sort=worst'
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from benchmarks.folder import CHECKOUT
from benchmarks.many_cells import make_cells, make_scores
from tests.chromium import BROWSERS, Chromium, PageGuard, find_chromium, home_of

PAINT_MS, FRAME_MS, MEMORY_MIB = 2_000, 100, 400
"""The bounds that the page is held to."""
WHEEL_S = 1 / 60
PATIENCE_S = 30
_MIB = 2**20

WATCH = """
(() => {
  const seen = { useful: null, thumbnails: null, frames: [], watching: false };
  globalThis.benchmarked = seen;

  const isLoaded = (image) => image.complete && image.naturalWidth > 0;
  const isPainted = (cell) => {
    const images = [...cell.querySelectorAll("img")];
    if (images.length === 0) return { useful: cell.textContent.trim() !== "", loaded: true };
    const hasPlaceholder = [cell, ...cell.querySelectorAll("*")]
      .some((part) => part.style?.backgroundImage !== "" || (part.src ?? "").startsWith("data:"));
    const loaded = images.every(isLoaded);
    return { useful: loaded || hasPlaceholder, loaded };
  };
  const isInSight = (part) => {
    const box = part.getBoundingClientRect();
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  };
  const look = () => {
    const cells = [...document.querySelectorAll("CELL")].filter(isInSight).map(isPainted);
    const headers = [...document.querySelectorAll("HEADER")].filter(isInSight);
    const labelled = headers.length > 0 && headers.every((part) => part.textContent.trim() !== "");
    const now = performance.now();
    if (cells.length > 0 && labelled && cells.every((cell) => cell.useful)) seen.useful ??= now;
    if (cells.length > 0 && labelled && cells.every((cell) => cell.loaded)) seen.thumbnails ??= now;
    if (seen.thumbnails === null) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);

  let last = null;
  const frame = (now) => {
    if (seen.watching && last !== null) seen.frames.push(now - last);
    last = seen.watching ? now : null;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
"""
"""Notes when all that is in sight is there, and how long frames take. A frame that is asked for in the one
that finds all there comes after it was painted, so the time noted is that of the frame before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrolled:
    """The frames and tasks of some seconds of scrolling."""

    frames: int
    typical_ms: float
    longest_ms: float
    above: int
    longest_task_ms: float
    """CPU time of the page's own thread: the part of a frame that the page is to blame for on a busy machine."""
    reached: float
    """The part of the way to the end that was scrolled."""

    def __str__(self) -> str:
        """Return a phrase."""
        return (
            f"{self.frames} frames, typical {self.typical_ms:.0f} ms, longest {self.longest_ms:.0f} ms, "
            f"{self.above} above {FRAME_MS} ms, longest task {self.longest_task_ms:.0f} ms CPU, {self.reached:.0%} seen"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One visit to a page."""

    useful_ms: float
    thumbnails_ms: float
    elements: int
    memory_mib: dict[str, float]
    scrolled: dict[str, Scrolled]
    faults: Sequence[str]


def visit(program: Path, index: Path, cell: str, header: str, seconds: float, *, fragment: str = "") -> Opened:
    """Open a page in a new browser, turn the wheel on it, and measure."""
    chromium = Chromium(program)
    memory, scrolled = {}, {}
    with chromium.at_hand() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        guard = PageGuard(context, home_of(index.as_uri()))
        context.add_init_script(WATCH.replace("CELL", cell).replace("HEADER", header))
        page, machine = context.new_page(), browser.new_browser_cdp_session()
        page.goto(f"{index.as_uri()}#{fragment}")
        useful, thumbnails = all_in_sight(page)
        elements = page.evaluate("document.querySelectorAll('*').length")
        memory["opened"] = tab_memory(machine)
        for name, step in (("slowly", 60), ("fast", 600), ("leaps", 12_000)):
            scrolled[name] = scroll(browser, page, step, seconds)
            memory[name] = tab_memory(machine)
        context.close()
    chromium.close()
    return Opened(
        useful_ms=useful,
        thumbnails_ms=thumbnails,
        elements=elements,
        memory_mib=memory,
        scrolled=scrolled,
        faults=guard.faults,
    )


def all_in_sight(page: Page) -> tuple[float, float]:
    """Return after how many milliseconds the first screen was useful, and had all its thumbnails."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        useful, thumbnails = page.evaluate("[benchmarked.useful, benchmarked.thumbnails]")
        if thumbnails is not None:
            return useful, thumbnails
        time.sleep(0.1)  # the policy of the page forbids what Playwright's own waiting evaluates
    raise SystemExit(f"the page was not whole after {PATIENCE_S} s")


def scroll(browser: Browser, page: Page, step: int, seconds: float) -> Scrolled:
    """Turn the wheel by so many pixels sixty times a second, down and, from the end, up again."""
    page.mouse.move(900, 600)
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    page.evaluate("Object.assign(benchmarked, { watching: true, frames: [] })")
    began, reached, direction = time.monotonic(), 0.0, 1
    while (at := time.monotonic()) - began < seconds:
        page.mouse.wheel(0, direction * step)
        place: float = page.evaluate(_PLACE) if step > 1_000 else reached
        reached = max(reached, place)
        direction = -1 if place > 0.98 else 1 if place < 0.02 else direction
        time.sleep(max(0.0, WHEEL_S - (time.monotonic() - at)))
    reached = max(reached, page.evaluate(_PLACE))
    frames = page.evaluate("(benchmarked.watching = false, benchmarked.frames)")
    tasks = tasks_of_page(json.loads(browser.stop_tracing())["traceEvents"])
    return Scrolled(
        frames=len(frames),
        typical_ms=median(frames or [0]),
        longest_ms=max(frames, default=0),
        above=sum(frame > FRAME_MS for frame in frames),
        longest_task_ms=max(tasks, default=0),
        reached=reached,
    )


def tasks_of_page(events: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the milliseconds of CPU that each task of the page's own thread took, from a trace."""
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [event.get("tdur", 0) / 1000 for event in events if (event["pid"], event["tid"]) in threads]


_PLACE = """
(() => {
  const parts = [document.scrollingElement, ...document.querySelectorAll("main, main *")];
  const room = (part) => part.scrollHeight - part.clientHeight;
  const scroller = parts.reduce((most, part) => (room(part) > room(most) && part.scrollTop > 0 ? part : most));
  return room(scroller) > 0 ? scroller.scrollTop / room(scroller) : 0;
})()
"""


def tab_memory(machine: CDPSession) -> float:
    """Return the MiB of the largest renderer, with its part of what processes share."""
    processes = machine.send("SystemInfo.getProcessInfo")["processInfo"]
    return max(pss_bytes(process["id"]) for process in processes if process["type"] == "renderer") / _MIB


def pss_bytes(pid: int) -> int:
    """Return the proportional set size of a process; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def plain_page(report: Path) -> Path:
    """Write a page beside a report's own with all its thumbnails in one table, as one writes it by hand."""
    thumbs = sorted(file.relative_to(report) for file in (report / "thumbs").rglob("*.webp"))
    rows = (
        f"<tr><th>{at}</th>"
        + "".join(
            f'<td><img loading=lazy alt="" width=160 height=160 src="{name}"></td>' for name in thumbs[at : at + 20]
        )
        for at in range(0, len(thumbs), 20)
    )
    page = report / "plain.html"
    page.write_text(f"<!doctype html><table>{''.join(rows)}</table>", encoding="utf-8")
    return page


def say(name: str, visits: Sequence[Opened]) -> bool:
    """Print the figures of some visits, and return whether all are within the bounds."""
    useful = [one.useful_ms for one in visits]
    memory = max(max(one.memory_mib.values()) for one in visits)
    print(f"\n{name}")
    print(f"  useful after {median(useful):.0f} ms (at most {max(useful):.0f}), ", end="")
    print(f"thumbnails after {median(one.thumbnails_ms for one in visits):.0f} ms, {visits[0].elements:,} elements")
    print("  memory: " + ", ".join(f"{what} {mib:.0f} MiB" for what, mib in visits[-1].memory_mib.items()))
    for one in visits:
        for speed, frames in one.scrolled.items():
            print(f"  {speed}: {frames}")
    for fault in visits[-1].faults:
        print(f"  FAULT {fault}")
    above = sum(frames.above for one in visits for frames in one.scrolled.values())
    return max(useful) < PAINT_MS and memory < MEMORY_MIB and above == 0 and not visits[-1].faults


def made_report(home: Path, cells: int, *, with_scores: bool) -> Path:
    """Return the report of a folder of so many cells, made anew by this checkout; its images stay as they are."""
    folder = home / f"cells-{cells}"
    if not (folder / "manifest.jsonl").exists():
        make_cells(folder, cells)
    (folder / "scores.jsonl").unlink(missing_ok=True)
    if with_scores:
        make_scores(folder)
    began = time.monotonic()
    subprocess.run(
        (sys.executable, "-m", "qwave_batch", "report", str(folder)),
        check=True,
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    index = (folder / "report" / "data" / "index.js").stat().st_size / _MIB
    print(f"the report of {cells:,} cells: {time.monotonic() - began:.1f} s, an index of {index:.1f} MiB")
    return folder / "report"


def main(argv: Sequence[str]) -> int:
    """Measure and print; end with 1 where a figure is out of its bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5, help="of scrolling at each speed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the cells, which are made there once")
    parser.add_argument("--scores", action="store_true", help="give each image five scores")
    parser.add_argument("--fragment", default="", help="the view to open, such as page=grid&rows=model")
    args = parser.parse_args(argv)
    program = find_chromium(BROWSERS)
    if program is None:
        raise SystemExit("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as scratch:
        report = made_report(args.keep or Path(scratch), args.cells, with_scores=args.scores)
        plain = [visit(program, plain_page(report), "td", "th", args.seconds)]
        (report / "plain.html").unlink()
        visits = [
            visit(
                program,
                report / "index.html",
                "[role=gridcell]",
                "[role=rowheader], [role=columnheader]",
                args.seconds,
                fragment=args.fragment,
            )
            for _ in range(args.rounds)
        ]
    say("a plain page of lazy images", plain)
    is_fine = say("the report", visits)
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"bounds: {PAINT_MS} ms, frames of {FRAME_MS} ms, {MEMORY_MIB} MiB: {'kept' if is_fine else 'NOT KEPT'}")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
