"""Votes as preferences, in the forms that trainers load, and picks in conditions and columns."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tests.integration.exports.loading import call, exported, loaded, rows_of
from tests.integration.exports.trap_runs import Line, lines_of
from tests.voted_folders import a_pick, write_lines

LABELS = {"left": (1.0, 0.0), "right": (0.0, 1.0), "tie": (0.5, 0.5), "both_bad": (0.5, 0.5)}
TRAINERS_READ = [
    "prompt", "image_0", "image_1", "label_0", "label_1", "model_0", "model_1", "rater", "criterion",
]  # fmt: skip


def votes_of(folder: Path) -> list[Line]:
    return [json.loads(line) for line in (folder / "votes.jsonl").read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def preferences(trap_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The votes of the folder with traps, as a folder."""
    out = tmp_path_factory.mktemp("preferences") / "out"
    exported("preferences", out, trap_folder)
    return out


def test_each_vote_is_a_row_with_its_two_images(trap_folder: Path, preferences: Path) -> None:
    rows = parquet.read_table(preferences / "metadata.parquet").to_pylist()
    votes, lines = votes_of(trap_folder), {line["job_id"]: line for line in lines_of(trap_folder)}
    assert len(rows) == len(votes) > 20
    assert list(rows[0])[: len(TRAINERS_READ)] == TRAINERS_READ
    for row, vote in zip(rows, votes, strict=True):
        for side, label, name in ((0, 0, "left"), (1, 1, "right")):
            line = lines[vote[name]["job_id"]]
            assert row[f"label_{side}"] == LABELS[vote["winner"]][label]
            assert (row["prompt"], row[f"model_{side}"]) == (line["prompt"], line["model"])
            there = (preferences / row[f"image_{side}"]).read_bytes()
            assert there == (trap_folder / line["images"][0]["path"]).read_bytes()
        assert row["both_bad"] is (vote["winner"] == "both_bad")
        assert (row["rater"], row["criterion"]) == (vote["rater"], "overall")


def test_an_image_of_several_votes_is_there_once(trap_folder: Path, preferences: Path) -> None:
    voted = {vote[side]["job_id"] for vote in votes_of(trap_folder) for side in ("left", "right")}
    assert len([*(preferences / "images").rglob("*.*")]) == len(voted)


def test_hugging_faces_libraries_load_both_images(preferences: Path) -> None:
    data = loaded(preferences)
    features = data["train"].features
    assert [str(features[name]).partition("(")[0] for name in ("image_0", "image_1")] == ["Image", "Image"]
    (rows,) = rows_of(data).values()
    table = parquet.read_table(preferences / "metadata.parquet").to_pylist()
    assert [row["label_0"] for row in rows] == [row["label_0"] for row in table]
    assert all(row["image_0"].size[0] > 0 and row["image_1"].size[0] > 0 for row in rows)
    assert {"image_0_file_name", "image_1_file_name"}.isdisjoint(features)


def test_json_lines_name_the_images_of_the_run_folder(trap_folder: Path, preferences: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    exported("preferences", out, trap_folder)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").split("\n") if line]
    table = parquet.read_table(preferences / "metadata.parquet").to_pylist()
    same = [name for name in table[0] if not name.startswith(("image_0", "image_1"))]
    assert [{name: line[name] for name in same} for line in lines] == [
        {name: row[name] for name in same} for row in table
    ]
    assert all((trap_folder / line[f"image_{side}"]).is_file() for line in lines for side in (0, 1))


def test_votes_whose_images_are_not_both_taken_are_counted(trap_folder: Path, tmp_path: Path) -> None:
    talk = exported("preferences", tmp_path / "few.jsonl", trap_folder, "--where", "prompt_id == 'masked'")
    of_masked = [line["job_id"] for line in lines_of(trap_folder) if line["prompt_id"] == "masked"]
    taken = [vote for vote in votes_of(trap_folder) if vote["left"]["job_id"] in of_masked]
    left = len(votes_of(trap_folder)) - len(taken)
    assert f"{len(taken)} rows in" in talk
    assert f"left out: {left} votes on a pair of which an image is not taken or no longer there" in talk


def test_splits_are_folders_that_share_no_prompt(trap_folder: Path, tmp_path: Path) -> None:
    exported("preferences", tmp_path / "out", trap_folder, "--split", "train=0.5,test=0.5")
    found = {
        table.parent.name: {row["prompt"] for row in parquet.read_table(table).to_pylist()}
        for table in (tmp_path / "out").glob("*/metadata.parquet")
    }
    assert found.keys() == {"train", "test"}
    assert found["train"].isdisjoint(found["test"])
    assert set(loaded(tmp_path / "out")) == {"train", "test"}


def test_a_folder_without_votes_makes_an_empty_table(other_trap_folder: Path, tmp_path: Path) -> None:
    assert "0 rows in" in exported("preferences", tmp_path / "out", other_trap_folder)
    assert parquet.read_table(tmp_path / "out" / "metadata.parquet").num_rows == 0
    assert "0 rows in" in exported("preferences", tmp_path / "out.jsonl", other_trap_folder)


# --- picks ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def picked(trap_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Line]]:
    """A copy with four picks by two raters, and the jobs that they are about."""
    copy = tmp_path_factory.mktemp("picked") / "run"
    shutil.copytree(trap_folder, copy, ignore=shutil.ignore_patterns(".qwave", "votes.jsonl"))
    jobs = [line for line in lines_of(copy) if line["images"]][:3]
    picks = [
        a_pick(jobs[0]["job_id"], "keep", 5),
        a_pick(jobs[0]["job_id"], "keep", 4, rater="Bob"),
        a_pick(jobs[1]["job_id"], "reject"),
        a_pick(jobs[2]["job_id"], None, 2),
    ]
    write_lines(copy / "picks.jsonl", picks)
    return copy, jobs


def rows(folder: Path, out: Path, where: str) -> list[dict[str, Any]]:
    exported("jsonl", out, folder, "--where", where)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ("pick == 'keep'", [0]),
        ("pick == 'reject'", [1]),
        ("rating >= 4.5", [0]),
        ("rating < 4 or pick == 'reject'", [1, 2]),
        ("rating is not none", [0, 2]),
    ],
)
def test_conditions_see_picks(picked: tuple[Path, list[Line]], tmp_path: Path, where: str, taken: list[int]) -> None:
    """Without a rating every comparison is false, and does not count as a mistake."""
    folder, jobs = picked
    found = rows(folder, tmp_path / "out.jsonl", where)
    assert {row["job_id"] for row in found} == {jobs[number]["job_id"] for number in taken}


def test_a_condition_that_is_a_mistake_still_is_one(picked: tuple[Path, list[Line]], tmp_path: Path) -> None:
    argv = ("export", picked[0], "--to", "jsonl", tmp_path / "out.jsonl", "--where")
    assert call(*argv, "rating >= 'much'")[0] == 2
    assert call(*argv, "rating")[0] == 2


def test_picks_are_columns_where_there_are_some(
    picked: tuple[Path, list[Line]], trap_folder: Path, tmp_path: Path
) -> None:
    folder, jobs = picked
    found = {
        row["job_id"]: (row["pick"], row["rating"]) for row in rows(folder, tmp_path / "a.jsonl", "image_index == 0")
    }
    assert [found[job["job_id"]] for job in jobs] == [("keep", 4.5), ("reject", None), (None, 2)]
    assert not {"pick", "rating"} & set(rows(trap_folder, tmp_path / "b.jsonl", "True")[0])


def test_broken_picks_are_told_before_anything_is_written(picked: tuple[Path, list[Line]], tmp_path: Path) -> None:
    broken = Path(shutil.copytree(picked[0], tmp_path / "run"))
    (broken / "picks.jsonl").write_text('{"pick": 2}')
    status, _, err = call("export", broken, "--to", "jsonl", tmp_path / "out.jsonl")
    assert status == 2
    assert "picks.jsonl:1:1: pick: its form is 2" in err
    assert not (tmp_path / "out.jsonl").exists()
