"""Values that are not numbers are never converted silently, and whole numbers are sent as integers."""

import json

import pytest

from tests.unit.language.conftest import JobsOf, PlanOf, ProblemsOf

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
NO_WHOLE_NUMBERS = {
    "": "is empty, which is not a whole number",
    " ": "is empty, which is not a whole number",
    "'1,000'": "is the string \"'1,000'\", which is not a whole number",
    "none yet": 'is the string "none yet", which is not a whole number',
    "0x10": 'is the string "0x10", which is not a whole number',
    "7 kg": 'is the string "7 kg", which is not a whole number',
    "1;5": 'is the string "1;5", which is not a whole number',
    "nan": 'is the string "nan", which is not a whole number',
    "inf": 'is the string "inf", which is not a whole number',
    "1e999": 'is the string "1e999", which is not a whole number',
}


def seeded(template: str, more: str = "") -> str:
    return (
        f"prompts:\n  - from: t.csv\n    text: a {{{{ row.cup }}}}\n"
        f'    request: {{model: z-image-turbo, seed: "{template}"}}\n{more}'
    )


@pytest.mark.parametrize("cell", NO_WHOLE_NUMBERS)
def test_int_of_no_number_is_an_error_with_its_row(problems_of: ProblemsOf, cell: str) -> None:
    (problem,) = problems_of(seeded("{{ row.n | int }}"), files={"t.csv": f'cup,n\na,7\nb,"{cell}"\n'})
    assert problem.message == f"row.n {NO_WHOLE_NUMBERS[cell]}"
    assert problem.path == "prompts[0].request.seed"
    assert [place.line for place in problem.rows] == [3]
    assert "row.n | int(0)" in str(problem.suggestion)
    assert "| int(none)" in str(problem.suggestion)


@pytest.mark.parametrize(
    "template",
    [
        "{{ row.n | float }}",
        "{{ 2 + row.n | int }}",
        "{{ 5 if row.n | int > 3 else 4 }}",
        "{{ row.n.split(',') | map('int') | sum }}",
        "{{ own | int }}",
        "{{ row.n | trim | int }}",
    ],
)
def test_it_is_one_wherever_it_stands(problems_of: ProblemsOf, template: str) -> None:
    body = seeded(template, '    vars: {own: "{{ row.n }}"}\n' if "own" in template else "")
    (problem,) = problems_of(body, files={"t.csv": "cup,n\na,x\n"})
    assert "is the string" in problem.message
    assert "number" in problem.message


def test_where_loses_no_row_in_silence(problems_of: ProblemsOf) -> None:
    body = f'prompts: [{{from: t.csv, text: x, where: "{{{{ row.n | int > 3 }}}}"}}]\n{MODEL}'
    (problem,) = problems_of(body, files={"t.csv": "cup,n\na,7\nb,\n"})
    assert (problem.path, [place.line for place in problem.rows]) == ("prompts[0].where", [3])


@pytest.mark.parametrize("value", ["null", "[1]", '{"a": 1}'])
def test_null_and_lists_are_no_numbers_either(problems_of: ProblemsOf, value: str) -> None:
    body = f'prompts: [{{from: t.jsonl, text: "a {{{{ row.n | float }}}}"}}]\n{MODEL}'
    (problem,) = problems_of(body, files={"t.jsonl": f'{{"n": {value}}}\n'})
    assert problem.message.startswith("row.n is ")
    assert problem.message.endswith("which is not a number")


@pytest.mark.parametrize(
    ("cell", "template", "seed"),
    [
        (" 42 ", "{{ row.n | int }}", 42),
        ("-3", "{{ row.n | int | abs }}", 3),
        ("4.2e3", "{{ row.n | int }}", 4200),
        ("7.0", "{{ row.n | int }}", 7),
        ("", "{{ row.n | int(5) }}", 5),
        ("x", "{{ row.n | int(default=5) }}", 5),
        ("inf", "{{ row.n | int(5) }}", 5),
        ("", "{{ row.n | int(none) }}", None),
        ("", "{{ row.n | int if row.n else none }}", None),
        ("ff", "{{ row.n | int(0, 16) }}", 255),
        ("ff", "{{ row.n | int(base=16) }}", 255),
        ("x", "{{ row.n | float(2.0) | int }}", 2),
        ("1.5", "{{ (row.n | float * 2) | int }}", 3),
        ("7", "{{ 9.9 | int }}", 9),
        ("7", "{{ true | int }}", 1),
    ],
)
def test_numbers_and_defaults_are_as_in_jinja(
    plan_of: PlanOf, jobs_of: JobsOf, cell: str, template: str, seed: int
) -> None:
    files = {"t.csv": f"cup,n\na,{cell}\n"}
    (job,) = jobs_of(seeded(template), files=files)
    assert job.request.get("seed") == seed
    assert type(job.request.get("seed")) is type(seed)
    assert plan_of(seeded(template), files=files).warnings == ()


def test_a_fraction_that_int_cuts_off_is_a_warning(plan_of: PlanOf) -> None:
    (warning,) = plan_of(seeded("{{ row.n | int }}"), files={"t.csv": "cup,n\na,7.9\nb,8.5\n"}).warnings
    assert (warning.message, warning.count) == ('row.n is the string "7.9", which int cuts to 7', 2)


def test_the_hint_for_a_text_where_a_number_belongs_says_what_to_do_with_empty_cells(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(seeded("{{ row.n }}"), files={"t.csv": "cup,n\na,7\n"})
    assert "end it with | int, or | int(none) where it is empty" in str(problem.suggestion)


COINS = '{"no": 1.0, "seed": 42.0, "x": 7.0, "big": 1e21}\n{"no": 2.0, "seed": null, "x": 7.5, "big": 2e21}\n'


def coins(text: str, more: str = "") -> str:
    return f'prompts:\n  - from: t.jsonl\n    text: "{text}"\n{more}{MODEL}'


def test_whole_numbers_are_sent_as_integers_and_the_ids_stay(jobs_of: JobsOf) -> None:
    more = '    request: {model: z-image-turbo, seed: "{{ row.seed }}"}\n'
    made = jobs_of(coins("{{ row_number }}", more).replace(", seed: 7", ""), files={"t.jsonl": COINS})
    plain = jobs_of('prompts: ["1"]\nrequest: {model: z-image-turbo, seed: 42}\n')
    assert [type(job.request.get("seed")) for job in made] == [int, type(None)]
    assert made[0].job_id == plain[0].job_id


@pytest.mark.parametrize(
    "body",
    [
        "request: {model: z-image-turbo, seed: 1e3}\n",
        "request: {model: z-image-turbo}\nmatrix: {seed: [1e3]}\n",
        "request: {model: z-image-turbo}\nmatrix: {seed: {start: 1e3, count: 1}}\n",
        "vars: {s: [1e3]}\nrequest: {model: z-image-turbo}\nmatrix: {seed: '{{ s }}'}\n",
        "request: {seed: 7}\nmatrix: {model: [{model: z-image-turbo, seed: 1e3}]}\n",
        "request: {model: z-image-turbo}\nmatrix: {v: [{id: a, request: {seed: 1e3}}]}\n",
        "request: {model: z-image-turbo}\nmatrix: {include: [{seed: 1e3}]}\n",
    ],
)
def test_whichever_way_an_integer_comes_it_is_one(jobs_of: JobsOf, body: str) -> None:
    (job,) = jobs_of(f"prompts: [x]\n{body}")
    assert (job.request["seed"], type(job.request["seed"])) == (1000, int)


def test_integers_in_lists_are_evened_and_shares_keep_their_fractions(jobs_of: JobsOf) -> None:
    (boxes,) = jobs_of(
        """
        prompts: [x]
        request:
          model: wan2.7-image
          action: interactive_edit
          n: 1.0
          image_urls: ["https://a.example/a.png"]
          bbox_list: [[[1.0, 2.0, 30.0, 40]]]
        """
    )
    assert "[[[1,2,30,40]]]" in json.dumps(boxes.request["bbox_list"], separators=(",", ":"))
    assert type(boxes.request["n"]) is int
    (colours,) = jobs_of(
        """
        prompts: [x]
        request:
          model: wan2.7-image
          color_palette: [{hex: "#112233", ratio: 20.0}, {hex: "#445566", ratio: 30.0}, {hex: "#445577", ratio: 50}]
        """
    )
    assert '"ratio": 20.0' in json.dumps(colours.request["color_palette"])


@pytest.mark.parametrize(
    ("text", "more", "path"),
    [
        ("Coin {{ row.no }}", "", "prompts[0].text"),
        ("{{ row.no }}", "", "prompts[0].text"),
        ("x{{ row.x }}", '    id: "no-{{ row.no }}"\n', "prompts[0].id"),
        ("x{{ row.x }}", '    tags: ["{{ row.no }}"]\n', "prompts[0].tags[0]"),
        ("{{ row.x }}", 'output: {path: "{{ row.no }}-{{ job_id }}"}\n', "output.path"),
    ],
)
def test_a_whole_number_with_a_fraction_in_a_text_is_told_once(
    plan_of: PlanOf, text: str, more: str, path: str
) -> None:
    (warning,) = plan_of(coins(text, more), files={"t.jsonl": COINS}).warnings
    assert (warning.path, warning.suggestion) == (path, "use row.no | int to write 1")
    assert warning.message == "row.no is 1.0, a whole number that is written into text with its fraction"


@pytest.mark.parametrize(
    "text",
    [
        "{{ row.x }}",
        "{{ row.no | int }}",
        "{{ row.no + 0.5 }}",
        "{{ row.big }}",
        "{% if row.no > 1 %}a{% else %}b{% endif %}",
        "{{ '%.1f' % 1.0 }}{{ row_number }}",
        "{{ '%.1f' | format(row.no or 0) }}{{ '%.1f' % row.no }}",
        "{{ '%.1f %d' | format(row.no, row.no) }}{{ '{:.1f}'.format(row.no) }}",
    ],
)
def test_a_column_with_fractions_and_numbers_that_are_not_written_are_silent(plan_of: PlanOf, text: str) -> None:
    assert plan_of(coins(text), files={"t.jsonl": COINS}).warnings == ()
