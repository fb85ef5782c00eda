"""Advice about a part of a stage can be followed as it is written: it names the stage."""

from pathlib import Path

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
