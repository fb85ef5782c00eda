"""Tables, base files, overrides, and which files may be read."""

import gzip
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from qwave_batch.errors import SpecError
from qwave_batch.model.job import Job
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

MODEL = "request: {model: z-image-turbo, seed: 1}\n"
CONTENTS: dict[str, str] = {
    "t.csv": '\ufefftext,n\r\n"a, ""b""",1\r\nc,2\r\n',
    "t.tsv": '\ufefftext\tn\r\na, "b"\t1\r\nc\t2\r\n',
    "t.jsonl": '\ufeff{"text": "a, \\"b\\"", "n": 1}\r\n{"text": "c", "n": 2}\r\n',
    "t.json": '\ufeff[{"text": "a, \\"b\\"", "n": 1},\r\n{"text": "c", "n": 2}]',
    "t.txt": '\ufeffa, "b"\r\nc\r\n',
    "t.yaml": "\ufeff- {text: 'a, \"b\"', n: 1}\r\n- {text: c, n: 2}\r\n",
}


def test_every_kind_of_table_is_read(jobs_of: JobsOf) -> None:
    sink = io.BytesIO()
    parquet.write_table(pa.table({"text": ['a, "b"', "c"], "n": [1, 2]}), sink)
    files: dict[str, str | bytes] = {**CONTENTS, "t.parquet": sink.getvalue()}
    files |= {f"{name}.gz": gzip.compress(content.encode()) for name, content in CONTENTS.items()}
    prompts = "\n".join(
        f"  - {{from: {name}, text: '{name} {{{{ row.text }}}} {{{{ row_number }}}}'}}" for name in files
    )
    made = jobs_of(f"prompts:\n{prompts}\n{MODEL}", files=files)
    assert [job.prompt for job in made] == [f"{name} {text}" for name in files for text in ('a, "b" 1', "c 2")]


def test_a_table_that_cannot_be_read_hides_no_other_mistake(problems_of: ProblemsOf) -> None:
    problems = problems_of(
        """
        prompts:
          - {from: t.csv, text: "{{ row.a }}"}
          - {from: u.jsonl, text: "{{ row.a }}"}
          - {text: x, request: {quality: best}}
        matrix: {model: [gpt-image-2, gpt-image-3]}
        """,
        files={"t.csv": "a,b\n1,2\n1,2,3\n", "u.jsonl": '{"a": 1}\nnonsense\n{"a": }\n'},
    )
    said = [problem.message for problem in problems]
    assert any("row 2 has 3 cells" in message for message in said)
    assert any("row 2 is not valid JSON" in message for message in said)
    assert any("row 3 is not valid JSON" in message for message in said)
    assert any('unknown model "gpt-image-3"' in message for message in said)
    assert any("best" in message for message in said)


def test_a_table_that_changed_after_the_plan_was_checked_is_an_error(plan_of: PlanOf, tmp_path: Path) -> None:
    plan = plan_of(f"prompts: [{{from: t.csv, text: '{{{{ row.a }}}}'}}]\n{MODEL}", files={"t.csv": "a\n1\n"})
    (tmp_path / "t.csv").write_text("a\n1\n2,3\n")
    with pytest.raises(SpecError, match="row 2 has 2 cells"):
        list(plan.items())


def test_a_prompt_without_id_is_named_by_its_unrendered_text(jobs_of: JobsOf) -> None:
    text = "A quiet Teahouse at dawn, {{ light }}, and more beyond forty characters"
    (job,) = jobs_of(f"vars: {{light: soft}}\nprompts: ['{text}']\n{MODEL}")
    assert job.prompt_id == f"a-quiet-teahouse-at-dawn-light-a-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def test_a_row_without_id_is_named_by_the_text_and_the_row(plan_of: PlanOf) -> None:
    body = f"prompts: [{{from: t.csv, text: 'Bird {{{{ row.b }}}}'}}]\n{MODEL}"
    files = {"t.csv": "b,a\nwren,1\nwren,2\n"}
    digits = [hashlib.sha256(row).hexdigest()[:6] for row in (b'{"a":"1","b":"wren"}', b'{"a":"2","b":"wren"}')]
    assert [item.prompt_id for item in plan_of(body, files=files).items()] == [f"bird-row-b-{end}" for end in digits]


BASE = """version: 1
name: base
catalog: "2026-05"
vars: {time: dawn, place: lake}
request: {model: gpt-image-2, quality: low}
prompts: ["{{ place }} at {{ time }}"]
matrix: {seed: [1, 2], n: [1]}
"""


def test_extends_merges_mappings_and_replaces_lists(jobs_of: JobsOf) -> None:
    made = jobs_of(
        "extends: base.yaml\nname: own\nvars: {time: night}\nrequest: {quality: high}\nmatrix: {seed: [3]}\n",
        files={"base.yaml": BASE},
        head="",
    )
    assert [(job.prompt, job.request["quality"], dict(job.axes)) for job in made] == [
        ("lake at night", "high", {"seed": 3, "n": 1})
    ]


def test_a_base_may_have_a_base(jobs_of: JobsOf) -> None:
    made = jobs_of(
        "extends: mid/middle.yaml\nrequest: {seed: 5}\n",
        files={
            "base.yaml": BASE,
            "mid/middle.yaml": "extends: ../base.yaml\nvars: {time: noon}\nmatrix: {seed: [9]}\n",
        },
        head="",
    )
    assert [(job.prompt, job.request["seed"]) for job in made] == [("lake at noon", 9)]


def test_files_are_found_from_the_specs_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "t.txt").write_text("x\n")
    (tmp_path / "specs" / "s.yaml").write_text(
        f'version: 1\nname: s\ncatalog: "2026-05"\nprompts: [{{from: t.txt, text: "{{{{ row.text }}}}"}}]\n{MODEL}'
    )
    monkeypatch.chdir(tmp_path)
    assert make_plan(load_spec("specs/s.yaml")).figures.jobs == 1


@pytest.mark.parametrize("has_git", [True, False])
def test_files_outside_the_work_tree_need_leave(tmp_path: Path, *, has_git: bool) -> None:
    specs, beside, outside = tmp_path / "repo" / "specs", tmp_path / "repo" / "tables", tmp_path / "outside"
    for folder in (specs, beside, outside):
        folder.mkdir(parents=True)
    if has_git:
        (tmp_path / "repo" / ".git").mkdir()
    (beside / "t.txt").write_text("x\n")
    (outside / "t.txt").write_text("x\n")

    def load(name: str, *allow: Path) -> None:
        (specs / "s.yaml").write_text(
            f'version: 1\nname: s\ncatalog: "2026-05"\nprompts: [{{from: {name}, text: "{{{{ row.text }}}}"}}]\n{MODEL}'
        )
        load_spec(specs / "s.yaml", allow_read=allow)

    if has_git:
        load("../tables/t.txt")
    else:
        with pytest.raises(SpecError, match="outside") as caught:
            load("../tables/t.txt")
        assert allowed_by(caught.value) == str(beside)
    for name in ("../../outside/t.txt", str(outside / "t.txt")):
        with pytest.raises(SpecError, match="outside") as caught:
            load(name)
        assert allowed_by(caught.value) == str(outside)
        load(name, outside)


def test_set_overrides_a_value(jobs_of: JobsOf) -> None:
    made = jobs_of(
        "vars: {light: soft}\nprompts: [{text: 'x {{ light }}'}, y]\nrequest: {model: gpt-image-2}\n"
        "matrix: {seed: [1, 2]}\n",
        overrides=("vars.light=hard", "prompts.1=z", "matrix.seed=[7]", "request.quality=high", "repeat=2", "repeat=1"),
    )
    assert [(job.prompt, job.request["seed"], job.request["quality"]) for job in made] == [
        ("x hard", 7, "high"),
        ("z", 7, "high"),
    ]


def test_overrides_change_the_hash_of_the_spec_and_are_kept(plan_of: PlanOf) -> None:
    body = f"prompts: [x]\n{MODEL}"
    plain, changed = plan_of(body), plan_of(body, overrides=("repeat=1",))
    assert plain.spec_sha256 != changed.spec_sha256
    assert changed.spec.overrides == ("repeat=1",)


def allowed_by(error: SpecError) -> str:
    """Return the folder that the only problem asks to allow."""
    (problem,) = error.problems
    assert problem.next_step is not None
    assert problem.next_step.step is NextStep.ALLOW_READ
    return problem.next_step.about
