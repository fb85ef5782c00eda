"""A ``--set`` value is one value, in which # does not begin a comment."""

from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.plan.planner import Plan

SPEC = "request: {model: z-image-turbo, seed: 7}\nvars: {x: a}\nprompts: [{text: 'A wall {{ x }}'}]\n"

PlanOf = Callable[..., Plan]


@pytest.mark.parametrize(
    ("override", "prompts"),
    [
        ("vars.x=#FF8800", ["A wall #FF8800"]),
        ("vars.x=bright #FF8800", ["A wall bright #FF8800"]),
        ("vars.x=bright # blue", ["A wall bright # blue"]),
        ("vars.x='bright #1'", ["A wall bright #1"]),
        ("prompts.0.text=A door #{{ x }}", ["A door #a"]),
        ('prompts=[A #1, "B #2", C#3, #4]', ["A #1", "B #2", "C#3", "#4"]),
        ("vars.x=\ue000#1", ["A wall \ue000#1"]),
        ("vars.x=|\n  two\n  lines #1", ["A wall two\nlines #1"]),
        ("prompts=\n# those of today\n- A #1\n", ["A #1"]),
    ],
)
def test_a_hash_is_a_sign_like_any_other(plan_of: PlanOf, override: str, prompts: list[str]) -> None:
    plan = plan_of(SPEC, overrides=(override,))
    assert [job.request["prompt"] for job in plan.items() if isinstance(job, Job)] == prompts
    assert plan.warnings == ()


def test_what_is_wrong_with_it_is_told_as_it_was_written(check: Callable[..., list[object]]) -> None:
    [problem] = check(SPEC, "repeat=5 #five")
    assert str(problem) == '--set:1:8  repeat: expected a whole number, found the string "5 #five"'
    [problem] = check(SPEC, 'vars.x="a" #b')
    assert 'unexpected "#b"' in str(problem)
