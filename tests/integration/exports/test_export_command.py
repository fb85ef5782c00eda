"""``export`` as a user types it."""

import io
import json
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.export.formats import FORMATS


def typed(*argv: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    status = main(["export", *argv], stdout, stderr, environ={"COLUMNS": "200"})
    return status, stdout.getvalue(), stderr.getvalue()


def test_help_names_every_format() -> None:
    _, page, _ = typed("--help")
    assert all(name in page for name in FORMATS)


def test_options_may_stand_anywhere(trap_folder: Path, other_trap_folder: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "t.csv")
    folders = (str(trap_folder), str(other_trap_folder))
    for argv in ((*folders, "--to", "csv", out), ("--to=csv", *folders, out), (*folders, out, "--to", "csv")):
        assert typed(*argv)[0] == 0


def test_json_says_what_was_exported(trap_folder: Path, tmp_path: Path) -> None:
    status, stdout, stderr = typed(str(trap_folder), "--to", "jsonl", str(tmp_path / "t.jsonl"), "--json")
    told = json.loads(stdout)
    assert status == 0
    assert told["rows"] == sum(told["splits"].values()) > 0
    assert told["left_out"]["no_image"] > 0
    assert told["files"] == {"written": 1, "unchanged": 0, "removed": 0}
    assert "left out" in stderr
    assert "--with-failed" in stderr


def test_an_option_is_proposed_only_to_a_format_that_takes_it(trap_folder: Path, tmp_path: Path) -> None:
    status, _, talk = typed(str(trap_folder), "--to", "sidecar", str(tmp_path / "out"))
    assert status == 0
    assert "jobs without an image" in talk
    assert "--with-failed" not in talk


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("RUN", "--to", "csv"), "name the run folders, then"),
        (("RUN", "OUT"), "--to"),
        (("RUN", "OUT", "--to", "xlsx"), 'unknown format "xlsx"'),
        (("RUN", "OUT", "--to", "csv", "--image", "jpg"), 'did you mean "jpeg"'),
        (("RUN", "OUT", "--to", "csv", "--image", "png"), "does not change or mark them"),
        (("RUN", "OUT", "--to", "parquet", "--quality", "80"), "changes nothing"),
        (("RUN", "OUT", "--to", "parquet", "--quality", "0"), "--quality"),
        (("RUN", "OUT", "--to", "parquet", "--max-size", "-3"), "--max-size"),
        (("RUN", "OUT", "--to", "csv", "--files", "hardlink"), 'unknown way of files "hardlink"'),
        (("RUN", "OUT", "--to", "csv", "--split-seed", "3"), "no split is asked for"),
        (("RUN", "OUT", "--to", "csv", "--split", "train=2"), "not a name with a share"),
        (("RUN", "OUT", "--to", "csv", "--drop", "blank,"), '"blank," is not a list of kinds'),
        (("RUN", "OUT", "--to", "csv", "--wher", "x"), 'did you mean "--where"'),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    trap_folder: Path, tmp_path: Path, argv: tuple[str, ...], says: str
) -> None:
    places = {"RUN": str(trap_folder), "OUT": str(tmp_path / "out")}
    status, stdout, stderr = typed(*(places.get(each, each) for each in argv))
    assert (status, stdout) == (2, "")
    assert says in stderr
    assert list(tmp_path.iterdir()) == []
