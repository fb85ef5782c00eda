"""Cells of .csv, .tsv and .txt are strings: uses as numbers or booleans are reported, and others are not."""

import pytest

from tests.unit.language.conftest import JobsOf, PlanOf, ProblemsOf

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
HILLS = "hill,level,note\ngreen,3,\nbare,4,steep\n"
JSON_HILLS = '{"hill": "green", "level": "3", "shown": "false"}\n{"hill": "bare", "level": 4, "shown": false}\n'
OF_ROW = '{own: "{{ row.level }}", own_of_own: "{{ own | trim }}", owns: {level: ["{{ row.level }}"]}}'


def over(table: str, text: str, more: str = "") -> str:
    return f'prompts:\n  - from: {table}\n    text: "{text} {{{{ row_number }}}}"\n{more}{MODEL}'


def where(condition: str) -> str:
    return f'    where: "{{{{ {condition} }}}}"\n'


@pytest.mark.parametrize(
    "condition",
    [
        "row.level == 3",
        "row.level != 3",
        "3 == row.level",
        "3 != row.level",
        "row.level in [3, 5]",
        "row.level not in [7]",
        "row.level in ['x', 3]",
        "row.level == 3.5",
        "row.level == limit",
        "row.level in limits",
        "row.level is eq 3",
        "row.level is in [3]",
        "row['level'] == 3",
        "row.get('level') == 3",
        "row.level | trim == 3",
        "row.level.strip() == 3",
        "row.level > 3",
        "3 < row.level",
        "row.level >= 3",
        "row.level is gt 3",
        "own == 3",
        "own_of_own == 3",
        "owns.level[0] == 3",
        "3 in owns.level",
        "[row] | selectattr('level', 'eq', 3) | list | length == 1",
        "row_number == row.level",
    ],
)
def test_a_cell_against_a_number_is_an_error_in_every_row(problems_of: ProblemsOf, condition: str) -> None:
    ending = "tsv" if "[" in condition else "csv"
    table = HILLS if ending == "csv" else HILLS.replace(",", "\t")
    more = f"    vars: {OF_ROW}\n" if "own" in condition else ""
    shared = "vars: {limits: [3, 4], limit: '{{ limits[0] }}'}\n" if "limit" in condition else ""
    body = shared + over(f"t.{ending}", "x", more + where(condition))
    [problem] = [found for found in problems_of(body, files={f"t.{ending}": table}) if found.severity == "error"]
    assert problem.message.split(" (")[0] == 'row.level is the string "3"'
    assert (problem.path, problem.count, len(problem.rows)) == ("prompts[0].where", 2, 2)
    assert "row.level | " in str(problem.suggestion)


@pytest.mark.parametrize("text", ["{% if row.text == 3 %}a{% endif %}", "{{ 'a' if row.text > 3 else 'b' }}"])
def test_a_line_of_a_txt_is_such_a_cell(problems_of: ProblemsOf, text: str) -> None:
    (problem,) = problems_of(over("t.txt", text), files={"t.txt": "3\n"})
    assert problem.path == "prompts[0].text"
    assert problem.message.startswith('row.text is the string "3" (cells of .csv, .tsv and .txt are strings)')


@pytest.mark.parametrize("axis", ["1", "3", "true"])
def test_a_value_of_an_axis_is_compared_alike(problems_of: ProblemsOf, axis: str) -> None:
    body = over("t.csv", "{{ 'a' if row.level == step else 'b' }}") + f"matrix: {{step: [{axis}]}}\n"
    [problem] = problems_of(body, files={"t.csv": HILLS})
    assert problem.count == 2


@pytest.mark.parametrize("sign", ["> 3", "* 2", "% 2", "== true"])
def test_of_many_rows_one_mistake_is_told_once_with_its_first_value(problems_of: ProblemsOf, sign: str) -> None:
    rows = "".join(f"a,{number}\n" for number in range(300))
    condition = where(f"row.level {sign}" + (" > 3" if sign[0] in "*%" else ""))
    [problem] = problems_of(over("t.csv", "x", condition), files={"t.csv": "note,level\n" + rows})
    assert problem.message.startswith('row.level is the string "0"')
    assert (problem.count, [place.line for place in problem.rows]) == (300, [2, 3, 4])


def test_two_mistakes_at_one_place_are_told_apart(problems_of: ProblemsOf) -> None:
    condition = where("row.level > 3 if row.note == 'a' else row.other > 3")
    table = "note,level,other\na,1,1\na,,1\nb,1,1\nb,1,2\n"
    found = problems_of(over("t.csv", "x", condition), files={"t.csv": table})
    assert [(problem.message.split(" (")[0], problem.count) for problem in found] == [
        ('row.level is the string "1"', 1),
        ("row.level is the empty string", 1),
        ('row.other is the string "1"', 2),
    ]


@pytest.mark.parametrize(
    "condition", ["row.note == true", "row.note == false", "row.note is true", "row.note is false"]
)
def test_a_cell_against_a_truth_is_an_error(problems_of: ProblemsOf, condition: str) -> None:
    problems = problems_of(over("t.csv", "x", where(condition)), files={"t.csv": HILLS})
    assert all("is compared with true or false" in problem.message for problem in problems)
    assert all("| lower == '" in str(problem.suggestion) for problem in problems)


@pytest.mark.parametrize("sum_of", ["row.level + 1", "1 + row.level", "row.level * 2", "row.level % 2"])
def test_a_cell_in_a_calculation_is_an_error(problems_of: ProblemsOf, sum_of: str) -> None:
    problems = problems_of(over("t.csv", f"{{{{ {sum_of} }}}}"), files={"t.csv": HILLS})
    assert problems[0].message.startswith('row.level is the string "3" (cells of .csv, .tsv and .txt are strings)')
    assert "row.level | int" in str(problems[0].suggestion)


@pytest.mark.parametrize(
    ("table", "condition", "kept"),
    [
        ("t.csv", "row.level == '3'", 1),
        ("t.csv", "row.level in ['3', '4']", 2),
        ("t.csv", "row.level | int > 3", 1),
        ("t.csv", "row.level > '3'", 1),
        ("t.csv", "row.level == row.hill or row.hill == 'bare'", 1),
        ("t.csv", "row.hill * 2 == 'barebare'", 1),
        ("t.csv", "row.note == '' and row.note != none", 1),
        ("t.csv", "row.hill in {'bare': 1}", 1),
        ("t.csv", "row.hill is sameas row.hill", 2),
        ("t.csv", "[row.level, row.hill] | sort | first == '3'", 1),
        ("t.jsonl", "row.level == 4", 1),
        ("t.jsonl", "row.level != 3", 2),
        ("t.jsonl", "row.level in [3, 4]", 1),
        ("t.jsonl", "row.shown == false", 1),
        ("t.jsonl", "not row.shown", 1),
    ],
)
def test_texts_with_texts_and_typed_tables_compare_as_they_do(
    plan_of: PlanOf, table: str, condition: str, kept: int
) -> None:
    plan = plan_of(over(table, "x", where(condition)), files={"t.csv": HILLS, "t.jsonl": JSON_HILLS})
    assert (plan.figures.jobs, plan.warnings) == (kept, ())


def test_a_cell_stays_a_plain_text_wherever_it_is_written(jobs_of: JobsOf) -> None:
    more = '    vars: {v: "{{ row.level }}"}\n    tags: ["{{ v }}"]\n    meta: {a: "{{ v }}", b: ["{{ row.hill }}"]}\n'
    made = jobs_of(over("t.csv", "{{ v }}{{ row.hill }}", more), files={"t.csv": HILLS})
    assert [(job.prompt, job.tags) for job in made] == [("3green 1", ("3",)), ("4bare 2", ("4",))]
    assert {type(value) for job in made for value in (job.prompt, *job.tags, job.meta["a"])} == {str}


PONDS = "pond,frozen,skip\nround,TRUE,\ndeep,False,\n"


@pytest.mark.parametrize(
    "text",
    [
        "{% if row.frozen %}a{% endif %}",
        "{% if row.skip %}a{% elif row.frozen %}b{% endif %}",
        "{{ 'a' if row.frozen else 'b' }}",
        "{{ not row.frozen }}",
        "{{ row.frozen and 'a' }}",
        "{{ row.frozen or 'a' }}",
        "{{ row.frozen | default('a', true) }}",
        "{{ [row.frozen] | select | list | length }}",
        "{{ [row.frozen] | reject | list | length }}",
        "{{ [row] | selectattr('frozen') | list | length }}",
        "{% if row.frozen | trim %}a{% endif %}",
        "{% if own %}a{% endif %}",
    ],
)
def test_the_truth_of_a_cell_that_reads_false_is_an_error(problems_of: ProblemsOf, text: str) -> None:
    more = '    vars: {own: "{{ row.frozen }}"}\n' if "own" in text else ""
    (problem,) = problems_of(over("t.csv", text, more), files={"t.csv": PONDS})
    assert problem.message == 'row.frozen is the string "False", which counts as true'
    assert problem.suggestion == "write row.frozen == 'False' (or row.frozen | lower == 'false')"
    assert [place.line for place in problem.rows] == [3]


def test_the_way_out_fits_a_text_that_was_made_of_a_cell(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(over("t.csv", "{% if row.frozen | lower %}a{% endif %}"), files={"t.csv": PONDS})
    assert problem.suggestion == "write row.frozen | trim | lower == 'false'"


def test_where_asks_the_same(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(over("t.csv", "x", where("not row.frozen")), files={"t.csv": PONDS})
    assert problem.path == "prompts[0].where"


@pytest.mark.parametrize(("cell", "is_told"), [("no", True), ("Off", True), ("yes", False), ("north", False)])
def test_a_cell_that_reads_no_is_a_warning(plan_of: PlanOf, cell: str, *, is_told: bool) -> None:
    table = f"a,b\nx,{cell}\ny,{cell}\nz,\n"
    plan = plan_of(over("t.csv", "{% if row.b %}a{% endif %}"), files={"t.csv": table})
    assert [(problem.severity, problem.path, problem.count) for problem in plan.warnings] == (
        [("warning", "prompts[0].text", 2)] if is_told else []
    )


@pytest.mark.parametrize(
    ("cells", "is_told"),
    [(("0", "1", ""), True), (("1", "0"), True), (("0", "7"), False), (("1", "1"), False), (("0", "x"), False)],
)
def test_a_zero_is_told_in_a_column_of_zeros_and_ones_only(
    plan_of: PlanOf, cells: tuple[str, ...], *, is_told: bool
) -> None:
    table = "a,b\n" + "".join(f"x{number},{cell}\n" for number, cell in enumerate(cells))
    plan = plan_of(over("t.csv", "{{ 'a' if row.b else 'b' }}"), files={"t.csv": table})
    assert bool(plan.warnings) is is_told


@pytest.mark.parametrize(
    "text",
    [
        "{% if row.note %}a{% endif %}",
        "{{ row.level | int if row.note else 'none' }}",
        "{{ row.note or 'flat' }}",
        "{{ row.note | default('flat', true) }}",
        "{% if row.level %}{{ row.level }}{% endif %}",
    ],
)
def test_to_ask_whether_a_cell_is_empty_is_silent(plan_of: PlanOf, text: str) -> None:
    assert plan_of(over("t.csv", text), files={"t.csv": HILLS}).warnings == ()
