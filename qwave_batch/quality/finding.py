"""Something that spoils a dataset, as ``check --json`` prints it and as a line of checks.jsonl holds it."""

from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.jsontypes import Json


class FindingKind(StrEnum):
    """The kinds of findings, in the order in which they are shown."""

    UNDECODABLE = "undecodable"
    """The image is missing, does not decode, or is not the one on record."""
    DIMENSIONS = "dimensions"
    """It is not of the ratio or the size that its request asks for."""
    BLANK = "blank"
    """It is one-coloured, or nearly so."""
    DUPLICATE = "duplicate"
    """It is the same file, or has the same pixels, as an earlier one."""
    NEAR_DUPLICATE = "near_duplicate"
    """It looks like an earlier one."""
    REFUSED = "refused"
    """The job failed, so there is no image."""


COMPARING = frozenset({FindingKind.DUPLICATE, FindingKind.NEAR_DUPLICATE})
"""Kinds of findings that name another image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding about an image, or about a job that has none."""

    kind: FindingKind
    job_id: str
    path: str | None
    """The image, relative to the run folder; None for a job without images."""
    first: str | None = None
    """The path of the image that it is like: the first of their group, in plan order."""

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``check --json`` and of checks.jsonl."""
        return _CODEC.encode(self)


_CODEC = Codec({Finding: {"first": Key(name="with")}})


def finding_from_json(value: object) -> Finding:
    """Return what ``Finding.as_json`` was given.

    Raises:
        DecodeError: it is not a finding.
    """
    return _CODEC.decode(value, Finding)
