from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]
ProblemsOf = Callable[[str], tuple[Problem, ...]]


def jobs(plan: Plan) -> list[Job]:
    return [item for item in plan.items() if isinstance(item, Job)]


def test_vars_see_earlier_vars_and_keep_types(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        vars: {base: 40, next: "{{ base + 2 }}"}
        request: {model: z-image-turbo, seed: "{{ next }}"}
        prompts: [x]
        """
    )
    assert jobs(plan)[0].request["seed"] == 42


def test_vars_do_not_see_later_vars(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("vars: {a: '{{ b }}', b: 1}\nprompts: ['{{ a }}']\nrequest: {model: imagen-4.0}\n")
    assert problem.path == "vars.a"
    assert problem.message == '"b" is not defined here; available: nothing'


def test_unknown_name_is_noted_with_the_names_at_hand_and_the_nearest(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("vars: {medium: ink}\nprompts: ['x {{ mediun }}']\nrequest: {model: imagen-4.0}\n")
    assert problem.message == '"mediun" is not defined; available: medium, prompt, repeat'
    assert problem.suggestion == 'did you mean "medium"?'


def test_axis_that_no_template_uses_is_an_error_with_a_guess(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\nrequest: {model: imagen-4.0}\nmatrix: {aspect_ration: ['1:1']}\n")
    assert problem.suggestion == 'did you mean "aspect_ratio"?'
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (6, 10)


def test_variable_that_only_an_include_adds_must_be_used_too(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\nmatrix: {model: [imagen-4.0], include: [{colour: red}]}\n")
    assert problem.message.startswith('no template uses "colour"')


@pytest.mark.parametrize("name", ["prompt", "row", "repeat", "request", "job_id"])
def test_names_of_the_language_are_nobody_elses(problems_of: ProblemsOf, name: str) -> None:
    problems = problems_of(f"vars: {{{name}: 1}}\nprompts: [x]\nrequest: {{model: imagen-4.0}}\n")
    assert any(problem.path == f"vars.{name}" for problem in problems)


def test_variable_that_hides_an_axis_is_an_error(problems_of: ProblemsOf) -> None:
    problems = problems_of(
        "vars: {look: 1}\nprompts: ['{{ look }}']\nrequest: {model: imagen-4.0}\nmatrix: {look: [a]}\n"
    )
    assert [problem.message for problem in problems] == ['"look" is an axis of the matrix too']


def test_field_of_some_models_that_a_template_uses_must_say_what_is_meant(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: ['{{ style }}']\nrequest: {model: gpt-image-2}\nmatrix: {style: [a]}\n")
    assert problem.suggestion == "write request.style to set the field, vars.style for a variable of your own"


@pytest.mark.parametrize(("key", "sent"), [("request.style", "ink"), ("vars.style", None)])
def test_prefix_says_whether_an_axis_sets_a_field(plan_of: PlanOf, key: str, sent: str | None) -> None:
    plan = plan_of(f"prompts: ['x {{{{ style }}}}']\nrequest: {{model: gpt-image-2}}\nmatrix: {{{key}: [ink]}}\n")
    (job,) = jobs(plan)
    assert (job.prompt, job.request.get("style"), dict(job.axes)) == ("x ink", sent, {"style": "ink"})


def test_field_that_is_an_axis_cannot_be_set_by_a_prompt(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(
        "prompts: [{text: x, request: {seed: 1}}]\nrequest: {model: z-image-turbo}\nmatrix: {seed: [1]}\n"
    )
    assert problem.message == '"seed" is set by the axis seed, so no prompt can set it'


def test_field_cannot_be_set_by_two_axes(problems_of: ProblemsOf) -> None:
    problems = problems_of("prompts: [x]\nmatrix: {model: [{model: gpt-image-2, seed: 1}], seed: [1]}\n")
    assert 'the field "seed" is set by two axes, model and seed' in [problem.message for problem in problems]


def test_request_fields_are_set_by_spec_prompt_axis_and_include_weakest_first(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        request: {model: gpt-image-2, quality: low, background: auto, moderation: auto, n: 1}
        prompts: [{text: x, request: {background: opaque, n: 2}}]
        matrix:
          quality: [high]
          include: [{n: 3}]
        """
    )
    (job,) = jobs(plan)
    assert [job.request[name] for name in ("moderation", "background", "quality", "n")] == ["auto", "opaque", "high", 3]


def test_text_that_comes_out_of_a_value_is_not_rendered_again(plan_of: PlanOf) -> None:
    plan = plan_of("vars: {a: '{{ \"{{ b }}\" }}'}\nprompts: ['{{ a }}']\nrequest: {model: imagen-4.0}\n")
    assert jobs(plan)[0].prompt == "{{ b }}"


def test_rows_of_a_table_are_prompts(plan_of: PlanOf, tmp_path: Path) -> None:
    (tmp_path / "birds.csv").write_text("name,kind\nheron,water\nwren,song\nteal,water\n", encoding="utf-8")
    plan = plan_of(
        """
        prompts:
          - from: birds.csv
            text: "A {{ row.name }}, {{ season }}"
            id: "bird-{{ row_number }}"
            vars: {season: "{{ 'spring' if row.kind == 'song' else 'autumn' }}"}
            tags: ["{{ row.kind }}"]
            where: "{{ row.kind == 'water' }}"
        request: {model: imagen-4.0}
        """
    )
    assert [(job.prompt_id, job.prompt, job.tags) for job in jobs(plan)] == [
        ("bird-1", "A heron, autumn", ("water",)),
        ("bird-3", "A teal, autumn", ("water",)),
    ]


def test_column_that_the_table_lacks_is_noted_with_those_it_has(problems_of: ProblemsOf, tmp_path: Path) -> None:
    (tmp_path / "birds.csv").write_text("name,kind\nheron,water\n", encoding="utf-8")
    (problem,) = problems_of("prompts: [{from: birds.csv, text: '{{ row.nmae }}'}]\nrequest: {model: imagen-4.0}\n")
    assert problem.message.endswith('birds.csv has no column "nmae"; it has name, kind')
    assert problem.suggestion == 'did you mean "name"?'


def test_sampled_rows_keep_the_index_of_the_whole_table(plan_of: PlanOf, tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("".join(f"line {number}\n" for number in range(20)), encoding="utf-8")
    plan = plan_of(
        """
        prompts: [{from: n.txt, text: "{{ row.text }}", sample: {count: 3, seed: 1}}]
        request: {model: imagen-4.0}
        """
    )
    made = jobs(plan)
    assert [job.prompt for job in made] == [f"line {job.index}" for job in made]
    assert len(made) == 3


def test_two_prompts_with_one_id_are_an_error(problems_of: ProblemsOf, tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("a\nb\n", encoding="utf-8")
    (problem,) = problems_of(
        "prompts: [{from: n.txt, id: same, text: '{{ row.text }}'}]\nrequest: {model: imagen-4.0}\n"
    )
    assert problem.message.startswith('the id "same" is taken already')


def test_mistakes_of_every_kind_are_found_in_one_go(problems_of: ProblemsOf) -> None:
    problems = problems_of(
        """
        vars: {prompt: 1}
        request: {action: generate, n: "{{ many }}"}
        prompts:
          - "{{ lihgt }}"
          - {id: b, text: y, request: {seed: 4, watermak: true}}
        matrix:
          model: [imagen-4.0, gpt-imge-2]
          aspect_ratio: ["1:1", "17:9"]
          seed: [1, -7]
          light: [soft]
          mood: [calm]
          exclude: [{sead: 1}]
        """
    )
    assert [problem.path for problem in problems] == [
        "vars.prompt",
        "request.n",
        "prompts[0]",
        "prompts[1].request.seed",
        "prompts[1].request.watermak",
        "matrix.model[1]",
        "matrix.aspect_ratio[1]",
        "matrix.seed[1]",
        "matrix.light",
        "matrix.mood",
        "matrix.exclude[0].sead",
    ]
