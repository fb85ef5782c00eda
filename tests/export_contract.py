"""The contract of ``export`` with workers: facts that hold for all kinds of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.executors.workers import Workers
from qwave_batch.export.out_state import PART, STATE
from qwave_batch.exports import (
    ExportReport,
    ExportRequest,
    FileMode,
    ImageChange,
    ImageForm,
    OnWork,
    ProvenanceMark,
    WorkProgress,
    export_folders,
    read_split,
)
from tests.painted_folders import painted, painted_folder

IMAGES = 90
CHANGED = ImageChange(form=ImageForm.JPEG, max_size=16, marks=frozenset(ProvenanceMark), has_prompt=True)
EXPORTS: Mapping[str, Mapping[str, Any]] = {
    "hf": {"image": CHANGED},
    "sidecar": {"split": read_split("train=0.8,test=0.2")},
    "webdataset": {"image": CHANGED},
    "parquet": {},
    "croissant": {"files": FileMode.LINK},
}


class Interruption(BaseException):
    """Ends an export as Ctrl-C does."""


class ExportContract:
    """The facts; a subclass has the fixture ``workers``."""

    @pytest.fixture(autouse=True)
    def _small_tars(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("qwave_batch.export.formats.webdataset.SAMPLES_IN_TAR", 20)

    @pytest.mark.parametrize("form", EXPORTS)
    def test_workers_make_what_this_process_makes(self, form: str, workers: Workers, tmp_path: Path) -> None:
        folder = spoiled_folder(tmp_path)
        expected = exported(folder, form, tmp_path / "here")
        found = exported(folder, form, tmp_path / "there", workers)
        assert files_of(tmp_path / "there") == files_of(tmp_path / "here")
        assert found.as_json() | {"out": ""} == expected.as_json() | {"out": ""}
        assert not found.is_complete
        assert len(found.notes.as_json()) > 0

    @pytest.mark.parametrize("form", ["sidecar", "webdataset"])
    def test_an_output_that_workers_do_not_reach_is_written_here(
        self, form: str, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = spoiled_folder(tmp_path)
        exported(folder, form, tmp_path / "here")
        monkeypatch.setattr("qwave_batch.api.export_folders.reaches_output", lambda *_: False)
        exported(folder, form, tmp_path / "there", workers)
        assert files_of(tmp_path / "there") == files_of(tmp_path / "here")

    @pytest.mark.parametrize("form", ["hf", "webdataset"])
    def test_an_interrupted_export_goes_on_with_what_is_left(self, form: str, workers: Workers, tmp_path: Path) -> None:
        folder = spoiled_folder(tmp_path)
        exported(folder, form, tmp_path / "here")

        def stop(progress: WorkProgress) -> None:
            if progress.done == IMAGES // 2 and not progress.doing:
                raise Interruption

        with pytest.raises(Interruption):
            exported(folder, form, tmp_path / "there", workers, on_work=stop)
        found = exported(folder, form, tmp_path / "there", workers)
        assert found.files.unchanged > 0
        assert files_of(tmp_path / "there") == files_of(tmp_path / "here")
        assert not any((tmp_path / "there" / PART).iterdir())

    def test_an_export_that_is_up_to_date_loads_nothing(self, workers: Workers, tmp_path: Path) -> None:
        folder = painted_folder(tmp_path / "run", cells())
        exported(folder, "hf", tmp_path / "out")
        found = exported(folder, "hf", tmp_path / "out", workers)
        assert (found.files.written, found.files.removed) == (0, 0)


def cells() -> dict[tuple[str, str], list[bytes]]:
    """Return the images of a folder by prompt and model."""
    return {(f"p{at // 2}", "ab"[at % 2]): [painted(at)] for at in range(IMAGES)}


def spoiled_folder(place: Path) -> Path:
    """Return a folder in which one image is missing and another is damaged."""
    folder = painted_folder(place / "run", cells())
    first, second, *_ = sorted(folder.rglob("*.png"))
    first.unlink()
    second.write_bytes(b"damaged")
    return folder


def exported(
    folder: Path, form: str, out: Path, workers: Workers | None = None, *, on_work: OnWork = lambda _: None
) -> ExportReport:
    """Export a folder, with the options that are tried with the format."""
    place = out if form != "parquet" else out / "all.parquet"
    request = ExportRequest(folders=(folder,), format=form, out=place, **EXPORTS[form])
    return export_folders(request, on_work, executor=workers)


def files_of(out: Path) -> dict[str, bytes]:
    """Return the files of an output; of its own record only what it says of its origin."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and STATE not in path.as_posix()
    }
