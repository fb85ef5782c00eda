"""The most that is made of a plan with ``pick``: of each group the dearest, with all that follows from it."""

import itertools
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from qwave_batch.plan.stage_figures import MostMade, PickBound

STAGES = (
    PlannedStage(name="draft"),
    PlannedStage(name="night", from_stage="draft", pick=ParentPick(n=1, by="checks.sharpness")),
    PlannedStage(name="poster", from_stage="night"),
)


def job(number: int, stage: str, nusd: int, *, parent: Job | None = None, prompt_id: str = "stall") -> Job:
    return Job(
        job_id=f"{number:016x}",
        index=number,
        prompt_id=prompt_id,
        prompt="",
        model="m",
        action="generate",
        request={},
        estimated_nusd=nusd,
        stage=stage,
        parents=() if parent is None else (ParentLink(parent.job_id, 1),),
    )


def bounded(*jobs: Job | Duplicate) -> dict[str, MostMade]:
    bound = PickBound(STAGES)
    for each in jobs:
        bound.see(each) if isinstance(each, Job) else bound.see_again(each)
    return bound.by_stage()


def test_one_draft_of_a_prompt_goes_on_with_all_that_is_made_of_it() -> None:
    drafts = [job(1, "draft", 10), job(2, "draft", 10)]
    nights = [job(3, "night", 20, parent=drafts[0]), job(4, "night", 30, parent=drafts[1])]
    posters = [job(5, "poster", 7, parent=nights[0]), job(6, "poster", 5, parent=nights[0])]
    assert bounded(*drafts, *nights, *posters) == {
        "draft": MostMade(jobs=2, images=2, nusd=20),
        "night": MostMade(jobs=1, images=1, nusd=30),
        "poster": MostMade(jobs=2, images=2, nusd=12),
    }


def test_each_group_has_its_own() -> None:
    drafts = [job(1, "draft", 10), job(2, "draft", 10, prompt_id="alley")]
    nights = [job(3, "night", 20, parent=drafts[0]), job(4, "night", 30, parent=drafts[1])]
    assert bounded(*drafts, *nights)["night"] == MostMade(jobs=2, images=2, nusd=50)


def test_a_draft_that_stands_twice_competes_twice() -> None:
    drafts = [job(1, "draft", 10), job(2, "draft", 10)]
    again = Duplicate(job_id=drafts[0].job_id, index=9, prompt_id="again")
    nights = [job(3, "night", 20, parent=drafts[0]), job(4, "night", 30, parent=drafts[1])]
    assert bounded(*drafts, again, *nights)["night"].nusd == 50


def test_a_plan_without_pick_has_no_bound_of_its_own() -> None:
    bound = PickBound(STAGES[:1])
    bound.see(job(1, "draft", 10))
    assert bound.by_stage() == {}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.lists(st.integers(0, 50), max_size=3)), min_size=1, max_size=5))
def test_it_is_the_most_of_all_choices(drawn: list[tuple[str, list[int]]]) -> None:
    numbers = itertools.count(1)
    drafts = [job(next(numbers), "draft", 1, prompt_id=prompt_id) for prompt_id, _ in drawn]
    nights = [
        [job(next(numbers), "night", nusd, parent=draft) for nusd in costs]
        for draft, (_, costs) in zip(drafts, drawn, strict=True)
    ]
    groups: dict[str, list[int]] = defaultdict(list)
    for number, (prompt_id, _) in enumerate(drawn):
        groups[prompt_id].append(number)
    sums = [
        sum(night.estimated_nusd for number in chosen for night in nights[number])
        for chosen in itertools.product(*groups.values())
    ]
    assert bounded(*drafts, *itertools.chain(*nights))["night"].nusd == max(sums)
