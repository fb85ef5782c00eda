"""The built-in scorer ``checks``: plain measures of each picture, without a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.imaging.formats.judging import BadImage, memory
from qwave_batch.imaging.image_inspection import inspect_bytes
from qwave_batch.imaging.picture_fingerprint import decode_bytes, decoded_picture, is_decoded
from qwave_batch.imaging.picture_levels import picture_levels
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.scoring.scorer import Better, Item, Level, Need, Outcome, Output, Price, Score, ScoreError
from qwave_batch.scoring.scorer_params import read_scorer_params


@dataclass(frozen=True, slots=True)
class LevelsScorer:
    """Measures brightness, contrast and sharpness, and finds blank pictures; see ``Scorer``."""

    name: str = "checks"
    version: str = "1"
    level: Level = Level.IMAGE
    needs: frozenset[Need] = frozenset()
    batch: int = 32
    params: JsonObject = field(default_factory=dict)
    price: Price | None = None

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The numbers."""
        return {
            "blank": Output((0, 1), Better.LOWER),
            "brightness": Output((0, 1)),
            "contrast": Output((0, 0.5)),
            "sharpness": Output((0, 1), Better.HIGHER),
        }

    def score(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """Measure the pictures."""
        return [_measure(item.file.data) for item in items]


def make_levels_scorer(params: Mapping[str, str]) -> LevelsScorer:
    """Return the scorer; it takes no parameters."""
    read_scorer_params("checks", {}, params)
    return LevelsScorer()


def _measure(data: bytes) -> Outcome:
    try:
        info = inspect_bytes(data)
        if not is_decoded(info.format, (info.width, info.height)):
            return ScoreError("not_measured", f"a {info.format} of {info.width} x {info.height} is not decoded here")
        with memory(decode_bytes((info.width, info.height))), decoded_picture(data, info.format) as image:
            found = picture_levels(image)
    except BadImage as error:
        return ScoreError("image_damaged", str(error))
    return Score(
        {
            "blank": int(found.is_blank),
            "brightness": found.brightness,
            "contrast": found.contrast,
            "sharpness": found.sharpness,
        }
    )
