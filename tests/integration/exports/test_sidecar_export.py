"""The format ``sidecar``, read by the rules of the trainers that it is for."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import qwave_batch as qb
from qwave_batch.exports import (
    ExportReport,
    ExportRequest,
    FileMode,
    ImageChange,
    ImageForm,
    export_folders,
    read_split,
)
from tests.integration.exports.trap_runs import Line, lines_of

IMAGES = {".png", ".jpg", ".jpeg", ".webp"}


def exported(out: Path, *folders: Path, **options: Any) -> ExportReport:
    return export_folders(ExportRequest(folders=folders, format="sidecar", out=out, **options))


def as_a_trainer_reads(folder: Path) -> dict[str, tuple[Path, str]]:
    """The images of one folder, not of those below, by name, each with the first line of the text beside it."""
    found = {}
    for image in sorted(folder.iterdir()):
        if image.suffix.lower() in IMAGES:
            lines = image.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
            assert len(lines) == 1, image
            found[image.stem] = (image, lines[0])
    return found


def by_source(folder: Path) -> list[tuple[Line, dict[str, Any]]]:
    return [(line, image) for line in lines_of(folder) for image in line["images"]]


def test_every_image_has_its_caption_on_one_line(trap_folder: Path, tmp_path: Path) -> None:
    """Also prompts with line ends of any kind, with braces, of 20,000 characters, and under ids that name splits."""
    report = exported(tmp_path / "out", trap_folder)
    read = as_a_trainer_reads(tmp_path / "out")
    sources = by_source(trap_folder)
    assert (report.rows, report.is_complete) == (len(sources), True)
    assert list(read) == [f"{number:06}" for number in range(len(sources))]
    for (path, caption), (line, image) in zip(read.values(), sources, strict=True):
        assert path.read_bytes() == (trap_folder / image["path"]).read_bytes()
        assert caption == " ".join(line["prompt"].splitlines())
        with Image.open(path) as opened:
            assert opened.format == image["format"].upper()
    assert len(list((tmp_path / "out").glob("*"))) == 2 * len(sources) + 1  # and .qwave-export


def test_json_files_hold_the_facts_when_asked_for(trap_folder: Path, tmp_path: Path) -> None:
    exported(tmp_path / "out", trap_folder, has_json=True, image=ImageChange(form=ImageForm.PNG, max_size=32))
    for name, (line, image) in enumerate(by_source(trap_folder)):
        stem = tmp_path / "out" / f"{name:06}"
        told = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
        assert (told["job_id"], told["source_sha256"], told["tags"]) == (line["job_id"], image["sha256"], line["tags"])
        with Image.open(stem.with_suffix(".png")) as opened:
            assert opened.size == (told["width"], told["height"])


def test_splits_are_folders_with_numbers_of_their_own(trap_folder: Path, tmp_path: Path) -> None:
    report = exported(tmp_path / "out", trap_folder, split=read_split("tag:train,test"))
    for split, rows in report.splits.items():
        read = as_a_trainer_reads(tmp_path / "out" / split)
        assert list(read) == [f"{number:06}" for number in range(rows)]
        assert {line["prompt_id"] for line, _ in by_source(trap_folder) if split in line["tags"]}
    assert as_a_trainer_reads(tmp_path / "out") == {}


def test_exported_again_only_what_changed_is_written_and_what_is_gone_is_removed(
    trap_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    whole = exported(out, trap_folder, has_json=True)
    again = exported(out, trap_folder, has_json=True)
    assert (again.files.written, again.files.unchanged) == (0, whole.files.written)
    assert exported(out, trap_folder).files.removed == whole.rows
    (out / "000003.txt").write_text("another text", encoding="utf-8")
    assert exported(out, trap_folder).files.written == 1


def test_images_can_be_links_into_the_run_folder(trap_folder: Path, tmp_path: Path) -> None:
    exported(tmp_path / "out", trap_folder, files=FileMode.SYMLINK)
    for name, (path, _) in as_a_trainer_reads(tmp_path / "out").items():
        line, image = by_source(trap_folder)[int(name)]
        assert path.resolve() == (trap_folder / image["path"]).resolve(), line["job_id"]


def test_rows_without_an_image_are_refused(trap_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(qb.UsageError, match="no place for a job without one"):
        exported(tmp_path / "out", trap_folder, has_failed=True)
    assert not (tmp_path / "out").exists()
