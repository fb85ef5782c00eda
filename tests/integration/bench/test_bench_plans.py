"""Imported specs: they plan with models of every kind, with exactly the images that each scorer reads."""

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main
from qwave_batch.plans import Job, Plan
from tests.benchmark_files import NAMES, InventedBenchmark, write_benchmark

FIXED, SEVERAL, SEEDED = "gpt-image-2", "qwen-image-2.0", "flux-2-pro"
"""One image a request and no seed; up to six images a request; one image and a seed, but no files for edits."""
BOTH = "wan2.7-image"
"""Up to four images a request, and a seed."""
FOUR_AT_ONCE = "midjourney"


def typed(*argv: str | Path) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(arg) for arg in argv], stdout, stderr, environ={"COLUMNS": "300"})
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Path, InventedBenchmark]]:
    """The spec of each benchmark, whose files are gone."""
    root = tmp_path_factory.mktemp("imported")
    specs: dict[str, tuple[Path, InventedBenchmark]] = {}
    for name in NAMES:
        invented = write_benchmark(name, root / "files" / name)
        spec = root / f"{name}.yaml"
        assert typed("bench", "import", name, invented.files, "-o", spec, "--model", FIXED)[0] == 0
        specs[name] = spec, invented
    shutil.rmtree(root / "files")
    return specs


def plan_of(spec: Path, *models: str, overrides: tuple[str, ...] = ()) -> Plan:
    chosen = (f"matrix.model=[{', '.join(models)}]", *overrides) if models else overrides
    plan = qb.open_plan(spec, overrides=chosen)
    assert isinstance(plan, Plan)
    return plan


def jobs_of(plan: Plan) -> list[Job]:
    """The jobs, none of which is folded into another."""
    items = list(plan.items())
    jobs = [item for item in items if isinstance(item, Job)]
    assert len(jobs) == len(items)
    return jobs


@pytest.mark.parametrize("name", NAMES)
def test_every_spec_is_valid_as_it_is(name: str, imported: Mapping[str, tuple[Path, InventedBenchmark]]) -> None:
    """The one warning is about a prompt that was written to deserve it."""
    status, printed, talk = typed("validate", imported[name][0], "--format", "json")
    assert status == 0, talk
    assert {problem["message"] for problem in json.loads(printed)} <= {
        '"${HOME}" is sent as it stands: a spec reads no environment'
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_gets_exactly_its_images_of_each_kind_of_model(
    name: str, imported: Mapping[str, tuple[Path, InventedBenchmark]]
) -> None:
    spec, invented = imported[name]
    kinds = (FIXED, SEVERAL, BOTH, *((SEEDED,) if invented.action == "generate" else ()))
    images: Counter[tuple[str, str]] = Counter()
    seeds: defaultdict[str, list[int]] = defaultdict(list)
    for job in jobs_of(plan_of(spec, *kinds)):
        assert job.skip is None, job.skip
        images[job.model, job.prompt_id] += job.max_images
        seed = job.request.get("seed")
        if isinstance(seed, int):
            seeds[job.model] += range(seed, seed + job.max_images)
    assert images == {(model, prompt.id): invented.images for model in kinds for prompt in invented.prompts}
    each_once = list(range(len(invented.prompts) * invented.images))
    assert {model: sorted(taken) for model, taken in seeds.items()} == dict.fromkeys(kinds[2:], each_once)


@pytest.mark.parametrize("name", NAMES)
def test_jobs_hold_prompt_meta_and_tags_as_the_files_have_them(
    name: str, imported: Mapping[str, tuple[Path, InventedBenchmark]]
) -> None:
    spec, invented = imported[name]
    expected = {prompt.id: prompt for prompt in invented.prompts}
    for job in jobs_of(plan_of(spec)):
        prompt = expected[job.prompt_id]
        assert (job.prompt, job.meta, job.tags) == (prompt.prompt, prompt.meta, prompt.tags)
        assert job.request["prompt"] == prompt.prompt


@pytest.mark.parametrize("name", ["tifa", "geneval", "t2i-compbench"])
def test_every_model_of_the_newest_catalog_makes_them_or_says_why_not(
    name: str, imported: Mapping[str, tuple[Path, InventedBenchmark]]
) -> None:
    spec, invented = imported[name]
    models = tuple(qb.open_catalog(qb.catalog.CatalogSource().newest()).models)
    images: Counter[str] = Counter()
    refused: set[str] = set()
    for job in jobs_of(plan_of(spec, *models)):
        images[job.model] += job.max_images if job.skip is None else 0
        if job.skip is not None:
            refused.add(job.model)
    assert refused == (set() if invented.images % 4 == 0 else {FOUR_AT_ONCE})
    assert images == {model: len(invented.prompts) * invented.images * (model not in refused) for model in models}


def test_another_first_seed_moves_all_seeds(imported: Mapping[str, tuple[Path, InventedBenchmark]]) -> None:
    spec, _ = imported["geneval"]
    first = [job.request["seed"] for job in jobs_of(plan_of(spec, SEEDED))]
    moved = [job.request["seed"] for job in jobs_of(plan_of(spec, SEEDED, overrides=("vars.first_seed=1000",)))]
    assert first == list(range(16))
    assert moved == list(range(1000, 1016))


def test_edits_send_their_input_images(imported: Mapping[str, tuple[Path, InventedBenchmark]]) -> None:
    spec, invented = imported["risebench"]
    sent = [job.request["image_urls"] for job in jobs_of(plan_of(spec))]
    assert [len(urls) for urls in sent if isinstance(urls, list)] == [len(prompt.inputs) for prompt in invented.prompts]


def test_a_job_that_loses_its_shape_says_so(imported: Mapping[str, tuple[Path, InventedBenchmark]]) -> None:
    spec, _ = imported["dpg"]
    for job in jobs_of(plan_of(spec, "grok-imagine-1.5-edit-rev")):
        assert "aspect_ratio" in job.dropped


def test_a_run_makes_each_image_once(imported: Mapping[str, tuple[Path, InventedBenchmark]], tmp_path: Path) -> None:
    spec, invented = imported["longtext"]
    status, printed, talk = typed(
        "run", spec, "--simulate", "-o", tmp_path / "run", "--set", f"matrix.model=[{FIXED}, {SEVERAL}]", "--json"
    )
    assert status == 0, talk
    assert json.loads(printed)["images"] == 2 * len(invented.prompts) * invented.images
