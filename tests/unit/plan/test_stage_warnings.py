"""Advice about a part of a stage can be followed as it is written: it names the stage."""

from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.loading import load_spec

SPEC = """\
version: 1
name: a
catalog: "2026-05"
stages:
  - {name: a, prompts: [x], matrix: {model: [z-image-turbo]}}
  - name: b
    from_stage: a
    text: y
    request: {action: edit, image_urls: ["{{ parent.image }}"]}
    matrix: {model: [gpt-image-2]}
"""


def test_an_override_of_a_stage_without_effect_is_told_with_its_stage(tmp_path: Path) -> None:
    override, said = "stages[1].request.model=wan2.7-image", "write --set 'stages[1].matrix.model=[wan2.7-image]'"
    file = tmp_path / "spec.yaml"
    file.write_text(SPEC)
    (warning,) = make_plan(load_spec(file, overrides=[override])).warnings
    assert (warning.suggestion, warning.path) == (said, override.partition("=")[0])


def test_a_chain_that_grows_too_long_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    later = "".join(
        f"  - {{name: s{number}, from_stage: s{number - 1}, text: y, request: {{action: edit, image_urls: "
        '["{{ parent.image }}"]}}\n'
        for number in range(1, 30)
    )
    file.write_text(
        'version: 1\nname: a\ncatalog: "2026-05"\nmatrix: {model: [gpt-image-2, wan2.7-image]}\n'
        f"stages:\n  - {{name: s0, prompts: [x]}}\n{later}"
    )
    with pytest.raises(SpecError) as caught:
        make_plan(load_spec(file))
    (problem,) = caught.value.problems
    assert (problem.path, problem.message) == (
        "stages[24].from_stage",
        "16,777,216 parents make 33,554,432 jobs of this stage; a plan has at most 20,000,000",
    )
