"""Marks state where an image comes from, and change nothing else of its file."""

import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.image_change import ProvenanceMark
from qwave_batch.export.marks.gallery_text import gallery_text
from qwave_batch.export.marks.mark_facts import MarkFacts, facts_for_marks
from qwave_batch.export.marks.mark_reading import FoundMark, read_mark
from qwave_batch.export.marks.marking import marked, signature_notes
from qwave_batch.export.marks.xmp_packet import IPTC_EXTENSION, NotMergeable, read_packet
from qwave_batch.imaging.metadata.embedding import read_metadata, with_metadata
from qwave_batch.imaging.metadata.metadata_parts import NewMetadata
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import ManifestLine

SIGNED = Path(__file__).parents[1] / "imaging" / "signed"
FORMATS = ("png", "jpeg", "webp")
BOTH = frozenset({ProvenanceMark.XMP, ProvenanceMark.A1111})
FACTS = MarkFacts(
    job_id="3f0c9a1b2c3d4e5f",
    source_sha256="ab" * 32,
    model="gpt-image-2",
    catalog="2026-10",
    prompt="A quiet teahouse",
    seed=7,
    width=16,
    height=12,
)
MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EDITED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
OF_A_VENDOR = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<r:Description r:about="uuid:1" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/png"'
    ' xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" i:AISystemUsed="the vendor\'s own name"/>'
    "</r:RDF></x:xmpmeta>{padding}<?xpacket end='w'?>"
)


def image_of(kind: str) -> bytes:
    file = BytesIO()
    Image.linear_gradient("L").resize((16, 12)).convert("RGB").save(file, kind)
    return file.getvalue()


def pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGBA").tobytes()


def iptc_of(packet: bytes | None) -> dict[str, str]:
    assert packet is not None
    return {name: value for (space, name), value in read_packet(packet).values.items() if space == IPTC_EXTENSION}


@pytest.mark.parametrize("kind", FORMATS)
def test_xmp_says_that_a_model_made_it_and_not_what_was_asked(kind: str) -> None:
    made = marked(image_of(kind), FACTS, {ProvenanceMark.XMP})
    digest = hashlib.sha256(b"A quiet teahouse").hexdigest()
    assert iptc_of(read_metadata(made.data).xmp) == {
        "DigitalSourceType": MADE,
        "AISystemUsed": "gpt-image-2",
        "AISystemVersionUsed": "2026-10",
        "AIPromptInformation": f"sha256:{digest}",
    }
    assert b"teahouse" not in made.data
    assert pixels(made.data) == pixels(image_of(kind))
    assert (made.neighbours, made.notes) == ({}, ())


def test_an_edit_of_a_picture_is_a_composite_with_its_writer_named() -> None:
    facts = replace(FACTS, is_edit=True, prompt_writer="R. Eader", has_prompt=True)
    told = iptc_of(read_metadata(marked(image_of("png"), facts, {ProvenanceMark.XMP}).data).xmp)
    assert told["DigitalSourceType"] == EDITED
    assert (told["AIPromptWriterName"], told["AIPromptInformation"]) == ("R. Eader", "A quiet teahouse")


def line_with(request: JsonObject, **fields: Any) -> ManifestLine:
    known: dict[str, Any] = {
        "job_id": FACTS.job_id, "index": 0, "status": JobStatus.COMPLETED, "prompt_id": "cup", "prompt": "A cup",
        "model": "gpt-image-2", "action": "edit", "request": request, "dropped": (), "axes": {}, "tags": (), "meta": {},
        "repeat": 0, "also": (), "path": "cup", "task_id": None, "attempts": 1, "submitted_at": None,
        "completed_at": None, "seconds": None, "cost_usd": 0.0, "cost_from": None, "images": (), "error": None,
    }  # fmt: skip
    return ManifestLine(**known | fields)


FILE = ImageFile(path="images/cup.png", sha256="ab" * 32, size_bytes=9, width=4, height=4, format="png", source_url="")


@pytest.mark.parametrize(
    ("request_", "is_edit"),
    [
        ({"prompt": "https://example.com is where it hangs"}, False),
        ({"prompt": "A cup", "size": "1:1", "n": 1}, False),
        ({"prompt": "A cup", "image_urls": ["https://example.com/cup.png"]}, True),
        ({"prompt": "A cup", "mask_url": f"sha256:{'cd' * 32}"}, True),
    ],
)
def test_a_job_that_was_given_pictures_is_an_edit(request_: JsonObject, *, is_edit: bool) -> None:
    facts = facts_for_marks(line_with(request_), FILE, size=(16, 12), catalog="2026-10", has_prompt=False)
    assert facts.is_edit is is_edit
    assert (facts.width, facts.height, facts.source_sha256) == (16, 12, FILE.sha256)


@pytest.mark.parametrize(("seed", "told"), [(7, 7), (0, 0), (-1, None), (None, None), ("7", None), (True, None)])
def test_a_seed_is_told_when_one_was_sent(seed: Json, told: int | None) -> None:
    line = line_with({"seed": seed}, meta={"prompt_writer": "R. Eader"})
    facts = facts_for_marks(line, FILE, size=(16, 12), catalog=None, has_prompt=False)
    assert (facts.seed, facts.prompt_writer) == (told, "R. Eader")


@pytest.mark.parametrize("kind", FORMATS)
def test_gallery_text_has_no_prompt_unless_it_is_asked_for(kind: str) -> None:
    facts = replace(FACTS, negative_prompt="fog")
    without = read_metadata(marked(image_of(kind), facts, {ProvenanceMark.A1111}).data).parameters
    assert without == "Seed: 7, Size: 16x12, Model: gpt-image-2, Job ID: 3f0c9a1b2c3d4e5f"
    with_prompt = read_metadata(
        marked(image_of(kind), replace(facts, has_prompt=True), {ProvenanceMark.A1111}).data
    ).parameters
    assert with_prompt == f"A quiet teahouse\nNegative prompt: fog\n{without}"


def test_readers_of_galleries_find_three_pairs_without_a_seed_too() -> None:
    assert gallery_text(replace(FACTS, seed=None)).count(": ") == 3


def test_values_with_commas_are_set_apart() -> None:
    assert 'Model: "a, b: c"' in gallery_text(replace(FACTS, model="a, b: c"))


@given(
    kind=st.sampled_from(FORMATS),
    marks=st.frozensets(st.sampled_from(ProvenanceMark)),
    prompt=st.text(max_size=300),
    prompt_mode=st.sampled_from(["in image", "hashed"]),
)
def test_marking_twice_is_marking_once(
    kind: str, marks: frozenset[ProvenanceMark], prompt: str, prompt_mode: str
) -> None:
    """With any prompt the pixels stay, the job is found again, and a second mark changes nothing."""
    facts = replace(FACTS, prompt=prompt, has_prompt=prompt_mode == "in image")
    once = marked(image_of(kind), facts, marks)
    assert marked(once.data, facts, marks) == once
    assert pixels(once.data) == pixels(image_of(kind))
    found = read_mark(once.data)
    assert found == (
        FoundMark(FACTS.job_id, FACTS.source_sha256 if ProvenanceMark.XMP in marks else None) if marks else None
    )


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("letter", ["a", "🍵", "&", '"\n'])
def test_long_prompts_are_whole_in_xmp(kind: str, letter: str) -> None:
    facts = replace(FACTS, prompt=letter * 20_000, has_prompt=True)
    made = marked(image_of(kind), facts, BOTH)
    found = read_metadata(made.data)
    told = iptc_of(found.xmp) | (iptc_of(found.xmp_extension) if found.xmp_extension else {})
    assert told["AIPromptInformation"] == facts.prompt
    is_too_long = kind == "jpeg" and letter in {"🍵", '"\n'}
    assert made.notes == ((NoteKind.PROMPT_TOO_LONG,) if is_too_long else ())
    assert (found.parameters or "").startswith(letter) is not is_too_long
    assert pixels(made.data) == pixels(image_of(kind))
    assert marked(made.data, facts, BOTH).data == made.data


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("padding", ["", " " * 2_000])
def test_a_vendors_packet_is_added_to_and_keeps_every_byte(kind: str, padding: str) -> None:
    vendors = OF_A_VENDOR.replace("{padding}", padding).encode()
    data = with_metadata(image_of(kind), NewMetadata(xmp=vendors))
    packet = read_metadata(marked(data, FACTS, {ProvenanceMark.XMP}).data).xmp
    assert packet is not None
    reading, end = read_packet(packet), vendors.index(b"</r:RDF>")
    assert packet.startswith(vendors[:end])
    assert packet.endswith(vendors[end:])
    assert reading.values["http://purl.org/dc/elements/1.1/", "format"] == "image/png"
    assert iptc_of(packet)["AISystemUsed"] == "the vendor's own name"
    assert packet.count(b"uuid:1") == 2


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "packet",
    [
        b"not xml",
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>',
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'.encode("utf-16"),
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
    ],
)
def test_a_packet_that_cannot_be_read_is_kept_and_the_mark_lies_beside(kind: str, packet: bytes) -> None:
    data = with_metadata(image_of(kind), NewMetadata(xmp=packet))
    made = marked(data, FACTS, BOTH)
    assert read_metadata(made.data).xmp == packet
    assert iptc_of(made.neighbours[".xmp"])["AISystemUsed"] == "gpt-image-2"
    assert made.notes == (NoteKind.MARK_BESIDE,)
    assert read_metadata(made.data).parameters == gallery_text(FACTS)


def test_another_programs_gallery_text_is_kept() -> None:
    data = with_metadata(image_of("png"), NewMetadata(parameters="of another program"))
    made = marked(data, FACTS, {ProvenanceMark.A1111})
    assert (made.data, made.notes) == (data, (NoteKind.OTHER_GALLERY_TEXT,))


@pytest.mark.parametrize("name", ["signed.png", "signed.jpg", "signed.webp"])
def test_a_signed_file_is_kept_byte_for_byte_with_its_mark_beside(name: str) -> None:
    data = (SIGNED / name).read_bytes()
    made = marked(data, FACTS, BOTH)
    assert made.data == data
    assert made.notes == (NoteKind.SIGNED, NoteKind.NO_GALLERY_TEXT)
    assert iptc_of(made.neighbours[".xmp"])["DigitalSourceType"] == MADE
    assert read_mark(made.neighbours[".xmp"]) == FoundMark(FACTS.job_id, FACTS.source_sha256)


def test_other_formats_have_their_mark_beside() -> None:
    data = image_of("gif")
    made = marked(data, FACTS, {ProvenanceMark.XMP})
    assert (made.data, list(made.neighbours), made.notes) == (data, [".xmp"], (NoteKind.MARK_BESIDE,))


def test_encoding_a_signed_file_anew_loses_its_signature() -> None:
    signed = (SIGNED / "signed.png").read_bytes()
    assert signature_notes(signed, image_of("png")) == (NoteKind.SIGNATURE_LOST,)
    assert signature_notes(signed, signed) == signature_notes(image_of("png"), image_of("jpeg")) == ()


def test_a_packet_of_a_million_properties_is_refused() -> None:
    inside = "".join(f"<a{number}/>" for number in range(20_000))
    space = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    with pytest.raises(NotMergeable):
        read_packet(f'<r:RDF xmlns:r="{space}"><r:Description>{inside}</r:Description></r:RDF>'.encode())
    with pytest.raises(NotMergeable):
        read_packet(f'<r:RDF xmlns:r="{space}">{" " * 2**24}</r:RDF>'.encode())


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: f"<x:xmpmeta>{text}</x:xmpmeta>".encode()))
def test_hostile_packets_are_read_or_refused(packet: bytes) -> None:
    try:
        read_packet(packet)
    except NotMergeable:
        assert read_mark(b"<x:xmpmeta" + packet) is None
