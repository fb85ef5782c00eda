"""Reads the text in images by rapidocr, whose package brings its weights: nothing is fetched, or it is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from qwave_batch import lazy
from qwave_batch.errors import MissingExtra, UsageError
from qwave_batch.output.versions import version_of

_ENGINE = "rapidocr"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """A line of text in an image."""

    text: str
    left: float
    top: float
    bottom: float


class TextReader:
    """The engine; all readers of a process share it."""

    def __init__(self) -> None:
        """Load it, about a second.

        Raises:
            MissingExtra: it is not installed.
            UsageError: its package came without the weights.
        """
        self._engine = _loaded_engine()

    def read(self, image: bytes) -> list[TextBox]:
        """Return the lines of text in an image file, in reading order."""
        found = self._engine(image)
        if found.txts is None or found.boxes is None:
            return []
        boxes = [
            TextBox(
                text=text,
                left=float(min(x for x, _ in box)),
                top=float(min(y for _, y in box)),
                bottom=float(max(y for _, y in box)),
            )
            for text, box in zip(found.txts, found.boxes, strict=True)
        ]
        return in_reading_order(boxes)


@cache
def _loaded_engine() -> Any:
    try:
        package = Path(lazy.rapidocr.__file__).parent
    except ModuleNotFoundError:
        raise MissingExtra("the scorer ocr", _ENGINE, "ocr") from None
    weights = sorted((package / "models").glob("*.onnx"))
    found = {part: [str(path) for path in weights if f"_{part}_" in path.name] for part in ("det", "rec", "cls")}
    if not all(found.values()):
        raise UsageError(f"{_ENGINE} {version_of(_ENGINE)} came without its weights, and nothing is fetched here")
    params = {f"{part.capitalize()}.model_path": paths[0] for part, paths in found.items()}
    return lazy.rapidocr.RapidOCR(params={"Global.log_level": "critical", **params})


def engine_version() -> str:
    """Return the version of the engine, which its weights come with.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return lazy.metadata.version(_ENGINE)
    except lazy.metadata.PackageNotFoundError:
        raise MissingExtra("the scorer ocr", _ENGINE, "ocr") from None


def in_reading_order(boxes: Sequence[TextBox]) -> list[TextBox]:
    """Return boxes row by row from the top, and in a row from the left.

    Boxes share a row when the middle of each lies within the other's height.
    """
    rows: list[list[TextBox]] = []
    for box in sorted(boxes, key=lambda box: (box.top + box.bottom) / 2):
        if rows and _share_row(rows[-1][0], box):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: box.left)]


def _share_row(one: TextBox, other: TextBox) -> bool:
    return one.top <= (other.top + other.bottom) / 2 <= one.bottom and (
        other.top <= (one.top + one.bottom) / 2 <= other.bottom
    )
