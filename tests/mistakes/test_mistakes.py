"""Each class of mistake has its exact words, as people, programs and a CI read them.

UPDATE_MISTAKES=1 pytest tests/mistakes    writes anew what differs; read it as a tired user would, then commit it

A mistake is a spec, ``NAME.yaml``, and what is said about it, ``NAME.txt``: in text, as JSON, as annotations.
"""

import io
import json
import os
import shutil
from pathlib import Path

import pytest

from qwave_batch.cli.main import main

HERE = Path(__file__).parent
RIGHT = {"right", "yaml-traps"}
"""Specs that only look like a mistake."""

COMMANDS = {
    "set-of-nothing": ["validate", "right.yaml", "--set", "request.seed"],
    "set-of-an-unknown-key": ["validate", "right.yaml", "--set", "reqest.seed=1"],
    "set-of-an-unknown-item": ["validate", "right.yaml", "--set", "prompts.3.text=A dog"],
    "set-of-a-wrong-value": ["validate", "right.yaml", "--set", "request.n=one", "--set", "repeat=0"],
    "set-of-broken-yaml": ["validate", "right.yaml", "--set", "matrix.seed=[1, 2"],
    "only-of-an-unknown-name": ["run", "right.yaml", "--simulate", "--only", "modl == 'imagen-4.0'"],
    "only-that-does-not-parse": ["run", "right.yaml", "--simulate", "--only", "model =="],
    "only-that-is-no-answer": ["run", "right.yaml", "--simulate", "--only", "model"],
    "only-of-a-field-that-is-not-there": ["run", "right.yaml", "--simulate", "--only", "axes.sed == 1"],
    "no-such-file": ["validate", "wrong.yaml"],
    "format": ["validate", "right.yaml", "--format", "jsn"],
}
"""Mistakes that are made on the command line."""


@pytest.fixture
def workdir(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with all specs, where commands are typed; its path would else decide where lines end."""
    shutil.copytree(HERE, short_path / "desk")
    monkeypatch.chdir(short_path / "desk")
    return short_path / "desk"


def typed(*argv: str) -> tuple[int, str]:
    """The exit status and all that is printed, on a terminal of 100 columns."""
    said = io.StringIO()
    status = main(argv, stdout=said, stderr=said, environ={"COLUMNS": "100"})
    text = said.getvalue().replace(str(Path.cwd()), "/desk")
    if "json" in argv:
        text = "".join(json.dumps(problem, ensure_ascii=False) + "\n" for problem in json.loads(text))
    return status, f"$ qwave-batch {' '.join(argv)}\n{text}"


def agrees(name: str, said: str) -> bool:
    file = HERE / f"{name}.txt"
    if os.environ.get("UPDATE_MISTAKES"):
        file.write_text(said, encoding="utf-8")
    return file.read_text(encoding="utf-8") == said


@pytest.mark.parametrize("spec", sorted(HERE.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_mistake_in_a_spec_is_told_with_its_place_and_the_way_out(workdir: Path, spec: Path) -> None:
    said = [typed("validate", *how, spec.name) for how in ((), ("--format", "json"), ("--format", "github"))]
    assert {status for status, _ in said} == {0 if spec.stem in RIGHT else 2}
    assert agrees(spec.stem, "\n".join(text for _, text in said))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_mistake_on_the_command_line_is_told_likewise(workdir: Path, name: str) -> None:
    status, said = typed(*COMMANDS[name])
    assert status == 2
    assert agrees(name, said)


def test_every_file_here_is_a_mistake_that_is_tried() -> None:
    told = {file.stem for file in HERE.glob("*.txt")}
    assert told == {file.stem for file in HERE.glob("*.yaml")} | COMMANDS.keys()


def test_no_complaint_names_the_same_list_twice() -> None:
    for file in HERE.glob("*.txt"):
        text, *_ = file.read_text(encoding="utf-8").split("$ qwave-batch validate --format json")
        whole = " ".join(text.split())
        for line in text.splitlines():
            if line.strip().startswith("allowed: "):
                assert whole.count(line.strip().removeprefix("allowed: ")) == 1, file.name
