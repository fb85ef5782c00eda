"""Exiftool, which many tools are built on, reads the marks of exported images."""

import json
import shutil
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.image_change import ProvenanceMark
from qwave_batch.export.marks.gallery_text import gallery_text
from qwave_batch.export.marks.mark_facts import MarkFacts
from qwave_batch.export.marks.marking import marked

ENDINGS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}
PROMPTS = {
    "plain": "A quiet teahouse at dawn",
    "odd": "An \"old\" alley\n<at> dawn & 'dusk' 🍵\n{{ not a template }}",
    "long": "tea & 茶 " * 2_858 + "ends",
    "emoji": "🍵" * 20_000,
}
FACTS = MarkFacts(
    job_id="3f0c9a1b2c3d4e5f", source_sha256="ab" * 32, model="gpt-image-2", catalog="2026-10", prompt="",
    prompt_writer="R. Eader", seed=7, width=16, height=12,
)  # fmt: skip
MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EXIFTOOL = shutil.which("exiftool")


def image_of(kind: str) -> bytes:
    file = BytesIO()
    Image.linear_gradient("L").resize((16, 12)).convert("RGB").save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def read_by_exiftool(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """Return the fields that exiftool reads, by the name of the file; one process reads them all."""
    if EXIFTOOL is None:
        pytest.skip("exiftool is not installed: apt-get install libimage-exiftool-perl")
    folder = tmp_path_factory.mktemp("marked")
    for ending, kind in ENDINGS.items():
        for name, prompt in PROMPTS.items():
            for mode in ("shown", "hidden"):
                facts = replace(FACTS, prompt=prompt, has_prompt=mode == "shown")
                made = marked(image_of(kind), facts, {ProvenanceMark.XMP, ProvenanceMark.A1111})
                (folder / f"{name}-{mode}.{ending}").write_bytes(made.data)
    signed = Path(__file__).parents[2] / "unit" / "imaging" / "signed" / "signed.png"
    made = marked(signed.read_bytes(), replace(FACTS, prompt="A cup"), {ProvenanceMark.XMP})
    (folder / "signed.png.xmp").write_bytes(made.neighbours[".xmp"])
    said = subprocess.run(
        [EXIFTOOL, "-json", "-b", "-n", "-G1", "-charset", "utf8", str(folder)],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return {Path(found["SourceFile"]).name: found for found in json.loads(said.stdout)}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_exiftool_reads_every_field(read_by_exiftool: dict[str, dict[str, object]], ending: str, prompt: str) -> None:
    found = read_by_exiftool[f"{prompt}-shown.{ending}"]
    assert found["XMP-iptcExt:AISystemUsed"] == "gpt-image-2"
    assert found["XMP-iptcExt:AISystemVersionUsed"] == "2026-10"
    assert found["XMP-iptcExt:DigitalSourceType"] == MADE
    assert found["XMP-iptcExt:AIPromptInformation"] == PROMPTS[prompt]
    assert found["XMP-iptcExt:AIPromptWriterName"] == "R. Eader"
    assert found["XMP-qwave:JobID"] == FACTS.job_id
    assert not [name for name in found if name.endswith("Warning")]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_exiftool_reads_the_text_for_galleries(
    read_by_exiftool: dict[str, dict[str, object]], ending: str, prompt: str
) -> None:
    found = read_by_exiftool[f"{prompt}-shown.{ending}"]
    facts = replace(FACTS, prompt=PROMPTS[prompt], has_prompt=True)
    made = marked(image_of(ENDINGS[ending]), facts, {ProvenanceMark.A1111})
    has_room = NoteKind.PROMPT_TOO_LONG not in made.notes
    assert has_room is not (ending == "jpg" and prompt == "emoji")
    name = "PNG:Parameters" if ending == "png" else "ExifIFD:UserComment"
    assert found[name] == gallery_text(facts if has_room else replace(facts, has_prompt=False))


def test_no_file_holds_a_prompt_that_is_not_to_be_in_it(read_by_exiftool: dict[str, dict[str, object]]) -> None:
    hidden = {name: found for name, found in read_by_exiftool.items() if "-hidden" in name}
    assert len(hidden) == len(ENDINGS) * len(PROMPTS)
    for found in hidden.values():
        assert str(found["XMP-iptcExt:AIPromptInformation"]).startswith("sha256:")
        assert all(word not in json.dumps(found, ensure_ascii=False) for word in ("teahouse", "alley", "tea &", "🍵"))


def test_the_file_beside_a_signed_one_is_read_too(read_by_exiftool: dict[str, dict[str, object]]) -> None:
    assert read_by_exiftool["signed.png.xmp"]["XMP-qwave:JobID"] == FACTS.job_id
