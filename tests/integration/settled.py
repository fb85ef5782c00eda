"""Invariants of a run folder and of the API's accounts, whatever happened in between."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwave_batch.simulator import Simulator

PASSING = ("task_id", "attempts", "submitted_at", "completed_at", "seconds")
"""Keys of a manifest line that describe the course of events, not the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A run folder without the marks that time and trouble leave on it."""

    lines: tuple[dict[str, Any], ...]
    images: dict[str, bytes]

    def of(self, jobs: set[str]) -> "Contents":
        """Return the part that some jobs have in it."""
        lines = tuple(line for line in self.lines if line["job_id"] in jobs)
        paths = {image["path"] for line in lines for image in line["images"]}
        return Contents(lines=lines, images={path: data for path, data in self.images.items() if path in paths})

    def statuses(self) -> Counter[str]:
        return Counter(line["status"] for line in self.lines)


def contents_of(folder: Path) -> Contents:
    text = (folder / "manifest.jsonl").read_text(encoding="utf-8")
    return Contents(
        lines=lasting_lines(text),
        images={
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted((folder / "images").rglob("*"))
            if path.is_file()
        },
    )


def lasting_lines(manifest: str) -> tuple[dict[str, Any], ...]:
    """Return the lines of a manifest without what describes the course of events."""
    return tuple(_lasting(json.loads(line)) for line in manifest.splitlines())


def paid_twice(simulator: Simulator) -> int:
    """Return how many tasks hold or took money for a job beyond its first."""
    paid = Counter(charge.body_hash for charge in simulator.charges() if charge.cost_quota)
    return sum(count - 1 for count in paid.values())


def lost(simulator: Simulator, contents: Contents) -> int:
    """Return how many images were made and paid, and are not in the folder."""
    made = sum(charge.images for charge in simulator.charges())
    held = sum(len(line["images"]) for line in contents.lines)
    return max(0, made - held)


def _lasting(line: dict[str, Any]) -> dict[str, Any]:
    images = [{name: fact for name, fact in image.items() if name != "source_url"} for image in line["images"]]
    return {**{name: fact for name, fact in line.items() if name not in PASSING}, "images": images}
