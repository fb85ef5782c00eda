"""Marks an exported image: in its file where that is possible, else in a file beside it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.image_change import ProvenanceMark
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


@dataclass(frozen=True, slots=True)
class Marked:
    """An image with its marks."""

    data: bytes
    neighbours: Mapping[str, bytes] = field(default_factory=dict)
    """The files beside it, by what is added to its name."""
    notes: tuple[NoteKind, ...] = ()
    """The facts about its marks that its user should know."""


def marked(data: bytes, facts: MarkFacts, marks: Collection[ProvenanceMark]) -> Marked:
    """Return an image's file with the marks that are asked for.

    A file that carries C2PA, or can't take a mark, is kept byte for byte and gets its XMP beside it.
    """
    if not marks:
        return Marked(data)
    try:
        found = read_metadata(data)
    except NotEmbeddable:
        return _beside(data, facts, marks, NoteKind.SIGNED if carries_c2pa(data) else NoteKind.MARK_BESIDE)
    if found.is_signed:
        return _beside(data, facts, marks, NoteKind.SIGNED)
    made = _with_xmp(data, found, facts) if ProvenanceMark.XMP in marks else Marked(data)
    return _with_gallery_text(made, facts) if ProvenanceMark.A1111 in marks else made


def signature_notes(source: bytes, exported: bytes) -> tuple[NoteKind, ...]:
    """Return what to say of an image that was encoded anew: whether a signature of the run's file is lost by it."""
    return (NoteKind.SIGNATURE_LOST,) if carries_c2pa(source) and not carries_c2pa(exported) else ()


def _beside(data: bytes, facts: MarkFacts, marks: Collection[ProvenanceMark], note: NoteKind) -> Marked:
    notes = (note, NoteKind.NO_GALLERY_TEXT) if ProvenanceMark.A1111 in marks else (note,)
    return Marked(data, {BESIDE: new_packet(provenance_properties(facts))}, notes)


def _with_xmp(data: bytes, found: ImageMetadata, facts: MarkFacts) -> Marked:
    try:
        return Marked(with_metadata(data, _new_xmp(data, found, provenance_properties(facts))))
    except (NotEmbeddable, NotMergeable):
        return _beside(data, facts, (), NoteKind.MARK_BESIDE)


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
            return replace(short, notes=(*short.notes, NoteKind.PROMPT_TOO_LONG))
        is_other = error.obstacle is Obstacle.OTHER_TEXT
        note = NoteKind.OTHER_GALLERY_TEXT if is_other else NoteKind.NO_GALLERY_TEXT
        return replace(made, notes=(*made.notes, note))
