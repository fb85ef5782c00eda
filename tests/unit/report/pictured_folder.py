"""A run folder with images, as it is copied about: a manifest and no ledger. Tests change it as they like."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import encode_line
from tests.manifest_lines import PLAIN_LINE
from tests.unit.imaging.test_picture_fingerprint import encoded, photograph


def picture(seed: int, *, side: int = 320) -> bytes:
    """Return a PNG, another one for each seed."""
    return encoded(photograph(seed, side=side), "png")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class PicturedFolder:
    """The folder, with its images by path."""

    root: Path
    images: Mapping[str, bytes]

    def hashes(self) -> list[str]:
        return [sha256(data) for data in self.images.values()]


def pictured_folder(root: Path, images: Iterable[bytes]) -> PicturedFolder:
    """Write a folder with a job for each image."""
    by_path = {f"images/m/{number}.png": data for number, data in enumerate(images)}
    for path, data in by_path.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    lines = [
        replace(
            PLAIN_LINE,
            job_id=f"{number:016x}",
            index=number,
            path=f"m/{number}",
            status=JobStatus.COMPLETED,
            images=(image_file(path, data),),
        )
        for number, (path, data) in enumerate(by_path.items())
    ]
    (root / "manifest.jsonl").write_bytes(b"".join(map(encode_line, lines)))
    return PicturedFolder(root, by_path)


def image_file(path: str, data: bytes) -> ImageFile:
    return ImageFile(
        path=path,
        sha256=sha256(data),
        size_bytes=len(data),
        width=320,
        height=320,
        format="png",
        source_url="https://example.invalid/image",
    )
