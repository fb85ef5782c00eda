"""One contract for all formats: repeated, stopped, refused, damaged, live."""

import json
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.errors import FolderBusy, FolderError, StorageError, UnknownName, UsageError
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.formats import FORMATS
from qwave_batch.export.image_loading import ImageLoader
from qwave_batch.export.out_file import OutFile
from qwave_batch.export.out_folder import out_folder
from qwave_batch.export.out_state import BEGUN, STATE
from qwave_batch.exports import (
    ExportReport,
    ExportRequest,
    FileMode,
    ImageChange,
    ImageForm,
    export_folders,
    read_split,
)
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.folders import open_run
from tests.forked_programs import ForkedProgram

FOLDERS = sorted(name for name, form in FORMATS.items() if form.is_folder)
FILES = sorted(name for name, form in FORMATS.items() if not form.is_folder)
EDITS = "action == 'edit' and prompt_id != 'web-input'"
"""A part of the run, with something in it for every format."""


def export(folder: Path, form: str, out: Path, **options: Any) -> ExportReport:
    asked = {"where": EDITS, **options}
    return export_folders(ExportRequest(folders=(folder,), format=form, out=out, **asked))


def files_in(place: Path) -> dict[str, tuple[int, bytes]]:
    """Each file of an output with its time and bytes, the export's own record left out."""
    found = [place, *place.parent.glob(f"{place.name}.*")] if place.is_file() else place.rglob("*")
    return {
        str(path.relative_to(place.parent)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in found
        if path.is_file() and not str(path).startswith(str(place / STATE))
    }


@pytest.fixture
def copied(trap_folder: Path, tmp_path: Path) -> Path:
    """A run folder of one's own, as a copy that was sent to somebody: without its ledger."""
    return Path(shutil.copytree(trap_folder, tmp_path / "copied", ignore=shutil.ignore_patterns(".qwave")))


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_that_is_repeated_changes_nothing(trap_folder: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    first = export(trap_folder, form, out)
    assert first.rows > 0
    assert first.files.written > 0
    made = files_in(out)
    again = export(trap_folder, form, out)
    assert (again.files.written, again.files.removed) == (0, 0)
    assert files_in(out) == made


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_export_elsewhere_has_the_same_bytes(trap_folder: Path, tmp_path: Path, form: str) -> None:
    outs = [tmp_path / name / "out" for name in ("one", "two")]
    for out in outs:
        export(trap_folder, form, out)
    one, two = ({name: data for name, (_, data) in files_in(out).items()} for out in outs)
    assert one == two


@pytest.mark.parametrize("form", FORMATS)
def test_fewer_rows_leave_no_old_file_and_a_strangers_file_stays(trap_folder: Path, tmp_path: Path, form: str) -> None:
    out, fresh = tmp_path / "out", tmp_path / "fresh" / "out"
    export(trap_folder, form, out)
    if FORMATS[form].is_folder:
        (out / "notes.md").write_text("mine")
    few = f"{EDITS} and prompt_id == 'masked'"
    export(trap_folder, form, out, where=few)
    export(trap_folder, form, fresh, where=few)
    assert (out / "notes.md").exists() is FORMATS[form].is_folder
    (out / "notes.md").unlink() if FORMATS[form].is_folder else None
    assert {name: data for name, (_, data) in files_in(out).items()} == {
        name: data for name, (_, data) in files_in(fresh).items()
    }


@pytest.mark.parametrize("form", FOLDERS)
def test_a_file_that_somebody_changed_is_written_again_and_no_other(
    trap_folder: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / "out"
    export(trap_folder, form, out)
    made = files_in(out)
    victim = max(made, key=lambda name: len(made[name][1]))
    (out.parent / victim).write_bytes(b"changed")
    assert export(trap_folder, form, out).files.written == 1
    mended = files_in(out)
    assert {name: data for name, (_, data) in mended.items()} == {name: data for name, (_, data) in made.items()}
    assert all(mended[name] == made[name] for name in made if name != victim)


@pytest.mark.parametrize("form", FOLDERS)
@pytest.mark.parametrize("fault", ["missing", "damaged"])
def test_an_image_that_is_not_as_recorded_is_told_and_left_out(
    copied: Path, tmp_path: Path, form: str, fault: str
) -> None:
    edits = [
        line
        for line in open_run(copied).lines()
        if line.action == "edit" and line.images and line.prompt_id == "masked"
    ]
    victim = copied / edits[0].images[0].path
    if fault == "missing":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    report = export(copied, form, tmp_path / "out")
    assert not report.is_complete
    (note,) = (note for note in report.notes.as_json() if note["kind"] == "unusable")  # type: ignore[index, call-overload]
    assert fault in json.dumps(note)
    assert edits[0].images[0].path in json.dumps(note)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"where": "modl == 'x'"}, 'unknown name in condition "modl"'),
        ({"where": "prompt +"}, "does not parse"),
        ({"where": "prompt.nothing.there == 1"}, "condition"),
        ({"where": "model"}, "not true or false"),
        ({"split": read_split("axis:modell")}, "axis"),
        ({"split": read_split("axis:model")}, "would lie in the splits"),
    ],
)
def test_a_wrong_request_is_refused_and_nothing_is_written(
    trap_folder: Path, tmp_path: Path, form: str, options: dict[str, Any], says: str
) -> None:
    out = tmp_path / "place" / "out"
    with pytest.raises(UsageError, match=says):
        export(trap_folder, form, out, **options)
    assert not out.parent.exists()


@pytest.mark.parametrize("form", FORMATS)
def test_what_no_export_made_is_not_written_over(trap_folder: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "mine"
    if FORMATS[form].is_folder:
        out.mkdir()
        (out / "thesis.tex").write_text("years")
    else:
        out.write_text("years")
    before = files_in(out)
    with pytest.raises(UsageError, match=r"no export made|not made by an export"):
        export(trap_folder, form, out)
    assert files_in(out) == before


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_folder_is_not_exported_into(copied: Path, form: str) -> None:
    before = sorted(copied.rglob("*"))
    for out in (copied, copied / "images" / "out"):
        with pytest.raises(UsageError, match=r"run folder|is a folder"):
            export(copied, form, out)
    assert sorted(copied.rglob("*")) == before


def test_another_format_does_not_go_into_an_exports_folder(trap_folder: Path, tmp_path: Path) -> None:
    if len(FOLDERS) < 2:
        pytest.skip("one format of folders")
    out = tmp_path / "out"
    export(trap_folder, FOLDERS[0], out)
    with pytest.raises(UsageError, match=f"holds an export in the format {FOLDERS[0]}"):
        export(trap_folder, FOLDERS[1], out)


@pytest.mark.parametrize("form", FOLDERS[:1])
def test_two_exports_into_one_folder_do_not_meet(trap_folder: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    export(trap_folder, form, out)
    other = sqlite3.connect(out / STATE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(FolderBusy, match="in use by another export"):
        export(trap_folder, form, out)
    other.close()
    assert export(trap_folder, form, out).files.written == 0


def test_two_exports_into_one_file_do_not_meet(trap_folder: Path, tmp_path: Path) -> None:
    """Else the first to end would give the file's name to what the other has written of it so far."""
    out = tmp_path / "out"
    export(trap_folder, "csv", out)
    before = files_in(out)
    with OutFile(out).new_file() as file:
        file.write(b"half a")
        file.flush()
        with pytest.raises(FolderBusy, match="in use by another export"):
            export(trap_folder, "csv", out)
        assert files_in(out) == before
    assert out.read_bytes() == b"half a"
    assert export(trap_folder, "csv", out).files.written == 1
    assert files_in(out).keys() == before.keys()


def test_a_file_goes_where_its_path_leads_and_missing_folders_are_made(trap_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "linked").symlink_to("disk")
    for place in ("a/b/c/out.csv", "linked/out.csv"):
        assert export(trap_folder, "csv", tmp_path / place).files.written == 1
    assert (tmp_path / "disk" / "out.csv").read_bytes() == (tmp_path / "a/b/c/out.csv").read_bytes()


def test_a_file_whose_export_was_killed_before_its_record_is_still_its_own(trap_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with OutFile(out).new_file() as file:
        file.write(b"whole, and then the process was killed")
    assert export(trap_folder, "csv", out).files.written == 1


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    def fill() -> None:
        with out_folder(tmp_path / "out", format_name="sidecar", loader=ImageLoader((), ImageChange())) as out:
            out.state.database.execute("PRAGMA max_page_count = 1")
            for number in range(1_000):
                out.write(f"{number}.txt", b"a caption")

    with pytest.raises(StorageError, match=r"cannot write .*state.sqlite: the disk is full"):
        fill()


@pytest.mark.parametrize("form", FOLDERS)
def test_a_record_that_is_damaged_is_told(trap_folder: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    (out / STATE).parent.mkdir(parents=True)
    (out / STATE).write_bytes(b"not a database, " * 100)
    with pytest.raises(UsageError, match="is damaged"):
        export(trap_folder, form, out)


def test_unknown_formats_and_folders_are_named(trap_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match='did you mean "parquet"'):
        export(trap_folder, "parqet", tmp_path / "out")
    with pytest.raises(FolderError, match="there is no folder"):
        export(tmp_path / "nowhere", "csv", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_options_that_a_format_has_no_use_for_are_refused(trap_folder: Path, tmp_path: Path, form: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "image": {"image": ImageChange(form=ImageForm.PNG)},
        "files": {"files": FileMode.LINK},
        "no_images": {"has_images": False},
        "json": {"has_json": True},
        "card": {"card": tmp_path / "card.yaml"},
    }
    for option in options.keys() - {each.value for each in FORMATS[form].options}:
        with pytest.raises(UsageError, match=f"the format {form} "):
            export(trap_folder, form, tmp_path / "out", **options[option])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", FOLDERS)
def test_an_export_that_is_killed_goes_on_where_it_was(trap_folder: Path, tmp_path: Path, form: str) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole" / "out"
    argv = ["export", str(trap_folder), "--to", form, str(out), "--where", EDITS]
    process = ForkedProgram(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (out / STATE).exists() and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    export(trap_folder, form, out)
    export(trap_folder, form, whole)
    assert {name: data for name, (_, data) in files_in(out).items()} == {
        name: data for name, (_, data) in files_in(whole).items()
    }


def test_files_of_a_killed_export_are_its_own_even_if_its_record_does_not_know_them(
    trap_folder: Path, tmp_path: Path
) -> None:
    """Else an old image would stay beside the caption of a new one."""
    killed = tmp_path / "killed"
    with out_folder(tmp_path / "out", format_name="sidecar", loader=ImageLoader((), ImageChange())) as out:
        out.write("999999.txt", b"a caption of old")
        shutil.copytree(tmp_path / "out", killed)  # as a kill now leaves it
    with (killed / BEGUN).open("a") as begun:
        begun.write("cut off in the mid")
    (killed / "thesis.tex").write_text("years")
    report = export(trap_folder, "sidecar", killed)
    assert (report.files.removed, report.files.unchanged) == (1, 0)
    assert not (killed / "999999.txt").exists()
    assert (killed / "thesis.tex").exists()
    assert not (killed / BEGUN).exists()


@pytest.mark.parametrize("form", FORMATS)
def test_the_origin_names_spec_catalog_and_version_and_no_path(trap_folder: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    export(trap_folder, form, out, split=read_split("a=0.5,b=0.5", seed=3))
    record = out / ".qwave-export/origin.json" if FORMATS[form].is_folder else tmp_path / "out.origin.json"
    origin = json.loads(record.read_bytes())
    summary = open_run(trap_folder).summary()
    assert summary is not None
    (source,) = origin["sources"]
    assert (source["spec_sha256"], source["catalog"]) == (summary["spec_sha256"], summary["catalog"])
    assert origin["options"] == {"where": EDITS, "split": "a=0.5,b=0.5 seed 3"}
    assert str(trap_folder.parent) not in record.read_text("utf-8")


@pytest.mark.parametrize("form", ["hf", "webdataset"])
def test_an_input_that_is_missing_is_told_alike_and_its_row_stays(trap_folder: Path, tmp_path: Path, form: str) -> None:
    """While a run is at work it may not have kept it yet, and the folder has no fault."""
    folder = Path(shutil.copytree(trap_folder, tmp_path / "folder"))
    for kept in (folder / "inputs").glob("*.jpeg"):
        kept.unlink()
    with FolderLock(RunLayout.existing(folder)):
        live = export(folder, form, tmp_path / "out")
    assert (live.is_complete, live.notes.counts) == (True, {})
    ended = export(folder, form, tmp_path / "out")
    assert (ended.is_complete, set(ended.notes.counts)) == (False, {NoteKind.INPUT_MISSING})
    assert ended.rows == live.rows == export(trap_folder, form, tmp_path / "whole").rows
