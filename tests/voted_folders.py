"""Run folders without a ledger to vote on, made line by line, and the votes and picks of people about them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from qwave_batch.model.job import Duplicate
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import ManifestLine, encode_line
from tests.manifest_lines import PLAIN_LINE

SPEC_SHA256 = "5" * 64
RUN = {"folders": [{"id": None, "spec_sha256": SPEC_SHA256}]}
Line = dict[str, Any]


def job_id_of(prompt: str, model: str, **axes: Json) -> str:
    return "-".join(map(str, (prompt, model, *axes.values())))


def voted_line(prompt: str, model: str, *, images: int = 1, text: str = "", **axes: Json) -> ManifestLine:
    """Return the completed job of a cell; its id is made of what it is."""
    job_id = job_id_of(prompt, model, **axes)
    image = ImageFile(path="", sha256="0" * 64, size_bytes=1, width=1, height=1, format="png", source_url="")
    return replace(
        PLAIN_LINE,
        job_id=job_id,
        status=JobStatus.COMPLETED,
        prompt_id=prompt,
        prompt=text or f"The text of {prompt}",
        model=model,
        axes={"model": model, **axes},
        images=tuple(replace(image, path=f"images/{job_id}_{number}.png") for number in range(images)),
    )


def folded(line: ManifestLine, **axes: Json) -> ManifestLine:
    """Return the line with one more place in the plan."""
    again = Duplicate(
        job_id=line.job_id, index=99, prompt_id=line.prompt_id, axes={**line.axes, **axes}, tags=line.tags
    )
    return replace(line, also=(*line.also, again))


def write_folder(folder: Path, lines: Iterable[ManifestLine], *, spec_sha256: str = SPEC_SHA256) -> Path:
    """Write a copy of a run folder, as it comes without its ledger."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.jsonl").write_bytes(b"".join(map(encode_line, lines)))
    (folder / "summary.json").write_text(json.dumps({"name": "voted", "spec_sha256": spec_sha256}))
    return folder


def grid(prompts: int, models: Sequence[str]) -> list[ManifestLine]:
    """Return a line for each prompt and model; every second prompt is tagged ``even``, and all are tagged ``all``."""
    return [
        replace(voted_line(f"p{number}", model), tags=("all",) if number % 2 else ("all", "even"))
        for number, model in product(range(prompts), models)
    ]


def a_vote(left: str, right: str, winner: str, **changes: Any) -> Line:
    """Return a vote on the first images of two jobs."""
    return {
        "vote": 1,
        "run": RUN,
        "axis": "model",
        "left": {"job_id": left, "image": 0},
        "right": {"job_id": right, "image": 0},
        "winner": winner,
        "criterion": "overall",
        "rater": "Ann",
        "pair": "~".join(sorted((left, right))),
        "at": "2026-11-28T22:00:00Z",
        **changes,
    }


def a_pick(job_id: str, verdict: str | None = "keep", rating: int | None = None, **changes: Any) -> Line:
    """Return a pick of the first image of a job."""
    pick = {"pick": 1, "job_id": job_id, "image": 0, "verdict": verdict, "rating": rating, "rater": "Ann"}
    return {**pick, "at": "2026-11-28T22:00:00Z", **changes}


def write_lines(file: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Write votes and picks as a page exports them."""
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file
