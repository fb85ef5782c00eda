"""The built-in scorer ``ocr``: whether an image shows the text that it should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.scoring.scorer import Better, Item, Level, Need, Outcome, Output, Price, Score, ScoreError
from qwave_batch.scoring.scorer_params import ParamReader, one_of_these, read_scorer_params
from qwave_batch.scoring.text_accuracy import normalized, text_accuracy
from qwave_batch.scoring.text_reader import TextReader, engine_version

_AGAINST = {"text": Need.TEXT, "prompt": Need.PROMPT}
PARAMS: Mapping[str, ParamReader] = {"against": one_of_these(*_AGAINST), "case": one_of_these("ignore", "keep")}
_MOST_CHARACTERS = 2_000
"""Of the text that was read, as it stands in the details."""


@dataclass(slots=True, kw_only=True)
class TextScorer:
    """Reads the text in an image and compares it; see ``Scorer``."""

    version: str
    params: JsonObject
    name: str = "ocr"
    level: Level = Level.IMAGE
    batch: int = 1
    price: Price | None = None
    _reader: TextReader | None = field(default=None, repr=False)

    @property
    def needs(self) -> frozenset[Need]:
        """The text to compare with."""
        return frozenset({_AGAINST[str(self.params["against"])]})

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The numbers."""
        return {
            "cer": Output((0, None), Better.LOWER),
            "char_accuracy": Output((0, 1), Better.HIGHER),
            "word_accuracy": Output((0, 1), Better.HIGHER),
        }

    def score(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """Read the images and compare their texts."""
        if self._reader is None:
            self._reader = TextReader()
        return [self._compare(item, self._reader) for item in items]

    def _compare(self, item: Item, reader: TextReader) -> Outcome:
        expected = (item.prompt,) if self.params["against"] == "prompt" else item.text
        if not any(normalized(text) for text in expected):
            return ScoreError("no_text", "the text to compare with has no character that can be read")
        boxes = reader.read(item.file.data)
        read = "\n".join(box.text for box in boxes)
        found = text_accuracy(expected, read, keeps_case=self.params["case"] == "keep")
        return Score(
            {"cer": found.cer, "char_accuracy": found.characters, "word_accuracy": found.words},
            {"read": read[:_MOST_CHARACTERS]},
        )


def make_text_scorer(params: Mapping[str, str]) -> TextScorer:
    """Return the scorer; it loads its engine when it is first asked.

    Raises:
        UsageError: a parameter is not right.
        MissingExtra: the engine is not installed.
    """
    told = {"against": "text", "case": "ignore", **params}
    read_scorer_params("ocr", PARAMS, params)
    return TextScorer(version=f"1-{engine_version()}", params=told)
