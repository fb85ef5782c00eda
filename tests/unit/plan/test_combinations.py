"""exclude and include mean what they mean in GitHub Actions; the cases follow its documentation's manner."""

import itertools
from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]
ProblemsOf = Callable[[str], tuple[Problem, ...]]


def texts(plan: Plan) -> list[str]:
    return [item.prompt for item in plan.items() if isinstance(item, Job)]


def fruit(text: str, more: str) -> str:
    return f"""
request: {{model: z-image-turbo, seed: 1}}
prompts: ["{text}"]
matrix:
  fruit: [apple, pear]
  animal: [cat, dog]
{more}
"""


PAIR = "{{ fruit }} {{ animal }}"
COLOURED = PAIR + " {{ color | default('-') }}"
SHAPED = COLOURED + " {{ shape | default('-') }}"


def test_product_is_in_the_order_written_with_the_last_axis_fastest(plan_of: PlanOf) -> None:
    body = "request: {model: z-image-turbo, seed: 1}\nprompts: ['{{ a }}{{ b }}']\nmatrix: {a: [x, y], b: [1, 2, 3]}\n"
    assert texts(plan_of(body)) == ["x1", "x2", "x3", "y1", "y2", "y3"]


def test_include_is_merged_into_every_combination_that_it_does_not_contradict(plan_of: PlanOf) -> None:
    plan = plan_of(fruit(SHAPED, "  include: [{color: green}, {fruit: apple, shape: circle}]"))
    assert texts(plan) == [
        "apple cat green circle",
        "apple dog green circle",
        "pear cat green -",
        "pear dog green -",
    ]


def test_later_include_overwrites_what_an_earlier_one_added(plan_of: PlanOf) -> None:
    plan = plan_of(fruit(SHAPED, "  include: [{color: green}, {color: pink, animal: cat}, {shape: a}]"))
    assert texts(plan)[:2] == ["apple cat pink a", "apple dog green a"]


def test_include_that_fits_no_combination_is_one_of_its_own_for_every_prompt(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        request: {model: z-image-turbo, seed: 1}
        prompts: ["one {{ fruit }}", "two {{ fruit }}"]
        matrix:
          fruit: [apple]
          include: [{fruit: banana}]
        """
    )
    assert texts(plan) == ["one apple", "one banana", "two apple", "two banana"]


def test_include_is_not_merged_into_a_combination_that_another_include_made(plan_of: PlanOf) -> None:
    plan = plan_of(
        fruit(COLOURED, "  include: [{fruit: banana, animal: cat}, {fruit: banana, animal: cat, color: red}]")
    )
    assert texts(plan)[4:] == ["banana cat -", "banana cat red"]


def test_include_over_an_excluded_combination_brings_it_back_as_its_own(plan_of: PlanOf) -> None:
    plan = plan_of(
        fruit(COLOURED, "  exclude: [{fruit: pear, animal: dog}]\n  include: [{fruit: pear, animal: dog, color: red}]")
    )
    assert texts(plan) == ["apple cat -", "apple dog -", "pear cat -", "pear dog red"]


def test_include_adds_request_fields(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        prompts: [x]
        matrix:
          model: [gpt-image-2, z-image-turbo]
          include: [{model: gpt-image-2, background: opaque}]
        """
    )
    assert [item.request.get("background") for item in plan.items() if isinstance(item, Job)] == ["opaque", None]


def test_include_never_changes_a_field_that_an_axis_value_sets(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        prompts: [x]
        matrix:
          model: [{model: gpt-image-2, quality: high}, {id: plain, model: gpt-image-2}]
          include: [{quality: low}]
        """
    )
    assert [item.request["quality"] for item in plan.items() if isinstance(item, Job)] == ["high", "low"]


def test_include_alone_makes_a_combination_an_entry(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [x]\nmatrix: {include: [{model: z-image-turbo}, {model: imagen-4.0}]}\n")
    assert [item.model for item in plan.items() if isinstance(item, Job)] == ["z-image-turbo", "imagen-4.0"]


def test_include_may_leave_out_an_axis_that_no_template_needs(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [x]\nmatrix: {model: [z-image-turbo], seed: [1], include: [{model: imagen-4.0}]}\n")
    last = [item for item in plan.items() if isinstance(item, Job)][-1]
    assert (last.model, dict(last.axes), "seed" in last.request) == ("imagen-4.0", {"model": "imagen-4.0"}, False)


def test_include_that_lacks_an_axis_a_template_needs_is_an_error(problems_of: ProblemsOf) -> None:
    body = "prompts: ['{{ v }}']\nmatrix:\n  model: [z-image-turbo]\n  v: [a]\n  include: [{model: imagen-4.0}]\n"
    (problem,) = problems_of(body)
    assert 'lacks "v", which prompts[0] needs' in problem.message
    assert problem.place is not None
    assert problem.place.line == 8


def test_exclude_drops_what_matches_every_key(plan_of: PlanOf) -> None:
    plan = plan_of(fruit(PAIR, "  exclude: [{fruit: apple, animal: dog}]"))
    assert texts(plan) == ["apple cat", "pear cat", "pear dog"]


@pytest.mark.parametrize("spelled", ["2K", "2k"])
def test_exclude_compares_fields_after_spelling_is_evened_out(plan_of: PlanOf, spelled: str) -> None:
    plan = plan_of(
        f"""
        prompts: [x]
        matrix:
          model: [gpt-image-2, qwen-image-2.0]
          resolution: [1K, 2K]
          exclude: [{{model: gpt-image-2, resolution: {spelled}}}]
        """
    )
    assert plan.figures.jobs == 3


def test_exclude_matches_a_field_that_a_labelled_axis_value_sets(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        prompts: [x]
        matrix:
          model: [{id: fine, model: gpt-image-2, quality: high}, z-image-turbo]
          exclude: [{model: gpt-image-2}]
        """
    )
    assert [item.model for item in plan.items() if isinstance(item, Job)] == ["z-image-turbo"]


def test_exclude_that_names_no_value_is_an_error(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\nmatrix: {model: [z-image-turbo], exclude: [{model: imagen-4.0}]}\n")
    assert problem.message == "imagen-4.0 is no value of the axis model"


def test_exclude_with_a_key_that_is_no_axis_is_an_error(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\nmatrix: {model: [z-image-turbo], exclude: [{modle: imagen-4.0}]}\n")
    assert problem.message == '"modle" is not an axis of the matrix'
    assert problem.suggestion == 'did you mean "model"?'


def test_a_number_and_the_truth_value_that_python_takes_for_it_are_different_labels(plan_of: PlanOf) -> None:
    plan = plan_of("request: {model: z-image-turbo}\nprompts: ['{{ v }}']\nmatrix: {v: [1, true, 0, false]}\n")
    assert texts(plan) == ["1", "true", "0", "false"]


def test_range_axis_counts_in_steps(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [x]\nrequest: {model: z-image-turbo}\nmatrix: {seed: {start: 10, count: 3, step: 5}}\n")
    assert [item.request["seed"] for item in plan.items() if isinstance(item, Job)] == [10, 15, 20]


def test_drawn_seeds_are_the_first_31_bits_of_a_hash(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [x]\nrequest: {model: z-image-turbo}\nmatrix: {seed: {random: {count: 3, seed: 7}}}\n")
    seeds = [item.request["seed"] for item in plan.items() if isinstance(item, Job)]
    assert seeds == [2063577323, 1808820083, 1187467706]


def test_axis_may_be_a_template_that_gives_a_list(plan_of: PlanOf) -> None:
    plan = plan_of("vars: {shortlist: [z-image-turbo, imagen-4.0]}\nprompts: [x]\nmatrix: {model: '{{ shortlist }}'}\n")
    assert [item.model for item in plan.items() if isinstance(item, Job)] == ["z-image-turbo", "imagen-4.0"]


def test_axis_template_that_gives_no_list_is_an_error(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("vars: {one: z-image-turbo}\nprompts: [x]\nmatrix: {model: '{{ one }}'}\n")
    assert "must come out as a list" in problem.message


def test_two_values_with_one_label_ask_for_an_id(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(
        "prompts: [x]\nmatrix: {model: [{model: gpt-image-2, quality: low}, {model: gpt-image-2, quality: high}]}\n"
    )
    assert problem.path == "matrix.model[1]"
    assert problem.suggestion == "give one of them an id"


def test_own_axis_value_sets_fields_by_its_request(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        request: {model: gpt-image-2}
        prompts: ["x {{ look.light }}"]
        matrix:
          look:
            - {id: A, light: soft, request: {quality: high}}
            - {id: B, light: hard}
        """
    )
    jobs = [item for item in plan.items() if isinstance(item, Job)]
    assert [(job.axes["look"], job.prompt, job.request.get("quality")) for job in jobs] == [
        ("A", "x soft", "high"),
        ("B", "x hard", None),
    ]


def test_mapping_without_the_fields_own_name_is_the_fields_value(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        request: {model: doubao-seedream-4.5}
        prompts: [x]
        matrix:
          optimize_prompt_options: [{mode: fast}, {mode: standard}]
        """
    )
    first = next(iter(plan.items()))
    assert isinstance(first, Job)
    assert first.request["optimize_prompt_options"] == {"mode": "fast"}


def test_null_on_an_axis_leaves_the_field_out(plan_of: PlanOf) -> None:
    plan = plan_of("request: {model: gpt-image-2, quality: low}\nprompts: [x]\nmatrix: {quality: [null, high]}\n")
    jobs = [item for item in plan.items() if isinstance(item, Job)]
    assert [job.request.get("quality") for job in jobs] == [None, "high"]


def test_axis_of_two_milliards_is_refused_at_once(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(
        "request: {model: z-image-turbo}\nprompts: [x]\nmatrix: {seed: {start: 1, count: 2000000000}}\n"
    )
    assert problem.path == "matrix"
    assert problem.message == "the matrix makes 2,000,000,000 jobs of every prompt; a plan has at most 20,000,000"


def test_long_axis_keeps_the_order_and_is_not_held(plan_of: PlanOf) -> None:
    body = """
        request: {model: z-image-turbo}
        prompts: [x]
        matrix: {aspect_ratio: ["1:1", "16:9"], seed: {start: 0, count: 70000}, resolution: [1K, 2K]}
    """
    first = [item.request for item in itertools.islice(plan_of(body).items(), 5) if isinstance(item, Job)]
    assert [(r["aspect_ratio"], r["seed"], r["resolution"]) for r in first] == [
        ("1:1", 0, "1K"), ("1:1", 0, "2K"), ("1:1", 1, "1K"), ("1:1", 1, "2K"), ("1:1", 2, "1K"),
    ]  # fmt: skip
