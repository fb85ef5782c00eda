"""Laws of images and duplicates: exactly so many images of every model that can, and a job for every entry."""

import itertools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.image_count import ImageCount
from qwave_batch.errors import SpecError
from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import job_id
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

CATALOGS = {date: open_catalog(date) for date in ("2026-05", "2026-10")}
EXTRA: dict[str, Json] = {
    "image_urls": ["https://x.example/a.png"], "ref_task_id": "task-1", "index": 1, "prompt": "x", "direction": "up",
    "mask_url": "https://x.example/m.png", "zoom_ratio": 2,
}  # fmt: skip
"""Fields that actions other than the default one may need."""


def planned(folder: Path, spec: dict[str, Any], rows: list[str] | None = None) -> Plan:
    file = folder / "spec.yaml"
    file.write_text(json.dumps({"version": 1, "name": "trial", **spec}), encoding="utf-8")
    if rows is not None:
        (folder / "rows.txt").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return make_plan(load_spec(file))


def whole(date: str, name: str, action: str) -> dict[str, Json] | None:
    """Return a request of an action that the model accepts; None if these fields make none."""
    model = CATALOGS[date].models[name]
    extra = [field for field in EXTRA if field in model.fields and field != "prompt"]
    for count in range(len(extra) + 1):
        for fields in itertools.combinations(extra, count):
            for texts in (("prompt",), ()):
                request = {"model": name, "action": action, **{field: EXTRA[field] for field in (*fields, *texts)}}
                if not model.violations(model.normalise(request)):
                    return request
    return None


REQUESTS = {
    (date, model.name, action): request
    for date, catalog in CATALOGS.items()
    for model in catalog.models.values()
    for action in model.actions
    if (request := whole(date, model.name, action)) is not None
}


def greatest_part(date: str, request: dict[str, Json], images: int) -> int | None:
    """Return how many images a request for an equal part should make, by asking the catalog for every number."""
    model = CATALOGS[date].model(str(request["model"]))
    for part in range(images, 0, -1):
        if images % part:
            continue
        for asked in (request, {**request, "n": part}):
            if not model.violations(model.normalise(asked)) and model.image_count(asked) == ImageCount(part, part):
                return part
    return None


def test_most_actions_of_the_catalogs_are_tried() -> None:
    every = sum(len(model.actions) for catalog in CATALOGS.values() for model in catalog.models.values())
    assert len(REQUESTS) > every * 0.9


@pytest.mark.parametrize("date", CATALOGS)
@given(images=st.integers(1, 12) | st.sampled_from([15, 60]))
@settings(max_examples=5)
def test_every_model_makes_exactly_so_many_or_none(
    tmp_path_factory: pytest.TempPathFactory, date: str, images: int
) -> None:
    requests = {f"{key[1]} {key[2]}": request for key, request in REQUESTS.items() if key[0] == date}
    prompts = [
        {
            "id": f"p{number}",
            **({"text": request["prompt"]} if "prompt" in request else {}),
            "request": {name: value for name, value in request.items() if name != "prompt"},
        }
        for number, request in enumerate(requests.values())
    ]
    spec = {"catalog": date, "images": images, "unsupported": "skip", "prompts": prompts}
    made: dict[str, list[Job]] = defaultdict(list)
    for item in planned(tmp_path_factory.mktemp("plan"), spec).items():
        assert isinstance(item, Job)
        made[item.prompt_id].append(item)
    for number, (told, request) in enumerate(requests.items()):
        jobs, part = made[f"p{number}"], greatest_part(date, request, images)
        if part is None:
            (skipped,) = jobs
            assert skipped.skip is not None, told
            assert skipped.index == number * images
            continue
        model = CATALOGS[date].model(jobs[0].model)
        counts = [model.image_count(job.request) for job in jobs]
        assert counts == [ImageCount(part, part)] * (images // part), told
        assert [(job.index, job.repeat) for job in jobs] == [
            (number * images + repeat * part, repeat) for repeat in range(images // part)
        ]
        assert [job.job_id for job in jobs] == [job_id(dict(job.request), job.repeat) for job in jobs]


@given(rows=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=12), data=st.data())
@settings(max_examples=10)
def test_every_row_has_jobs_of_its_own_and_the_moves_of_others_change_none(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], data: st.DataObject
) -> None:
    how = data.draw(st.sampled_from([{"images": 4}, {"repeat": 2}, {}]))
    spec: dict[str, Any] = {
        "catalog": "2026-10",
        "duplicates": "keep",
        "unsupported": "drop",
        "prompts": [{"from": "rows.txt", "text": "{{ row.text }}", "id": "r{{ row_number }}"}],
        "matrix": {"model": ["wan2.7-image", "flux-2-pro"], "quality": ["low", "high"]},
        **how,
    }

    texts: dict[str, str] = {}

    def ids(of: list[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for item in planned(tmp_path_factory.mktemp("plan"), spec, of).items():
            if isinstance(item, Job):
                texts[item.job_id] = item.prompt
            found[texts[item.job_id]].append(item.job_id)
        return found

    kept = ids(rows)
    each = {text: len(jobs) / rows.count(text) for text, jobs in kept.items()}
    assert len(set(each.values())) == 1, each
    every = [job for jobs in kept.values() for job in jobs]
    assert len(set(every)) == len(every)
    moved = data.draw(st.permutations(rows))
    assert ids(moved) == kept
    spec["duplicates"] = "fold"
    assert all(set(jobs) <= set(kept[text]) for text, jobs in ids(rows).items())


@pytest.mark.parametrize("model", ["gpt-image-2", "z-image-turbo"])
def test_a_spec_without_the_keys_plans_as_it_did(tmp_path: Path, model: str) -> None:
    body = {"catalog": "2026-05", "prompts": ["a", "b", "a"], "request": {"model": model}}
    plain = [(item.index, item.job_id) for item in planned(tmp_path, body).items()]
    said = [(item.index, item.job_id) for item in planned(tmp_path, body | {"duplicates": "fold"}).items()]
    counted = [(item.index, item.job_id) for item in planned(tmp_path, body | {"images": 1}).items()]
    assert plain == said == counted


def test_images_of_a_model_without_any_that_can_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nothing to make: all 1 jobs are skipped: midjourney makes 4 images"):
        planned(
            tmp_path,
            {
                "catalog": "2026-10",
                "images": 3,
                "unsupported": "skip",
                "prompts": ["a"],
                "request": {"model": "midjourney"},
            },
        )
