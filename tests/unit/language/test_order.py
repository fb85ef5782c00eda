"""The order of jobs, their index, and the effect of sampling on both."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from qwave_batch.model.job import Duplicate, Job
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]

TABLE = "".join(f"line {number}\n" for number in range(1, 41))


def draw(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_prompts_then_combinations_then_includes_then_repeats(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        repeat: 2
        prompts: ["p {{ a }}{{ b }}", {from: t.txt, text: "{{ row.text }} {{ a }}{{ b }}"}]
        request: {model: z-image-turbo}
        matrix:
          a: [2, 1]
          b: [y, x]
          include: [{a: 9, b: 9}, {a: 0, b: 0}]
        """,
        files={"t.txt": "z\nq\n"},
    )
    cells = ["2y", "2x", "1y", "1x", "99", "00"]
    assert [f"{job.prompt}/{job.repeat}" for job in made] == [
        f"{prompt} {cell}/{repeat}" for prompt in ("p", "z", "q") for cell in cells for repeat in (0, 1)
    ]
    assert [job.index for job in made] == list(range(36))


def test_index_is_that_before_sampling_folding_and_skipping(plan_of: PlanOf) -> None:
    body = """
        unsupported: skip
        prompts: [x, x, y]
        matrix: {model: [z-image-turbo, imagen-4.0], resolution: [1K, 2K, 9K]}
    """
    items = list(plan_of(body).items())
    assert [item.index for item in items] == list(range(18))
    assert [item.index for item in items if isinstance(item, Job) and not item.skip] == [0, 1, 12, 13]
    kept = list(plan_of("sample: {count: 1, seed: 5}\n" + body.replace("\n        ", "\n")).items())
    assert {(item.index, item.job_id) for item in kept} < {(item.index, item.job_id) for item in items}


SPEC = """version: 1
name: trial
catalog: "2026-05"
unsupported: drop
prompts: ["{{ {'b': 1, 'a': 2} | tojson }} {{ v.x }}", {from: t.csv, text: "{{ row | tojson }}", tags: ["{{ row.a }}"]}]
matrix:
  model: [z-image-turbo, gpt-image-2]
  quality: [low, high]
  v: [{id: q, x: 1}, {id: r, x: 2}]
  seed: {random: {count: 2, seed: 3}}
  include:
    - {quality: low, background: opaque}
    - {model: gpt-image-2, style: ink}
    - {model: imagen-4.0, v: q}
    - {model: wan2.7-image, v: r}
    - {model: qwen-image-2.0, v: q}
sample: {count: 20, seed: 3}
"""


def test_the_order_does_not_depend_on_the_machine(tmp_path: Path, checkout: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "t.csv").write_text("b,a\n1,2\n3,4\n")
    program = (
        "from qwave_batch.plan.planner import make_plan; from qwave_batch.spec.loading import load_spec\n"
        "print(*make_plan(load_spec('spec.yaml')).items(), sep='\\n')"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(checkout), "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai"))
    }
    assert len(said) == 1


def test_a_sample_of_rows_keeps_those_with_the_smallest_hashes_in_file_order(jobs_of: JobsOf) -> None:
    made = jobs_of(
        'prompts: [{from: t.txt, text: "{{ row.text }}", sample: {count: 5, seed: 7}}]\n'
        "request: {model: z-image-turbo, seed: 1}\n",
        files={"t.txt": TABLE},
    )
    kept = sorted(sorted(range(1, 41), key=lambda number: draw(f"7:{number}"))[:5])
    assert [job.prompt for job in made] == [f"line {number}" for number in kept]
    assert [job.index for job in made] == [number - 1 for number in kept]


def test_a_sample_is_taken_of_the_rows_that_where_lets_through(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts:
          - from: t.txt
            text: "{{ row.text }}"
            where: "{{ row_number % 2 == 0 }}"
            sample: {count: 5, seed: 7}
        request: {model: z-image-turbo, seed: 1}
        """,
        files={"t.txt": TABLE},
    )
    kept = sorted(sorted(range(2, 41, 2), key=lambda number: draw(f"7:{number}"))[:5])
    assert [job.prompt for job in made] == [f"line {number}" for number in kept]


def test_rows_that_where_drops_have_no_index_and_those_that_sample_drops_have_one(jobs_of: JobsOf) -> None:
    body = 'prompts: [{from: t.txt, text: "{{ row_number }}", where: "{{ row_number > 30 }}"%s}, last]\n'
    head = "request: {model: z-image-turbo, seed: 1}\n"
    files = {"t.txt": TABLE}
    assert [(job.prompt, job.index) for job in jobs_of(head + body % "", files=files)] == [
        *((str(number), number - 31) for number in range(31, 41)),
        ("last", 10),
    ]
    sampled = jobs_of(head + body % ", sample: {count: 2, seed: 1}", files=files)
    assert [job.index for job in sampled] == [*(int(job.prompt) - 31 for job in sampled[:2]), 10]


def test_limit_takes_the_first_rows_and_ends_the_table(jobs_of: JobsOf) -> None:
    made = jobs_of(
        'prompts: [{from: t.csv, text: "{{ row.a }}", where: "{{ row.b == \'1\' }}", limit: 2}, last]\n'
        "request: {model: z-image-turbo, seed: 1}\n",
        files={"t.csv": "a,b\np,1\nq,0\nr,1\ns,1\nthis row, is, wrong\n"},
    )
    assert [(job.prompt, job.index) for job in made] == [("p", 0), ("r", 1), ("last", 2)]


def test_a_sample_of_all_jobs_keeps_so_many_that_can_be_made(plan_of: PlanOf) -> None:
    body = "prompts: [x]\nunsupported: skip\nmatrix: {model: [z-image-turbo, imagen-4.0], resolution: [1K, 2K], %s}\n"
    matrix = body % "seed: {start: 0, count: 30}"
    every = [item for item in plan_of(matrix).items() if isinstance(item, Job)]
    plan = plan_of("sample: {count: 10, seed: 3}\n" + matrix)
    kept = [item for item in plan.items() if isinstance(item, Job)]
    makeable = sorted(draw(f"3:{job.job_id}") for job in every if not job.skip)
    assert [job.index for job in kept] == [job.index for job in every if draw(f"3:{job.job_id}") <= makeable[9]]
    assert (plan.figures.jobs, sum(job.skip is None for job in kept)) == (10, 10)
    assert 0 < plan.figures.skipped < 60


def test_a_sampled_job_keeps_its_duplicates(plan_of: PlanOf) -> None:
    body = "prompts: [x, x]\nrequest: {model: z-image-turbo}\nmatrix: {seed: {start: 0, count: 20}}\n"
    items = list(plan_of("sample: {count: 4, seed: 1}\n" + body).items())
    made = {item.job_id for item in items if isinstance(item, Job)}
    assert {item.job_id for item in items if isinstance(item, Duplicate)} == made
    assert len(made) == 4


def test_sampling_changes_no_id_and_no_index(plan_of: PlanOf) -> None:
    body = "prompts: [x, y]\nrequest: {model: z-image-turbo}\nmatrix: {seed: {start: 0, count: 20}}\n"
    every = {(item.index, item.job_id) for item in plan_of(body).items()}
    assert {(item.index, item.job_id) for item in plan_of("sample: {count: 7, seed: 1}\n" + body).items()} < every
