"""Copies of run folders of a benchmark, made line by line, whose images show by their colour which they are."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from qwave_batch.model.job import JobError
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import ManifestLine, encode_line
from tests.benchmark_files import InventedBenchmark
from tests.manifest_lines import PLAIN_LINE

SIDE = 64
MODEL = "vendor/model-1.5"
"""A name that can't be a folder's as it is."""
FOLDER = "vendor-model-1.5"

Draw = Callable[[int, int], Image.Image]
"""Returns the picture for a prompt and the number of its image, both from 0."""


def colour_of(prompt: int, image: int) -> tuple[int, int, int]:
    """Return the colour of an image, which no other one of a folder has; a lossy format keeps it nearly."""
    return (40 + 16 * (prompt % 12), 40 + 16 * (image % 12), 200)


def flat(prompt: int, image: int) -> Image.Image:
    """Return a square of the image's colour."""
    return Image.new("RGB", (SIDE, SIDE), colour_of(prompt, image))


def as_png(image: Image.Image) -> bytes:
    """Return a picture as PNG."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True, kw_only=True)
class BenchRun:
    """A run of a benchmark to write."""

    benchmark: InventedBenchmark
    models: Sequence[str] = (MODEL,)
    per_job: int | None = None
    """Images of a job; None for all of a prompt."""
    draw: Draw = flat
    save: Callable[[Image.Image], bytes] = as_png
    change: Callable[[ManifestLine], ManifestLine | None] = lambda line: line
    """Changes a line; for None there is none of it."""

    def write(self, folder: Path) -> Path:
        """Write the folder, and return it."""
        (folder / "images").mkdir(parents=True)
        with (folder / "manifest.jsonl").open("wb") as manifest:
            for line in self._lines(folder):
                manifest.write(encode_line(line))
        return folder

    def _lines(self, folder: Path) -> Iterator[ManifestLine]:
        index = 0
        for model in self.models:
            per_job = self.per_job or self.benchmark.images
            for number, prompt in enumerate(self.benchmark.prompts):
                for repeat in range(self.benchmark.images // per_job):
                    job_id = hashlib.sha256(f"{model} {number} {repeat}".encode()).hexdigest()[:16]
                    line = replace(
                        PLAIN_LINE,
                        job_id=job_id,
                        index=index,
                        status=JobStatus.COMPLETED,
                        prompt_id=prompt.id,
                        prompt=prompt.prompt,
                        model=model,
                        action=self.benchmark.action,
                        axes={"model": model},
                        meta=prompt.meta,
                        request={"image_urls": [_kept(folder, data) for data in prompt.inputs]}
                        if prompt.inputs
                        else {},
                        repeat=repeat,
                        images=tuple(
                            self._image(folder, job_id, number, repeat * per_job + at, at) for at in range(per_job)
                        ),
                    )
                    index += per_job
                    changed = self.change(line)
                    if changed is not None:
                        yield changed

    def _image(self, folder: Path, job_id: str, number: int, image: int, at: int) -> ImageFile:
        data = self.save(self.draw(number, image))
        path = f"images/{job_id}_{at}.{(Image.open(io.BytesIO(data)).format or '').lower()}"
        (folder / path).write_bytes(data)
        with Image.open(io.BytesIO(data)) as opened:
            return ImageFile(
                path=path,
                sha256=hashlib.sha256(data).hexdigest(),
                size_bytes=len(data),
                width=opened.width,
                height=opened.height,
                format=(opened.format or "").lower(),
                source_url="",
            )


def _kept(folder: Path, data: bytes) -> str:
    """Keep an input image, and return what requests say of it."""
    digest = hashlib.sha256(data).hexdigest()
    (folder / "inputs").mkdir(exist_ok=True)
    ending = "png" if data.startswith(b"\x89PNG") else "jpg"
    (folder / "inputs" / f"sha256-{digest}.{ending}").write_bytes(data)
    return f"sha256:{digest}"


def failed(line: ManifestLine) -> ManifestLine:
    """Return a line whose job failed."""
    error = JobError(code="content_policy", message="the prompt was refused", retryable=False)
    return replace(line, status=JobStatus.FAILED, images=(), error=error)
