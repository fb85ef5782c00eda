"""A benchmark's files are found in a checkout, in a folder, and named one by one."""

from pathlib import Path

import pytest

from qwave_batch.bench.given_files import GivenFiles
from qwave_batch.errors import UsageError


def put(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"")
    return file


def test_the_place_in_the_repository_wins_over_the_name(tmp_path: Path) -> None:
    there = put(tmp_path / "repository/prompts/data.jsonl")
    put(tmp_path / "repository/old/data.jsonl")
    given = GivenFiles.look([tmp_path / "repository"])
    assert given.fitting(["prompts/data.jsonl"], is_only=True) == (there,)


def test_a_name_alone_is_enough_in_any_case(tmp_path: Path) -> None:
    there = put(tmp_path / "Data.JSONL")
    assert GivenFiles.look([tmp_path]).fitting(["prompts/data.jsonl"], is_only=False) == (there,)


def test_a_pattern_fits_by_name_only_in_the_folder_itself(tmp_path: Path) -> None:
    here = put(tmp_path / "flat/1.txt")
    put(tmp_path / "flat/deeper/2.txt")
    given = GivenFiles.look([tmp_path / "flat"])
    assert given.fitting(["dpg_bench/prompts/*.txt"], is_only=True) == (here,)


def test_a_file_named_itself_may_have_another_name_where_only_one_is_read(tmp_path: Path) -> None:
    mine = put(tmp_path / "mine.csv")
    given = GivenFiles.look([mine])
    assert given.fitting(["theirs.csv"], is_only=True) == (mine,)
    assert given.fitting(["theirs.csv"], is_only=False) == ()
    assert given.fitting(["theirs.tsv"], is_only=True) == ()


def test_hidden_folders_are_not_looked_into(tmp_path: Path) -> None:
    put(tmp_path / ".git/data.jsonl")
    assert GivenFiles.look([tmp_path]).fitting(["data.jsonl"], is_only=True) == ()


def test_a_name_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        GivenFiles.look([tmp_path / "nowhere"])


def test_a_license_file_is_read_to_its_first_line(tmp_path: Path) -> None:
    put(tmp_path / "deeper/LICENSE").write_text("Of something else\n")
    assert GivenFiles.look([tmp_path]).license_line() is None
    put(tmp_path / "LICENSE.md").write_text("\n  MIT License  \n\nCopyright\n")
    assert GivenFiles.look([tmp_path]).license_line() == "MIT License"
