"""A table is read as it was saved, or refused, so that encoding and quoting never change a prompt silently."""

import gzip
import json
from collections.abc import Callable

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'1f' * 32}\nsize 20480\n"


def reading(name: str, text: str = "{{ row.text }}", more: str = "") -> str:
    return f"prompts:\n  - {{from: {name}, text: {json.dumps(text)}{more}}}\n{MODEL}"


def packed(name: str, content: str | bytes) -> tuple[str, bytes]:
    data = content.encode() if isinstance(content, str) else content
    return (f"{name}.gz", gzip.compress(data))


def said(problems: list[Problem]) -> list[str]:
    return [f"{found.place.file.rpartition('/')[2]}:{found.place.line} {found}" for found in problems if found.place]


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("t.txt", "A reed\rA pond\r", 1),
        ("t.txt", "A reed\nA pond\rA boat\n", 2),
        ("t.txt", "A reed\r\nA pond\r\r\nA boat\r\n", 2),
        ("t.txt", "A reed\r\nA pond\r", 2),
        ("t.tsv", "n\ttext\r1\tA reed\r", 1),
        ("t.tsv", "n\ttext\n1\tA reed\n2\tA\rpond\n", 3),
        ("t.csv", "n,text\r1,A reed\r", 1),
        ("t.csv", 'text\n"A reed\r\nby a pond"\n"A reed\rat night"\n', 4),
        ("t.jsonl", '{"text": "A reed"}\r{"text": "A pond"}\r', 1),
        ("t.jsonl", '{"text": "A reed"}\n{"text":\r"A pond"}\n', 2),
    ],
)
def test_a_carriage_return_that_ends_no_line_is_an_error(
    problems_of: ProblemsOf, name: str, content: str, line: int, *, is_packed: bool
) -> None:
    file, data = packed(name, content) if is_packed else (name, content.encode())
    (problem,) = problems_of(reading(file), files={file: data})
    assert problem.place is not None
    assert (problem.place.line, problem.suggestion) == (line, "save the file with LF line endings")
    assert "carriage return that does not end it" in problem.message


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("t.txt", "A reed\r\nA pond\r\n", ["A reed", "A pond"]),
        ("t.csv", 'text\r\n"A reed\r\nby a pond"\r\n', ["A reed\nby a pond"]),
        ("t.tsv", "n\ttext\r\n1\tA reed\r\n", ["A reed"]),
        ("t.jsonl", '{"text": "A reed\\rA pond"}\r\n', ["A reed\rA pond"]),
        ("t.json", '[\r{"text": "A reed"}\r]\r', ["A reed"]),
        ("t.yaml", "- text: A reed\r- text: A pond\r", ["A reed", "A pond"]),
    ],
)
def test_carriage_returns_that_end_lines_or_are_escaped_stay_right(
    jobs_of: JobsOf, name: str, content: str, texts: list[str]
) -> None:
    assert [job.prompt for job in jobs_of(reading(name), files={name: content.encode()})] == texts


@pytest.mark.parametrize("name", ["t.txt", "t.csv", "t.tsv", "t.jsonl", "t.json", "t.yaml", "t.parquet", "t.txt.gz"])
def test_a_git_lfs_pointer_in_the_place_of_a_table_is_named(problems_of: ProblemsOf, name: str) -> None:
    (problem,) = problems_of(reading(name), files={name: POINTER})
    assert (problem.message, problem.suggestion) == (
        "the file is a Git LFS pointer, and its data has not been downloaded",
        "run git lfs pull",
    )


def test_a_git_lfs_pointer_in_the_place_of_a_spec_or_its_base_is_named(
    problems_of: ProblemsOf, plan_of: PlanOf
) -> None:
    with pytest.raises(SpecError, match=r"spec\.yaml:1:1: the file is a Git LFS pointer.*git lfs pull"):
        plan_of("", head=POINTER)
    assert any(
        problem.suggestion == "run git lfs pull"
        for problem in problems_of("extends: base.yaml\nprompts: [x]\n", files={"base.yaml": POINTER})
    )


def test_a_prompt_may_say_what_a_pointer_says(jobs_of: JobsOf) -> None:
    lines = "version https://git-lfs.github.com/spec/v1 on a wall\nA red door\n"
    assert len(jobs_of(reading("t.txt"), files={"t.txt": lines})) == 2
    assert len(jobs_of(reading("t.txt"), files={"t.txt": POINTER + "A red door\n" * 100})) == 4


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("has_mark", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.txt", "A walnut\nA hazelnut\n"),
        ("t.txt", "\r\nA walnut\r\n"),
        ("t.csv", "text\nA walnut\n"),
        ("t.tsv", "n\ttext\n1\tA walnut\n"),
        ("t.jsonl", '{"text": "A walnut"}\n'),
        ("t.json", '[{"text": "A walnut"}]'),
        ("t.yaml", "- text: A walnut\n"),
    ],
)
def test_utf_16_is_named_with_and_without_its_mark(
    problems_of: ProblemsOf, name: str, content: str, encoding: str, *, is_packed: bool, has_mark: bool
) -> None:
    data = (("\ufeff" if has_mark else "") + content).encode(encoding)
    file, data = packed(name, data) if is_packed else (name, data)
    (problem,) = problems_of(reading(file), files={file: data})
    assert "UTF-16" in problem.message
    assert problem.suggestion == "save it as UTF-8"


def test_a_spec_in_utf_16_without_a_mark_is_named(plan_of: PlanOf) -> None:
    with pytest.raises(SpecError, match="NUL characters, as UTF-16 files do"):
        plan_of("", head="\0".join("version: 1\n"))


@pytest.mark.parametrize(
    ("name", "content"),
    [("t.csv", "te\0xt\nA walnut\n"), ("t.tsv", "n\0\ttext\n1\tA walnut\n"), ("t.txt", "A\nA wal\0nut\n")],
)
def test_a_nul_in_a_line_is_an_error(problems_of: ProblemsOf, name: str, content: str) -> None:
    assert "NUL characters" in problems_of(reading(name), files={name: content})[0].message


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("t.csv", "text\nA pecan\n\ufeffA cashew\n", 3),
        ("t.csv", "\ufefftext\nA pecan\n\ufefftext\nA cashew\n", 3),
        ("t.txt", "A pecan\n\ufeffA cashew\n", 2),
        ("t.txt", "A pecan\ufeffA cashew\n", 1),
        ("t.txt", "\ufeff\ufeffA pecan\n", 1),
        ("t.tsv", "n\ttext\n\ufeff1\tA pecan\n", 2),
        ("t.jsonl", '{"text": "A pecan"}\n\ufeff{"text": "A cashew"}\n', 2),
        ("t.json", '[{"text": "A pecan"},\n{"text": "\ufeffA cashew"}]', 2),
        ("t.yaml", "- text: A pecan\n- text: 'A \ufeffcashew'\n", 2),
    ],
)
def test_a_byte_order_mark_in_the_middle_is_an_error(
    problems_of: ProblemsOf, name: str, content: str, line: int, *, is_packed: bool
) -> None:
    file, data = packed(name, content) if is_packed else (name, content.encode())
    (problem,) = problems_of(reading(file), files={file: data})
    assert problem.place is not None
    assert (problem.place.line, problem.suggestion) == (line, "remove it")
    assert "byte order mark (U+FEFF) in the middle" in problem.message


def test_an_escaped_mark_is_data_and_a_nul_in_a_prompt_is_not(jobs_of: JobsOf, problems_of: ProblemsOf) -> None:
    (job,) = jobs_of(reading("t.jsonl"), files={"t.jsonl": '{"text": "A \\ufeffnut", "note": "\\u0000"}\n'})
    assert job.prompt == "A \ufeffnut"
    for text in ("{{ row.text }}", "A {{ row.text }}", "{{ row.text | upper }}"):
        (problem,) = problems_of(reading("t.jsonl", text), files={"t.jsonl": '{"text": "A \\u0000nut"}\n'})
        assert "NUL character (U+0000)" in problem.message
        assert problem.rows[0].line == 1
    assert "NUL character" in problems_of(f'prompts: ["A \\0 nut"]\n{MODEL}')[0].message


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('n,text\n1, "A red sign"\n', 2),
        ('n,text\n1,A red sign\n2,\t"A blue sign"  \n', 3),
        ('text,n\n "A red sign",1\n', 2),
        ('n,text\n1, "A ""red"" sign"\n', 2),
        ('n,text\n1, "A sign, wide"\n', 2),
        ('n,text\n1, ""\n', 2),
        ('n,text\n1,x\n2, "A sign\nof two lines"\n', 3),
        ('n, "text"\n1,A red sign\n', 1),
    ],
)
def test_a_blank_before_the_quote_of_a_cell_is_an_error(problems_of: ProblemsOf, content: str, line: int) -> None:
    (problem, *_) = problems_of(reading("t.csv"), files={"t.csv": content})
    assert problem.place is not None
    assert (problem.place.line, problem.suggestion) == (line, "remove the space")
    assert "there is a space before the quote of a cell" in problem.message


@pytest.mark.parametrize("more", [", where: \"{{ row.kind == 'x' }}\"", ', id: "{{ row.kind }}"'])
def test_a_blank_before_a_quote_is_an_error_where_only_where_or_id_looks(problems_of: ProblemsOf, more: str) -> None:
    (problem,) = problems_of(reading("t.csv", more=more), files={"t.csv": 'text,kind\nA, "x"\n'})
    assert "there is a space before the quote" in problem.message


def test_a_blank_behind_the_quote_of_a_cell_is_named(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(reading("t.csv"), files={"t.csv": 'text,n\n"A red sign" ,1\n'})
    assert (problem.message, problem.suggestion) == (
        "there is a space after the closing quote of a cell",
        "remove the space",
    )


@pytest.mark.parametrize(
    "cell", ['A 5" nail', '5" and 6" nails', ' A "B" C', '"  ""A"" ""B"""', '" ""quoted"""', " plain", 'x "A"', '5"']
)
def test_quotes_inside_of_a_csv_cell_stay_right(plan_of: PlanOf, cell: str) -> None:
    plan = plan_of(reading("t.csv", more=", id: a"), files={"t.csv": f"text,n\n{cell},1\n"})
    assert (plan.figures.jobs, plan.warnings) == (1, ())


def test_a_column_that_nobody_reads_may_hold_blanks_before_quotes(plan_of: PlanOf) -> None:
    assert plan_of(reading("t.csv"), files={"t.csv": 'text,note\nA, "hm"\n'}).figures.jobs == 1


def test_cells_of_a_tsv_that_a_spreadsheet_quoted_are_a_warning_with_a_count(plan_of: PlanOf) -> None:
    content = 'n\ttext\n1\tplain\n2\t"A sign, wide"\n3\t"It says ""OPEN"""\n'
    plan = plan_of(reading("t.tsv"), files={"t.tsv": content})
    (warning,) = plan.warnings
    assert warning.place is not None
    assert (warning.place.line, warning.count, warning.suggestion) == (3, 2, "save it as .csv")
    assert warning.path == "prompts[0].from"
    assert [row.line for row in warning.rows] == [3, 4]


@pytest.mark.parametrize("cell", ['A 5" nail', '"A" and "B"', '"A sign"', '""', '"', '"A", said "B"', 'x, "y"', '"a,b'])
def test_other_quotes_of_a_tsv_are_themselves_without_a_word(plan_of: PlanOf, cell: str) -> None:
    assert plan_of(reading("t.tsv"), files={"t.tsv": f"n\ttext\n1\t{cell}\n"}).warnings == ()


def test_a_table_that_is_read_several_times_is_warned_of_once(plan_of: PlanOf) -> None:
    content = "text\tn\n" + '"A sign, wide"\t1\n' * 4
    body = (
        'prompts:\n  - {from: t.tsv, text: "{{ row.text }}", sample: {count: 2, seed: 1}}\n'
        f'  - {{from: t.tsv, text: "Again {{{{ row.text }}}}"}}\nsample: {{count: 3}}\n{MODEL}'
    )
    (warning,) = plan_of(body, files={"t.tsv": content}).warnings
    assert warning.count == 4


@pytest.mark.parametrize(
    ("name", "content", "message", "way_out"),
    [
        ("t.csv", "no;text\n1;A cake, whole\n", "by semicolons, but .csv means commas", "with tabs as .tsv"),
        ("t.csv", '"no";"text"\n1;A cake\n', "by semicolons, but .csv means commas", "with tabs as .tsv"),
        ("t.csv", '"no";"text, long"\n1;A cake\n', "by semicolons, but .csv means commas", "with tabs as .tsv"),
        ("t.csv", '"no;text"\n', "by semicolons, but .csv means commas", "with tabs as .tsv"),
        ("t.csv", "\ufeffno;text\n1;A cake\n", "by semicolons, but .csv means commas", "with tabs as .tsv"),
        ("t.csv", "no\ttext\n1\tA cake\n", "by tabs, but .csv means commas", "rename it to t.tsv"),
        ("t.csv", "no|text\n1|A cake\n", "by vertical bars (|), but .csv means commas", "with tabs as .tsv"),
        ("t.csv", "sep=;\nno;text\n1;A cake\n", "by semicolons, but .csv means commas", "with tabs as .tsv"),
        ("t.csv", "SEP=\t\nno\ttext\n1\tA cake\n", "by tabs, but .csv means commas", "rename it to t.tsv"),
        ("t.tsv", "no,text\n1,A cake\n", "by commas, but .tsv means tabs", "rename it to t.csv"),
        ("t.tsv", '"no","text"\n1,A cake\n', "by commas, but .tsv means tabs", "rename it to t.csv"),
        (
            "t.tsv",
            "no;text\n1;A cake\n",
            "by semicolons, but .tsv means tabs",
            "save it with tabs, or with commas as .csv",
        ),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_another_separator_is_named_before_anything_else(
    problems_of: ProblemsOf, name: str, content: str, message: str, way_out: str, *, is_packed: bool
) -> None:
    file, data = packed(name, content) if is_packed else (name, content.encode())
    (problem,) = problems_of(reading(file), files={file: data})
    assert f"the file is separated {message}" == problem.message
    assert way_out + (".gz" if is_packed and way_out.startswith("call") else "") in (problem.suggestion or "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "sep=,\nno,text\n1,A cake\n"),
        ("t.csv", '\ufeff"sep=,"\r\nno,text\r\n1,A cake\r\n'),
        ("t.tsv", "sep=\t\nno\ttext\n1\tA cake\n"),
        ("t.csv", "text\nA cake\n"),
        ("t.csv", '"text"\nA cake\n'),
        ("t.csv", "text,a;b\nA cake,1\n"),
        ("t.tsv", "text\ta;b,c\nA cake\t1\n"),
        ("t.tsv", "text\nA cake\n"),
    ],
)
def test_a_header_that_is_right_stays_right(plan_of: PlanOf, name: str, content: str) -> None:
    plan = plan_of(reading(name, "{{ row.text }} {{ row_number }}"), files={name: content})
    assert [item.prompt for item in plan.items() if isinstance(item, Job)] == ["A cake 1"]
    assert plan.warnings == ()


def test_the_rows_below_a_separators_line_keep_their_lines(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(reading("t.csv"), files={"t.csv": "sep=,\ntext,n\n\nA,1\nB\n"})
    assert problem.place is not None
    assert (problem.place.line, problem.message[:5]) == (5, "row 2")


def test_lines_that_look_like_comments_are_a_warning_with_the_way_out(plan_of: PlanOf) -> None:
    content = "# dry places\nMoss on a wall\n\n# wet places\nMoss in a well\n"
    plan = plan_of(reading("t.txt"), files={"t.txt": content})
    (warning,) = plan.warnings
    assert warning.place is not None
    assert (plan.figures.jobs, warning.place.line, warning.count) == (4, 1, 2)
    assert warning.suggestion == "leave them out with where: \"{{ not row.text.startswith('#') }}\""
    assert warning.path == "prompts[0].from"


@pytest.mark.parametrize(
    ("name", "content", "count", "where"),
    [
        ("t.txt", "#!/usr/bin/prompts\nMoss\n", 1, "not row.text.startswith('#!')"),
        ("t.txt", "Moss\n// wet\n", 1, "not row.text.startswith('//')"),
        ("t.txt", "Moss\n  # wet\n", 1, "not row.text.lstrip().startswith('#')"),
        ("t.txt", "Moss\n#\twet\n## dry\n#\n", 3, "not row.text.startswith('#')"),
        ("t.txt", "# wet\n#moss\n", 1, "not row.text.startswith('# ')"),
        (
            "t.txt",
            "# wet\n// dry\nMoss\n",
            2,
            "not row.text.startswith('#') and not row.text.startswith('//')",
        ),
        ("t.csv", "moss\n# wet\nMoss\n", 1, "not row.moss.startswith('#')"),
        ("t.tsv", "Wet moss\nMoss\n# wet\n", 1, "not row['Wet moss'].startswith('#')"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_the_way_to_leave_comments_out_works(
    plan_of: PlanOf, name: str, content: str, count: int, where: str, *, is_packed: bool
) -> None:
    file, data = packed(name, content) if is_packed else (name, content.encode())
    column = "text" if name == "t.txt" else content.partition("\n")[0]
    text = f"{{{{ row['{column}'] }}}}"
    (warning,) = plan_of(reading(file, text), files={file: data}).warnings
    assert warning.suggestion == f'leave them out with where: "{{{{ {where} }}}}"'
    assert warning.count == count
    left = plan_of(reading(file, text, f', where: "{{{{ {where} }}}}"'))
    assert left.warnings == ()
    assert left.figures.jobs >= 1


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("t.txt", "#moss\n#wall\nMoss\n", ""),
        ("t.txt", "# One\n# Two\n", ""),
        ("t.txt", "Moss\n# wet\n", ", limit: 1"),
        ("t.txt", "Moss\n# wet\n", ", where: \"{{ not row.text.startswith('#') }}\""),
        ("t.txt", "Moss # 1\nhttps://example.com\n", ""),
        ("t.csv", "text,n\n# wet,1\nMoss,2\n", ""),
        ("t.jsonl", '{"text": "# wet"}\n{"text": "Moss"}\n', ""),
        ("t.txt", "Moss\n#!/usr/bin\n", ""),
    ],
)
def test_what_is_no_comment_is_no_warning(plan_of: PlanOf, name: str, content: str, more: str) -> None:
    assert plan_of(reading(name, more=more), files={name: content}).warnings == ()


def test_an_empty_table_is_named_where_nothing_is_left_to_make(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(reading("t.csv"), files={"t.csv": "text\n"})
    assert problem.message.endswith("/t.csv has a header and no rows")
    (problem,) = problems_of(reading("t.json"), files={"t.json": "[]"})
    assert problem.message.endswith("/t.json has no rows")
    (problem,) = problems_of(reading("t.csv", more=', where: "{{ false }}"'), files={"t.csv": "text\nA\nB\n"})
    assert "where leaves out all 2 rows of" in problem.message
