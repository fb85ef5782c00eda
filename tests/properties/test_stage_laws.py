"""Laws of stages: what the plan of a spec with stages says does not depend on how the spec is written down."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import SpecError
from qwave_batch.model.cost_range import NOTHING, CostRange
from qwave_batch.model.job import Duplicate, Job, PlanItem
from qwave_batch.model.parent_links import parent_links_in
from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.expand.entries import expand_plainly
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec
from tests.properties.staged_specs import Freedom, Part, staged_specs
from tests.properties.test_plan_cache import ROWS, meaning, specs

PlanOf: TypeAlias = Callable[[Part], Plan | None]
BY_CONTENT = Freedom(is_always_of_parent=True, has_names_in_texts=False)
"""Ids follow from what is asked for, and from no name.

Of equal jobs that send nothing of their parents the first place decides whether a parent that is skipped skips them.
"""
BY_PARENT = Freedom(has_samples=False, is_always_of_parent=True, has_names_in_texts=False)
"""Each job of a later stage has an id that follows from its parent's."""
OF_THE_WHOLE = ("version", "name", "catalog", "output")
"""Keys that no stage has."""


@pytest.fixture(scope="module")
def plan_of(tmp_path_factory: pytest.TempPathFactory) -> PlanOf:
    """Plans a spec; of one that makes nothing there is none."""
    file = tmp_path_factory.mktemp("plan") / "spec.yaml"

    def plan(spec: Part) -> Plan | None:
        file.write_text(json.dumps(spec), encoding="utf-8")
        try:
            return make_plan(load_spec(file))
        except SpecError as error:
            if all("nothing to make" in problem.message for problem in error.problems if problem.severity == "error"):
                return None
            raise

    return plan


def jobs_of(plan: Plan) -> list[Job]:
    return [item for item in plan.items() if isinstance(item, Job)]


def made_of(plan: Plan | None) -> dict[str, tuple[Any, ...]]:
    """Return what each job of a plan is asked for and whether it is made, by its id."""
    jobs = jobs_of(plan) if plan else []
    return {job.job_id: (job.request, job.repeat, job.skip is None, job.max_images, job.estimate) for job in jobs}


@given(spec=staged_specs())
def test_a_spec_with_stages_means_the_same_with_and_without_caches(
    tmp_path_factory: pytest.TempPathFactory, spec: Part
) -> None:
    file = tmp_path_factory.mktemp("plan") / "spec.yaml"
    file.write_text(json.dumps(spec), encoding="utf-8")
    assert meaning(file, expand_with_cache) == meaning(file, expand_plainly)


@given(spec=staged_specs(BY_CONTENT), data=st.data())
def test_order_and_names_and_comments_change_no_id(plan_of: PlanOf, spec: Part, data: st.DataObject) -> None:
    assert made_of(plan_of(rearranged(spec, data))) == made_of(plan_of(spec))


def rearranged(spec: Part, data: st.DataObject) -> Part:
    """Return a spec with its stages, prompts, axes and their values in another order, and prompts with other names."""
    stages = []
    for stage in data.draw(st.permutations(spec["stages"])):
        new = dict(stage)
        if "prompts" in new:
            prompts = data.draw(st.permutations(new["prompts"]))
            new["prompts"] = [{**prompt, "id": f"new-{prompt['id']}"} for prompt in prompts]
        if "matrix" in new:
            names = data.draw(st.permutations(list(new["matrix"])))
            new["matrix"] = {name: data.draw(st.permutations(new["matrix"][name])) for name in names}
        stages.append({name: new[name] for name in data.draw(st.permutations(list(new)))})
    return {**spec, "description": "a comment", "stages": stages}


@given(spec=staged_specs(BY_PARENT), data=st.data())
def test_a_changed_parent_changes_the_ids_of_exactly_its_descendants(
    plan_of: PlanOf, spec: Part, data: st.DataObject
) -> None:
    before = plan_of(spec)
    number = data.draw(st.integers(0, len(spec["stages"]) - 1))
    changed = dict(spec["stages"][number])
    if "prompts" in changed:
        first, *others = changed["prompts"]
        changed["prompts"] = [{**first, "text": f"{first['text']} once more"}, *others]
    else:
        first = None
        changed["text"] = f"{changed.get('text', '')} once more"
    after = plan_of({**spec, "stages": [*spec["stages"][:number], changed, *spec["stages"][number + 1 :]]})
    old, new = jobs_of(before) if before else [], jobs_of(after) if after else []
    gone = {job.job_id for job in old} - {job.job_id for job in new}
    of_stage = [job for job in old if job.stage == changed["name"]]
    assert gone == with_descendants(old, {job.job_id for job in of_stage if not first or job.prompt_id == first["id"]})
    assert len({job.job_id for job in new} - {job.job_id for job in old}) == len(gone)


def with_descendants(jobs: list[Job], ids: set[str]) -> set[str]:
    """Return ids with those of all jobs that descend from them; parents stand before their children."""
    found = set(ids)
    for job in jobs:
        if any(link.job_id in found for link in job.parents):
            found.add(job.job_id)
    return found


@given(spec=specs(), data=st.data())
def test_a_spec_as_its_only_stage_makes_the_same_jobs(
    tmp_path_factory: pytest.TempPathFactory, spec: Part, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    inside = data.draw(st.sets(st.sampled_from(sorted(spec.keys() - set(OF_THE_WHOLE)))))
    staged = {key: value for key, value in spec.items() if key not in inside}
    staged["stages"] = [{"name": "only", **{key: spec[key] for key in inside}}]
    plain, one = (said(folder / "spec.yaml", each) for each in (spec, staged))
    assert one == plain


def said(file: Path, spec: Part) -> tuple[list[PlanItem], Any]:
    """Return all jobs of a spec, without their stage, and what they cost; of one with errors how many there are."""
    file.write_text(json.dumps(spec), encoding="utf-8")
    try:
        plan = make_plan(load_spec(file))
    except SpecError as error:
        return [], sum(problem.severity == "error" for problem in error.problems)
    items = [replace(item, stage="") if isinstance(item, Job) else item for item in plan.items()]
    return items, (plan.figures.as_line(), plan.figures.folded, plan.figures.estimate, len(plan.warnings))


@given(spec=staged_specs())
def test_a_plan_file_holds_the_stages_and_parents_of_its_plan(
    plan_of: PlanOf, tmp_path_factory: pytest.TempPathFactory, spec: Part
) -> None:
    plan = plan_of(spec)
    if plan is None:
        return
    file = tmp_path_factory.mktemp("plan") / "plan.jsonl"
    file.write_text("".join(plan_lines(plan)), encoding="utf-8", newline="")
    saved = read_plan(file)
    read = [item for item in saved.items() if isinstance(item, Job)]
    assert read == [replace(job, max_images=1) if job.skip else job for job in jobs_of(plan)]
    assert places_of(saved.items()) == places_of(plan.items())
    assert (saved.stages, saved.figures) == (plan.stages, plan.figures)


def places_of(items: Any) -> Counter[tuple[str, int]]:
    return Counter((item.job_id, item.index) for item in items if isinstance(item, Duplicate))


@given(spec=staged_specs())
def test_jobs_follow_their_parents_and_cost_what_their_stages_cost(plan_of: PlanOf, spec: Part) -> None:
    plan = plan_of(spec)
    if plan is None:
        return
    images: dict[str, int] = {}
    costs: defaultdict[str, CostRange] = defaultdict(lambda: NOTHING)
    skipped: set[str] = set()
    fields = plan.catalog_used.reference_fields
    for item in plan.items():
        if isinstance(item, Duplicate):
            continue
        for link in item.parents:
            is_known = link.image is not None and link.job_id not in skipped
            assert not is_known or 1 <= (link.image or 0) <= images[link.job_id]
        assert {link for _, link in parent_links_in(item.request, fields)} <= set(item.parents)
        assert bool(item.parents) is any(s["name"] == item.stage and "from_stage" in s for s in spec["stages"])
        if any(link.job_id in skipped for link in item.parents):
            assert item.skip
        if item.skip:
            skipped.add(item.job_id)
        else:
            costs[item.stage] += item.estimate
        images[item.job_id] = item.max_images
    assert sum(costs.values(), start=NOTHING) == plan.figures.estimate
    by_stage = {name: each.estimate for name, each in plan.figures.by_stage.items() if each.jobs}
    assert by_stage == costs


@given(spec=staged_specs(BY_CONTENT))
def test_equal_requests_of_two_stages_are_made_once(plan_of: PlanOf, spec: Part) -> None:
    """Each stage stands there twice, the second time with parents that are duplicates."""
    again = [
        {**stage, "name": f"{stage['name']}-again"}
        | ({"from_stage": f"{stage['from_stage']}-again"} if "from_stage" in stage else {})
        for stage in spec["stages"]
        if stage.get("duplicates") != "keep"
    ]
    kept = {stage["name"] for stage in spec["stages"] if stage.get("duplicates") == "keep"}
    if any(stage.get("from_stage", "").removesuffix("-again") in kept for stage in again):
        return
    once, twice = plan_of(spec), plan_of({**spec, "stages": [*spec["stages"], *again]})
    assert made_of(twice) == made_of(once)
