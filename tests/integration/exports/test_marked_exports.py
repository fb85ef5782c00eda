"""Exports with marks: in every format, of signed files too, and the run folder stays as it is."""

import hashlib
import json
import shutil
import tarfile
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from qwave_batch.cli.main import main
from qwave_batch.export.marks.mark_reading import read_mark
from qwave_batch.export.marks.xmp_packet import IPTC_EXTENSION, read_packet
from qwave_batch.imaging.metadata.embedding import read_metadata
from tests.integration.exports.trap_runs import Line, lines_of

SIGNED = Path(__file__).parents[2] / "unit" / "imaging" / "signed"
IS_TEST = "prompt_id == 'test'"


@pytest.fixture(scope="module")
def signed_folder(trap_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder with traps in which an image of each format carries a C2PA signature."""
    folder = tmp_path_factory.mktemp("signed") / "run"
    shutil.copytree(trap_folder, folder, ignore=shutil.ignore_patterns(".qwave"))
    lines = lines_of(folder)
    for name, form in {"signed.png": "png", "signed.jpg": "jpeg", "signed.webp": "webp"}.items():
        data = (SIGNED / name).read_bytes()
        image = next(
            line["images"][0]
            for line in lines
            if line["prompt_id"] == "test" and line["images"] and line["images"][0]["format"] == form
        )
        digest = hashlib.sha256(data).hexdigest()
        image |= {"sha256": digest, "bytes": len(data), "width": 16, "height": 12}
        (folder / image["path"]).write_bytes(data)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")
    return folder


def export(*arguments: object) -> tuple[dict[str, Any], str]:
    out, err = StringIO(), StringIO()
    status = main(["export", *map(str, arguments), "--json"], out, err, environ={"COLUMNS": "300"})
    assert status == 0, err.getvalue()
    return json.loads(out.getvalue()), err.getvalue()


def lines_of_tests(folder: Path) -> list[Line]:
    return [line for line in lines_of(folder) if line["prompt_id"] == "test" and line["images"]]


def kinds_of(report: dict[str, Any]) -> dict[str, int]:
    return {note["kind"]: note["count"] for note in report["notes"]}


def state_of(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file() and ".qwave" not in path.parts
    }


def images_in(out: Path) -> list[Path]:
    return sorted(path for path in out.rglob("*") if path.suffix in {".png", ".jpg", ".webp"})


@pytest.mark.parametrize("form", ["hf", "sidecar"])
def test_files_are_marked_and_signed_ones_have_their_mark_beside_them(
    signed_folder: Path, tmp_path: Path, form: str
) -> None:
    before, out = state_of(signed_folder), tmp_path / "out"
    arguments = (signed_folder, "--to", form, out, "--mark", "xmp", "--mark", "a1111", "--where", IS_TEST)
    report, said = export(*arguments)
    assert state_of(signed_folder) == before
    recorded = {image["sha256"]: line for line in lines_of_tests(signed_folder) for image in line["images"]}
    images = images_in(out)
    assert len(images) == report["rows"] == len(recorded)
    kept = [path for path in images if hashlib.sha256(path.read_bytes()).hexdigest() in recorded]
    assert sorted(path.suffix for path in kept) == [".jpg", ".png", ".webp"]
    assert sorted(out.rglob("*.xmp")) == sorted(path.with_name(f"{path.name}.xmp") for path in kept)
    for path in images:
        beside = path.with_name(f"{path.name}.xmp")
        mark = read_mark((beside if path in kept else path).read_bytes())
        assert mark is not None
        assert recorded[str(mark.source_sha256)]["job_id"] == mark.job_id
        assert b"A test card" not in path.read_bytes()
    assert kinds_of(report) == {"signed": 3, "no_gallery_text": 3}
    assert "3 images kept byte for byte, to keep a C2PA signature whole" in said
    again, _ = export(*arguments)
    assert (again["files"]["written"], again["files"]["removed"]) == (0, 0)
    unmarked, _ = export(signed_folder, "--to", form, out, "--where", IS_TEST)
    assert unmarked["files"]["removed"] == 3
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in images_in(out)} == recorded.keys()


def test_encoding_anew_loses_signatures_and_says_so(signed_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    report, said = export(signed_folder, "--to", "parquet", out, "--image", "webp", "--mark", "xmp", "--where", IS_TEST)
    assert kinds_of(report) == {"signature_lost": 2, "signed": 1}
    assert "2 images without the C2PA signature of the run's file" in said
    for row in pq.read_table(out).to_pylist():
        data = row["image"]["bytes"]
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        mark = read_mark(data)
        assert mark is None or (mark.job_id, mark.source_sha256) == (row["job_id"], row["source_sha256"])
    smaller, _ = export(
        signed_folder, "--to", "parquet", tmp_path / "small.parquet", "--max-size", "8", "--where", IS_TEST
    )
    assert kinds_of(smaller) == {"signature_lost": 3}


def test_a_sample_of_webdataset_holds_the_mark_of_a_signed_image(signed_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report, _ = export(signed_folder, "--to", "webdataset", out, "--mark", "a1111", "--where", IS_TEST)
    assert kinds_of(report) == {"signed": 3, "no_gallery_text": 3}
    marks = []
    for file in sorted(out.rglob("*.tar")):
        with tarfile.open(file) as tar:
            for name in (name for name in tar.getnames() if name.endswith(".json")):
                sample = json.loads((tar.extractfile(name) or BytesIO()).read())
                mark = read_mark(sample["xmp"].encode())
                marks += [mark.job_id == sample["job_id"]] if mark else []
    assert marks == [True, True, True]


def test_the_prompt_is_in_images_when_it_is_asked_for(trap_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    marks = ("--mark", "xmp", "--mark", "a1111", "--prompt-in-image")
    export(trap_folder, "--to", "parquet", out, *marks, "--where", "prompt_id in ['long', '🎏', 'one-input']")
    rows = pq.read_table(out, columns=["image", "prompt", "prompt_id", "model", "width", "height"]).to_pylist()
    assert {row["prompt_id"] for row in rows} == {"long", "🎏", "one-input"}
    for row in rows:
        found = read_metadata(row["image"]["bytes"])
        told = read_packet(found.xmp or b"").values
        if found.xmp_extension:
            told |= read_packet(found.xmp_extension).values
        assert told[IPTC_EXTENSION, "AIPromptInformation"] == row["prompt"].replace("\r\n", "\n")
        kind = told[IPTC_EXTENSION, "DigitalSourceType"].rpartition("/")[2]
        is_edit = row["prompt_id"] == "one-input"
        assert kind == ("compositeWithTrainedAlgorithmicMedia" if is_edit else "trainedAlgorithmicMedia")
        assert (found.parameters or "").startswith(row["prompt"])
        assert f"Size: {row['width']}x{row['height']}, Model: {row['model']}" in (found.parameters or "")
        with Image.open(BytesIO(row["image"]["bytes"])) as image:
            image.load()
            assert image.size == (row["width"], row["height"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--mark", "exif"), 'unknown mark "exif"'),
        (("--prompt-in-image",), "none is asked for"),
        (("--mark", "xmp", "--files", "link"), "must be copied"),
    ],
)
def test_wrong_marks_are_refused(trap_folder: Path, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    err = StringIO()
    status = main(["export", str(trap_folder), "--to", "sidecar", str(tmp_path / "out"), *arguments], StringIO(), err)
    assert (status, (tmp_path / "out").exists()) == (2, False)
    assert says in err.getvalue()
