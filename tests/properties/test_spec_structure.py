"""Laws of loading: what the schema takes becomes a Spec, what it refuses is complained about, nothing else happens."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem
from qwave_batch.resources import shipped
from qwave_batch.spec.loading import load_spec
from qwave_batch.spec.structure import structure_check

VALIDATOR, PUBLISHED = (
    Draft202012Validator(json.loads(shipped(f"schemas/{name}.schema.json").read_text(encoding="utf-8")))
    for name in ("spec.structure", "spec")
)
CHECK = structure_check()

WHOLE: dict[str, Any] = {
    "version": 1,
    "name": "whole",
    "description": "all there is",
    "catalog": "2026-05",
    "vars": {"a": 1, "b": "{{ a }}"},
    "request": {"n": 1, "seed": None, "list": [{"x": "{{ a }}"}]},
    "prompts": [
        "short",
        {"text": "long {{ a }}", "id": "x", "vars": {"c": 2}, "tags": ["t", 1], "meta": {"m": []}, "request": {"n": 2}},
        {"text": "{{ row.a }}", "from": "t.csv", "where": "{{ true }}", "sample": {"count": 1, "seed": 2}},
        {"text": "{{ row.b }}", "from": "t.csv", "limit": 3},
    ],
    "matrix": {
        "model": ["a", {"model": "b", "quality": "high"}],
        "seed": {"start": 1, "count": 2, "step": 3},
        "vars.draw": {"random": {"count": 2, "seed": 1}},
        "listed": "{{ a }}",
        "exclude": [{"model": "a"}],
        "include": [{"model": "b", "background": "opaque"}],
    },
    "sample": {"count": 5},
    "repeat": 2,
    "unsupported": "skip",
    "limits": {"concurrency": 1, "requests_per_minute": 2, "count_polls": True, "models": {"a": {"concurrency": 1}}},
    "retry": {"attempts": 0},
    "timeout": 1.5,
    "completion": "poll",
    "budget": {"max_usd": 0},
    "output": {"path": "{{ job_id }}"},
}
KEYS = sorted(
    {key for key in json.dumps(WHOLE).replace('"', " ").split() if key.isidentifier()} | {"from", "text", "random"}
)
ODD_VALUES = [
    None, True, 0, 1, -1, 1.0, 1.5, "", " ", "x", "{{ a }}", "\n", "a\n", [], [1], ["x"], {}, {"x": 1}, {"count": 1},
    "t.csv", {"text": "y"}, {"start": 1, "count": 1}, {"random": {"count": 1}},
]  # fmt: skip
odd_values = st.sampled_from(ODD_VALUES).map(copy.deepcopy)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [found for step, item in below for found in places(item, (*path, step))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The whole spec with one to three things in it taken out, put in or replaced."""
    spec = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(spec)))
        target = spec
        for step in path[:-1]:
            target = target[step]
        holder = target[path[-1]] if path else spec
        match draw(st.sampled_from(["take", "replace", "add"])):
            case "take" if path:
                del target[path[-1]]
            case "replace" if path:
                target[path[-1]] = draw(odd_values)
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(KEYS))] = draw(odd_values)
            case "add" if isinstance(holder, list):
                holder.append(draw(odd_values))
            case _:
                pass
    return spec


SEMANTIC = (
    "cannot be a template",
    "does not exist",
    "does not parse",
    "is a folder, not a file",
    "is taken already",
    "what is read is",
    "takes the name of a file, not a template",
)
"""Parts of the complaints that a schema cannot make."""


def complaints(file: Path) -> tuple[Problem, ...]:
    try:
        load_spec(file)
    except SpecError as error:
        return error.problems
    return ()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for specs, with a table in it."""
    folder = tmp_path_factory.mktemp("laws")
    (folder / "t.csv").write_text("a,b\n1,2\n")
    return folder


@given(spec=mutated())
@settings(max_examples=150)
def test_the_schema_and_the_reader_agree(folder: Path, spec: Any) -> None:
    file = folder / "spec.yaml"
    file.write_text(json.dumps(spec), encoding="utf-8")
    merged = {key: value for key, value in spec.items() if key != "extends"}
    fits = VALIDATOR.is_valid(merged)
    assert PUBLISHED.is_valid(merged) == fits
    assert CHECK is None or CHECK(merged) == fits
    problems = complaints(file)
    assert all(problem.place and problem.message for problem in problems)
    structural = [problem for problem in problems if not any(word in problem.message for word in SEMANTIC)]
    assert fits == (not structural), structural
