"""Reads our own marks from an image, also after it was renamed, copied or resized."""

import re
from dataclasses import dataclass

from qwave_batch.export.marks.gallery_text import job_in_gallery_text
from qwave_batch.export.marks.provenance_properties import JOB_PROPERTY, SOURCE_PROPERTY
from qwave_batch.export.marks.xmp_packet import OWN, NotMergeable, read_packet
from qwave_batch.imaging.metadata.embedding import read_metadata
from qwave_batch.imaging.metadata.metadata_parts import MAX_TEXT_BYTES, ImageMetadata, NotEmbeddable

_JOB_ID = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PACKET = b"<x:xmpmeta"
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class FoundMark:
    """The job that a mark names."""

    job_id: str
    source_sha256: str | None
    """The hash of the run's own file; None where the mark does not say."""


def read_mark(data: bytes) -> FoundMark | None:
    """Return the mark in an image, or in the file beside one; None where there is none."""
    try:
        found = read_metadata(data)
    except NotEmbeddable:
        is_packet = _PACKET in data[:_LOOKED_AT] and len(data) <= MAX_TEXT_BYTES
        return _in_packet(data) if is_packet else None
    return _in_packet(found.xmp) or _in_parameters(found)


def _in_packet(packet: bytes | None) -> FoundMark | None:
    if packet is None:
        return None
    try:
        values = read_packet(packet).values
    except NotMergeable:
        return None
    job_id, source = (values.get((OWN, name), "").strip() for name in (JOB_PROPERTY, SOURCE_PROPERTY))
    if not _JOB_ID.fullmatch(job_id):
        return None
    return FoundMark(job_id, source if _SHA256.fullmatch(source) else None)


def _in_parameters(found: ImageMetadata) -> FoundMark | None:
    job_id = job_in_gallery_text(found.parameters) if found.parameters else None
    return FoundMark(job_id, None) if job_id else None
