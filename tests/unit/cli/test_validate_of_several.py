"""One file that meets a bug, or can't be read, hides nothing that is said of the others."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch import plans
from qwave_batch.cli.main import main

CODE = 'version: 1\nname: a\ncatalog: "2026-05"\nrequest: {model: z-image-turbo, seed: 7}\n'


@pytest.fixture
def buggy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a right spec, a wrong one, and one that a bug of ours meets."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("right", "prompts: [A]\n"), ("wrong", "promts: [A]\n"), ("unlucky", "prompts: [A]\n")):
        Path(f"{name}.yaml").write_text(CODE + text, encoding="utf-8")
    check = qb.plans.examine_spec

    def unlucky(
        path: str,
        *,
        overrides: Sequence[str] = (),
        allow_read: Sequence[Path] = (),
        catalogs: qb.catalog.CatalogSource,
    ) -> qb.plans.SpecCheck:
        if path == "unlucky.yaml":
            raise KeyError("text")
        return check(path, overrides=overrides, allow_read=allow_read, catalogs=catalogs)

    monkeypatch.setattr(plans, "examine_spec", unlucky)


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(argv, stdout=out, stderr=err, environ={"COLUMNS": "300"}), out.getvalue(), err.getvalue()


@pytest.mark.usefixtures("buggy")
def test_a_bug_is_told_for_its_file_and_the_others_too() -> None:
    status, _, said = typed("validate", "unlucky.yaml", "wrong.yaml", "right.yaml")
    assert status == 1
    assert "right.yaml: all right" in said
    assert 'wrong.yaml:5:1  promts: unknown key "promts"' in said
    assert "unlucky.yaml:1:1: this is a bug in qwave-batch, please report it: KeyError: 'text'" in said


@pytest.mark.usefixtures("buggy")
def test_json_and_annotations_list_it_too() -> None:
    status, out, _ = typed("validate", "--format", "json", "unlucky.yaml", "wrong.yaml")
    assert status == 1
    assert [problem["file"] for problem in json.loads(out)] == ["unlucky.yaml", "wrong.yaml"]
    status, out, _ = typed("validate", "--format", "github", "unlucky.yaml", "wrong.yaml")
    assert status == 1
    assert [line.split(",")[0] for line in out.splitlines()] == [
        "::error file=unlucky.yaml",
        "::error file=wrong.yaml",
    ]


@pytest.mark.usefixtures("buggy")
def test_a_file_that_is_not_there_hides_nothing() -> None:
    status, _, said = typed("validate", "gone.yaml", "wrong.yaml")
    assert status == 2
    assert "gone.yaml:1:1: it does not exist" in said
    assert 'unknown key "promts"' in said
