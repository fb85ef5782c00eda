"""A stage's jobs are made from those of another stage: whose images, under which ids, and what cannot be meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.parent_links import ParentLink, image_reference
from qwave_batch.plan.expand.entries import expand_plainly
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec
from tests.every_case import in_one_test

DRAFT = """
  - name: draft
    prompts: [{id: stall, text: A noodle stall, tags: [food]}, {id: alley, text: An old alley}]
    matrix: {model: [z-image-turbo], seed: [1, 2]}
"""
EDIT = 'request: {model: gpt-image-2, action: edit, image_urls: ["{{ parent.image }}"]}'
NIGHT = f"""
  - name: night
    from_stage: draft
    text: "{{{{ parent.prompt }}}}, at night"
    {EDIT}
"""
GRID = "  - {name: grid, prompts: [{id: fox, text: A fox}], request: {model: midjourney}}\n"
FOLLOW = '"{{ parent.task }}"'

PlanOf = Callable[..., Plan]


@pytest.fixture
def plan_of(tmp_path: Path) -> PlanOf:
    """Return the plan of some stages, which both expansions agree on."""

    def plan(stages: str, *outside: str, catalog: str = "2026-05") -> Plan:
        file = tmp_path / "stages.yaml"
        head = ["version: 1", "name: s", f'catalog: "{catalog}"', *outside, "stages:"]
        file.write_text("\n".join(head) + "\n" + stages, encoding="utf-8")
        made = make_plan(load_spec(file))
        assert list(made.items()) == list(make_plan(load_spec(file), start=expand_plainly).items())
        return made

    return plan


def jobs(plan: Plan, stage: str) -> list[Job]:
    return [item for item in plan.items() if isinstance(item, Job) and item.stage == stage]


def errors(plan_of: PlanOf, stages: str, *outside: str, catalog: str = "2026-05") -> list[str]:
    with pytest.raises(SpecError) as caught:
        plan_of(stages, *outside, catalog=catalog)
    return [f"{found.place}".rpartition("stages.yaml:")[2] + f" {found.message}" for found in caught.value.problems]


def test_each_parent_has_a_child_that_refers_to_its_image(plan_of: PlanOf) -> None:
    plan = plan_of(DRAFT + NIGHT)
    drafts, nights = jobs(plan, "draft"), jobs(plan, "night")
    assert [job.parents for job in nights] == [(ParentLink(job.job_id, 1),) for job in drafts]
    assert [job.request["image_urls"] for job in nights] == [[image_reference(job.job_id, 1)] for job in drafts]
    assert [(job.prompt_id, job.prompt) for job in nights[:1]] == [("stall", "A noodle stall, at night")]
    assert [item.index for item in plan.items()] == list(range(8))


def test_a_child_has_the_axes_and_tags_of_its_ancestors(plan_of: PlanOf) -> None:
    poster = NIGHT.replace("name: night", "name: poster").replace("draft", "night")
    plan = plan_of(f"{DRAFT}{NIGHT}    matrix: {{quality: [high]}}\n    tags: [dark]\n{poster}")
    night, poster_job = jobs(plan, "night")[0], jobs(plan, "poster")[0]
    assert night.axes == {"quality": "high", "draft.model": "z-image-turbo", "draft.seed": 1}
    assert poster_job.axes == {"night.quality": "high", "draft.model": "z-image-turbo", "draft.seed": 1}
    assert (night.tags, poster_job.tags) == (("food", "dark"), ("food", "dark"))


def test_a_pick_may_compare_by_exactly_the_axes_that_the_parents_have(plan_of: PlanOf) -> None:
    stages = f"{DRAFT}{NIGHT}    matrix: {{quality: [high]}}\n"
    poster = NIGHT.replace("name: night", "name: poster").replace("draft", "night")
    (told,) = errors(plan_of, f"{stages}{poster}    pick: {{n: 1, by: rating, per: [none]}}\n")
    (night, *_) = jobs(plan_of(stages), "night")
    known = told.partition("they compete in ")[2].split(", ")
    assert known == ["prompt", "model", "repeat", *night.axes]


def test_where_takes_some_of_the_parents(plan_of: PlanOf) -> None:
    plan = plan_of(DRAFT + NIGHT + '    where: "{{ parent.axes.seed == 1 }}"\n')
    assert [job.axes["draft.seed"] for job in jobs(plan, "night")] == [1, 1]


def test_a_where_that_takes_none_is_pointed_out(plan_of: PlanOf) -> None:
    plan = plan_of(DRAFT + NIGHT + '    where: "{{ parent.axes.seed == 3 }}"\n')
    (warning,) = plan.warnings
    assert warning.message.startswith("where takes none of the 4 jobs of the stage that this one goes on from")


def test_an_ancestor_is_reached_through_the_parent(plan_of: PlanOf) -> None:
    back = NIGHT.replace("name: night", "name: back").replace("from_stage: draft", "from_stage: night")
    plan = plan_of(DRAFT + NIGHT + back.replace("parent.image", "parent.parent.image"))
    draft, night, job = (jobs(plan, stage)[0] for stage in ("draft", "night", "back"))
    assert job.parents == (ParentLink(night.job_id), ParentLink(draft.job_id, 1))


def test_rows_of_a_table_meet_the_parents_that_they_are_for(plan_of: PlanOf, tmp_path: Path) -> None:
    (tmp_path / "edits.csv").write_text("id,edit\nalley,Make it snow\nstall,Make it red\n", encoding="utf-8")
    prompts = """[{from: edits.csv, text: "{{ row.edit }}", where: "{{ row.id == parent.prompt_id }}"}]"""
    plan = plan_of(f"{DRAFT}  - {{name: edit, from_stage: draft, prompts: {prompts}, {EDIT}}}\n")
    nights = [(job.prompt_id, job.prompt, job.axes["draft.seed"]) for job in jobs(plan, "edit")]
    assert nights == [
        ("alley", "Make it snow", 1), ("alley", "Make it snow", 2),
        ("stall", "Make it red", 1), ("stall", "Make it red", 2),
    ]  # fmt: skip


def test_a_duplicate_of_a_parent_has_duplicates_for_children(plan_of: PlanOf) -> None:
    twice = DRAFT.replace("id: alley, text: An old alley", "id: again, text: A noodle stall")
    items = list(plan_of(twice + NIGHT).items())
    assert [type(item) for item in items] == [Job, Job, Duplicate, Duplicate, Job, Job, Duplicate, Duplicate]
    assert [item.prompt_id for item in items[6:]] == ["again", "again"]


def test_equal_requests_of_two_stages_are_one_job(plan_of: PlanOf) -> None:
    plan = plan_of(DRAFT + DRAFT.replace("name: draft", "name: other"))
    assert [type(item) for item in plan.items()] == [Job] * 4 + [Duplicate] * 4


def test_children_of_a_skipped_parent_are_skipped(plan_of: PlanOf) -> None:
    odd = DRAFT.replace("seed: [1, 2]", "aspect_ratio: ['1:1', '97:3']")
    plan = plan_of(odd + NIGHT, "unsupported: skip")
    assert [job.skip and job.skip.code for job in jobs(plan, "night")] == [None, "parent_skipped"] * 2
    assert plan.figures.by_stage["night"].skipped == 2


def test_a_child_of_a_skipped_parent_may_ask_for_any_of_its_images(plan_of: PlanOf) -> None:
    several = DRAFT.replace("z-image-turbo], seed: [1, 2]", "gpt-image-2], n: [4], aspect_ratio: ['1:1', '97:3']")
    plan = plan_of(several + NIGHT.replace("parent.image ", "parent.images[3] "), "unsupported: skip")
    assert [job.skip and job.skip.code for job in jobs(plan, "night")] == [None, "parent_skipped"] * 2


def test_a_child_of_chance_is_chance_itself(plan_of: PlanOf) -> None:
    unseeded = plan_of(DRAFT.replace(", seed: [1, 2]", "") + NIGHT.replace("gpt-image-2", "wan2.7-image"))
    seeded = plan_of(DRAFT + NIGHT.replace("model: gpt-image-2", "model: wan2.7-image, seed: 5"))
    assert [job.random for job in jobs(unseeded, "night")] == [True, True]
    assert [job.random for job in jobs(seeded, "night")] == [False] * 4


def test_a_later_choice_leaves_all_jobs_in_the_plan(plan_of: PlanOf) -> None:
    where = '    where: "{{ parent.scores.checks.sharpness > least }}"\n    pick: {n: 1, by: checks.sharpness}\n'
    plan = plan_of(DRAFT + NIGHT + where, "vars: {least: 0.5}")
    draft, night = plan.stages
    assert len(jobs(plan, "night")) == 4
    assert (draft.is_decided_later, night.is_decided_later, dict(night.variables)) == (False, True, {"least": 0.5})


def test_a_follow_up_names_the_task_of_its_parent(plan_of: PlanOf) -> None:
    upscale = f"{{model: midjourney, action: upscale, ref_task_id: {FOLLOW}}}"
    plan = plan_of(
        f"{GRID}  - {{name: large, from_stage: grid, request: {upscale}, matrix: {{index: [1, 4]}}}}\n",
        catalog="2026-10",
    )
    (grid,) = jobs(plan, "grid")
    assert [job.request["ref_task_id"] for job in jobs(plan, "large")] == [f"job:{grid.job_id}"] * 2
    assert {job.parents for job in jobs(plan, "large")} == {(ParentLink(grid.job_id),)}


@in_one_test(
    ("stage", "message"),
    [
        (NIGHT.replace("{{ parent.prompt }}", "like {{ parent.image }}"), "refers to an image that is made later"),
        (NIGHT.replace("{{ parent.image }}", "{{ parent.task }}"), "refers to a task that is made later"),
        (NIGHT.replace("{{ parent.image }}", "a{{ parent.image }}"), "nothing can stand beside it"),
        (NIGHT.replace("{{ parent.prompt }}", "{{ parent }}"), "parent is a whole job"),
        (NIGHT.replace("{{ parent.image }}", "{{ parent.images[1] }}"), "parent.images has no item 1"),
        (NIGHT.replace("{{ parent.image }}", "job:0123456789abcdef#1"), "does not exist"),
        (NIGHT.replace("gpt-image-2, action: edit", "z-image-turbo"), 'takes no field "image_urls"'),
        (NIGHT + '    where: "{{ parent.axes.sed == 1 }}"\n', 'parent.axes has no "sed"'),
        (NIGHT + '    where: "{{ parent.axes.seed }}"\n', "where must come out as true or false"),
        (NIGHT + "    vars: {parent: 1}\n", '"parent" is'),
        (NIGHT + "    pick: {n: 1, by: ocr.cer, per: [sed]}\n", 'the parents have no axis "sed"'),
    ],
)
def test_no_one_can_mean_this(plan_of: PlanOf, stage: str, message: str) -> None:
    first = errors(plan_of, DRAFT + stage)[0]
    assert message in first
    line, column = map(int, first.split(" ")[0].split(":"))
    assert line > len(DRAFT.splitlines())
    assert column > 1


def test_a_follow_up_of_the_wrong_task_is_refused(plan_of: PlanOf) -> None:
    zoom = f"{{model: midjourney, action: zoom, index: 1, zoom_ratio: 2, ref_task_id: {FOLLOW}}}"
    (found,) = errors(plan_of, f"{GRID}  - {{name: z, from_stage: grid, request: {zoom}}}\n", catalog="2026-10")
    assert "zoom goes on from a task of action upscale, and the parent's is imagine" in found
    other = "  - {name: grid, prompts: [{id: fox, text: A fox}], request: {model: gpt-image-2}}\n"
    upscale = f"{{model: midjourney, action: upscale, index: 1, ref_task_id: {FOLLOW}}}"
    (found,) = errors(plan_of, f"{other}  - {{name: u, from_stage: grid, request: {upscale}}}\n", catalog="2026-10")
    assert "midjourney goes on from its own tasks, and the parent is made by gpt-image-2" in found


def test_an_action_without_images_has_none_to_pass_on(plan_of: PlanOf) -> None:
    inpaint = f"{{model: midjourney, action: inpaint, index: 1, ref_task_id: {FOLLOW}}}"
    large = f"{{model: midjourney, action: upscale, index: 1, ref_task_id: {FOLLOW}}}"
    stages = (
        f"{GRID}  - {{name: large, from_stage: grid, request: {large}}}\n"
        f"  - {{name: hole, from_stage: large, request: {inpaint}}}\n"
        f"  - {{name: edit, from_stage: hole, text: x, {EDIT}}}\n"
    )
    (found,) = errors(plan_of, stages, catalog="2026-10")
    assert 'the jobs of stage "hole" with action inpaint make no image' in found


def test_text_alone_makes_no_chain(plan_of: PlanOf) -> None:
    plan = plan_of(DRAFT + NIGHT.replace(EDIT, "request: {model: gpt-image-2}"))
    (warning,) = plan.warnings
    assert warning.message.startswith("no request of this stage takes an image or the task of its parents")
    assert {link.image for job in jobs(plan, "night") for link in job.parents} == {None}


def test_a_variable_outside_may_be_for_one_stage(plan_of: PlanOf) -> None:
    used, idle = "vars: {light: neon}", "vars: {dark: x}"
    lit = NIGHT.replace("at night", "in {{ light }}")
    assert [found.message for found in plan_of(DRAFT + lit, used).warnings] == []
    assert [found.message for found in plan_of(DRAFT + NIGHT, idle).warnings] != []
