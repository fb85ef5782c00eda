"""Parents compete in the prompt or in axes that they have; another name is a mistake in the spec."""

from qwave_batch.model.planned_stage import ParentPick
from qwave_batch.model.problem import SourcePlace
from qwave_batch.plan.checks.pick_names import check_pick
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.yaml.source_map import Mark, SourceMap
from tests.every_case import in_one_test

FILE = SourcePlace("spec.yaml", 1, 1)
PER = Mark(place=FILE, below={0: Mark(place=FILE), 1: Mark(place=SourcePlace("spec.yaml", 9, 28))})
STAGE = SourceMap(Mark(place=FILE, below={"pick": Mark(place=FILE, below={"per": PER})}))


def test_the_prompt_the_model_and_the_axes_of_all_ancestors_are_known() -> None:
    problems = ProblemCollector(STAGE)
    pick = ParentPick(n=1, by="rating", per=("prompt", "model", "repeat", "seed", "draft.seed"))
    check_pick(pick, ["seed", "draft.seed"], problems)
    assert not problems.found()


def test_another_name_is_a_mistake_with_its_place_and_the_nearest_axis() -> None:
    problems = ProblemCollector(STAGE)
    check_pick(ParentPick(n=1, by="rating", per=("prompt", "sead")), ["seed"], problems)
    (problem,) = problems.found()
    assert problem.message == 'the parents have no axis "sead"; they compete in prompt, model, repeat, seed'
    assert (problem.place, problem.suggestion) == (SourcePlace("spec.yaml", 9, 28), 'did you mean "seed"?')


@in_one_test(
    ("by", "is_right"), [("rating", True), ("ocr.cer", True), ("cer", False), ("a.b.c", False), ("Ocr.cer", False)]
)
def test_what_decides_is_the_rating_or_the_full_name_of_a_score(by: str, is_right: bool) -> None:  # noqa: FBT001
    problems = ProblemCollector(STAGE)
    check_pick(ParentPick(n=1, by=by), [], problems)
    told = [problem.message for problem in problems.found()]
    assert told == ([] if is_right else [f'"{by}" is not the full name of a score'])
