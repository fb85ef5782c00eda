"""The lines of a plan that are taken while it is counted."""

import json
from pathlib import Path

import pytest

from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.expand.entries import PromptExpander
from qwave_batch.plan.expand.request_assembly import RequestAssembler
from qwave_batch.plan.file.plan_draft import PlanDraft
from qwave_batch.plan.file.plan_file import plan_lines
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

HEAD = 'version: 1\nname: trial\ncatalog: "2026-05"\nrequest: {model: gpt-image-2}\n'
ROWS = "a,b\nx,1\ny,2\n\ufdd0,3\nz\u2028é,4\n"

BODIES = {
    "rows": 'prompts: [{from: rows.csv, text: "{{ row.a }} in oil"}]',
    "rows with labels": 'prompts: [{from: rows.csv, text: "{{ row.a }}", id: "r{{ row.b }}", tags: ["{{ row.b }}"],'
    ' meta: {k: "{{ row.a }}"}}]',
    "prompts": "prompts: [one, {text: two, id: b, tags: [t], meta: {k: [1, 2.5]}}, three]",
    "mark of a gap": 'prompts: [one, two]\nmatrix: {resolution: ["\\ufdd0", 1k]}\nunsupported: skip',
    "axes": "prompts: [one, two]\nmatrix: {resolution: [1k, 2k], seed: {start: 1, count: 3}}\nunsupported: drop",
    "skipped": "prompts: [one, two]\nmatrix: {resolution: [1k, 9k]}\nunsupported: skip",
    "callback": "prompts: [one, two]\nrequest: {model: gpt-image-2, callback_url: 'https://example.org/hook'}",
    "path": 'prompts: [one, two]\noutput: {path: "{{ prompt.id }}/{{ job_id }}"}\nrepeat: 2',
}


class CountedPasses:
    """Expands with a cache, and counts the passes over the spec."""

    def __init__(self) -> None:
        self.passes = 0

    def __call__(self, assembler: RequestAssembler) -> PromptExpander:
        self.passes += 1
        return expand_with_cache(assembler)


def spec_of(folder: Path, body: str) -> Path:
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    file = folder / "spec.yaml"
    head = HEAD.replace("request: {model: gpt-image-2}\n", "") if "request:" in body else HEAD
    file.write_text(f"{head}{body}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_lines_taken_while_counting_are_those_of_the_jobs(tmp_path: Path, body: str) -> None:
    counted = CountedPasses()
    with PlanDraft(tmp_path) as draft:
        plan = make_plan(load_spec(spec_of(tmp_path, body)), start=counted, take=draft.take)
        taken = list(plan_lines(plan, draft=draft))
    assert (draft.is_whole, counted.passes) == (True, 1)
    assert taken == list(plan_lines(plan))
    assert counted.passes == 2


def test_a_duplicate_ends_the_draft_since_its_jobs_line_lists_it(tmp_path: Path) -> None:
    with PlanDraft(tmp_path) as draft:
        plan = make_plan(load_spec(spec_of(tmp_path, "prompts: [one, {text: one, id: b}]")), take=draft.take)
        assert not draft.is_whole
        lines = [json.loads(line) for line in plan_lines(plan, draft=draft)]
    assert [[each["prompt_id"] for each in line["also"]] for line in lines[1:]] == [["b"]]


def test_a_draft_on_a_full_disk_leaves_the_plan_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: PlanDraft, _opened: str) -> None:
        raise OSError("no space left")

    with PlanDraft(tmp_path) as draft, monkeypatch.context() as patched:
        patched.setattr(PlanDraft, "add", full)
        plan: Plan = make_plan(load_spec(spec_of(tmp_path, BODIES["rows"])), take=draft.take)
        assert not draft.is_whole
    assert len(list(plan_lines(plan, draft=draft))) == 5
