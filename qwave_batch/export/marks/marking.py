"""Marks an exported image: in its file where that is possible, else in a file beside it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from qwave_batch.export.marks.gallery_text import gallery_text
from qwave_batch.export.marks.mark_facts import MarkFacts
from qwave_batch.export.marks.provenance_properties import PROMPT_PROPERTY, provenance_properties
from qwave_batch.export.marks.xmp_packet import (
    XMP_NOTE,
    NotMergeable,
    XmpProperty,
    extension_packet,
    merged_packet,
    new_packet,
)
from qwave_batch.imaging.metadata.embedding import carries_c2pa, most_xmp_bytes, read_metadata, with_metadata
from qwave_batch.imaging.metadata.jpeg_segments import extension_digest
from qwave_batch.imaging.metadata.metadata_parts import ImageMetadata, NewMetadata, NotEmbeddable, Obstacle

BESIDE = ".xmp"
"""The ending of the file beside an image, added to its whole name: ``000000.png.xmp``."""


class MarkKind(StrEnum):
    """A kind of mark."""

    XMP = "xmp"
    A1111 = "a1111"


class MarkNote(StrEnum):
    """A fact about the marks of one image that its user should know."""

    SIGNED = "signed"
    """It carries C2PA, so it was kept as it is, with its mark beside it."""
    BESIDE = "beside"
    """Its format or its file takes no XMP, so its mark is beside it."""
    NO_GALLERY_TEXT = "no_gallery_text"
    """Its file takes no text for galleries, which was left out."""
    OTHER_GALLERY_TEXT = "other_gallery_text"
    """It had a text for galleries already, which was kept."""
    PROMPT_TOO_LONG = "prompt_too_long"
    """Its format has no room for so long a prompt in the text for galleries, which has the rest only."""
    SIGNATURE_LOST = "signature_lost"
    """The run's file carries C2PA, and the exported one, which was encoded anew, does not."""


@dataclass(frozen=True, slots=True)
class Marked:
    """An image with its marks."""

    data: bytes
    neighbours: Mapping[str, bytes] = field(default_factory=dict)
    """The files beside it, by what is added to its name."""
    notes: tuple[MarkNote, ...] = ()


def marked(data: bytes, facts: MarkFacts, marks: Collection[str]) -> Marked:
    """Return an image's file with the marks that are asked for, ``xmp`` and ``a1111``.

    A file that carries C2PA, or can't take a mark, is kept byte for byte and gets its XMP beside it.
    """
    if not marks:
        return Marked(data)
    try:
        found = read_metadata(data)
    except NotEmbeddable:
        return _beside(data, facts, marks, MarkNote.SIGNED if carries_c2pa(data) else MarkNote.BESIDE)
    if found.is_signed:
        return _beside(data, facts, marks, MarkNote.SIGNED)
    made = _with_xmp(data, found, facts) if MarkKind.XMP in marks else Marked(data)
    return _with_gallery_text(made, facts) if MarkKind.A1111 in marks else made


def signature_notes(source: bytes, exported: bytes) -> tuple[MarkNote, ...]:
    """Return what to say of an image that was encoded anew: whether a signature of the run's file is lost by it."""
    return (MarkNote.SIGNATURE_LOST,) if carries_c2pa(source) and not carries_c2pa(exported) else ()


def _beside(data: bytes, facts: MarkFacts, marks: Collection[str], note: MarkNote) -> Marked:
    notes = (note, MarkNote.NO_GALLERY_TEXT) if MarkKind.A1111 in marks else (note,)
    return Marked(data, {BESIDE: new_packet(provenance_properties(facts))}, notes)


def _with_xmp(data: bytes, found: ImageMetadata, facts: MarkFacts) -> Marked:
    try:
        return Marked(with_metadata(data, _new_xmp(data, found, provenance_properties(facts))))
    except (NotEmbeddable, NotMergeable):
        return _beside(data, facts, (), MarkNote.BESIDE)


def _new_xmp(data: bytes, found: ImageMetadata, properties: tuple[XmpProperty, ...]) -> NewMetadata:
    """Return the packet of a file, with an extension for a prompt that would make it too long."""

    def packet_of(those: tuple[XmpProperty, ...]) -> bytes:
        return new_packet(those) if found.xmp is None else merged_packet(found.xmp, those)

    packet, most_bytes = packet_of(properties), most_xmp_bytes(data)
    if len(packet) <= most_bytes or packet == found.xmp:
        return NewMetadata(xmp=packet)
    extended = [each for each in properties if each.name == PROMPT_PROPERTY]
    if not extended or b"HasExtendedXMP" in (found.xmp or b""):
        raise NotEmbeddable(Obstacle.TOO_LARGE)
    extension = extension_packet(extended)
    others = tuple(each for each in properties if each.name != PROMPT_PROPERTY)
    reference = XmpProperty(XMP_NOTE, "HasExtendedXMP", extension_digest(extension))
    return NewMetadata(xmp=packet_of((*others, reference)), xmp_extension=extension)


def _with_gallery_text(made: Marked, facts: MarkFacts) -> Marked:
    try:
        return replace(made, data=with_metadata(made.data, NewMetadata(parameters=gallery_text(facts))))
    except NotEmbeddable as error:
        if error.obstacle is Obstacle.TOO_LARGE and facts.has_prompt:
            short = _with_gallery_text(made, replace(facts, has_prompt=False))
            return replace(short, notes=(*short.notes, MarkNote.PROMPT_TOO_LONG))
        is_other = error.obstacle is Obstacle.OTHER_TEXT
        note = MarkNote.OTHER_GALLERY_TEXT if is_other else MarkNote.NO_GALLERY_TEXT
        return replace(made, notes=(*made.notes, note))
