"""All that reads a run folder knows of stages: exports, scores, comparisons, gates, checks, specs of single jobs."""

import csv
import json
import shutil
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import qwave_batch as qb
from qwave_batch.api.repeat_plan import plan_repeats
from qwave_batch.cli.main import main
from qwave_batch.errors import UsageError
from qwave_batch.model.job import Job
from qwave_batch.output.folder_matching import matched_job
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.output.parent_lines import ParentLines
from qwave_batch.plan.planner import make_plan
from qwave_batch.quality.expected_size import has_sources
from qwave_batch.scoring.score_items import ItemLoader, ItemMaker
from qwave_batch.scoring.scorer import Item, Need
from qwave_batch.spec.loading import load_spec
from tests.painted_folders import painted
from tests.painted_stages import NIGHT_MARKET, painted_stages
from tests.voted_folders import a_vote, write_folder, write_lines

COPIES = ["with its ledger", "without it"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete folder of three stages; read only."""
    return painted_stages(tmp_path_factory.mktemp("staged") / "run")


@pytest.fixture(params=COPIES)
def either(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Path:
    """The folder, or a copy of it without its ledger."""
    if request.param == COPIES[0]:
        return folder
    return Path(shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave")))


def lines_of(folder: Path, stage: str) -> list[ManifestLine]:
    return [line for line in qb.folders.open_run(folder).lines() if line.stage == stage]


def told(*args: str | Path) -> tuple[int, str]:
    out, err = StringIO(), StringIO()
    status = main([str(each) for each in args], stdout=out, stderr=err)
    return status, out.getvalue() + err.getvalue()


def inputs_of(folder: Path, line: ManifestLine) -> list[bytes]:
    """Return the bytes of the images that a line was made from, by what its parents say."""
    by_id = {each.job_id: each for each in qb.folders.open_run(folder).lines()}
    return [
        (folder / by_id[link.job_id].images[link.image - 1].path).read_bytes()
        for link in line.parents
        if link.image is not None
    ]


def test_a_status_tells_each_stage(folder: Path) -> None:
    _, text = told("status", folder)
    assert "  night: 4 jobs: 4 completed, 0.004 USD\n" in text


def test_pairs_have_the_images_of_parents(either: Path, tmp_path: Path) -> None:
    status, text = told("export", either, "--to", "pairs", tmp_path / "out", "--where", "stage == 'poster'")
    assert status == 0, text
    controls = [[(tmp_path / f"out/control/{number:06}_{at}.png").read_bytes() for at in (0, 1)] for number in range(4)]
    assert controls == [inputs_of(either, line) for line in lines_of(either, "poster")]


def test_a_dataset_has_inputs_stages_and_parents(either: Path, tmp_path: Path) -> None:
    assert told("export", either, "--to", "croissant", tmp_path / "out")[0] == 0
    rows = pq.read_table(tmp_path / "out/data/train/metadata.parquet").to_pylist()
    posters = [row for row in rows if row["stage"] == "poster"]
    lines = lines_of(either, "poster")
    assert [json.loads(row["parents"])[0] for row in posters] == [
        {"job_id": line.parents[0].job_id, "image": 1} for line in lines
    ]
    assert [row["axis_draft.seed"] for row in posters] == [1] * 4
    for row, line in zip(posters, lines, strict=True):
        files = [(tmp_path / "out/data/train" / name).read_bytes() for name in row["input_file_names"]]
        assert files == inputs_of(either, line)
    assert [row["parents"] for row in rows if row["stage"] == "draft"] == [None] * 8
    card = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert "`parents`" in card
    assert "made by generative models from text and other images." in card
    described = json.loads((tmp_path / "out/croissant.json").read_text(encoding="utf-8"))
    assert "made from text and other images by" in described["description"]
    named = {field["name"] for each in described["recordSet"] for field in each["field"]}
    assert {"stage", "parents", "axis_draft.seed"} <= named


def test_a_parents_image_that_is_lost_is_named(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (line,) = (line for line in lines_of(copy, "draft") if line.prompt_id == "stall" and line.axes["seed"] == 1)
    (copy / line.images[1].path).unlink()
    status, text = told("export", copy, "--to", "pairs", tmp_path / "out", "--where", "stage == 'night'")
    assert status == 1
    said = f"image_urls[0] is image 2 of job {line.job_id}: {line.images[1].path} is not there"
    assert said in " ".join(text.split())


def test_no_image_is_read_from_outside_of_the_images(folder: Path, tmp_path: Path) -> None:
    """A copy may come from a stranger."""
    copy = Path(shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave")))
    (tmp_path / "secret.png").write_bytes(painted(77))
    lines = [
        replace(line, images=tuple(replace(image, path="images/../../secret.png") for image in line.images))
        if line.stage == "draft"
        else line
        for line in qb.folders.open_run(copy).lines()
    ]
    write_folder(copy, lines)
    status, text = told("export", copy, "--to", "pairs", tmp_path / "out", "--where", "stage == 'night'")
    assert (status, "can't be right" in " ".join(text.split())) == (1, True)


def test_conditions_see_stage_parents_and_axes_of_earlier_stages(either: Path, tmp_path: Path) -> None:
    where = "stage == 'poster' and axes['night.model'] == 'wan2.7-image' and parents | length == 2"
    assert told("export", either, "--to", "csv", tmp_path / "out.csv", "--where", where)[0] == 0
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["prompt_id"] for row in rows] == ["stall", "alley"]


def test_scorers_are_given_the_images_of_parents(either: Path) -> None:
    with open_folder(either) as reader:
        maker = ItemMaker(reader, frozenset({Need.INPUT}), None, ParentLines(reader))
        for line in lines_of(either, "poster"):
            (item,) = maker.items_of(line)
            assert isinstance(item, Item)
            loaded = ItemLoader(reader).load(item)
            assert isinstance(loaded, Item)
            assert [file.data for file in loaded.input] == inputs_of(either, line)
        assert not any(isinstance(item, Item) for line in lines_of(either, "draft") for item in maker.items_of(line))


def test_comparisons_stay_within_a_stage_and_take_axes_of_earlier_ones(folder: Path) -> None:
    _, text = told("compare-scores", folder, "--axis", "model=gpt-image-2,wan2.7-image", "--score", "cost_usd")
    assert "each with the same draft.seed and stage" in text
    assert "only A has it on prompts that both have: draft.seed 1\n    stage poster" in text
    args = ("--axis", "night.model=gpt-image-2,wan2.7-image", "--score", "cost_usd", "--by", "stage")
    status, text = told("compare-scores", folder, *args)
    assert (status, "poster        2  0.001000" in text) == (0, True)


def test_a_gate_holds_each_stage_and_each_value_of_an_earlier_one_to_a_rule(folder: Path, tmp_path: Path) -> None:
    rules = """\
version: 1
rules:
  - {score: cost_usd, max: 0.0007, per: stage}
  - {score: cost_usd, max: 1, per: night.model, where: "stage == 'poster'"}
"""
    (tmp_path / "gate.yaml").write_text(rules)
    status, text = told("gate", folder, "--config", tmp_path / "gate.yaml", "--json")
    found = [(rule["group"], rule["outcome"]) for rule in json.loads(text)["results"]]
    by_stage = [("draft", "passed"), ("night", "failed"), ("poster", "failed")]
    assert (status, found) == (1, [*by_stage, ("gpt-image-2", "passed"), ("wan2.7-image", "passed")])


def test_votes_on_edits_of_different_images_are_no_preferences(folder: Path, tmp_path: Path) -> None:
    """Unless the axis is one of the parents, so that whole lines of jobs were compared."""
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    edits = [line.job_id for line in lines_of(copy, "night") if line.prompt_id == "stall"]
    first, second = [line.job_id for line in lines_of(copy, "poster") if line.prompt_id == "stall"]
    run = {"folders": [{"id": None, "spec_sha256": json.loads((copy / "summary.json").read_text())["spec_sha256"]}]}
    votes = [
        a_vote(edits[0], edits[1], "left", run=run),
        a_vote(first, second, "left", axis="night.model", run=run),
        a_vote(first, second, "left", axis="repeat", run=run),
    ]
    write_lines(copy / "votes.jsonl", votes)
    request = qb.exports.ExportRequest(folders=(copy,), format="preferences", out=tmp_path / "out")
    report = qb.exports.export_folders(request)
    assert (report.rows, report.left_out) == (2, {"other_parent": 1})


def test_an_edit_of_a_parent_has_no_size_of_its_own(folder: Path) -> None:
    assert all(has_sources(line.request) for line in lines_of(folder, "poster"))
    assert not any(has_sources(line.request) for line in lines_of(folder, "draft"))


def test_where_gives_the_line_of_a_job(either: Path, tmp_path: Path) -> None:
    (line, *_) = lines_of(either, "poster")
    status, text = told("where", either / line.images[0].path, either)
    assert (status, "a stage for each" in text) == (0, True)
    (tmp_path / "again.yaml").write_text(text, encoding="utf-8")
    again = [item for item in make_plan(load_spec(tmp_path / "again.yaml")).items() if isinstance(item, Job)]
    assert [job.stage for job in again] == ["draft", "night", "poster"]
    assert (again[-1].job_id, again[-1].parents) == (line.job_id, line.parents)


def test_where_says_that_a_parent_is_gone(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave")))
    manifest = (copy / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "manifest.jsonl").write_bytes(b"".join(manifest[4:]))
    (line, *_) = lines_of(copy, "night")
    status, text = told("where", copy / line.images[0].path, copy)
    assert (status, "no longer holds a job that it is made from" in text) == (0, True)


def test_only_jobs_without_parents_are_made_again(either: Path) -> None:
    plan = plan_repeats(either, sample=9)
    assert [(job.stage, job.action) for job in plan.jobs] == [("", "generate")] * 4
    assert (plan.eligible, plan.with_parents, plan.seedless) == (4, {"gpt-image-2": 6, "wan2.7-image": 2}, {})
    with pytest.raises(UsageError, match="of its complete jobs 4 are made from other jobs"):
        plan_repeats(either, sample=9, where=qb.folders.LineFilter(where=lambda line: line.stage == "poster"))


def test_edits_of_different_images_tell_nothing_of_a_model(folder: Path, tmp_path: Path) -> None:
    spec = NIGHT_MARKET.replace("model: [gpt-image-2, wan2.7-image]", "model: [wan2.7-image], seed: [7]")
    old, new = (painted_stages(tmp_path / name, spec, paint=paint) for name, paint in (("old", 0), ("new", 1)))
    models = {model.model: model for model in qb.reproductions.compare_runs(old, new).models}
    assert models["qwen-image-2.0"].unfit == {}
    assert models["wan2.7-image"].unfit == {"other_parent": 2}


def test_jobs_of_two_stages_do_not_stand_in_one_place(folder: Path) -> None:
    night, *_ = lines_of(folder, "night")
    assert matched_job(night) != matched_job(replace(night, stage="poster"))


def test_a_lock_holds_the_jobs_of_all_stages(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(NIGHT_MARKET)
    qb.reproductions.write_lock(make_plan(load_spec(spec)))
    qb.reproductions.check_lock(make_plan(load_spec(spec)))
    spec.write_text(NIGHT_MARKET.replace("as a poster", "as a flyer"))
    with pytest.raises(qb.errors.SpecError, match="4 jobs"):
        qb.reproductions.check_lock(make_plan(load_spec(spec)))


def test_a_plan_makes_no_children_of_parents_that_failed(tmp_path: Path) -> None:
    """A plain run does not make them either, and what is told of the folder is the same without its ledger."""
    (tmp_path / "spec.yaml").write_text(NIGHT_MARKET)
    connection = qb.connections.Simulated(latency="0", faults="task_failed=1")
    qb.run_batch_sync(tmp_path / "spec.yaml", connection=connection, out_dir=tmp_path / "run")
    assert qb.folders.open_run(tmp_path / "run").status().counts.stages["poster"].skipped == 4
    assert qb.folders.open_run(tmp_path / "run").verify().is_sound
    copy = shutil.copytree(tmp_path / "run", tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave"))
    for folder in (tmp_path / "run", copy):
        status, text = told("plan", tmp_path / "spec.yaml", "--against", folder)
        assert (status, "to make nothing" in text) == (0, True), text
