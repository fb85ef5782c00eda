"""Warnings found while a spec is read are among the warnings of its plan."""

from dataclasses import replace
from pathlib import Path

from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.loading import load_spec

SPEC = 'version: 1\nname: a\ncatalog: "2026-05"\nrequest: {model: z-image-turbo, seed: 7}\nprompts: [x]\n'


def test_warnings_of_reading_are_warnings_of_the_plan(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    spec = load_spec(tmp_path / "spec.yaml")
    found = Problem(message="may be wrong", place=SourcePlace("spec.yaml", 5, 11), severity="warning")
    assert make_plan(spec).warnings == ()
    assert make_plan(replace(spec, warnings=(found,))).warnings == (found,)
