"""Reports of odd folders, and at odd places: an answer that says what is wrong, and no file of a run that changes."""

import json
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from qwave_batch.report.kept_thumbnails import thumbnail_record
from tests.integration.report.report_runs import data_of
from tests.unit.report.pictured_folder import PicturedFolder, picture, pictured_folder


@pytest.fixture
def folder(tmp_path: Path) -> PicturedFolder:
    """A run folder of two images, as it is copied about: without its ledger."""
    return pictured_folder(tmp_path / "run", [picture(1), picture(2)])


def report(*argv: str | Path) -> tuple[int, str, dict[str, Any]]:
    """The exit status, the words and the JSON of a report."""
    stdout, stderr = StringIO(), StringIO()
    status = main(["report", *map(str, argv), "--json"], stdout, stderr, environ={"COLUMNS": "1000"})
    return status, stderr.getvalue(), json.loads(stdout.getvalue() or "{}")


def files_below(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "place",
    ["run", "run/images", "run/images/new", "run/images/m/deeper/new", "run/inputs", "run/.qwave/new",
     "other/images/new", "run/manifest.jsonl", "run/manifest.jsonl/new", "linked/images/new", "mine", "lost"],
)  # fmt: skip
def test_a_place_of_files_that_are_not_the_reports_is_refused(
    folder: PicturedFolder, tmp_path: Path, place: str
) -> None:
    pictured_folder(tmp_path / "other", [picture(3)])
    (tmp_path / "linked").symlink_to(folder.root)
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    before = files_below(tmp_path)
    status, said, _ = report(folder.root, "-o", tmp_path / place)
    assert status == (4 if place == "run/manifest.jsonl/new" else 2)
    assert str(Path(place).name) in said
    assert files_below(tmp_path) == before


@pytest.mark.parametrize(
    "files",
    [{"index.html": "mine", "thumbs/cat.webp": "mine", "data/mine.js": "mine"}, {".writing": "mine"},
     {"thumbs/made.txt": "by hand", "notes": ""}, {"data/revision.js": "let revision = 1;", "page/mine.css": ""}],
)  # fmt: skip
def test_files_of_others_under_names_of_a_report_stay(
    folder: PicturedFolder, tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    status, said, _ = report(folder.root, "-o", tmp_path / "site")
    assert (status, "site holds files that no report made" in said) == (2, True)
    assert files_below(tmp_path / "site") == {name: text.encode() for name, text in files.items()}


@pytest.mark.parametrize("left", [[".writing"], [".writing", "thumbs/"], ["thumbs/"], ["thumbs/made.txt", "full/"]])
def test_a_report_that_was_killed_early_is_gone_on_with(
    folder: PicturedFolder, tmp_path: Path, left: list[str]
) -> None:
    for name in left:
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(thumbnail_record({}) if name.startswith("thumbs") else b"")
    assert report(folder.root, "-o", tmp_path / "out")[0] == 0


def test_a_report_leaves_the_run_folder_as_it_is(folder: PicturedFolder, tmp_path: Path) -> None:
    before = files_below(folder.root)
    assert report(folder.root, "-o", tmp_path / "out")[0] == 0
    assert report(folder.root)[0] == 0
    after = {path: data for path, data in files_below(folder.root).items() if not path.startswith("report/")}
    assert after == before


def test_missing_and_damaged_images_are_told_and_the_others_are_shown(folder: PicturedFolder, tmp_path: Path) -> None:
    missing, _ = folder.images
    (folder.root / missing).unlink()
    pictured = pictured_folder(tmp_path / "second", [picture(5), picture(6)])
    damaged, _ = pictured.images
    (pictured.root / damaged).write_bytes(b"<html>not an image</html>")
    out = tmp_path / "out"
    status, said, told = report(folder.root, pictured.root, "-o", out)
    assert status == 0
    assert "2 images" in said
    assert [(each["path"], bool(each["reason"])) for each in told["without_thumbnail"]] == [
        (missing, True),
        (damaged, True),
    ]
    jobs = data_of(out, "index")["jobs"]
    assert [image["thumb"] for job in jobs for image in job["images"]] == [False, True, False, True]


def test_an_image_that_is_only_there_in_small_is_told(folder: PicturedFolder, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert report(folder.root, "-o", out)[2]["without_original"] == []
    gone, _ = folder.images
    (folder.root / gone).unlink()
    assert report(folder.root, "-o", out)[2]["without_original"] == []  # the report's own name for it is still there
    shutil.rmtree(out / "full")
    status, said, told = report(folder.root, "-o", out)
    assert (status, told["without_original"], told["without_thumbnail"]) == (0, [gone], [])
    assert gone in said


def test_folders_of_one_name_are_told_apart_and_one_may_stand_beside_itself(tmp_path: Path) -> None:
    first = pictured_folder(tmp_path / "monday/run", [picture(1)])
    second = pictured_folder(tmp_path / "tuesday/run", [picture(2)])
    out = tmp_path / "out"
    status, _, told = report(first.root, second.root, first.root, "-o", out)
    assert (status, told["jobs"]) == (0, 3)
    labels = [each["label"] for each in data_of(out, "index")["folders"]]
    assert len(set(labels)) == 3


def test_a_run_without_jobs_has_a_page(tmp_path: Path) -> None:
    empty = pictured_folder(tmp_path / "run", [picture(1)])
    (empty.root / "manifest.jsonl").write_bytes(b"")
    status, _, told = report(empty.root, "-o", tmp_path / "out")
    assert (status, told["jobs"], told["images"]) == (0, 0, 0)


def test_a_folder_that_is_no_run_folder_is_named(folder: PicturedFolder, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    status, said, _ = report(folder.root, tmp_path / "nothing", "-o", tmp_path / "out")
    assert status == 2
    assert "nothing is not a run folder" in said
    assert not (tmp_path / "out").exists()


def test_no_signature_of_a_link_is_in_a_report(folder: PicturedFolder, tmp_path: Path) -> None:
    """APIs repeat the addresses that they were sent, and specs give them in ``meta``."""
    link = "https://b.example/cat.png?X-Amz-Credential=WHO&X-Amz-Signature=SECRET"
    manifest = folder.root / "manifest.jsonl"
    done, failed = map(json.loads, manifest.read_text().splitlines())
    done["meta"] = {"from": [link]}
    error = {"code": "bad_input", "message": f"can't get '{link}'.", "http_status": 400, "retryable": False}
    failed.update(status="failed", images=[], error={**error, "field": None})
    manifest.write_text("".join(json.dumps(line) + "\n" for line in (done, failed)))
    assert report(folder.root, "-o", tmp_path / "out")[0] == 0
    data = {path.name: path.read_text() for path in (tmp_path / "out/data").rglob("*.js")}
    assert [name for name, text in data.items() if "SECRET" in text or "WHO" in text] == []
    assert "can't get 'https://b.example/cat.png'." in data["index.js"]


def test_a_full_disk_ends_it_with_4_and_says_where(folder: PicturedFolder, tmp_path: Path, checkout: Path) -> None:
    out = tmp_path / "out"
    argv = (sys.executable, "-m", "qwave_batch", "report", str(folder.root), "-o", str(out))
    # Python keeps bytecode that the limit has cut, and then other processes don't start
    limited = ("env", "PYTHONDONTWRITEBYTECODE=1", "sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *argv)
    ended = subprocess.run(limited, cwd=checkout, capture_output=True, text=True, check=False)
    assert ended.returncode == 4, ended.stderr
    assert str(out) in "".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
