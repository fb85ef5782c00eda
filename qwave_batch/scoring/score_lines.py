"""The lines of scores.jsonl, both ways: a line that states a scorer, and a line for each item that it was asked about.

Nothing here knows a run folder: whether an image is still the one that was scored is found out by those who read.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.model.codec import Codec, DecodeError, Key, usd_key
from qwave_batch.model.job_identity import canonical
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.output.times import iso_from_unix, unix_from_iso
from qwave_batch.scoring.scorer import Better, Level, Output, ScoreError, ScorerFacts

SCORE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
"""The names of scorers and of their outputs: words that a filter and a column can hold."""
NAME_RULE = "small letters, digits and _, beginning with a letter, at most 63"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{16}", re.ASCII)
_HASH_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class ScorerLine:
    """The facts of a scorer. It stands before the scores that it gave; the newest one of a name holds."""

    scorer: str
    version: str
    level: Level
    params: JsonObject
    outputs: Mapping[str, Output]

    @property
    def edition(self) -> tuple[str, str, str]:
        """The scorer as the lines of its scores name it."""
        return self.scorer, self.version, params_hash(self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherScored:
    """The second image of a pair that was scored."""

    job_id: str
    image: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSet:
    """The set that was scored: all images of a model."""

    model: str


@dataclass(frozen=True, kw_only=True)
class ScoreLine:
    """The outcome for one item. The fields and their order are the line's keys."""

    job_id: str | None
    """None for a set."""
    image: int | None
    """The image's index in its job, from 0; None for a set."""
    sha256: str
    """Of the image; for a set ``set_sha256`` of its images."""
    other: OtherScored | None = None
    set: ScoredSet | None = None
    count: int | None = None
    """The images of a set."""
    prompt_sha256: str
    """The hash of what the scorer was given beside the image."""
    scorer: str
    version: str
    params: str
    """The hash of the scorer's parameters."""
    scores: Mapping[str, float]
    """By output; empty for an error."""
    details: JsonObject | None
    error: ScoreError | None
    cost_nusd: int
    at: float
    """Unix seconds."""

    @property
    def edition(self) -> tuple[str, str, str]:
        """The scorer that gave it, as ``ScorerLine.edition``."""
        return self.scorer, self.version, self.params

    @property
    def level(self) -> Level:
        """The subject."""
        return Level.SET if self.set is not None else Level.IMAGE if self.other is None else Level.PAIR

    @property
    def subject(self) -> tuple[str, ...]:
        """The names of what it is about, whatever the bytes."""
        if self.set is not None:
            return (self.set.model,)
        other = () if self.other is None else (self.other.job_id, str(self.other.image))
        return self.job_id or "", str(self.image), *other

    @property
    def key(self) -> tuple[str, ...]:
        """The question that was asked: an answer to it need not be asked for again."""
        return score_key(self.sha256, self.other.sha256 if self.other else "", self.prompt_sha256, self.edition)


KeptLine: TypeAlias = ScorerLine | ScoreLine


def score_key(sha256: str, other_sha256: str, prompt_sha256: str, edition: tuple[str, str, str]) -> tuple[str, ...]:
    """Return the question: the image or images, what is given beside them, and the scorer."""
    return sha256, other_sha256, prompt_sha256, *edition


def params_hash(params: JsonObject) -> str:
    """Return the first 16 hex digits of the SHA-256 of the canonical JSON of a scorer's parameters."""
    return hashlib.sha256(canonical(dict(params))).hexdigest()[:_HASH_DIGITS]


def set_sha256(hashes: Iterator[str]) -> str:
    """Return the hash of a set of images, in plan order."""
    digest = hashlib.sha256()
    for sha256 in hashes:
        digest.update(f"{sha256}\n".encode())
    return digest.hexdigest()


def scorer_line(facts: ScorerFacts) -> ScorerLine:
    """Return the line that states a scorer."""
    return ScorerLine(
        scorer=facts.name, version=facts.version, level=facts.level, params=facts.params, outputs=facts.outputs
    )


def encode_kept_line(line: KeptLine) -> bytes:
    """Return the line as JSON in ASCII with its line end, so that no reader sees another line end in it."""
    return json.dumps(_CODEC.encode(line), allow_nan=False).encode() + b"\n"


def kept_line_from_json(value: object) -> KeptLine:
    """Return the line that a JSON value is.

    Raises:
        DecodeError: it is neither kind of line, or a key of it is not right.
    """
    if not isinstance(value, dict):
        raise DecodeError("", "expected an object")
    line = _CODEC.decode(value, ScorerLine) if "outputs" in value else _CODEC.decode(value, ScoreLine)
    for path, fault in _faults_of_scorer(line) if isinstance(line, ScorerLine) else _faults_of_score(line):
        raise DecodeError(path, f"{path}: {fault}")
    return line


def may_state_scorer(raw: bytes) -> bool:
    """Whether a line may state a scorer, seen without reading it; a few lines of scores look like one, too."""
    return b'"outputs"' in raw


def _faults_of_scorer(line: ScorerLine) -> Iterator[tuple[str, str]]:
    for path, name in (("scorer", line.scorer), *((f"outputs.{name}", name) for name in line.outputs)):
        if not SCORE_NAME.fullmatch(name):
            yield path, f"a name is {NAME_RULE}"
    if not line.outputs:
        yield "outputs", "expected at least one"
    if not line.version.strip():
        yield "version", "expected a text that is not empty"


def _faults_of_score(line: ScoreLine) -> Iterator[tuple[str, str]]:
    hashes = {"sha256": line.sha256, "prompt_sha256": line.prompt_sha256}
    if line.other is not None:
        hashes["other.sha256"] = line.other.sha256
    for path, text in hashes.items():
        if not _SHA256.fullmatch(text):
            yield path, "expected 64 hex digits"
    if not _HASH.fullmatch(line.params):
        yield "params", "expected 16 hex digits"
    if (line.job_id is None) is not (line.set is not None):
        yield "job_id", "expected a job's id, or null beside a set"
    if (line.image is None) is not (line.set is not None):
        yield "image", "expected an index, or null beside a set"
    if line.other is not None and line.set is not None:
        yield "set", "a line is about a pair or a set, not both"
    if (line.count is None) is not (line.set is None):
        yield "count", "expected the number of images of a set, and of a set only"
    if line.error is not None and line.scores:
        yield "scores", "expected none beside an error"


def _outputs_as_json(outputs: Mapping[str, Output]) -> Json:
    return {
        name: {"range": list(output.range), "better": output.better, "unit": output.unit}
        for name, output in outputs.items()
    }


def outputs_from_json(value: object) -> Mapping[str, Output]:
    """Return the outputs that an object states, such as ``{"cer": {"range": [0, null], "better": "lower"}}``.

    Raises:
        ValueError, TypeError: it is not such an object.
    """
    if not isinstance(value, dict):
        raise TypeError("expected an object of outputs by name")
    return {str(name): _output(str(name), fields) for name, fields in value.items()}


def _output(name: str, fields: object) -> Output:
    if not isinstance(fields, dict) or fields.keys() - {"range", "better", "unit"}:
        raise ValueError(f'{name}: expected an object with the keys "range", "better" and "unit"')
    bounds, better, unit = fields.get("range", [None, None]), fields.get("better"), fields.get("unit", "")
    if not (isinstance(bounds, list) and len(bounds) == _BOUNDS and all(map(_is_bound, bounds))):
        raise ValueError(f"{name}.range: expected two numbers, null for no bound")
    least, most = bounds
    if least is not None and most is not None and least > most:
        raise ValueError(f"{name}.range: {least} is above {most}")
    if better not in {None, *Better}:
        raise ValueError(f"{name}.better: expected higher, lower or null")
    if not isinstance(unit, str):
        raise TypeError(f"{name}.unit: expected a text")
    return Output((least, most), None if better is None else Better(better), unit)


def _is_bound(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _numbers(value: object) -> Mapping[str, float]:
    if not isinstance(value, dict):
        raise TypeError("expected an object of numbers by output")
    for name, number in value.items():
        if number is None or not _is_bound(number):
            raise TypeError(f"{name}: expected a number")
        if not SCORE_NAME.fullmatch(name):
            raise ValueError(f"{name}: a name is {NAME_RULE}")
    return value


_BOUNDS = 2
_MOMENT = Key(write=iso_from_unix, read=unix_from_iso)
_THERE_OR_NOT = Key(is_default_written=False)
_CODEC = Codec(
    {
        ScorerLine: {"outputs": Key(write=_outputs_as_json, read=outputs_from_json)},
        ScoreLine: {
            "other": _THERE_OR_NOT,
            "set": _THERE_OR_NOT,
            "count": _THERE_OR_NOT,
            "scores": Key(write=dict, read=_numbers),
            "cost_nusd": usd_key("cost_usd"),
            "at": _MOMENT,
        },
    },
    exact=True,
)
