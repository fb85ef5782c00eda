"""The content of messages, and that all are reported at once."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.model.problem import Problem

ProblemsOf = Callable[..., list[Problem]]


def test_a_complaint_says_where_what_was_found_what_was_allowed_and_what_is_near(
    problems_of: ProblemsOf, tmp_path: Path
) -> None:
    (problem,) = problems_of('prompts: [x]\nrequest: {model: gpt-image-2}\nmatrix:\n  aspect_ratio: ["1:1", "16:10"]\n')
    assert problem.place is not None
    assert (problem.place.file, problem.place.line, problem.place.column) == (str(tmp_path / "spec.yaml"), 7, 25)
    assert (problem.path, problem.value) == ("matrix.aspect_ratio[1]", "16:10")
    assert "16:9" in problem.allowed
    assert problem.suggestion is not None
    assert "did you mean" in problem.suggestion


def test_everything_is_said_at_once(problems_of: ProblemsOf) -> None:
    problems = problems_of(
        """
        vars: {a: "{{ b }}"}
        unknown: 1
        prompts:
          - {text: "{{ c }}", request: {n: 99}}
          - {from: nowhere.csv, text: x}
          - {from: t.csv, text: "{{ row.z }}"}
        request: {model: gpt-image-3}
        matrix: {quality: [best], v: [1]}
        limits: {concurrency: 0}
        """,
        files={"t.csv": "a\n1\n"},
    )
    lines = {problem.place.line for problem in problems if problem.place}
    assert {6, 9, 13} <= lines


@pytest.mark.parametrize(
    "body", ["prompts: [x]\nrequest: {model: nothing}\n", "prompts: [", "prompts: ['{{ x']\n", "\x00", "- 1\n"]
)
def test_a_mistake_exits_with_2_and_no_traceback(tmp_path: Path, body: str) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text('version: 1\nname: trial\ncatalog: "2026-05"\n' + body)
    out, talk = io.StringIO(), io.StringIO()
    assert main(["plan", str(file)], out, talk) == 2
    assert "Traceback" not in talk.getvalue()
    assert "spec.yaml:" in out.getvalue() + talk.getvalue()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "prompts: [{from: t.csv, text: x, where: '{{ false }}'}]\nrequest: {model: z-image-turbo}\n",
            "where leaves out the only row of",
        ),
        ("prompts: [{from: t.csv, text: x}]\nrequest: {model: z-image-turbo}\n", "t.csv has a header and no rows"),
        ("prompts: [x]\nmatrix: {model: [z-image-turbo], exclude: [{model: z-image-turbo}]}\n", "no combination"),
        ("unsupported: skip\nprompts: [x]\nrequest: {model: z-image-turbo, quality: low}\n", "all 1 jobs are skipped"),
    ],
)
def test_a_plan_without_jobs_is_an_error(problems_of: ProblemsOf, body: str, said: str) -> None:
    files = {"t.csv": "a\n" if "where" not in body else "a\n1\n"}
    (problem,) = problems_of(body, files=files)
    assert problem.message.startswith("nothing to make: ")
    assert said in problem.message
