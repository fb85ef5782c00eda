"""Run folders without a ledger whose images are there: small, each of one pattern, to be scored."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from PIL import Image

from qwave_batch.model.jsontypes import Json
from qwave_batch.output.manifest_line import ManifestLine
from tests.voted_folders import voted_line, write_folder


@cache
def painted(seed: int, side: int = 24) -> bytes:
    """Return a small PNG; another seed is another picture."""
    pixels = bytes((seed * 37 + at * (seed % 7 + 1)) % 256 for at in range(side * side))
    out = io.BytesIO()
    Image.frombytes("L", (side, side), pixels).save(out, "PNG")
    return out.getvalue()


def painted_line(
    prompt: str, model: str, pictures: Sequence[bytes], meta: Mapping[str, Json], axes: Mapping[str, Json] | None = None
) -> ManifestLine:
    """Return a completed job with these pictures."""
    line = voted_line(prompt, model, images=len(pictures))
    line = replace(line, axes={**line.axes, **(axes or {})})
    images = [
        replace(image, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for image, data in zip(line.images, pictures, strict=True)
    ]
    return replace(line, images=tuple(images), meta=dict(meta))


def painted_folder(
    folder: Path,
    cells: Mapping[tuple[str, str], Sequence[bytes]],
    *,
    meta: Mapping[str, Mapping[str, Json]] | None = None,
) -> Path:
    """Write a folder with a job for each (prompt, model); ``meta`` is by prompt."""
    lines = [painted_line(prompt, model, data, (meta or {}).get(prompt, {})) for (prompt, model), data in cells.items()]
    write_folder(folder, lines)
    for line, pictures in zip(lines, cells.values(), strict=True):
        write_pictures(folder, line, pictures)
    return folder


def write_pictures(folder: Path, line: ManifestLine, pictures: Sequence[bytes]) -> None:
    """Write the files of a job's images."""
    for image, data in zip(line.images, pictures, strict=True):
        path = folder / image.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
