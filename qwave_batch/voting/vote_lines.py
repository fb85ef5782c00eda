"""A vote and a pick, both ways: JSON lines as pages export them, and typed values.

Nothing here knows a run folder: whether its jobs and images are there is found out when a line is imported.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from qwave_batch.model.codec import Codec, DecodeError, Key

VOTE, PICK = "vote", "pick"
"""The keys by which the lines are told apart; their value is the version of the line's form."""
_VERSION = 1
_LONGEST_NAME = 1_000
MOST_RATING = 5
_TEXT = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that some readers take for the end of a line, though JSON does not."""


class Winner(StrEnum):
    """The answer of a vote."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both_bad"
    """Counted as a tie: neither is preferred."""


class PickVerdict(StrEnum):
    """The fate of an image."""

    KEEP = "keep"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class VotedImage:
    """An image that was judged."""

    job_id: str
    image: int
    """Its index in the job, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VotedFolder:
    """A run folder that was looked at."""

    id: str | None
    """The folder's own id; None for a copy without its ledger."""
    spec_sha256: str | None
    """The hash of its spec; None where the folder does not say."""

    @property
    def names(self) -> dict[str, str]:
        """The hashes and ids that are known, by key."""
        known = {"id": self.id, "spec_sha256": self.spec_sha256}
        return {key: text for key, text in known.items() if text is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class VotedRun:
    """The run folders that a page was made of."""

    folders: tuple[VotedFolder, ...]


@dataclass(frozen=True, kw_only=True)
class Vote:
    """A rater's answer to one question about one pair of images. The fields and their order are the line's keys."""

    vote: int
    """The version of the line's form."""
    run: VotedRun
    axis: str
    """The one axis that the two differ in."""
    left: VotedImage
    right: VotedImage
    winner: Winner
    criterion: str
    """The question, such as ``overall``."""
    rater: str
    pair: str
    """The name of the two images, whichever side they stood on."""
    at: str
    """When it was given: ISO 8601."""

    @property
    def key(self) -> tuple[str, str, str]:
        """The identity of the vote: a later one with the same key takes its place."""
        return self.pair, self.rater, self.criterion

    @property
    def images(self) -> tuple[VotedImage, VotedImage]:
        """The two images in an order that does not depend on the sides."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)

    @cached_property
    def moment(self) -> float:
        """Unix seconds of ``at``."""
        return moment_of(self.at)


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A rater's verdict on one image. The fields and their order are the line's keys."""

    pick: int
    """The version of the line's form."""
    job_id: str
    image: int
    verdict: PickVerdict | None
    """None for an image that was only rated, or whose verdict was taken back."""
    rating: int | None
    """From 1 to 5."""
    rater: str
    at: str
    """When it was given: ISO 8601."""
    run: VotedRun | None = None
    """The folder that the image is in; only there in what a page of several folders exports."""

    @property
    def key(self) -> tuple[str, int, str]:
        """The identity of the pick: a later one with the same key takes its place."""
        return self.job_id, self.image, self.rater

    @property
    def subject(self) -> VotedImage:
        """The image."""
        return VotedImage(job_id=self.job_id, image=self.image)

    @cached_property
    def moment(self) -> float:
        """Unix seconds of ``at``."""
        return moment_of(self.at)


VotingLine: TypeAlias = Vote | Pick


def moment_of(text: str) -> float:
    """Return Unix seconds for ISO 8601 text with a time zone.

    Raises:
        ValueError: it is another text.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not text[:1].isdigit():
        raise ValueError("expected a moment such as 2026-11-28T22:00:00Z")
    return (moment - _EPOCH).total_seconds()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def voting_line_from_json(value: object) -> VotingLine:
    """Return the vote or the pick that a JSON value is.

    Raises:
        DecodeError: it is neither, or a key of it is not right.
    """
    if not isinstance(value, dict):
        raise DecodeError("", "expected an object")
    kinds = [key for key in (VOTE, PICK) if key in value]
    if len(kinds) != 1:
        found = "both a vote and a pick" if kinds else "neither a vote nor a pick"
        raise DecodeError("", f'it is {found}: one of the keys "{VOTE}" and "{PICK}" must be there')
    (kind,) = kinds
    if value[kind] != _VERSION or isinstance(value[kind], bool):
        raise DecodeError(kind, f"{kind}: its form is {str(value[kind])[:20]}, and only {_VERSION} is known here")
    line: VotingLine = _CODEC.decode(value, Vote) if kind == VOTE else _CODEC.decode(value, Pick)
    for path, fault in _faults(line):
        raise DecodeError(path, f"{path}: {fault}")
    return line


def encode_voting_line(line: VotingLine) -> bytes:
    """Return the line as UTF-8 JSON with its line end; no other character in it counts as a line end anywhere."""
    text = _TEXT.encode(_CODEC.encode(line))
    if not text.isascii():
        for end, escape in _LINE_ENDS.items():
            text = text.replace(end, escape)
    return text.encode() + b"\n"


def _faults(line: VotingLine) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with values whose types are right: path and reason."""
    match line:
        case Vote():
            names = {"axis": line.axis, "criterion": line.criterion, "rater": line.rater, "pair": line.pair}
            names |= {"left.job_id": line.left.job_id, "right.job_id": line.right.job_id}
            if line.left == line.right:
                yield "right", "is the image that is on the left, too"
            if not line.run.folders:
                yield "run.folders", "expected at least one folder"
        case Pick():
            names = {"job_id": line.job_id, "rater": line.rater}
            if line.rating is not None and not 1 <= line.rating <= MOST_RATING:
                yield "rating", f"expected a whole number from 1 to {MOST_RATING}, or null"
            if line.run is not None and not line.run.folders:
                yield "run.folders", "expected at least one folder"
    for number, folder in enumerate(line.run.folders if line.run is not None else ()):
        names |= {f"run.folders[{number}].{name}": text for name, text in folder.names.items()}
    for path, name in names.items():
        yield from ((path, fault) for fault in _faults_of_name(name))
    try:
        moment_of(line.at)
    except ValueError as error:
        yield "at", str(error)


def _faults_of_name(name: str) -> Iterator[str]:
    if not name.strip():
        yield "expected a text that is not empty"
    if len(name) > _LONGEST_NAME:
        yield f"has {len(name):,} characters, at most {_LONGEST_NAME:,} are read"
    if not name.isascii() and not _is_text(name):
        yield "holds half of a surrogate pair, which is not a character"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


_CODEC = Codec({Pick: {"run": Key(is_default_written=False)}}, exact=True)
