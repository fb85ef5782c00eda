"""A value in text is what its author sees in the file, or it is an error."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem
from tests.unit.language.conftest import JobsOf, PlanOf, ProblemsOf

Complaint = Callable[..., Problem]

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
ROW = '{"a": null, "n": 3, "urls": ["u", "v"], "m": {"k": 1, "l": 2}, "deep": {"none": null}}\n'


def of_row(text: str, more: str = "") -> str:
    return f'prompts:\n  - from: t.jsonl\n    text: "{text}"\n{more}{MODEL}'


@pytest.fixture
def complaint(problems_of: ProblemsOf) -> Complaint:
    """Returns the one thing that is wrong with a text over a row of values."""

    def one(text: str, more: str = "") -> Problem:
        (problem,) = problems_of(of_row(text, more), files={"t.jsonl": ROW})
        return problem

    return one


@pytest.mark.parametrize(
    ("text", "called", "kind"),
    [
        ("A lamp in {{ row.m }}", "row.m", "a mapping"),
        ("{{ row.m }}", "row.m", "a mapping"),
        ("{{ row }}", "row", "a mapping"),
        ("{{ row.urls }}", "row.urls", "a list"),
        ("a {{ row.urls }} b", "row.urls", "a list"),
        ("{{ 'a' ~ row.urls }}", "row.urls", "a list"),
        ("{{ '%s' % row.urls }}", "row.urls", "a list"),
        ("{{ '%s and %s' | format('a', row.urls) }}", "row.urls", "a list"),
        ("{{ '{} {}'.format('a', row.m) }}", "row.m", "a mapping"),
        ("{{ '{!s}'.format(row.m) }}", "row.m", "a mapping"),
        ("{{ row.urls | upper }}", "row.urls", "a list"),
        ("{{ row.m | replace('a', 'b') }}", "row.m", "a mapping"),
        ("{{ row.m | trim }}", "row.m", "a mapping"),
        ("{{ row.m | string }}", "row.m", "a mapping"),
        ("{{ [row.urls, 'b'] | join(', ') }}", "row.urls", "a list"),
        ("{{ row.urls | sort }}", "row.urls | sort", "a list"),
        ("{% for item in [row.m] %}{{ item }}{% endfor %}", "item", "a mapping"),
        ("{% set v = row.m %}{{ v }}", "v", "a mapping"),
        ("{{ range(3) }}", "range(...)", "a list"),
    ],
)
def test_a_mapping_or_list_in_a_text_is_an_error(complaint: Complaint, text: str, called: str, kind: str) -> None:
    problem = complaint(text)
    assert problem.message.startswith(f"{called} is {kind}")
    assert "tojson" in str(problem.suggestion)
    assert problem.path == "prompts[0].text"
    assert [place.line for place in problem.rows] == [1]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{{ row.m.k }} {{ row.urls[0] }}", "1 u"),
        ("{{ row.urls | join(' and ') }}", "u and v"),
        ("{{ row.m | tojson }}{{ row.urls | tojson }}", '{"k": 1, "l": 2}["u", "v"]'),
        ("{{ row | tojson | length > 9 }}", "true"),
        ("{{ row.urls | length }} {{ 'u' in row.urls }} {{ row.m == row.m }}", "2 true true"),
        ("{% for url in row.urls %}{{ url }}{% endfor %}{% if row.m %}!{% endif %}", "uv!"),
        ("{{ row.a or 'b' }} {{ row.a | default('c', true) }} {{ row.a is none }}", "b c true"),
        ("x{% if row.a %} in {{ row.a }}{% endif %}", "x"),
        ("{{ 'x' if row.a else 'y' }}{{ row.m | urlencode }}", "yk=1&l=2"),
        ("{{ row.a | int(0) }} {{ [1, row.a] | select | join }}", "0 1"),
        ("{{ '%s %d %5.1f' % ('a', row.n, row.n) }}", "a 3   3.0"),
        ("{{ '{} {:>3}'.format(true, row.n) }}", "true   3"),
        ("{{ 1.5 }} {{ true }}", "1.5 true"),
        ("{{ row.n }}", "3"),
    ],
)
def test_what_is_written_on_purpose_stays_right(plan_of: PlanOf, jobs_of: JobsOf, text: str, made: str) -> None:
    (job,) = jobs_of(of_row(text), files={"t.jsonl": ROW})
    assert job.prompt == made
    assert plan_of(of_row(text), files={"t.jsonl": ROW}).warnings == ()


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        (
            'prompts: ["A {{ look }}"]\nmatrix: {look: [mood: calm]}\n',
            "prompts[0]",
            'if you meant the string "mood: calm"',
        ),
        ('prompts: ["A {{ look }}"]\nmatrix: {look: [{id: A, light: soft}]}\n', "prompts[0]", "(look.light)"),
        ('vars: {c: [red]}\nprompts: [{text: x, tags: ["{{ c }}"]}]\n', "prompts[0].tags[0]", "c | join"),
        ('vars: {c: [red]}\nprompts: [{text: x, id: "{{ c }}"}]\n', "prompts[0].id", "c | join"),
        ('prompts: [x]\nmatrix: {vars.l: [[a]]}\noutput: {path: "{{ l }}/{{ job_id }}"}\n', "output.path", "l | join"),
        (
            'vars: {c: [red]}\nprompts: [{text: x, request: {negative_prompt: "no {{ c }}"}}]\n',
            "prompts[0].request.negative_prompt",
            "c | join",
        ),
    ],
)
def test_every_way_into_a_text_is_watched(problems_of: ProblemsOf, body: str, path: str, said: str) -> None:
    problems = problems_of(body + MODEL)
    assert [problem.path for problem in problems] == [path]
    assert said in str(problems[0].suggestion)


def test_an_override_that_yaml_reads_as_a_mapping_is_told(problems_of: ProblemsOf) -> None:
    body = f'vars: {{style: ink}}\nprompts: ["A {{{{ style }}}}"]\n{MODEL}'
    (problem,) = problems_of(body, overrides=("vars.style=a: b",))
    assert problem.message == "style is a mapping (keys: a), which cannot be written into text"
    assert 'if you meant the string "a: b", put quotes around it' in str(problem.suggestion)


def test_values_that_stay_values_are_as_they_are(jobs_of: JobsOf) -> None:
    more = (
        '    meta: {v: "{{ row.m }}", w: "{{ row.a }}"}\n'
        '    request: {seed: "{{ row.a }}", image_urls: "{{ row.urls if false else none }}"}\n'
    )
    (job,) = jobs_of(of_row("x", more).replace(", seed: 7", ""), files={"t.jsonl": ROW})
    assert dict(job.meta) == {"v": {"k": 1, "l": 2}, "w": None}
    assert set(job.request) == {"model", "prompt"}


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("A jar in {{ row.a }} glaze", "row.a"),
        ("{{ row.a }}", "row.a"),
        ("{{ row.n }} {{ row['a'] }}", "row['a']"),
        ("{{ row.deep.none }}!", "row.deep.none"),
        ("{{ 'a' ~ row.a }}", "row.a"),
        ("{{ '%s' % row.a }}", "row.a"),
        ("{{ '%d' % row.a }}", "row.a"),
        ("{{ '%(none)s' % row.deep }}", "a value"),
        ("{{ '{}'.format(row.a) }}", "row.a"),
        ("{{ row.a | upper }}", "row.a"),
        ("{{ row.a | default('x') }}!", "row.a"),
        ("{{ row.a | int(none) }}!", "row.a | int"),
        ("{{ row.a | default('b', true) }} in {{ row.deep.none }}", "row.deep.none"),
        ("{{ v }}!", "v"),
    ],
)
def test_null_in_a_text_is_an_error(complaint: Complaint, text: str, called: str) -> None:
    problem = complaint(text, '    vars: {v: "{{ row.a }}"}\n' if "{{ v }}" in text else "")
    assert problem.message == f"{called} is null, which cannot be written into text"
    assert "default('x', true)" in str(problem.suggestion)
    assert [place.line for place in problem.rows] == [1]


def test_null_in_a_list_that_is_joined_is_an_error(problems_of: ProblemsOf) -> None:
    row = '{"tags": ["a", null]}\n'
    (problem,) = problems_of(of_row("{{ row.tags | join(', ') }}"), files={"t.jsonl": row})
    assert problem.message == "an item of row.tags is null, which cannot be written into text"


def test_a_default_that_lets_null_through_is_told(complaint: Complaint) -> None:
    assert complaint("{{ row.a | default('x') }}!").suggestion == (
        "default('x') lets null through: write default('x', true)"
    )


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('vars: {v: null}\nprompts: ["A {{ v }}"]\n', "prompts[0]"),
        ('prompts: ["A {{ v }}"]\nmatrix: {v: [null, b]}\n', "prompts[0]"),
        ('vars: {v: null}\nprompts: [{text: x, id: "{{ v }}"}]\n', "prompts[0].id"),
        ('vars: {v: null}\nprompts: [{text: x, tags: ["t-{{ v }}"]}]\n', "prompts[0].tags[0]"),
        ('vars: {v: null}\nprompts: [x]\noutput: {path: "{{ v }}-{{ job_id }}"}\n', "output.path"),
    ],
)
def test_null_of_vars_and_axes_is_an_error_wherever_a_text_is_made(
    problems_of: ProblemsOf, body: str, path: str
) -> None:
    (problem,) = problems_of(body + MODEL)
    assert (problem.path, problem.message) == (path, "v is null, which cannot be written into text")


def test_a_field_that_an_axis_leaves_out_is_empty_in_a_path(jobs_of: JobsOf) -> None:
    made = jobs_of(
        "prompts: [x]\nrequest: {model: z-image-turbo}\nmatrix: {seed: [null, 3]}\n"
        'output: {path: "s{{ seed }}-{{ n }}"}\n'
    )
    assert [job.path for job in made] == ["s-", "s3-"]


PROMPTS = "prompt\nA red boat\n"


@pytest.mark.parametrize(
    "text", ["{{ prompt }}", "a {{ prompt }}", "{{ prompt | upper }}", "{{ prompt ~ '!' }}", "{{ prompt == 'x' }}"]
)
def test_the_entrys_own_record_is_no_text(problems_of: ProblemsOf, text: str) -> None:
    (problem,) = problems_of(f'prompts: [{{from: t.csv, text: "{text}"}}]\n{MODEL}', files={"t.csv": PROMPTS})
    assert problem.path == "prompts[0].text"
    assert "prompt is this entry itself (prompt.id, prompt.tags, prompt.meta)" in problem.message
    assert problem.suggestion == "use row.prompt for the column"


@pytest.mark.parametrize("value", ["{{ prompt }}", "no {{ prompt }}"])
def test_the_entrys_own_record_is_no_request_field(problems_of: ProblemsOf, value: str) -> None:
    body = f'prompts: [{{from: t.csv, text: x, request: {{negative_prompt: "{value}"}}}}]\n{MODEL}'
    (problem,) = problems_of(body, files={"t.csv": PROMPTS})
    assert (problem.path, problem.suggestion) == ("prompts[0].request.negative_prompt", "use row.prompt for the column")


def test_without_such_a_column_the_way_out_is_another_one(problems_of: ProblemsOf) -> None:
    (of_text,) = problems_of(f'prompts: ["{{{{ prompt }}}}"]\n{MODEL}')
    assert of_text.suggestion == "use prompt.id, or define a variable with another name under vars"
    (of_table,) = problems_of(
        f'prompts: [{{from: t.csv, text: "{{{{ prompt }}}}"}}]\n{MODEL}', files={"t.csv": "boat\nred\n"}
    )
    assert of_table.suggestion == "use prompt.id, or a column of the table, such as row.boat"


def test_the_fields_of_the_entry_stay_right(plan_of: PlanOf, jobs_of: JobsOf) -> None:
    body = (
        'prompts: [{id: a, tags: [t], meta: {x: 1}, text: "{{ prompt.id }} {{ prompt.meta.x }} {{ prompt.tags[0] }}"},'
        f' {{id: b, text: "{{{{ prompt | tojson }}}}"}}]\n{MODEL}'
    )
    assert [job.prompt for job in jobs_of(body)] == ["a 1 t", '{"id": "b", "tags": [], "meta": {}}']
    assert plan_of(body).warnings == ()


def test_repeat_beside_a_column_of_that_name_is_told(problems_of: ProblemsOf, plan_of: PlanOf) -> None:
    body = f'prompts: [{{from: t.csv, text: "a {{{{ repeat }}}} {{{{ row.a }}}}"}}]\n{MODEL}'
    (problem,) = problems_of(body, files={"t.csv": "repeat,a\nx,1\ny,2\n"})
    assert (problem.path, problem.suggestion) == ("prompts[0].text", "write row.repeat for the column")
    (warning,) = plan_of(f"repeat: 2\n{body}", files={"t.csv": "repeat,a\nx,1\ny,2\n"}).warnings
    assert warning.path == "prompts[0].text"
    assert plan_of(body, files={"t.csv": "a\nx\n"}).warnings == ()
