from pathlib import Path

import pytest

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.layout import RunLayout, is_run_folder


def test_a_new_folder_has_its_fixed_parts_and_hides_the_private_one_from_git(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path / "runs" / "teahouse")
    layout.create()
    layout.create()
    assert layout.images.is_dir()
    assert layout.workspace.partial.is_dir()
    assert (layout.workspace.private / ".gitignore").read_text(encoding="utf-8").endswith("*\n")
    assert is_run_folder(layout.root)
    assert RunLayout.existing(layout.root) == layout


def test_a_folder_copied_without_its_ledger_is_still_a_run_folder(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").touch()
    assert RunLayout.existing(tmp_path).manifest.exists()


def test_a_mistyped_folder_gets_the_nearest_one(tmp_path: Path) -> None:
    RunLayout(tmp_path / "teahouse-ab").create()
    with pytest.raises(FolderError, match=r'no folder .*teahouse-ba; did you mean ".*/teahouse-ab"\?'):
        RunLayout.existing(tmp_path / "teahouse-ba")


def test_a_folder_of_run_folders_names_them(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        RunLayout(tmp_path / name).create()
    with pytest.raises(FolderError, match=r"is not a run folder.*; it holds .*/a, .*/b, .*/c and 1 more"):
        RunLayout.existing(tmp_path)


def test_someone_elses_folder_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(FolderError, match=r"not empty.*thesis.docx"):
        RunLayout(tmp_path).create()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "run"
    file.touch()
    with pytest.raises(FolderError, match="is a file"):
        RunLayout(file).create()
    with pytest.raises(FolderError, match="is a file"):
        RunLayout.existing(file)


def test_a_file_in_the_way_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot make the folder"):
        RunLayout(tmp_path / "file" / "run").create()
