"""Runs of stages whose parents fail, and whose images are passed in each way."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.model.clock import SystemClock
from qwave_batch.simulator import Behaviour, parse_faults, parse_latency, serve
from tests.integration.doomed import run
from tests.integration.watched_api import WatchedSimulator

SPEC = """\
version: 1
name: chain
catalog: "2026-05"
stages:
  - name: draft
    prompts: [a stall, an alley]
    request: {model: z-image-turbo, seed: 1}
  - name: night
    from_stage: draft
    text: "{{ parent.prompt }}, at night"
    request: {model: MODEL, action: ACTION, image_urls: ["{{ parent.image }}"]}
  - name: poster
    from_stage: night
    text: "{{ parent.prompt }}, as a poster"
    request: {model: gpt-image-2, action: edit, image_urls: ["{{ parent.image }}"]}
limits: {concurrency: 1}
"""
WEEK_S = 7 * 86_400.0
INLINE, ADDRESSES_ONLY = "gpt-image-2", "qwen-image-2.0"
"""Models that take an image inside the request, and only at an address."""


class MovedClock(SystemClock):
    """A clock that a test puts forward."""

    ahead_s = 0.0

    def now(self) -> float:
        """Return Unix seconds."""
        return super().now() + self.ahead_s


@dataclass
class Stages:
    """A spec of a chain, its folder, and what was said of the runs into it."""

    home: Path
    simulator: WatchedSimulator
    clock: MovedClock
    base_url: str
    said: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.home / "out"

    async def run(self, *options: str) -> int:
        """Run, and return the exit status."""
        log = self.home / f"log-{len(self.said)}"
        argv = ("run", str(self.home / "spec.yaml"), "-o", str(self.folder), "--yes", *options)
        status = await run(argv, base_url=self.base_url, log=log)
        self.said.append(" ".join(log.read_text(encoding="utf-8").split()))
        return status

    def lines(self) -> list[dict[str, Any]]:
        text = (self.folder / "manifest.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def statuses(self) -> dict[str, Counter[str]]:
        counts: dict[str, Counter[str]] = {}
        for line in self.lines():
            counts.setdefault(line["stage"], Counter())[line["status"]] += 1
        return counts

    def passed(self) -> list[str]:
        """How each image came to the API, in the order of the submits."""
        return [how for task in self.simulator.made for how in task.passed()]

    def sent_with(self, model: str) -> list[str]:
        """The images that one model was sent."""
        made_of = {task.task_id: task.model for task in self.simulator.tasks()}
        return [text for task in self.simulator.made if made_of[task.task_id] == model for text in task.sent]

    def written(self) -> bytes:
        """All that the folder holds, but for the ledger, which needs addresses to fetch images after a crash."""
        files = (file for file in sorted(self.folder.rglob("*")) if file.is_file())
        return b"".join(file.read_bytes() for file in files if not file.name.startswith("ledger.sqlite"))


def staged(
    home: Path, scenario: Callable[[Stages], Coroutine[Any, Any, None]], *, faults: str = "", model: str = INLINE
) -> None:
    """Play a scenario before an API with these faults."""
    action = "edit" if model == INLINE else "image2image"
    spec = SPEC.replace("MODEL", model).replace("ACTION", action)
    (home / "spec.yaml").write_text(spec, encoding="utf-8")
    behaviour = Behaviour(latency=parse_latency("0.01"), faults=parse_faults(faults))

    async def play() -> None:
        catalog = open_catalog("2026-05")
        clock = MovedClock()
        with WatchedSimulator(home / "out", catalog=catalog, behaviour=behaviour, clock=clock) as simulator:
            async with serve(simulator) as base_url:
                await scenario(Stages(home, simulator, clock, base_url))
            assert not any(task.is_early for task in simulator.made)

    asyncio.run(play())


def test_children_of_a_parent_that_failed_are_skipped_until_it_is_made_again(tmp_path: Path) -> None:
    async def scenario(stages: Stages) -> None:
        assert await stages.run() == 1, stages.said
        assert stages.statuses() == {
            "draft": {"failed": 1, "completed": 1},
            "night": {"skipped": 1, "completed": 1},
            "poster": {"skipped": 1, "completed": 1},
        }
        assert len(stages.simulator.tasks()) == 4
        failed, left_out, after = (line for line in stages.lines() if line["status"] != "completed")
        assert (left_out["error"]["code"], after["error"]["code"]) == ("parent_failed", "parent_failed")
        assert failed["job_id"] in left_out["error"]["message"]
        assert left_out["job_id"] in after["error"]["message"]
        assert await stages.run("--retry-failed") == 0, stages.said
        assert {stage: dict(counts) for stage, counts in stages.statuses().items()} == {
            "draft": {"completed": 2}, "night": {"completed": 2}, "poster": {"completed": 2},
        }  # fmt: skip
        paid = [charge for charge in stages.simulator.charges() if charge.cost_quota]
        assert (len(paid), len({charge.body_hash for charge in paid})) == (6, 6)

    staged(tmp_path, scenario, faults="upstream_bad_request=@1")


def test_an_image_is_passed_by_its_address_which_is_asked_for_anew_and_never_kept_signed(tmp_path: Path) -> None:
    async def scenario(stages: Stages) -> None:
        assert await stages.run("--limit", "2") == 0, stages.said
        assert stages.statuses()["draft"] == {"completed": 2}
        assert await stages.run() == 0, stages.said
        assert stages.passed() == ["http"] * 4
        assert all("Signature=" in text for task in stages.simulator.made for text in task.sent)
        assert b"Signature=" not in stages.written()
        assert "Signature=" not in "".join(stages.said)

    staged(tmp_path, scenario, faults="signed_url=:3600")


def test_an_image_whose_address_has_expired_is_passed_inside_the_request(tmp_path: Path) -> None:
    async def scenario(stages: Stages) -> None:
        assert await stages.run("--limit", "2") == 0, stages.said
        stages.clock.ahead_s = WEEK_S
        assert await stages.run() == 0, stages.said
        assert stages.passed() == ["data", "data", "http", "http"]
        assert b";base64," not in stages.written(), "no request with an image inside is kept"

    staged(tmp_path, scenario)


def test_an_address_that_ends_soon_is_passed_only_where_nothing_else_is_taken(tmp_path: Path) -> None:
    async def scenario(stages: Stages) -> None:
        assert await stages.run() == 0, stages.said
        ways = {model: {text[:5] for text in stages.sent_with(model)} for model in (ADDRESSES_ONLY, INLINE)}
        assert ways == {ADDRESSES_ONLY: {"http:"}, INLINE: {"data:"}}

    staged(tmp_path, scenario, faults="signed_url=:60", model=ADDRESSES_ONLY)


def test_without_either_way_it_waits_for_a_public_address(tmp_path: Path) -> None:
    async def scenario(stages: Stages) -> None:
        assert await stages.run("--limit", "2") == 0, stages.said
        stages.clock.ahead_s = WEEK_S
        await stages.run()
        assert "--public-url" in stages.said[-1]
        assert stages.statuses() == {
            "draft": {"completed": 2}, "night": {"pending": 2}, "poster": {"pending": 2},
        }  # fmt: skip
        assert len(stages.simulator.tasks()) == 2
        assert await stages.run("--public-url", "https://images.example.com/run/") == 0, stages.said
        drafts = [line["images"][0]["path"] for line in stages.lines() if line["stage"] == "draft"]
        assert stages.sent_with(ADDRESSES_ONLY) == [f"https://images.example.com/run/{path}" for path in drafts]
        assert stages.passed() == ["https", "https", "http", "http"]

    staged(tmp_path, scenario, model=ADDRESSES_ONLY)
