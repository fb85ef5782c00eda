"""The places of templates, the names that they see, and their results."""

import hashlib
from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem

JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

MODEL = "request: {model: gpt-image-2}\n"


@pytest.mark.parametrize(
    "place",
    [
        'vars: {a: "%s"}\nprompts: ["{{ a }}"]\nrequest: {model: imagen-4.0}\n',
        'prompts: ["%s"]\nrequest: {model: imagen-4.0}\n',
        'prompts: [{text: "%s"}]\nrequest: {model: imagen-4.0}\n',
        'prompts: [{text: x, id: "%s"}]\nrequest: {model: imagen-4.0}\n',
        'prompts: [{text: x, tags: ["%s"]}]\nrequest: {model: imagen-4.0}\n',
        'prompts: [{text: x, meta: {deep: [{a: "%s"}]}}]\nrequest: {model: imagen-4.0}\n',
        'prompts: [{text: "{{ v }}", vars: {v: "%s"}}]\nrequest: {model: imagen-4.0}\n',
        'prompts: [{text: x, request: {model: "%s"}}]\n',
        'prompts: [{from: t.txt, text: x, where: "%s"}]\nrequest: {model: imagen-4.0}\n',
        'prompts: [x]\nrequest: {model: "%s"}\n',
        'prompts: [x]\nmatrix: {model: "%s"}\n',
        'prompts: [x]\nmatrix: {model: [imagen-4.0, "%s"]}\n',
        'prompts: ["{{ v.a }}"]\nrequest: {model: imagen-4.0}\nmatrix: {v: [{id: a, a: "%s"}]}\n',
        'prompts: [x]\nmatrix: {v: [{id: a, request: {model: "%s"}}]}\n',
        'prompts: [x]\nmatrix: {include: [{model: "%s"}]}\n',
        'prompts: [x]\nmatrix: {model: [imagen-4.0], exclude: [{model: "%s"}]}\n',
        'prompts: [x]\nrequest: {model: imagen-4.0}\noutput: {path: "%s/{{ job_id }}"}\n',
    ],
)
def test_a_template_may_stand_in_every_value_and_an_undefined_name_is_an_error(
    problems_of: ProblemsOf, place: str
) -> None:
    problems = problems_of(place % "{{ nowhere }}", files={"t.txt": "a\n"})
    assert [problem.message.startswith('"nowhere" is not defined') for problem in problems] == [True]
    assert problems[0].place is not None
    assert problems[0].place.line > 3


def test_a_name_that_is_asked_about_may_be_missing(jobs_of: JobsOf, problems_of: ProblemsOf) -> None:
    made = jobs_of(
        """
        request: {model: gpt-image-2}
        prompts:
          - "a {{ nowhere | default('x') }}"
          - "b {{ nowhere if nowhere is defined else 'y' }}{% if here is defined %}{{ here }}{% endif %}"
        matrix: {v: [1], include: [{here: z}]}
        output: {path: "{{ job_id }}{{ v }}{{ nowhere | d('') }}"}
        """
    )
    assert [job.prompt for job in made] == ["a x", "b yz"]
    (problem,) = problems_of(f"prompts: [\"{{{{ here | default('x') }}}}{{{{ nowhere }}}}\"]\n{MODEL}")
    assert problem.message.startswith('"nowhere" is not defined')


@pytest.mark.parametrize(
    ("template", "gives"),
    [
        ("{{ ''.__class__.__mro__ }}", 'has no "__class__"'),
        ("{{ 'x'.format.__globals__ }}", 'has no "__globals__"'),
        ("{% include 'x' %}", "include"),
        ("{{ range(10 ** 9) | list }}", "stopped"),
    ],
)
def test_templates_are_sandboxed(problems_of: ProblemsOf, template: str, gives: str) -> None:
    (problem,) = problems_of(f'prompts: ["{template}"]\n{MODEL}')
    assert gives in problem.message


@pytest.mark.parametrize("key", ["vars: {'{{ a }}': 1}", "request: {'{{ a }}': 1}", "matrix: {'{{ a }}': [1]}"])
def test_a_key_is_no_template(problems_of: ProblemsOf, key: str) -> None:
    problems = problems_of(f"prompts: [{{text: x, request: {{model: imagen-4.0}}}}]\n{key}\n")
    assert any("key" in problem.message or "name" in problem.message for problem in problems)


def test_the_file_is_yaml_before_anything_is_rendered(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\nrequest: {model: imagen-4.0}\nrepeat: '{{ 1 + 1 }}'\n")
    assert problem.path == "repeat"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ 40 + 2 }}", 42),
        ("{{ 1 > 0 }}", True),
        ("{{ none }}", None),
        ("{{ [1, 'a'] }}", [1, "a"]),
        ("{{ {'a': 1.5} }}", {"a": 1.5}),
        (" {{ 40 + 2 }}", " 42"),
        ("{{ 40 }}{{ 2 }}", "402"),
    ],
)
def test_a_single_expression_keeps_its_type(jobs_of: JobsOf, template: str, value: object) -> None:
    (job,) = jobs_of(f'prompts: [{{text: x, meta: {{v: "{template}"}}}}]\n{MODEL}')
    assert job.meta["v"] == value
    assert type(job.meta["v"]) is type(value)


def test_a_template_may_give_a_number_or_a_list_to_a_field(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        vars: {base: 41, shortlist: [gpt-image-2, z-image-turbo]}
        prompts: [x]
        request: {seed: "{{ base + 1 }}"}
        matrix: {model: "{{ shortlist }}"}
        """
    )
    assert [(job.model, job.request["seed"]) for job in made] == [("gpt-image-2", 42), ("z-image-turbo", 42)]


@pytest.mark.parametrize(
    ("template", "text"),
    [("{{ 40 + 2 }}", "42"), ("{{ true }}", "true"), ("{{ [1, 'é'] | tojson }}", '[1, "é"]'), ("{{ 1.5 }}", "1.5")],
)
def test_a_text_becomes_a_string(jobs_of: JobsOf, template: str, text: str) -> None:
    (job,) = jobs_of(f'prompts: ["{template}"]\n{MODEL}')
    assert (job.prompt, job.request["prompt"]) == (text, text)


@pytest.mark.parametrize("where", ["{{ 1 }}", "{{ row.text }}", "{{ 'true' }}", "{{ none }}", "yes {{ true }}"])
def test_where_must_be_a_boolean(problems_of: ProblemsOf, where: str) -> None:
    (problem,) = problems_of(
        f'prompts: [{{from: t.txt, text: x, where: "{where}"}}]\n{MODEL}', files={"t.txt": "true\n"}
    )
    assert (problem.path, problem.message) == ("prompts[0].where", "where must come out as true or false")


def test_vars_see_earlier_vars_only(jobs_of: JobsOf, problems_of: ProblemsOf) -> None:
    (job,) = jobs_of(f'vars: {{a: 1, b: "{{{{ a + 1 }}}}"}}\nprompts: ["{{{{ b }}}}"]\n{MODEL}')
    assert job.prompt == "2"
    (problem,) = problems_of(f'vars: {{b: "{{{{ a + 1 }}}}", a: 1}}\nprompts: ["{{{{ b }}}}"]\n{MODEL}')
    assert problem.path == "vars.b"


@pytest.mark.parametrize("name", ["prompt", "repeat", "row", "seed", "job_id", "own"])
def test_axes_see_vars_and_nothing_else(jobs_of: JobsOf, problems_of: ProblemsOf, name: str) -> None:
    body = 'vars: {hour: dawn}\nprompts: [{text: "{{ v }}", vars: {own: 1}}]\nrequest: {model: gpt-image-2}\n'
    assert jobs_of(body + 'matrix: {v: ["{{ hour }}"], seed: [1]}\n')[0].prompt == "dawn"
    (problem,) = problems_of(body + f'matrix: {{v: ["{{{{ {name} }}}}"], seed: [1]}}\n')
    assert problem.message == f'"{name}" is not defined here, where only vars are; available: hour'


@pytest.mark.parametrize(
    "key", ["vars: {w: '{{ %s }}'}", "id: '{{ %s }}'", "tags: ['{{ %s }}']", "meta: {w: '{{ %s }}'}"]
)
def test_what_belongs_to_a_prompt_sees_vars_row_and_row_number_and_no_axis(
    jobs_of: JobsOf, problems_of: ProblemsOf, key: str
) -> None:
    body = (
        "vars: {hour: dawn}\nprompts: [{from: t.csv, text: '{{ row.a }} {{ v }}', %s}]\n"
        "request: {model: gpt-image-2}\nmatrix: {v: [1]}\n"
    )
    files = {"t.csv": "a\nx\ny\n"}
    for seen in ("hour ~ row_number", "row.a", "row_number"):
        assert len(jobs_of(body % (key % seen), files=files)) == 2
    for unseen in ("v", "prompt.id", "repeat", "job_id"):
        assert problems_of(body % (key % unseen), files=files)[0].message.startswith(
            f'"{unseen.partition(".")[0]}" is not defined here'
        )


def test_rows_are_numbered_from_one_before_where(jobs_of: JobsOf) -> None:
    made = jobs_of(
        f"prompts: [{{from: t.txt, text: '{{{{ row_number }}}}', where: '{{{{ row.text != \"a\" }}}}'}}]\n{MODEL}",
        files={"t.txt": "a\nb\nc\n"},
    )
    assert [job.prompt for job in made] == ["2", "3"]


def test_a_prompts_vars_see_the_row_and_earlier_ones_and_hide_those_of_the_spec(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        vars: {hour: dawn, place: lake}
        request: {model: gpt-image-2}
        prompts:
          - from: t.csv
            vars: {hour: "{{ row.hour }}", both: "{{ hour }} by the {{ place }}"}
            text: "{{ both }}"
          - "{{ hour }}"
        """,
        files={"t.csv": "hour\nnoon\ndusk\n"},
    )
    assert [job.prompt for job in made] == ["noon by the lake", "dusk by the lake", "dawn"]


def test_texts_and_requests_see_all_of_it(jobs_of: JobsOf) -> None:
    seen = (
        "{{ hour }} {{ own }} {{ row.a }} {{ row_number }} {{ v.x }} {{ seed }} {{ prompt.id }} {{ prompt.tags[0] }} "
    )
    seen += "{{ prompt.meta.m }} {{ repeat }}"
    made = jobs_of(
        f"""
        vars: {{hour: dawn}}
        repeat: 2
        request: {{model: gpt-image-2, style: "{seen}"}}
        prompts:
          - from: t.csv
            id: "p-{{{{ row_number }}}}"
            tags: [t]
            meta: {{m: 5}}
            vars: {{own: mine}}
            text: "{seen}"
            request: {{background: "{{{{ v.x if repeat == 0 else 'auto' }}}}"}}
        matrix:
          v: [{{id: V, x: opaque}}]
          seed: [9]
        """,
        files={"t.csv": "a\nA\n"},
    )
    texts = [f"dawn mine A 1 opaque 9 p-1 t 5 {repeat}" for repeat in (0, 1)]
    assert [job.prompt for job in made] == texts
    assert [job.request["style"] for job in made] == texts
    assert [job.request["background"] for job in made] == ["opaque", "auto"]


def test_output_path_sees_the_job_and_every_request_field_too(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        vars: {hour: dawn}
        prompts: [{from: t.csv, id: p, text: "{{ row.a }}", vars: {own: mine}}]
        request: {model: gpt-image-2, quality: low, resolution: 2K}
        matrix: {v: [{id: V, x: 1}], seed: [9]}
        output:
          path: "{{ hour }}-{{ own }}-{{ row.a }}-{{ row_number }}-{{ v.x }}-{{ seed }}-{{ prompt.id }}-{{ repeat }}\\
            -{{ quality }}-{{ resolution }}-{{ background }}-{{ style }}.{{ model }}-{{ job_id }}"
        """.replace("\\\n            ", "\\\n          "),
        files={"t.csv": "a\nA\n"},
    )
    (job,) = made
    assert job.path == f"dawn-mine-A-1-1-9-p-0-low-2k--.gpt-image-2-{job.job_id}"


@pytest.mark.parametrize("name", ["prompt", "repeat", "row", "row_number", "job_id", "vars", "request"])
@pytest.mark.parametrize(
    "place",
    [
        "vars: {%s: 1}\nprompts: [x]\nrequest: {model: imagen-4.0}\n",
        "prompts: [{text: x, vars: {%s: 1}}]\nrequest: {model: imagen-4.0}\n",
        "prompts: [x]\nrequest: {model: imagen-4.0}\nmatrix: {%s: [1]}\n",
        "prompts: [x]\nmatrix: {model: [imagen-4.0], include: [{%s: 1}]}\n",
    ],
)
def test_a_built_in_name_is_nobody_elses(problems_of: ProblemsOf, place: str, name: str) -> None:
    assert any("language itself" in problem.message for problem in problems_of(place % name))


@pytest.mark.parametrize(
    "body",
    [
        "vars: {v: 1}\nprompts: ['{{ v }}']\nrequest: {model: imagen-4.0}\nmatrix: {v: [2]}\n",
        "prompts: [{text: '{{ v }}', vars: {v: 1}}]\nrequest: {model: imagen-4.0}\nmatrix: {v: [2]}\n",
        "vars: {v: 1}\nprompts: ['{{ v }}']\nmatrix: {model: [imagen-4.0], include: [{v: 2}]}\n",
        "prompts: [{text: '{{ v }}', vars: {v: 1}}]\nmatrix: {model: [imagen-4.0], include: [{v: 2}]}\n",
    ],
)
def test_no_name_may_hide_one_of_the_matrix(problems_of: ProblemsOf, body: str) -> None:
    (problem,) = problems_of(body)
    assert problem.path.endswith("vars.v")
    assert "matrix" in problem.message


@pytest.mark.parametrize(("name", "text"), [("t.csv", "a,b\n1,true\n"), ("t.tsv", "a\tb\n1\ttrue\n")])
def test_cells_of_csv_and_tsv_are_strings(jobs_of: JobsOf, name: str, text: str) -> None:
    (job,) = jobs_of(
        f"prompts: [{{from: {name}, text: x, meta: {{a: '{{{{ row.a }}}}', b: '{{{{ row.b }}}}'}}}}]\n{MODEL}",
        files={name: text},
    )
    assert dict(job.meta) == {"a": "1", "b": "true"}


@pytest.mark.parametrize(
    "name", ["now()", "time()", "env.HOME", "random()", "lipsum()", "'x' | random", "'x' | shuffle"]
)
def test_nothing_that_varies_is_at_hand(problems_of: ProblemsOf, name: str) -> None:
    assert problems_of(f'prompts: ["{{{{ {name} }}}}"]\n{MODEL}')


def test_slug_and_sha256(jobs_of: JobsOf) -> None:
    (job,) = jobs_of(f"prompts: [\"{{{{ 'Ein Café, 茶馆!' | slug }}}} {{{{ 'x' | sha256 }}}}\"]\n{MODEL}")
    assert job.prompt == f"ein-café-茶馆 {hashlib.sha256(b'x').hexdigest()}"


def test_a_value_is_never_rendered_again(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        vars: {a: "{{ '{{ b }}' }}", c: "{{ a }}"}
        prompts:
          - "{{ a }}{{ c }}"
          - {from: t.csv, text: "{{ row.x }}{{ own }}", vars: {own: "{{ row.x }}"}, id: "{{ row.x }}"}
        request: {model: gpt-image-2}
        matrix: {v: ["{{ a }}"], style: ["{{ '{{ x }}' }}"]}
        output: {path: "{{ job_id }}{{ v }}"}
        """.replace("style", "request.style"),
        files={"t.csv": "x\n{{ 7 * 7 }}\n"},
    )
    assert [job.prompt for job in made] == ["{{ b }}{{ b }}", "{{ 7 * 7 }}{{ 7 * 7 }}"]
    assert made[0].request["style"] == "{{ x }}"
    assert made[1].prompt_id == "{{ 7 * 7 }}"
