"""A spec with stages follows another catalog in its blocks as well as outside of them."""

from pathlib import Path

import qwave_batch as qb

SPEC = """\
version: 1
name: old
catalog: "2026-05"
matrix: {seed: [1, 2]}
stages:
  - name: draft
    prompts: [A stall]
    matrix: {model: [z-image-turbo, imagen-4.0, gpt-image-2]}
  - name: night
    from_stage: draft
    where: "{{ parent.axes.model == 'gpt-image-2' }}"
    vars: {best: gpt-image-2}
    request: {action: edit, model: "{{ best }}", image_urls: ["{{ parent.image }}"]}
    text: at night
limits: {models: {imagen-4.0: {concurrency: 3}}}
"""
USE = {"imagen-4.0": "wan2.7-image", "gpt-image-2": "gpt-image-2-rev"}


def test_the_blocks_of_stages_are_rewritten_too(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(SPEC)
    found = qb.plans.migrate_spec(file, to="2026-10", use=USE, drop=["seed"])
    assert not found.open
    assert found.text.decode() == (
        SPEC.replace("2026-05", "2026-10")
        .replace("matrix: {seed: [1, 2]}\n", "")
        .replace("gpt-image-2", "gpt-image-2-rev")
        .replace("imagen-4.0", "wan2.7-image")
    )
    assert {"stages[0].matrix.model[1]", "stages[1].where", "stages[1].vars.best"} <= {
        change.path for change in found.changes
    }


def test_each_mistake_that_stays_names_its_stage(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(SPEC)
    found = qb.plans.migrate_spec(file, to="2026-10")
    assert {problem.path for problem in found.open} >= {"stages[0].matrix.model[1]", "matrix.seed[0]"}
