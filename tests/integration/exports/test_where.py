"""``where`` finds the job of an image, and the spec that it prints makes the same job again."""

import base64
import json
import shutil
from io import BytesIO, StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

import qwave_batch as qb
from qwave_batch.cli.main import main
from tests.integration.exports.trap_runs import Line, lines_of, made_once

STRANGE, REFUSED = 1, 2
MANY = 40
SPEC = """\
version: 1
name: odd-jobs
catalog: {{date: "2026-10", overlay: overlay.yaml}}
identity: {{addresses: stable}}
repeat: 3
prompts:
  - A cup
  - id: inline
    text: The same cup in snow
    request: {{action: edit, image_urls: ["{inline}"]}}
  - id: mixed
    text: Both cups
    request: {{action: edit, image_urls: ["{inline}", cup.png]}}
  - id: signed
    text: The shoe in blue
    request:
      action: edit
      image_urls: ["https://pictures.example.com/shoe.jpg?X-Amz-Date=20261122T120000Z&X-Amz-Signature=00aa"]
matrix:
  model: [gpt-image-2, our-own]
"""
OVERLAY = """\
catalog: "2026-10"
models: {our-own: {like: gpt-image-2}}
"""


def make_odd_jobs(home: Path) -> None:
    Image.new("RGB", (24, 16), "red").save(home / "cup.png")
    file = BytesIO()
    Image.new("RGB", (24, 16), "green").save(file, "png")
    inline = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    (home / "overlay.yaml").write_text(OVERLAY)
    (home / "spec.yaml").write_text(SPEC.format(inline=inline))
    qb.run_batch_sync(home / "spec.yaml", connection=qb.Simulated(seed=1, latency="0"), out_dir=home / "run")


@pytest.fixture(scope="session")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with repeats, an overlay, inline images and signed addresses; read only."""
    return made_once(tmp_path_factory, "odd-jobs", make_odd_jobs)


def where(*arguments: object) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    status = main(["where", *map(str, arguments)], out, err, environ={"COLUMNS": "100"})
    return status, out.getvalue(), err.getvalue()


def found(*arguments: object) -> dict[str, object]:
    status, out, err = where(*arguments, "--json")
    assert status == 0, err
    told: dict[str, object] = json.loads(out)
    return told


def ids_of(spec: str, folder: Path, allow_read: Path) -> list[str]:
    (folder / "again.yaml").write_text(spec, encoding="utf-8", newline="")
    plan = qb.open_plan(folder / "again.yaml", allow_read=[allow_read])
    return [item.job_id for item in plan.items()]


def made_lines(folder: Path) -> list[tuple[int, Line]]:
    return [(number, line) for number, line in enumerate(lines_of(folder), start=1) if line["images"]]


@pytest.mark.parametrize("name", ["trap_folder", "other_trap_folder", "odd_folder"])
@pytest.mark.parametrize("kind", ["with its ledger", "a copy without it"])
def test_every_image_leads_to_its_job_and_the_spec_makes_it_again(
    name: str,
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    folder: Path = request.getfixturevalue(name)
    if kind == "a copy without it":
        folder = Path(shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave")))
    summary = json.loads((folder / "summary.json").read_text())
    lines = made_lines(folder)
    for number, line in lines if len(lines) < MANY else lines[::5]:
        told = found(line["images"][-1]["sha256"], folder)
        assert (told["job_id"], told["line"], told["folder"]) == (line["job_id"], number, str(folder))
        assert told["spec_sha256"] == summary["spec_sha256"]
        assert ids_of(str(told["spec"]), tmp_path, folder) == [line["job_id"]]


def test_a_file_is_found_and_what_is_printed_is_a_spec(trap_folder: Path, tmp_path: Path) -> None:
    number, line = made_lines(trap_folder)[0]
    status, out, err = where(trap_folder / line["images"][0]["path"])
    assert (status, err) == (0, "")
    assert f"# job {line['job_id']}, line {number} of {trap_folder.resolve()}/manifest.jsonl" in out
    assert ids_of(out, tmp_path, trap_folder) == [line["job_id"]]


def test_run_folders_are_looked_for_below_the_current_one(
    trap_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trap_folder, tmp_path / "runs" / "b")
    shutil.copytree(trap_folder, tmp_path / "runs" / "a", ignore=shutil.ignore_patterns(".qwave"))
    monkeypatch.chdir(tmp_path)
    _, line = made_lines(trap_folder)[3]
    told = found(line["images"][0]["sha256"].upper())
    others = told["others"]
    assert isinstance(others, list)
    assert [told["folder"], *(other["folder"] for other in others)] == [f"{tmp_path}/runs/a", f"{tmp_path}/runs/b"]
    assert found(line["images"][0]["sha256"], "runs")["folder"] == "runs/a"
    inside = found(tmp_path / "runs" / "b" / line["images"][0]["path"])
    assert inside["folder"] == f"{tmp_path}/runs/b"
    edit = next(line for _, line in made_lines(trap_folder) if line["prompt_id"] == "one-input")
    spec = str(found(edit["images"][0]["sha256"], "runs/b")["spec"])
    assert 'image_urls: ["runs/b/inputs/sha256-' in spec
    assert ids_of(spec, tmp_path, tmp_path) == [edit["job_id"]]


@pytest.mark.parametrize("mark", ["xmp", "a1111"])
def test_an_exported_copy_is_found_by_its_mark(mark: str, trap_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    arguments = ["export", str(trap_folder), "--to", "parquet", str(out), "--mark", mark, "--max-size", "9"]
    assert (
        main([*arguments, "--image", "webp", "--where", "prompt_id == 'test'"], StringIO(), StringIO(), environ={}) == 0
    )
    table = pq.read_table(out, columns=["image", "job_id", "sha256", "source_sha256"]).to_pylist()
    assert len(table) > 5
    for row in table:
        copy = tmp_path / "renamed.bin"
        copy.write_bytes(row["image"]["bytes"])
        assert row["sha256"] != row["source_sha256"]
        assert found(copy, trap_folder)["job_id"] == row["job_id"]


def test_an_exported_file_without_a_mark_is_found_by_the_record_around_it(trap_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["export", str(trap_folder), "--to", "sidecar", str(out), "--image", "webp", "--max-size", "9"]
    arguments += ["--where", "prompt_id == 'test'", "--json-files"]
    assert main(arguments, StringIO(), StringIO(), environ={}) == 0
    for file in sorted(out.glob("*.webp")):
        job_id = json.loads(file.with_suffix(".json").read_text())["job_id"]
        assert found(file, trap_folder)["job_id"] == job_id
    file.write_bytes(file.read_bytes() + b"changed")
    assert where(file, trap_folder)[0] == STRANGE
    (out / ".qwave-export" / "state.sqlite").write_bytes(b"no database")
    assert where(out / "000000.webp", trap_folder)[0] == STRANGE


def test_jobs_that_share_an_id_do_not_share_their_images(odd_folder: Path, tmp_path: Path) -> None:
    """A mark names the run's file, so that another folder's image of the same job is not taken for it."""
    twin = tmp_path / "twin"
    qb.run_batch_sync(odd_folder.parent / "spec.yaml", connection=qb.Simulated(seed=2, latency="0"), out_dir=twin)
    out = tmp_path / "out.parquet"
    arguments = ["export", str(odd_folder), "--to", "parquet", str(out), "--mark", "xmp"]
    assert main(arguments, StringIO(), StringIO(), environ={}) == 0
    (tmp_path / "copy.png").write_bytes(pq.read_table(out, columns=["image"]).to_pylist()[0]["image"]["bytes"])
    told = found(tmp_path / "copy.png", twin, odd_folder)
    assert (told["folder"], "others" in told) == (str(odd_folder), False)


def test_a_job_that_left_the_plan_is_found_all_the_same(odd_folder: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(odd_folder.parent, tmp_path / "home"))
    spec = home / "spec.yaml"
    spec.write_text(spec.read_text().replace("  - A cup\n", ""))
    _, line = made_lines(odd_folder)[0]
    options = qb.RunOptions(adopt=True)
    qb.run_batch_sync(spec, connection=qb.Simulated(seed=1, latency="0"), out_dir=home / "run", options=options)
    told = found(line["images"][0]["sha256"], home / "run")
    assert (told["job_id"], told["line"]) == (line["job_id"], None)
    assert ids_of(str(told["spec"]), tmp_path, home) == [line["job_id"]]


def test_a_strangers_image_is_found_nowhere(trap_folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (3, 3)).save(tmp_path / "stranger.png")
    status, out, err = where(tmp_path / "stranger.png", trap_folder)
    assert (status, out) == (STRANGE, "")
    assert "looked in 1 run folder" in err
    assert where(tmp_path / "stranger.png", trap_folder, "--json")[:2] == (STRANGE, "null\n")
    assert where("0" * 64, trap_folder)[0] == STRANGE


@pytest.mark.parametrize("image", ["", "nothing.png", "abc123", "g" * 64, "."])
def test_neither_a_file_nor_a_hash_is_refused(image: str, trap_folder: Path) -> None:
    status, out, err = where(image, trap_folder)
    assert (status, out) == (REFUSED, "")
    assert err.startswith("error: ")


def test_only_the_image_is_asked_for() -> None:
    status, _, talk = where()
    assert status == 2
    assert "required: IMAGE|SHA256;" in talk


def test_a_folder_that_is_not_one_is_refused(tmp_path: Path) -> None:
    assert "it is empty" in where("", tmp_path)[2]
    assert where("0" * 64, tmp_path)[0] == REFUSED
    assert where("0" * 64, tmp_path / "nowhere")[0] == REFUSED


def test_a_broken_folder_is_passed_over_unless_it_was_named(
    trap_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Path(shutil.copytree(trap_folder, tmp_path / "a"))
    (broken / ".qwave" / "ledger.sqlite").write_bytes(b"no database")
    shutil.copytree(trap_folder, tmp_path / "b")
    monkeypatch.chdir(tmp_path)
    sha256 = made_lines(trap_folder)[0][1]["images"][0]["sha256"]
    status, out, err = where(sha256, "--json")
    assert (status, json.loads(out)["folder"]) == (0, f"{tmp_path}/b")
    assert "passed over" in err
    assert where(sha256, broken)[0] not in {0, STRANGE}
