"""Axes: their forms, names and labels; exclude and include as in GitHub Actions."""

import hashlib
from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

ONE = "prompts: [x]\nrequest: {model: z-image-turbo}\n"


def seed_of(seed: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest(), "big") >> (256 - 31)


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("[3, 1, 2]", [3, 1, 2]),
        ("{start: 100, count: 4}", [100, 101, 102, 103]),
        ("{start: 10, count: 3, step: 5}", [10, 15, 20]),
        ("{start: 10, count: 3, step: -5}", [10, 5, 0]),
        ("{random: {count: 3, seed: 7}}", [seed_of(7, 0), seed_of(7, 1), seed_of(7, 2)]),
        ("'{{ seeds }}'", [5, 6]),
        ("'{{ range(2) | list }}'", [0, 1]),
        ("['{{ seeds[0] }}', 9]", [5, 9]),
    ],
)
def test_the_forms_of_an_axis(jobs_of: JobsOf, axis: str, values: list[int]) -> None:
    made = jobs_of(f"vars: {{seeds: [5, 6]}}\n{ONE}matrix: {{seed: {axis}}}\n")
    assert [job.request["seed"] for job in made] == values
    assert [job.axes["seed"] for job in made] == values


@pytest.mark.parametrize("axis", ["[]", "5", "{start: 1}", "{random: {seed: 1}}", "'{{ 5 }}'", "'{{ [] }}'", "plain"])
def test_what_is_no_axis(problems_of: ProblemsOf, axis: str) -> None:
    assert {
        problem.path.partition("[")[0].partition(".s")[0]
        for problem in problems_of(ONE + f"matrix: {{seed: {axis}}}\n")
    } == {"matrix"}


def test_a_name_that_is_a_field_sets_it_and_any_other_is_a_variable(jobs_of: JobsOf) -> None:
    (job,) = jobs_of("prompts: ['{{ light }}']\nmatrix: {model: [gpt-image-2], quality: [low], light: [soft]}\n")
    assert dict(job.request) == {"model": "gpt-image-2", "prompt": "soft", "quality": "low"}
    assert dict(job.axes) == {"model": "gpt-image-2", "quality": "low", "light": "soft"}


@pytest.mark.parametrize(("name", "sent"), [("request.style", "ink"), ("vars.style", None)])
def test_a_prefix_says_which_is_meant(jobs_of: JobsOf, name: str, sent: str | None) -> None:
    (job,) = jobs_of(f"prompts: ['x {{{{ style }}}}']\nrequest: {{model: gpt-image-2}}\nmatrix: {{{name}: [ink]}}\n")
    assert (job.prompt, job.request.get("style"), dict(job.axes)) == ("x ink", sent, {"style": "ink"})


def test_a_field_of_some_models_that_a_template_names_must_say_which(jobs_of: JobsOf, problems_of: ProblemsOf) -> None:
    body = "prompts: ['x {{ %s }}']\nrequest: {model: gpt-image-2}\nmatrix: {%s: [%s]}\n"
    (problem,) = problems_of(body % ("style", "style", "ink"))
    assert problem.suggestion == "write request.style to set the field, vars.style for a variable of your own"
    assert len(jobs_of(body % ("seed", "seed", "1"))) == 1
    assert len(jobs_of("prompts: [x]\nrequest: {model: gpt-image-2}\nmatrix: {style: [ink]}\n")) == 1


def test_a_variable_that_no_template_uses_is_an_error_with_a_guess(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(ONE + "matrix: {aspect_ration: ['1:1']}\n")
    assert problem.suggestion == 'did you mean "aspect_ratio"?'
    (problem,) = problems_of(ONE + "matrix: {include: [{colour: red}]}\n")
    assert 'no template uses "colour"' in problem.message


def test_a_mapping_with_the_fields_own_name_sets_several_fields(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: ["{{ model }}"]
        matrix:
          model: [z-image-turbo, {model: gpt-image-2, quality: high, n: 2}]
        """
    )
    assert [dict(job.request) for job in made] == [
        {"model": "z-image-turbo", "prompt": "z-image-turbo"},
        {"model": "gpt-image-2", "quality": "high", "n": 2, "prompt": "gpt-image-2"},
    ]
    assert [job.axes["model"] for job in made] == ["z-image-turbo", "gpt-image-2"]


def test_another_mapping_is_the_fields_value(jobs_of: JobsOf) -> None:
    (job,) = jobs_of(
        "prompts: [x]\nrequest: {model: doubao-seedream-4.5}\nmatrix: {optimize_prompt_options: [{mode: fast}]}\n"
    )
    assert job.request["optimize_prompt_options"] == {"mode": "fast"}


def test_a_mapping_of_an_axis_of_ones_own_is_variables_and_its_request_sets_fields(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: ["x {{ look.light }}"]
        request: {model: gpt-image-2}
        matrix:
          look:
            - {id: A, light: soft, request: {quality: high, style: "{{ look.light }}"}}
            - {id: B, light: hard}
        """
    )
    assert [(job.axes["look"], job.prompt, job.request.get("quality"), job.request.get("style")) for job in made] == [
        ("A", "x soft", "high", "soft"),
        ("B", "x hard", None, None),
    ]


def test_labels_are_ids_else_the_values_of_the_axis_own_field(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: ["{{ v | tojson }}"]
        matrix:
          model: [{id: fine, model: gpt-image-2, quality: high}, {model: z-image-turbo}]
          v: [1, "1", true, false, 1.5]
        """
    )
    assert [job.axes["model"] for job in made] == ["fine"] * 5 + ["z-image-turbo"] * 5
    assert [job.axes["v"] for job in made[:5]] == [1, "1", True, False, 1.5]
    assert [type(job.axes["v"]) for job in made[:5]] == [int, str, bool, bool, float]


@pytest.mark.parametrize(
    "axis",
    [
        "model: [gpt-image-2, gpt-image-2]",
        "model: [{model: gpt-image-2, quality: low}, {model: gpt-image-2, quality: high}]",
        "v: [{id: a, x: 1}, {id: a, x: 2}]",
        "v: [1, 1.0]",
    ],
)
def test_labels_are_unique_in_an_axis(problems_of: ProblemsOf, axis: str) -> None:
    problems = problems_of(
        f"prompts: ['{{{{ v | default(0) }}}}']\nrequest: {{model: gpt-image-2}}\nmatrix: {{{axis}}}\n"
    )
    assert any("a second value with the label" in problem.message and problem.suggestion for problem in problems)


def test_null_leaves_a_field_out_wherever_it_stands(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: [x, {text: y, request: {background: null}}]
        request: {model: gpt-image-2, quality: low, background: opaque, moderation: null}
        matrix:
          quality: [null, high]
          include: [{quality: high, output_format: png}, {quality: high, output_format: null}]
        """
    )
    assert [sorted(set(job.request) - {"model", "prompt"}) for job in made] == [
        ["background"],
        ["background", "quality"],
        [],
        ["quality"],
    ]


def test_fields_are_set_weakest_first(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        request: {model: gpt-image-2, moderation: low, background: auto, quality: low, n: 1, style: spec}
        prompts: [{text: x, request: {background: opaque, n: 2}}]
        matrix:
          quality: [high]
          look: [{id: A, request: {style: axis}}]
          include: [{n: 3}]
        """
    )
    names = ("moderation", "background", "style", "quality", "n")
    assert [[job.request[name] for name in names] for job in made] == [["low", "opaque", "axis", "high", 3]]


@pytest.mark.parametrize(
    "matrix",
    [
        "{seed: [1]}",
        "{model: [{model: gpt-image-2, seed: 1}]}",
        "{look: [{id: a, request: {seed: 1}}]}",
    ],
)
def test_a_field_of_an_axis_is_no_prompts(problems_of: ProblemsOf, matrix: str) -> None:
    problems = problems_of(
        f"prompts: [{{text: x, request: {{seed: 1}}}}]\nrequest: {{model: gpt-image-2}}\nmatrix: {matrix}\n"
    )
    assert [problem.path for problem in problems] == ["prompts[0].request.seed"]


@pytest.mark.parametrize(
    "matrix",
    [
        "{model: [{model: gpt-image-2, seed: 1}], seed: [1]}",
        "{seed: [1], look: [{id: a, request: {seed: 1}}], model: [gpt-image-2]}",
    ],
)
def test_a_field_is_no_two_axes(problems_of: ProblemsOf, matrix: str) -> None:
    (problem,) = problems_of(f"prompts: [x]\nmatrix: {matrix}\n")
    assert 'the field "seed" is set by two axes' in problem.message


def texts(plan: Plan) -> list[str]:
    return [item.prompt for item in plan.items() if isinstance(item, Job)]


def named(names: str, matrix: str) -> str:
    text = " ".join(f"{name}={{{{ {name} | default('') }}}}" for name in names.split())
    return f'request: {{model: z-image-turbo, seed: 1}}\nprompts: ["{text}"]\nmatrix:\n{matrix}'


FRUIT = """
  fruit: [apple, pear]
  animal: [cat, dog]
  include:
    - {color: green}
    - {color: pink, animal: cat}
    - {fruit: apple, shape: circle}
    - {fruit: banana}
    - {fruit: banana, animal: cat}
"""


def test_the_example_of_fruit_and_animals(plan_of: PlanOf) -> None:
    """The one that GitHub's documentation explains include with."""
    assert texts(plan_of(named("fruit animal color shape", FRUIT))) == [
        "fruit=apple animal=cat color=pink shape=circle",
        "fruit=apple animal=dog color=green shape=circle",
        "fruit=pear animal=cat color=pink shape=",
        "fruit=pear animal=dog color=green shape=",
        "fruit=banana animal= color= shape=",
        "fruit=banana animal=cat color= shape=",
    ]


def test_the_example_of_a_wider_configuration(plan_of: PlanOf) -> None:
    """An entry whose values are all there adds its key to that one combination."""
    matrix = """
  os: [windows-latest, ubuntu-latest]
  node: [14, 16]
  include:
    - {os: windows-latest, node: 16, npm: 6}
"""
    assert texts(plan_of(named("os node npm", matrix))) == [
        "os=windows-latest node=14 npm=",
        "os=windows-latest node=16 npm=6",
        "os=ubuntu-latest node=14 npm=",
        "os=ubuntu-latest node=16 npm=",
    ]


def test_the_example_of_one_more_configuration(plan_of: PlanOf) -> None:
    """An entry with a value that no axis has is a job of its own."""
    matrix = """
  os: [macos-latest, windows-latest, ubuntu-latest]
  version: [12, 14, 16]
  include:
    - {os: windows-latest, version: 17}
"""
    made = texts(plan_of(named("os version", matrix)))
    assert len(made) == 10
    assert made[-1] == "os=windows-latest version=17"


def test_the_example_of_include_alone(plan_of: PlanOf) -> None:
    matrix = """
  include:
    - {site: production, datacenter: site-a}
    - {site: staging, datacenter: site-b}
"""
    assert texts(plan_of(named("site datacenter", matrix))) == [
        "site=production datacenter=site-a",
        "site=staging datacenter=site-b",
    ]


def test_the_example_of_exclude(plan_of: PlanOf) -> None:
    """An entry that names some keys drops every combination that has those values."""
    matrix = """
  os: [macos-latest, windows-latest]
  version: [12, 14, 16]
  environment: [staging, production]
  exclude:
    - {os: macos-latest, version: 12, environment: production}
    - {os: windows-latest, version: 16}
"""
    made = texts(plan_of(named("os version environment", matrix)))
    assert len(made) == 12 - 1 - 2
    assert "os=macos-latest version=12 environment=staging" in made
    assert not [text for text in made if text.startswith("os=windows-latest version=16")]


def test_include_comes_after_exclude(plan_of: PlanOf) -> None:
    matrix = """
  os: [a, b]
  version: [1, 2]
  exclude: [{os: b}]
  include:
    - {os: b, version: 2, extra: back}
    - {version: 1, extra: one}
"""
    assert texts(plan_of(named("os version extra", matrix))) == [
        "os=a version=1 extra=one",
        "os=a version=2 extra=",
        "os=b version=2 extra=back",
    ]


def test_include_is_merged_into_no_combination_that_an_include_made(plan_of: PlanOf) -> None:
    matrix = "  fruit: [apple]\n  include: [{fruit: banana}, {fruit: banana, color: red}]\n"
    assert texts(plan_of(named("fruit color", matrix))) == [
        "fruit=apple color=",
        "fruit=banana color=",
        "fruit=banana color=red",
    ]


def test_include_changes_no_value_of_an_axis(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: [x]
        matrix:
          model: [{model: gpt-image-2, quality: high}, {id: plain, model: gpt-image-2}]
          include: [{quality: low, n: 2}]
        """
    )
    assert [(job.request["quality"], job.request.get("n")) for job in made] == [("high", None), ("low", 2)]


@pytest.mark.parametrize(("style", "n"), [("ink", None), ("{{ look.id }}nk", 2)])
def test_include_changes_no_field_that_a_value_of_an_axis_of_ones_own_sets(
    jobs_of: JobsOf, style: str, n: int | None
) -> None:
    """A template can't be compared before it is filled in, so it does not keep the rest of the entry away."""
    body = """
        prompts: ["{{ look.light | default('x') }}"]
        request: {model: gpt-image-2}
        matrix:
          look: [{id: i, request: {style: "%s"}}, {id: o, light: soft}]
          %s: [{style: oil, n: 2}]
    """
    made = jobs_of(body % (style, "include"))
    assert [(job.request["style"], job.request.get("n")) for job in made] == [("ink", n), ("oil", 2)]


def test_exclude_matches_a_field_that_a_value_of_an_axis_of_ones_own_sets(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: ["{{ look.id }}"]
        request: {model: gpt-image-2}
        matrix:
          look: [{id: A, request: {quality: high}}, {id: B, request: {quality: low}}]
          exclude: [{quality: High}]
        """
    )
    assert [job.prompt for job in made] == ["B"]


def test_a_value_that_is_not_offered_has_its_place_in_the_request_of_an_axis_value(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(
        "prompts: ['{{ v.id }}']\nrequest: {model: gpt-image-2}\nmatrix: {v: [{id: a, request: {quality: best}}]}\n"
    )
    assert problem.path == "matrix.v[0].request.quality"


def test_include_writes_over_what_an_earlier_one_added(jobs_of: JobsOf) -> None:
    (job,) = jobs_of("prompts: [x]\nmatrix: {model: [gpt-image-2], include: [{quality: low}, {quality: high}]}\n")
    assert job.request["quality"] == "high"


def test_a_combination_of_its_own_is_one_for_every_prompt_and_behind_the_product(jobs_of: JobsOf) -> None:
    made = jobs_of("prompts: [x, y]\nmatrix: {model: [gpt-image-2], include: [{model: imagen-4.0, seed: 3}]}\n")
    assert [(job.prompt, job.model, job.request.get("seed"), dict(job.axes)) for job in made] == [
        ("x", "gpt-image-2", None, {"model": "gpt-image-2"}),
        ("x", "imagen-4.0", 3, {"model": "imagen-4.0"}),
        ("y", "gpt-image-2", None, {"model": "gpt-image-2"}),
        ("y", "imagen-4.0", 3, {"model": "imagen-4.0"}),
    ]


def test_a_combination_of_its_own_names_values_by_their_labels(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: ["{{ look.light }}"]
        matrix:
          model: [{id: fine, model: gpt-image-2, quality: high}]
          look: [{id: A, light: soft}, {id: B, light: hard}]
          seed: [1]
          include: [{model: Fine, look: B, seed: 9}]
        """
    )
    last = made[-1]
    assert (last.prompt, last.request["quality"], last.request["seed"], dict(last.axes)) == (
        "hard", "high", 9, {"model": "fine", "look": "B", "seed": 9},
    )  # fmt: skip


def test_a_combination_of_its_own_may_leave_out_what_no_template_needs(
    jobs_of: JobsOf, problems_of: ProblemsOf
) -> None:
    body = (
        "prompts: ['%s']\nmatrix:\n  model: [gpt-image-2]\n  v: [a]\n  seed: [1]\n  include: [{model: imagen-4.0%s}]\n"
    )
    last = jobs_of(body % ("{{ v }}", ", v: b"))[-1]
    assert (last.prompt, dict(last.axes), "seed" in last.request) == ("b", {"model": "imagen-4.0", "v": "b"}, False)
    (problem,) = problems_of(body % ("{{ v }}", ""))
    assert 'lacks "v", which prompts[0] needs' in problem.message


@pytest.mark.parametrize("entry", ["{model: GPT-Image-2, resolution: 2k}", "{model: gpt-image-2, resolution: 2K}"])
def test_exclude_and_include_compare_after_spelling_is_evened_out(jobs_of: JobsOf, entry: str) -> None:
    body = "prompts: [x]\nmatrix:\n  model: [gpt-image-2, z-image-turbo]\n  resolution: [1K, 2K]\n"
    assert len(jobs_of(f"{body}  exclude: [{entry}]\n")) == 3
    made = jobs_of(f"{body}  include: [{{{entry[1:-1]}, seed: 4}}]\n")
    assert [job.request.get("seed") for job in made] == [None, 4, None, None]


def test_exclude_compares_labels_and_fields(plan_of: PlanOf) -> None:
    body = """
prompts: ["{{ look.light }}"]
matrix:
  model: [{id: fine, model: gpt-image-2, quality: high}, z-image-turbo]
  look: [{id: A, light: soft}, {id: B, light: hard}]
  exclude: [%s]
"""
    assert plan_of(body % "{model: fine}").figures.jobs == 2
    assert plan_of(body % "{model: gpt-image-2}").figures.jobs == 2
    assert plan_of(body % "{quality: high}").figures.jobs == 2
    assert plan_of(body % "{look: A}").figures.jobs == 2
    assert plan_of(body % "{look: A, model: fine}").figures.jobs == 3


def test_an_exclude_that_names_no_value_is_an_error(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\nmatrix: {model: [z-image-turbo], exclude: [{model: gpt-image-2}]}\n")
    assert (problem.severity, problem.path) == ("error", "matrix.exclude[0].model")


def test_an_exclude_that_matches_nothing_any_more_is_a_warning(plan_of: PlanOf) -> None:
    body = "prompts: [x]\nmatrix: {model: [z-image-turbo, imagen-4.0], exclude: [{model: imagen-4.0}]}\n"
    plan = plan_of(body, overrides=("matrix.model=[z-image-turbo]",))
    assert [(problem.severity, problem.path) for problem in plan.warnings] == [("warning", "matrix.exclude[0]")]
    assert plan.figures.jobs == 1


@pytest.mark.parametrize("key", ["modle", "seed", "quality", "light"])
def test_an_exclude_with_a_key_that_is_no_axis_is_an_error(problems_of: ProblemsOf, key: str) -> None:
    (problem,) = problems_of(f"prompts: [x]\nmatrix: {{model: [z-image-turbo], exclude: [{{{key}: 1}}]}}\n")
    assert (problem.severity, problem.message) == ("error", f'"{key}" is not an axis of the matrix')


def test_each_axis_of_a_mixed_include_is_read_as_the_design_shows(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        unsupported: skip
        prompts: ["x {{ variant.light }}"]
        matrix:
          model: [qwen-image-2.0, {model: gpt-image-2, quality: high}]
          aspect_ratio: ["1:1", "16:9"]
          resolution: [1K, 2K]
          seed: {start: 100, count: 4}
          variant: [{id: A, light: soft light}, {id: B, light: hard light}]
          exclude: [{model: gpt-image-2, resolution: 2K}]
          include:
            - {model: gpt-image-2, background: opaque}
            - {model: z-image-turbo, aspect_ratio: "1:1", seed: 1, variant: A}
        """
    )
    qwen = [job for job in made if job.model == "qwen-image-2.0"]
    gpt = [job for job in made if job.model == "gpt-image-2"]
    assert (len(qwen), len(gpt), len(made)) == (32, 16, 49)
    assert {(job.request["quality"], job.request["background"], job.request["resolution"]) for job in gpt} == {
        ("high", "opaque", "1k")
    }
    assert (made[-1].model, made[-1].prompt, made[-1].request["seed"], "resolution" in made[-1].request) == (
        "z-image-turbo", "x soft light", 1, False,
    )  # fmt: skip
