"""All mistakes of a spec are told in one go, and none that only follows from another."""

import shutil
from pathlib import Path

import pytest
import yaml

from qwave_batch import Problem, check_spec

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))

SIXTEEN = """\
verson: 1
name: Ten Mistakes
catalog: "2026-05"
vars: {medium: ink}
request:
  n: zero
  sead: 7
prompts:
  - A cat, {{ medum }}
  - {id: a, text: "x {{ variant.lihgt }}"}
  - {id: a, text: y}
  - {from: nowhere.csv, text: "{{ row.x }}"}
  - {txt: hello}
matrix:
  model: [gpt-image-2, imagen-4]
  aspect_ratio: ["1:1", "16:10"]
  seed: [-7]
  variant: [{id: A, light: soft}]
  exclude: [{modle: gpt-image-2}]
limits: {concurency: 4}
timeout: soon
"""


def told(problems: list[Problem]) -> list[tuple[int, str]]:
    return [(problem.place.line if problem.place else 0, problem.path) for problem in problems]


def test_mistakes_of_every_kind_are_told_together_each_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(SIXTEEN, encoding="utf-8")
    assert told(check_spec(file)) == [
        (1, "verson"),
        (2, "name"),
        (6, "request.n"),
        (7, "request.sead"),
        (9, "prompts[0]"),
        (10, "prompts[1].text"),
        (11, "prompts[2].id"),
        (12, "prompts[3].from"),
        (13, "prompts[4]"),
        (13, "prompts[4].txt"),
        (15, "matrix.model[1]"),
        (16, "matrix.aspect_ratio[1]"),
        (17, "matrix.seed[0]"),
        (19, "matrix.exclude[0].modle"),
        (20, "limits.concurency"),
        (21, "timeout"),
    ]


def copy_inputs(source: Path, target: Path) -> None:
    """Copy what the shipped specs read."""
    for folder in ("ref", "tables"):
        shutil.copytree(source / folder, target / folder)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
@pytest.mark.parametrize(
    ("key", "mistake", "complaint"),
    [
        ("timeout", "soon", "timeout"),
        ("limits", {"concurency": 1}, "limits.concurency"),
        ("unsupported", "dorp", "unsupported"),
        ("name", "No Name", "name"),
        ("descripton", "x", "descripton"),
        ("output", {"path": "{{"}, "output.path"),
        ("vrs", {"medium": "ink"}, "vrs"),
    ],
)
def test_one_mistake_is_one_complaint(spec: Path, tmp_path: Path, key: str, mistake: object, complaint: str) -> None:
    """A mistake in a part that nothing depends on hides nothing and causes no other message."""
    copy_inputs(spec.parent, tmp_path)
    written = yaml.safe_load(spec.read_text(encoding="utf-8")) | {key: mistake}
    (tmp_path / spec.name).write_text(yaml.safe_dump(written, allow_unicode=True, width=1000), encoding="utf-8")
    assert [problem.path for problem in check_spec(tmp_path / spec.name)] == [complaint]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
@pytest.mark.parametrize("position", [0, -1])
def test_a_prompt_that_cannot_be_read_is_one_complaint(spec: Path, tmp_path: Path, position: int) -> None:
    """Names that only the lost prompt has used are not said to be unused."""
    copy_inputs(spec.parent, tmp_path)
    written = yaml.safe_load(spec.read_text(encoding="utf-8"))
    prompts, path = written.get("prompts"), "prompts"
    if prompts is None:
        number = next(number for number, stage in enumerate(written["stages"]) if "prompts" in stage)
        prompts, path = written["stages"][number]["prompts"], f"stages[{number}].prompts"
    prompts[position] = 5
    (tmp_path / spec.name).write_text(yaml.safe_dump(written, allow_unicode=True, width=1000), encoding="utf-8")
    found = [problem.path for problem in check_spec(tmp_path / spec.name)]
    assert found == [f"{path}[{position % len(prompts)}]"]


MISTAKES = [
    ("name: twice", "name"),
    ("vars: {medium: '{{ bad '}", "vars.medium"),
    ("request: {model: 5}", "request.model"),
    ("matrix: {seed: {start: 1, count: 0}}", "matrix.seed.count"),
    ("matrix: {look: []}", "matrix.look"),
]


@pytest.mark.parametrize(("line", "path"), MISTAKES)
def test_mistake_that_much_depends_on_hides_no_other_and_makes_none(tmp_path: Path, line: str, path: str) -> None:
    """Values that the mistake leaves unknown cause no message; unrelated mistakes still do."""
    part = line.split(":", 1)[0]
    lines = {
        "name": "name: once",
        "vars": "vars: {medium: ink}",
        "request": "request: {model: imagen-4.0}",
        "matrix": "matrix: {look: [a]}",
    }
    lines["name"] = f"{lines['name']}\n{line}" if part == "name" else lines["name"]
    body = {**lines, part: lines["name"] if part == "name" else line}
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        'version: 1\ncatalog: "2026-05"\nprompts: ["{{ medium }} {{ look }} {{ nosuch }}"]\n'
        + "\n".join(body.values()),
        encoding="utf-8",
    )
    found = [problem.path for problem in check_spec(spec)]
    assert path in found
    assert "prompts[0]" in found
    assert len(found) == 2 + ("look" not in body["matrix"])  # without an axis named look, the name is undefined
