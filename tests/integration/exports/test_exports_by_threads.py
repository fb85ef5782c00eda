"""The contract of exports, by workers that are threads, and every format of a run with traps in it."""

from pathlib import Path

import pytest

from qwave_batch.executors.workers import Workers
from qwave_batch.export.formats import FORMATS
from qwave_batch.exports import ExportRequest, export_folders
from tests.export_contract import ExportContract, files_of
from tests.local_workers import LocalWorkers


class TestExportsByThreads(ExportContract):
    """Workers that are threads."""

    @pytest.fixture
    def workers(self) -> Workers:
        return LocalWorkers(2)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_the_same_by_workers(form: str, trap_folder: Path, tmp_path: Path) -> None:
    for name, workers in (("here", None), ("there", LocalWorkers(2))):
        out = tmp_path / name / "out" if FORMATS[form].is_folder else tmp_path / name / f"out.{form}"
        export_folders(ExportRequest(folders=(trap_folder,), format=form, out=out), executor=workers)
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")
